import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Member } from '@/api/client';
import { useRemoveMember } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { ago, countExact } from '@/lib/format';
import { CheckRow } from '@/ui/CheckRow';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
import { Impact } from '@/ui/Impact';
import { toast } from '@/ui/Toasts';
import { roleName } from './roles';

/** Removes a member, or oneself; says what becomes of their keys. */
export function RemoveDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const { org, session } = useScope();
  const navigate = useNavigate();
  const remove = useRemoveMember(org.id);
  const [revoke, setRevoke] = useState(false);
  const self = member.user.id === session.user.id;
  const name = member.user.name || member.user.email;
  const confirm = () =>
    remove.mutate(
      { member, keys: revoke ? 'revoke' : 'keep' },
      {
        onSuccess: () => {
          toast(self ? `Left ${org.name}` : `Removed ${name}`);
          onClose();
          if (self) void navigate({ to: '/' });
        },
      },
    );
  return (
    <Dialog
      title={self ? `Leave ${org.name}?` : `Remove ${name}?`}
      description={
        self
          ? 'You lose access at once. Only an invitation leads back in.'
          : 'They lose access at once, also where they are signed in.'
      }
      onClose={onClose}
    >
      <Impact
        facts={[
          ['Role', roleName(member.role)],
          ['API keys', countExact(member.api_keys, 'working key')],
          ['Last seen', member.last_seen_at ? ago(member.last_seen_at) : 'not lately'],
        ]}
      />
      {member.api_keys > 0 && (
        <CheckRow checked={revoke} onChange={setRevoke}>
          Revoke {self ? 'my' : 'their'} API keys too. Otherwise they go on working.
        </CheckRow>
      )}
      <Confirm
        change={remove}
        keep="Cancel"
        act={self ? 'Leave' : 'Remove'}
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}
