import { type FormEvent, useState } from 'react';
import { ApiError, type Role } from '@/api/client';
import {
  type CreatedManagementToken,
  SCOPES,
  type Scope,
  useCreateManagementToken,
} from '@/api/managementTokens';
import { useScope } from '@/frame/scope';
import { endIn, LIFETIMES } from '@/lib/lifetime';
import { Button } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { NameField, SelectField } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { ShownOnce } from '@/ui/ShownOnce';
import { rolesUpTo } from '../members/roles';
import { curlWith } from './curl';
import css from './Tokens.module.css';

export function CreateDialog({ onClose }: { onClose: () => void }) {
  const [created, setCreated] = useState<CreatedManagementToken>();
  return created ? (
    <Created created={created} onClose={onClose} />
  ) : (
    <NewToken onClose={onClose} onCreated={setCreated} />
  );
}

function NewToken({
  onClose,
  onCreated,
}: {
  onClose: () => void;
  onCreated: (token: CreatedManagementToken) => void;
}) {
  const { org } = useScope();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [scopes, setScopes] = useState<Scope[]>(['read']);
  const [days, setDays] = useState(90);
  const roles = rolesUpTo(org.role);
  const create = useCreateManagementToken(org.id);
  const field = create.error instanceof ApiError ? create.error.field : undefined;
  const toggle = (scope: Scope) =>
    setScopes((old) => (old.includes(scope) ? old.filter((s) => s !== scope) : [...old, scope]));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires_at = endIn(days);
    create.mutate({ name: name.trim(), role, scopes, expires_at }, { onSuccess: onCreated });
  };
  return (
    <Dialog
      title="Create management token"
      description="It may do what its role and its scopes both allow, and never more than you may yourself at that moment."
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <NameField
          placeholder="deployment"
          hint="The script that it is for."
          error={field === 'name' ? create.error?.message : undefined}
          value={name}
          onChange={setName}
        />
        <SelectField
          label="Role"
          hint={roles.find(({ value }) => value === role)?.may}
          error={field === 'role' ? create.error?.message : undefined}
          value={role}
          choices={roles}
          onChange={setRole}
        />
        <fieldset className={css.scopes}>
          <legend>Scopes</legend>
          {SCOPES.map(({ value, may }) => (
            <label key={value} className={css.scope}>
              <input
                type="checkbox"
                checked={scopes.includes(value)}
                onChange={() => toggle(value)}
              />
              <b>{value}</b> <span>{may}</span>
            </label>
          ))}
        </fieldset>
        <SelectField
          label="Expires"
          error={field === 'expires_at' ? create.error?.message : undefined}
          value={days}
          choices={LIFETIMES}
          onChange={setDays}
        />
        {!(field === 'name' || field === 'role' || field === 'expires_at') && (
          <FormError error={create.error} />
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            disabled={create.isPending || !name.trim() || scopes.length === 0}
          >
            {create.isPending ? 'Creating…' : 'Create token'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Created({ created, onClose }: { created: CreatedManagementToken; onClose: () => void }) {
  const { org } = useScope();
  const [copied, setCopied] = useState(false);
  return (
    <Dialog
      title={`Token “${created.name}” is ready`}
      description="Copy it now. It is stored only as a hash and cannot be shown again."
      onClose={onClose}
      locked={!copied}
    >
      <div className={css.ready}>
        <ShownOnce what="token" text={created.token} onCopied={() => setCopied(true)} />
        <Code text={curlWith(org.id, created.token)} label="first call" />
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the token'}</Button>
      </DialogActions>
    </Dialog>
  );
}
