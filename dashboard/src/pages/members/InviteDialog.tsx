import { type FormEvent, useState } from 'react';
import { ApiError, type CreatedInvitation, type Role } from '@/api/client';
import { useInvite } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { date } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { CopyButton } from '@/ui/Copy';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import css from './Members.module.css';
import { rolesUpTo } from './roles';

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const [created, setCreated] = useState<CreatedInvitation>();
  return created ? (
    <LinkDialog invitation={created} onClose={onClose} />
  ) : (
    <NewInvitation onClose={onClose} onCreated={setCreated} />
  );
}

function NewInvitation({
  onClose,
  onCreated,
}: {
  onClose: () => void;
  onCreated: (invitation: CreatedInvitation) => void;
}) {
  const { org } = useScope();
  const invite = useInvite(org.id);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const roles = rolesUpTo(org.role);
  const wrong = invite.error instanceof ApiError && invite.error.field === 'email';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ email: email.trim(), role }, { onSuccess: onCreated });
  };
  return (
    <Dialog title={`Invite to ${org.name}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Field label="E-mail" error={wrong ? invite.error?.message : undefined}>
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="email"
              required
              maxLength={254}
              autoComplete="off"
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        <Field label="Role" hint={roles.find(({ value }) => value === role)?.may}>
          {(control) => (
            <select
              {...control}
              className={inputClass}
              value={role}
              onChange={(event) => setRole(event.target.value as Role)}
            >
              {roles.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {!wrong && <FormError error={invite.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={invite.isPending || !email.trim()}>
            {invite.isPending ? 'Inviting…' : 'Create invitation'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** The link, shown this once. */
export function LinkDialog({
  invitation,
  onClose,
}: {
  invitation: CreatedInvitation;
  onClose: () => void;
}) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog
      title={`Invitation for ${invitation.email}`}
      description={`${invitation.mailed ? 'It is on its way to them by mail; or give' : 'Give'} them this link. It works once, until ${date(invitation.expires_at)}, for somebody who signs in with that address.`}
      onClose={onClose}
      locked={!copied}
    >
      <div className={css.link}>
        <Code text={invitation.link} label="invitation link" />
        <CopyButton
          look="primary"
          text={invitation.link}
          label="Copy link"
          onCopied={() => setCopied(true)}
        />
        <p>It cannot be shown again; a new link can be made at any time, and ends this one.</p>
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the link'}</Button>
      </DialogActions>
    </Dialog>
  );
}
