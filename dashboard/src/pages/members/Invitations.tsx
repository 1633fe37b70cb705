import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CreatedInvitation, Invitation } from '@/api/client';
import { invitationsQuery, useResendInvitation, useRevokeInvitation } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { ago, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Actions, Fact, List, ListRow } from '@/ui/List';
import { Failed, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { LinkDialog } from './InviteDialog';
import css from './Members.module.css';
import { atMost, roleName } from './roles';

/** Open invitations; nothing while there is none. */
export function Invitations() {
  const { org } = useScope();
  const invitations = useQuery(invitationsQuery(org.id));
  const [link, setLink] = useState<CreatedInvitation>();
  const retry = () => void invitations.refetch();
  if (invitations.isError) return <Failed error={invitations.error} retry={retry} />;
  if (!invitations.data?.length) return link && <Link link={link} onClose={setLink} />;
  return (
    <section aria-labelledby="invitations">
      <h2 id="invitations" className={css.heading}>
        Invitations
      </h2>
      <List label="Invitations">
        {invitations.data.map((invitation) => (
          <Row key={invitation.id} invitation={invitation} onLink={setLink} />
        ))}
      </List>
      {link && <Link link={link} onClose={setLink} />}
    </section>
  );
}

function Link({ link, onClose }: { link: CreatedInvitation; onClose: (no: undefined) => void }) {
  return <LinkDialog invitation={link} onClose={() => onClose(undefined)} />;
}

function Row({
  invitation,
  onLink,
}: {
  invitation: Invitation;
  onLink: (created: CreatedInvitation) => void;
}) {
  const { org } = useScope();
  const resend = useResendInvitation(org.id);
  const revoke = useRevokeInvitation(org.id);
  const { id, email, expires_at, invited_by } = invitation;
  const expired = new Date(expires_at).getTime() <= Date.now();
  const busy = resend.isPending || revoke.isPending;
  const error = resend.error ?? revoke.error;
  return (
    <ListRow
      name={
        <>
          {email}
          <Badge>{roleName(invitation.role)}</Badge>
          {expired && <Badge tone="warn">expired</Badge>}
        </>
      }
      under={
        <span>
          invited {ago(invitation.created_at)} by {invited_by.name || invited_by.email}
        </span>
      }
    >
      <Fact title={whenExact(expires_at)}>
        {expired ? 'ended' : 'ends'} {ago(expires_at)}
      </Fact>
      <Actions room={2}>
        {atMost(invitation.role, org.role) && (
          <Button
            size="small"
            disabled={busy}
            aria-label={`New link for ${email}`}
            onClick={() => resend.mutate(id, { onSuccess: onLink })}
          >
            New link
          </Button>
        )}
        <Button
          size="small"
          disabled={busy}
          aria-label={`Revoke the invitation of ${email}`}
          onClick={() =>
            revoke.mutate(id, { onSuccess: () => toast(`Revoked the invitation of ${email}`) })
          }
        >
          Revoke
        </Button>
      </Actions>
      {error && (
        <div className={css.error}>
          <FormError error={error} />
        </div>
      )}
    </ListRow>
  );
}
