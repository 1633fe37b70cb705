import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CreatedInvitation, Invitation } from '@/api/client';
import { invitationsQuery, useResendInvitation, useRevokeInvitation } from '@/api/settings';
import { mayWrite, useScope } from '@/frame/scope';
import { ago, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
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
  const [revoking, setRevoking] = useState<Invitation>();
  const retry = () => void invitations.refetch();
  if (invitations.isError) return <Failed error={invitations.error} retry={retry} />;
  return (
    <>
      {invitations.data && invitations.data.length > 0 && (
        <section aria-labelledby="invitations">
          <h2 id="invitations" className={css.heading}>
            Invitations
          </h2>
          <List label="Invitations">
            {invitations.data.map((invitation) => (
              <Row
                key={invitation.id}
                invitation={invitation}
                onLink={setLink}
                onRevoke={() => setRevoking(invitation)}
              />
            ))}
          </List>
        </section>
      )}
      {link && <LinkDialog invitation={link} onClose={() => setLink(undefined)} />}
      {revoking && <RevokeDialog invitation={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  );
}

function Row({
  invitation,
  onLink,
  onRevoke,
}: {
  invitation: Invitation;
  onLink: (created: CreatedInvitation) => void;
  onRevoke: () => void;
}) {
  const { org } = useScope();
  const resend = useResendInvitation(org.id);
  const { id, email, expires_at, invited_by } = invitation;
  const expired = new Date(expires_at).getTime() <= Date.now();
  return (
    <ListRow
      name={
        <>
          {email}
          <Badge>{roleName(invitation.role)}</Badge>
          {expired && <Badge tone="warn">Expired</Badge>}
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
        {mayWrite(org, 'admin') && atMost(invitation.role, org.role) && (
          <Button
            size="small"
            disabled={resend.isPending}
            aria-label={`New link for ${email}`}
            onClick={() => resend.mutate(id, { onSuccess: onLink })}
          >
            New link
          </Button>
        )}
        <Button
          size="small"
          disabled={resend.isPending}
          aria-label={`Revoke the invitation of ${email}`}
          onClick={onRevoke}
        >
          Revoke
        </Button>
      </Actions>
      {resend.error && (
        <div className={css.error}>
          <FormError error={resend.error} />
        </div>
      )}
    </ListRow>
  );
}

function RevokeDialog({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const { org } = useScope();
  const revoke = useRevokeInvitation(org.id);
  const { id, email, role } = invitation;
  const confirm = () =>
    revoke.mutate(id, {
      onSuccess: () => {
        toast(`Revoked the invitation of ${email}`);
        onClose();
      },
    });
  return (
    <Dialog
      title={`Revoke the invitation of ${email}?`}
      description={`The link they were given leads nowhere any more; they do not join ${org.name} as ${roleName(role)}. Another invitation can be made at any time.`}
      onClose={onClose}
    >
      <Confirm
        change={revoke}
        act="Revoke invitation"
        acting="Revoking…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}
