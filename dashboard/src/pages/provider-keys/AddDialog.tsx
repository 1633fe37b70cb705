import { type FormEvent, useState } from 'react';
import type { ProviderKey, ProviderOptions } from '@/api/client';
import { type KnownProvider, useKnownProviders } from '@/api/customProviders';
import { useAddProviderKey } from '@/api/providerKeys';
import { useScope } from '@/frame/scope';
import { countExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { Failed, FormError } from '@/ui/Notice';
import { Options } from '@/ui/Options';
import { CheckResult } from './Check';
import css from './dialogs.module.css';
import {
  elsewhere,
  errorAt,
  filled,
  LabelField,
  ModelsField,
  OptionFields,
  SecretField,
} from './Fields';
import { nameOf } from './names';

/** First which provider, then its credential, then what the provider said of it. */
export function AddDialog({ onClose }: { onClose: () => void }) {
  const [provider, setProvider] = useState<KnownProvider>();
  const [added, setAdded] = useState<ProviderKey>();
  if (added) return <Added providerKey={added} onClose={onClose} />;
  return (
    <Dialog
      title="Add provider key"
      description={provider ? undefined : 'Whose models do you want to call?'}
      onClose={onClose}
    >
      {provider ? (
        <KeyForm
          provider={provider}
          onBack={() => setProvider(undefined)}
          onClose={onClose}
          onAdded={setAdded}
        />
      ) : (
        <ProviderChoice onPick={setProvider} />
      )}
    </Dialog>
  );
}

function ProviderChoice({ onPick }: { onPick: (provider: KnownProvider) => void }) {
  const { org } = useScope();
  const providers = useKnownProviders(org.id);
  if (providers.error && !providers.data) {
    return <Failed error={providers.error} retry={() => void providers.refetch()} />;
  }
  // What can be called comes first, the organisation's own before all.
  const list = [...(providers.data ?? [])].sort((a, b) => Number(b.usable) - Number(a.usable));
  return (
    <div className={css.list}>
      <Options
        label="Provider"
        placeholder="Search providers…"
        busy={providers.isPending}
        options={list.map(({ id, name, models, usable, own }) => ({
          value: id,
          label: name,
          note: usable
            ? `${own ? 'your own, ' : ''}${countExact(models, 'model')}`
            : 'not callable in this version yet',
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

function KeyForm({
  provider,
  onBack,
  onClose,
  onAdded,
}: {
  provider: KnownProvider;
  onBack: () => void;
  onClose: () => void;
  onAdded: (key: ProviderKey) => void;
}) {
  const { org, session } = useScope();
  const add = useAddProviderKey(org.id);
  const [label, setLabel] = useState('');
  const [secret, setSecret] = useState('');
  const [baseUrl, setBaseUrl] = useState('');
  const [options, setOptions] = useState<ProviderOptions>({});
  const [models, setModels] = useState<string[]>([]);
  const { error } = add;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    save(true);
  };
  const save = (check: boolean) =>
    add.mutate(
      {
        provider: provider.id,
        label: label.trim(),
        secret: secret.trim(),
        check,
        ...(baseUrl.trim() && { base_url: baseUrl.trim() }),
        ...(provider.options_needed.length > 0 && { options: filled(options) }),
        ...(models.length > 0 && { models }),
      },
      { onSuccess: onAdded },
    );
  return (
    <form onSubmit={submit} autoComplete="off">
      <div className={css.choice}>
        <strong>{provider.name}</strong>
        <Button look="ghost" size="small" onClick={onBack}>
          Change
        </Button>
      </div>
      <LabelField value={label} onChange={setLabel} error={error} focus />
      <SecretField label="Secret" value={secret} onChange={setSecret} error={error} />
      {errorAt(error, 'secret') && (
        <p className={css.unchecked}>
          Sure that it is right?{' '}
          <Button size="small" disabled={add.isPending} onClick={() => save(false)}>
            Add it unchecked
          </Button>
        </p>
      )}
      <OptionFields provider={provider} options={options} onChange={setOptions} error={error} />
      {session.provider_base_url_override && !provider.own && (
        <Field
          label="Base URL"
          hint="Only for a compatible server of your own; empty is the provider's."
          error={errorAt(error, 'base_url')}
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
      <ModelsField provider={provider.id} models={models} onChange={setModels} error={error} />
      <FormError error={elsewhere(error, 'label', 'secret', 'base_url', 'options', 'models')} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={add.isPending || !secret.trim()}>
          {add.isPending ? `Asking ${provider.name}…` : 'Check and add'}
        </Button>
      </DialogActions>
    </form>
  );
}

function Added({ providerKey: key, onClose }: { providerKey: ProviderKey; onClose: () => void }) {
  return (
    <Dialog title={`Added “${nameOf(key)}”`} onClose={onClose}>
      <div role="status">
        {key.last_check ? (
          <CheckResult check={key.last_check} />
        ) : (
          <p>It was not checked: the first request will tell whether the provider takes it.</p>
        )}
      </div>
      <DialogActions>
        <Button look="primary" onClick={onClose} autoFocus>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
