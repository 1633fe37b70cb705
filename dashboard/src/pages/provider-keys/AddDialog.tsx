import { useQuery } from '@tanstack/react-query';
import { Eye, EyeOff } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ApiError, type Provider, type ProviderOptions } from '@/api/client';
import { useAddProviderKey } from '@/api/providerKeys';
import { providersQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { countExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { Failed, FormError } from '@/ui/Notice';
import { Options } from '@/ui/Options';
import { toast } from '@/ui/Toasts';
import css from './ProviderKeysPage.module.css';

/** First which provider, then its credential. */
export function AddDialog({ onClose }: { onClose: () => void }) {
  const [provider, setProvider] = useState<Provider>();
  return (
    <Dialog
      title="Add provider key"
      description={provider ? undefined : 'Whose models do you want to call?'}
      onClose={onClose}
    >
      {provider ? (
        <KeyForm provider={provider} onBack={() => setProvider(undefined)} onClose={onClose} />
      ) : (
        <ProviderChoice onPick={setProvider} />
      )}
    </Dialog>
  );
}

function ProviderChoice({ onPick }: { onPick: (provider: Provider) => void }) {
  const providers = useQuery(providersQuery);
  if (providers.error && !providers.data) {
    return <Failed error={providers.error} retry={() => void providers.refetch()} />;
  }
  // What can be called comes first.
  const list = [...(providers.data ?? [])].sort((a, b) => Number(b.usable) - Number(a.usable));
  return (
    <div className={css.list}>
      <Options
        label="Provider"
        placeholder="Search providers…"
        busy={providers.isPending}
        options={list.map(({ id, name, models, usable }) => ({
          value: id,
          label: name,
          note: usable ? countExact(models, 'model') : 'not callable in this version yet',
          disabled: !usable,
        }))}
        onPick={(id) => {
          const provider = list.find((one) => one.id === id);
          if (provider) onPick(provider);
        }}
      />
    </div>
  );
}

const OPTION_HINTS = {
  region: 'As the provider writes it, eu-west-1 for example.',
  project: 'The project id at the provider.',
  resource: 'The resource name in the address of your deployment.',
  deployment: 'The name you gave the deployment.',
  api_version: 'The version of its API, 2024-10-21 for example.',
};

const optionLabel = (option: string) =>
  option.slice(0, 1).toUpperCase() + option.slice(1).replace('_', ' ');

function KeyForm({
  provider,
  onBack,
  onClose,
}: {
  provider: Provider;
  onBack: () => void;
  onClose: () => void;
}) {
  const { org, session } = useScope();
  const add = useAddProviderKey(org.id);
  const [label, setLabel] = useState('');
  const [secret, setSecret] = useState('');
  const [shown, setShown] = useState(false);
  const [baseUrl, setBaseUrl] = useState('');
  const [options, setOptions] = useState<ProviderOptions>({});
  const field = add.error instanceof ApiError ? add.error.field : undefined;
  const errorOf = (...names: string[]) =>
    field && names.includes(field) ? add.error?.message : undefined;
  const known = ['label', 'secret', 'base_url', 'options'];
  const elsewhere = !field || !known.some((name) => field === name || field.startsWith('options'));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(
      {
        provider: provider.id,
        label: label.trim(),
        secret: secret.trim(),
        ...(baseUrl.trim() && { base_url: baseUrl.trim() }),
        ...(provider.options_needed.length > 0 && { options }),
      },
      {
        onSuccess: () => {
          toast(`Added a key of ${provider.name}`);
          onClose();
        },
      },
    );
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <div className={css.choice}>
        <strong>{provider.name}</strong>
        <Button look="ghost" size="small" onClick={onBack}>
          Change
        </Button>
      </div>
      <Field label="Label" hint="To tell it from your other keys." error={errorOf('label')}>
        {(control) => (
          <input
            {...control}
            className={inputClass}
            maxLength={100}
            placeholder="main account"
            // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type here
            autoFocus
            value={label}
            onChange={(event) => setLabel(event.target.value)}
          />
        )}
      </Field>
      <Field label="Secret" hint="Sealed when saved, never shown again." error={errorOf('secret')}>
        {(control) => (
          <div className={css.secret}>
            <input
              {...control}
              className={inputClass}
              type={shown ? 'text' : 'password'}
              required
              maxLength={16384}
              autoComplete="off"
              spellCheck={false}
              data-1p-ignore=""
              value={secret}
              onChange={(event) => setSecret(event.target.value)}
            />
            <Button
              aria-label={shown ? 'Hide the secret' : 'Show the secret'}
              aria-pressed={shown}
              onClick={() => setShown(!shown)}
            >
              {shown ? <EyeOff size={15} /> : <Eye size={15} />}
            </Button>
          </div>
        )}
      </Field>
      {provider.options_needed.map((option) => (
        <Field
          key={option}
          label={optionLabel(option)}
          hint={OPTION_HINTS[option]}
          error={errorOf(option, `options.${option}`)}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              required
              pattern={
                option === 'deployment'
                  ? '[A-Za-z0-9][A-Za-z0-9._\\-]{0,62}'
                  : '[a-z0-9][a-z0-9\\-]{0,62}'
              }
              value={options[option] ?? ''}
              onChange={(event) => setOptions({ ...options, [option]: event.target.value })}
            />
          )}
        </Field>
      ))}
      {session.provider_base_url_override && (
        <Field
          label="Base URL"
          hint="Only for a compatible server of your own; empty is the provider's."
          error={errorOf('base_url')}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="url"
              maxLength={1024}
              placeholder="https://…"
              value={baseUrl}
              onChange={(event) => setBaseUrl(event.target.value)}
            />
          )}
        </Field>
      )}
      {elsewhere && <FormError error={add.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={add.isPending || !secret.trim()}>
          {add.isPending ? 'Saving…' : 'Add key'}
        </Button>
      </DialogActions>
    </form>
  );
}
