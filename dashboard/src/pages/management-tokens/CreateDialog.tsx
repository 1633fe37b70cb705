import { type FormEvent, useState } from 'react';
import { ApiError, type Role } from '@/api/client';
import {
  type CreatedManagementToken,
  SCOPES,
  type Scope,
  useCreateManagementToken,
} from '@/api/managementTokens';
import { useScope } from '@/frame/scope';
import { Button } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { CopyButton } from '@/ui/Copy';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import { rolesUpTo } from '../members/roles';
import { curlWith } from './curl';
import css from './Tokens.module.css';

const LIFETIMES = [
  { days: 90, label: 'In 90 days' },
  { days: 30, label: 'In 30 days' },
  { days: 365, label: 'In a year' },
  { days: 0, label: 'Never' },
];

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
  const create = useCreateManagementToken(org.id);
  const field = create.error instanceof ApiError ? create.error.field : undefined;
  const toggle = (scope: Scope) =>
    setScopes((old) => (old.includes(scope) ? old.filter((s) => s !== scope) : [...old, scope]));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expires_at = days ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
    create.mutate({ name: name.trim(), role, scopes, expires_at }, { onSuccess: onCreated });
  };
  return (
    <Dialog
      title="Create management token"
      description="It may do what its role and its scopes both allow, and never more than you may yourself at that moment."
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <Field
          label="Name"
          hint="The script that it is for."
          error={field === 'name' ? create.error?.message : undefined}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              placeholder="deployment"
              required
              maxLength={100}
              autoComplete="off"
              autoFocus
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Role" error={field === 'role' ? create.error?.message : undefined}>
          {(control) => (
            <select
              {...control}
              className={inputClass}
              value={role}
              onChange={(event) => setRole(event.target.value as Role)}
            >
              {rolesUpTo(org.role).map(({ value, label, may }) => (
                <option key={value} value={value}>
                  {label}: {may}
                </option>
              ))}
            </select>
          )}
        </Field>
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
        <Field label="Expires" error={field === 'expires_at' ? create.error?.message : undefined}>
          {(control) => (
            <select
              {...control}
              className={inputClass}
              value={days}
              onChange={(event) => setDays(Number(event.target.value))}
            >
              {LIFETIMES.map((lifetime) => (
                <option key={lifetime.days} value={lifetime.days}>
                  {lifetime.label}
                </option>
              ))}
            </select>
          )}
        </Field>
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
        <div className={css.secret}>
          <code data-testid="new-token">{created.token}</code>
          <CopyButton
            look="primary"
            text={created.token}
            label="Copy token"
            onCopied={() => setCopied(true)}
          />
        </div>
        <Code text={curlWith(org.id, created.token)} label="first call" />
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the token'}</Button>
      </DialogActions>
    </Dialog>
  );
}
