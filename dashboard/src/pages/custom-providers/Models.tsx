import { Plus, Search, Trash2 } from 'lucide-react';
import { useDiscoverModels } from '@/api/customProviders';
import { useScope } from '@/frame/scope';
import { capabilityName } from '@/lib/capabilities';
import { Button, IconButton } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import css from './CustomProviders.module.css';
import { CAPABILITIES, type Draft, type ModelDraft, newModel } from './draft';

/** The models of a provider: asked from the server and ticked, or typed. */
export function Models({
  draft,
  providerKey,
  onChange,
  field,
  error,
}: {
  draft: Draft;
  /** Whose stored secret the server is asked with. */
  providerKey: string | undefined;
  onChange: (models: ModelDraft[]) => void;
  /** What the control API complains of: "models[2].id". */
  field: string | undefined;
  error: Error | null;
}) {
  const { models } = draft;
  return (
    <fieldset className={css.models}>
      <legend>Models</legend>
      <p className={css.lead}>
        Prices are US dollars per million tokens; empty is 0. Cached input without a price costs
        what input does.
      </p>
      <Discover draft={draft} providerKey={providerKey} onChange={onChange} />
      {models.map((model, i) => (
        <ModelRow
          key={model.key}
          model={model}
          slug={draft.slug}
          n={i + 1}
          error={field?.startsWith(`models[${i}]`) ? error?.message : undefined}
          onChange={(part) =>
            onChange(models.map((one) => (one === model ? { ...one, ...part } : one)))
          }
          onRemove={() => onChange(models.filter((one) => one !== model))}
        />
      ))}
      <Button onClick={() => onChange([...models, newModel()])}>
        <Plus size={15} /> Add a model
      </Button>
    </fieldset>
  );
}

function Discover({
  draft: { base_url, protocol, secret, models },
  providerKey,
  onChange,
}: {
  draft: Draft;
  providerKey: string | undefined;
  onChange: (models: ModelDraft[]) => void;
}) {
  const { org } = useScope();
  const discover = useDiscoverModels(org.id);
  const found = discover.data?.models;
  const has = (id: string) => models.some(({ upstream_id }) => upstream_id === id);
  return (
    <div className={css.discover}>
      <Button
        disabled={!base_url.trim() || discover.isPending}
        onClick={() =>
          discover.mutate({
            base_url: base_url.trim(),
            protocol,
            ...(providerKey ? { provider_key_id: providerKey } : { secret: secret.trim() || null }),
          })
        }
      >
        <Search size={15} />{' '}
        {discover.isPending ? 'Asking the server…' : 'Ask the server for its models'}
      </Button>
      <FormError error={discover.error} />
      {found && (
        <fieldset className={css.found}>
          <legend>
            {found.length === 0
              ? 'The server lists no model'
              : `The server has ${found.length}: tick what may be called`}
          </legend>
          {found.map(({ upstream_id: id, context }) => (
            <label key={id} className={css.tick}>
              <input
                type="checkbox"
                checked={has(id)}
                onChange={() =>
                  onChange(
                    has(id)
                      ? models.filter(({ upstream_id }) => upstream_id !== id)
                      : [...models, newModel(id, context)],
                  )
                }
              />
              <code>{id}</code>
            </label>
          ))}
        </fieldset>
      )}
    </div>
  );
}

const TEXTS = [
  { name: 'input', label: 'Input $', numeric: true },
  { name: 'output', label: 'Output $', numeric: true },
  { name: 'cached_input', label: 'Cached input $', numeric: true },
] as const;
const LIMITS = [
  { name: 'context', label: 'Context window, tokens' },
  { name: 'max_output', label: 'Max output, tokens' },
] as const;

function ModelRow({
  model,
  slug,
  n,
  error,
  onChange,
  onRemove,
}: {
  model: ModelDraft;
  slug: string;
  n: number;
  error: string | undefined;
  onChange: (part: Partial<ModelDraft>) => void;
  onRemove: () => void;
}) {
  const called = `${slug || 'my-server'}/${model.id || model.upstream_id || 'model'}`;
  const toggle = (one: ModelDraft['capabilities'][number]) =>
    onChange({
      capabilities: model.capabilities.includes(one)
        ? model.capabilities.filter((other) => other !== one)
        : [...model.capabilities, one],
    });
  return (
    <fieldset className={css.model}>
      <legend>
        <code>{called}</code>
      </legend>
      <div className={css.remove}>
        <IconButton label={`Remove model ${n}`} size="small" onClick={onRemove}>
          <Trash2 size={15} />
        </IconButton>
      </div>
      <div className={css.pair}>
        <Field label="The server’s name" error={error}>
          {(control) => (
            <input
              {...control}
              className={inputClass}
              required
              maxLength={256}
              autoComplete="off"
              spellCheck={false}
              placeholder="llama3.2:3b"
              value={model.upstream_id}
              onChange={(event) => onChange({ upstream_id: event.target.value })}
            />
          )}
        </Field>
        <Field label="Id for callers">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              maxLength={128}
              pattern="[A-Za-z0-9._:\/@+\-]+"
              autoComplete="off"
              spellCheck={false}
              placeholder={model.upstream_id || 'as the server’s'}
              value={model.id}
              onChange={(event) => onChange({ id: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div className={css.prices}>
        {TEXTS.map(({ name, label }) => (
          <Field key={name} label={label}>
            {(control) => (
              <input
                {...control}
                className={inputClass}
                inputMode="decimal"
                pattern="[0-9]{1,6}(\.[0-9]{1,6})?"
                placeholder={name === 'cached_input' ? 'as input' : '0'}
                autoComplete="off"
                value={model[name]}
                onChange={(event) => onChange({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
      <details className={css.more}>
        <summary>Limits and capabilities</summary>
        <div className={css.pair}>
          {LIMITS.map(({ name, label }) => (
            <Field key={name} label={label}>
              {(control) => (
                <input
                  {...control}
                  className={inputClass}
                  inputMode="numeric"
                  pattern="[1-9][0-9]{0,8}"
                  placeholder="not known"
                  autoComplete="off"
                  value={model[name]}
                  onChange={(event) => onChange({ [name]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </div>
        <fieldset className={css.found}>
          <legend>It can</legend>
          {CAPABILITIES.map((value) => (
            <label key={value} className={css.tick}>
              <input
                type="checkbox"
                checked={model.capabilities.includes(value)}
                onChange={() => toggle(value)}
              />
              {capabilityName(value)}
            </label>
          ))}
        </fieldset>
      </details>
    </fieldset>
  );
}
