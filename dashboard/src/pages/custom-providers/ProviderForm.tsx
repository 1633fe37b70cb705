import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError, isChanged } from '@/api/client';
import {
  type CustomProvider,
  useAddCustomProvider,
  useEditCustomProvider,
} from '@/api/customProviders';
import { providerKeysQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Field, inputClass, SelectField } from '@/ui/Field';
import { ChangedMeanwhile, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import css from './CustomProviders.module.css';
import { type Draft, draftOf, isPrivate, modelsOf, PRESETS, target } from './draft';
import { Models } from './Models';

const PROTOCOLS = [
  { value: 'openai', label: 'OpenAI’s chat completions' },
  { value: 'anthropic', label: 'Anthropic’s messages' },
] as const;

const EMPTY: Draft = {
  slug: '',
  name: '',
  protocol: 'openai',
  base_url: '',
  secret: '',
  models: [],
};

/** Adds a provider, or edits one. */
export function ProviderForm({
  provider,
  onClose,
}: {
  provider: CustomProvider | undefined;
  onClose: () => void;
}) {
  const { org } = useScope();
  const [preset, setPreset] = useState('');
  const add = useAddCustomProvider(org.id);
  const edit = useEditCustomProvider(org.id);
  // The first in their order that is tried.
  const keys = useQuery({ ...providerKeysQuery(org.id), enabled: Boolean(provider) });
  const inUse = keys.data?.find((key) => key.provider === provider?.slug && !key.disabled_at);
  const error = add.error ?? edit.error;
  const about = error instanceof ApiError ? error.field : undefined;
  const errorOf = (field: string) => (about === field ? error?.message : undefined);
  const busy = add.isPending || edit.isPending;
  const now = provider ? draftOf(provider) : EMPTY;
  const held = useDraft(now, provider?.etag ?? '', busy);
  const { value: draft, set } = held;
  const done = (saved: CustomProvider) => {
    toast(provider ? `Saved ${saved.name}` : `Added ${saved.name}`);
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const models = modelsOf(draft.models);
    const { protocol } = draft;
    const base_url = draft.base_url.trim();
    const name = draft.name.trim() || draft.slug;
    if (provider) {
      const body = { name, protocol, models, ...(base_url !== provider.base_url && { base_url }) };
      edit.mutate({ provider, body }, { onSuccess: done });
    } else {
      const secret = draft.secret.trim() || null;
      add.mutate(
        { slug: draft.slug, name, protocol, base_url, secret, models },
        { onSuccess: done },
      );
    }
  };
  const shown = ['slug', 'name', 'base_url', 'secret', 'protocol'].includes(about ?? '');
  return (
    <form
      className={css.form}
      onSubmit={submit}
      aria-label={provider ? `Edit ${provider.name}` : 'Add provider'}
    >
      <h2 className={css.title}>
        {provider ? `Edit ${provider.name}` : 'Add a provider of your own'}
      </h2>
      {!provider && (
        <SelectField
          label="Start from"
          value={preset}
          choices={[{ value: '', label: 'Choose a server…' }, ...PRESETS]}
          onChange={(value) => {
            const chosen = PRESETS.find((one) => one.value === value);
            setPreset(value);
            if (!chosen) return;
            const { slug, protocol, base_url } = chosen;
            set({ slug, protocol, base_url, name: slug ? chosen.label : '' });
          }}
        />
      )}
      <div className={css.pair}>
        <Field
          label="Id"
          hint={`Requests name its models ${draft.slug || 'my-server'}/model. It cannot be changed later.`}
          error={errorOf('slug')}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              required
              disabled={Boolean(provider)}
              pattern="[a-z0-9][a-z0-9\-]{0,62}"
              maxLength={63}
              placeholder="my-server"
              autoComplete="off"
              spellCheck={false}
              value={draft.slug}
              onChange={(event) => set({ slug: event.target.value })}
            />
          )}
        </Field>
        <Field label="Name" hint="As people see it." error={errorOf('name')}>
          {(control) => (
            <input
              {...control}
              className={inputClass}
              maxLength={100}
              autoComplete="off"
              placeholder={draft.slug}
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div className={css.pair}>
        <SelectField
          label="Protocol"
          error={errorOf('protocol')}
          value={draft.protocol}
          choices={PROTOCOLS}
          onChange={(protocol) => set({ protocol })}
        />
        <Field
          label="Base URL"
          hint={
            draft.base_url
              ? `Requests go to ${target(draft)}`
              : 'Up to the version: it often ends in /v1.'
          }
          error={errorOf('base_url')}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="url"
              required
              maxLength={1024}
              placeholder="https://llm.example.com/v1"
              spellCheck={false}
              value={draft.base_url}
              onChange={(event) => set({ base_url: event.target.value })}
            />
          )}
        </Field>
      </div>
      {isPrivate(draft.base_url) && (
        <p className={css.note} role="note">
          This address is one of the machine or network that doteb itself runs in, not of your
          computer. A hosted instance refuses it: publish the server under a public name, or run
          doteb beside it and have its operator allow the network (DOTEB_UPSTREAM_ALLOW).
        </p>
      )}
      {!provider && (
        <Field
          label="Secret"
          hint="Only if the server asks for one. It is sealed and kept as a provider key."
          error={errorOf('secret')}
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              type="password"
              autoComplete="new-password"
              maxLength={16384}
              data-1p-ignore=""
              value={draft.secret}
              onChange={(event) => set({ secret: event.target.value })}
            />
          )}
        </Field>
      )}
      <Models
        draft={draft}
        providerKey={inUse?.id}
        onChange={(models) => set({ models })}
        field={about}
        error={error}
      />
      <ChangedMeanwhile
        draft={held}
        shown={{
          slug: ['Id', now.slug],
          name: ['Name', now.name],
          protocol: ['Protocol', now.protocol],
          base_url: ['Base URL', now.base_url],
          secret: ['Secret', 'as it was'],
          models: ['Models', provider?.models.map(({ id }) => id).join(', ') || 'none'],
        }}
      />
      {!shown && !(held.moved && isChanged(error)) && <FormError error={error} />}
      <div className={css.actions}>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={busy}>
          {busy ? 'Saving…' : provider ? 'Save' : 'Add provider'}
        </Button>
      </div>
    </form>
  );
}
