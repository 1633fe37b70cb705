import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import type { Member } from '@/api/client';
import { membersQuery } from '@/api/settings';
import { Page } from '@/frame/Page';
import { may, mayWrite, useScope } from '@/frame/scope';
import { ago, countExact, date, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Actions, Fact, List, ListHead, ListLoading, ListRow } from '@/ui/List';
import { Failed } from '@/ui/Notice';
import { Invitations } from './Invitations';
import { InviteDialog } from './InviteDialog';
import { RemoveDialog } from './RemoveDialog';
import { RoleMenu } from './RoleMenu';
import { atMost } from './roles';

export default function MembersPage() {
  const { org, session } = useScope();
  const { invite } = useSearch({ from: '/signed-in/o/$org/members' });
  const navigate = useNavigate({ from: '/o/$org/members' });
  const members = useQuery(membersQuery(org.id));
  const [removing, setRemoving] = useState<Member>();
  const mayInvite = may(org, 'admin');
  const open = (next: '1' | undefined) =>
    void navigate({ search: (old) => ({ ...old, invite: next }), replace: true });
  const owners = members.data?.filter(({ role }) => role === 'owner').length ?? 0;

  return (
    <Page title="Members">
      <ListHead lead="Who belongs to this organisation, and what they may do in it.">
        {mayWrite(org, 'admin') && (
          <Button look="primary" onClick={() => open('1')}>
            <UserPlus size={15} /> Invite
          </Button>
        )}
      </ListHead>
      {members.isError && !members.data ? (
        <Failed error={members.error} retry={() => void members.refetch()} />
      ) : !members.data ? (
        <ListLoading />
      ) : (
        <List label="Members">
          {members.data.map((member) => {
            const self = member.user.id === session.user.id;
            const last = member.role === 'owner' && owners === 1;
            return (
              <Row
                key={member.user.id}
                member={member}
                self={self}
                mayChange={mayWrite(org, 'admin') && atMost(member.role, org.role) && !last}
                mayRemove={(self || (mayInvite && atMost(member.role, org.role))) && !last}
                onRemove={() => setRemoving(member)}
              />
            );
          })}
        </List>
      )}
      {mayInvite && members.data && <Invitations />}
      {invite && mayWrite(org, 'admin') && <InviteDialog onClose={() => open(undefined)} />}
      {removing && (
        <RemoveDialog
          // As the list has it now: somebody else may have changed it.
          member={members.data?.find(({ user }) => user.id === removing.user.id) ?? removing}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </Page>
  );
}

function Row({
  member,
  self,
  mayChange,
  mayRemove,
  onRemove,
}: {
  member: Member;
  self: boolean;
  mayChange: boolean;
  mayRemove: boolean;
  onRemove: () => void;
}) {
  const { user, last_seen_at } = member;
  const name = user.name || user.email;
  return (
    <ListRow
      name={
        <>
          {name}
          {self && <Badge>you</Badge>}
        </>
      }
      under={
        <>
          {user.name && <span>{user.email}</span>}
          <span title={whenExact(member.created_at)}>since {date(member.created_at)}</span>
        </>
      }
    >
      <Fact number>{countExact(member.api_keys, 'API key')}</Fact>
      <Fact title={last_seen_at ? whenExact(last_seen_at) : undefined}>
        {last_seen_at ? `seen ${ago(last_seen_at)}` : 'not seen lately'}
      </Fact>
      <RoleMenu member={member} name={name} mayChange={mayChange} />
      <Actions room={1}>
        {mayRemove && (
          <Button
            size="small"
            onClick={onRemove}
            aria-label={self ? 'Leave this organisation' : `Remove ${name}`}
          >
            {self ? 'Leave' : 'Remove'}
          </Button>
        )}
      </Actions>
    </ListRow>
  );
}
