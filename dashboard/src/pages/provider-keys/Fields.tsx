// The fields that adding, editing and rotating a provider key share.
import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { ApiError, type Provider, type ProviderOptions } from '@/api/client';
import { useKnownModels } from '@/api/customProviders';
import { useScope } from '@/frame/scope';
import { Button } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import { PickMany } from '@/ui/PickMany';
import css from './dialogs.module.css';

/** What the control API says about a field or a part of it. */
export function errorAt(error: unknown, name: string): string | undefined {
  const field = error instanceof ApiError ? (error.field ?? '') : '';
  const about = field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`);
  return about ? (error as ApiError).message : undefined;
}

/** An error that none of these fields shows. */
export const elsewhere = (error: Error | null, ...names: string[]) =>
  names.some((name) => errorAt(error, name)) ? null : error;

export function LabelField({
  value,
  onChange,
  error,
  focus,
}: {
  value: string;
  onChange: (value: string) => void;
  error: unknown;
  focus?: boolean;
}) {
  return (
    <Field label="Label" hint="To tell it from your other keys." error={errorAt(error, 'label')}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          maxLength={100}
          placeholder="main account"
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type here
          autoFocus={focus}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function SecretField({
  label,
  value,
  onChange,
  error,
  focus,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error: unknown;
  focus?: boolean;
}) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      label={label}
      hint="Sealed when saved, never shown again."
      error={errorAt(error, 'secret')}
    >
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
            // biome-ignore lint/a11y/noAutofocus: the dialog was opened to paste here
            autoFocus={focus}
            value={value}
            onChange={(event) => onChange(event.target.value)}
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
  );
}

const OPTION_HINTS = {
  region: 'As the provider writes it, eu-west-1 for example.',
  project: 'The project id at the provider.',
  resource: 'The resource name in the address of your deployment.',
  deployment: 'The name you gave the deployment.',
  api_version: 'The version of its API, 2024-10-21 for example.',
};
type OptionName = keyof typeof OPTION_HINTS;

const optionLabel = (option: string) =>
  option.slice(0, 1).toUpperCase() + option.slice(1).replace('_', ' ');

/** What the provider's address needs, and what else this key has. */
export function OptionFields({
  provider,
  options,
  onChange,
  error,
}: {
  provider: Provider | undefined;
  options: ProviderOptions;
  onChange: (options: ProviderOptions) => void;
  error: unknown;
}) {
  const needed: OptionName[] = provider?.options_needed ?? [];
  const more = (Object.keys(OPTION_HINTS) as OptionName[]).filter(
    (name) => name in options && !needed.includes(name),
  );
  return [...needed, ...more].map((option) => (
    <Field
      key={option}
      label={optionLabel(option)}
      hint={OPTION_HINTS[option]}
      error={errorAt(error, `options.${option}`) ?? errorAt(error, option)}
    >
      {(control) => (
        <input
          {...control}
          className={inputClass}
          required={needed.includes(option)}
          autoComplete="off"
          pattern={
            option === 'deployment'
              ? '[A-Za-z0-9][A-Za-z0-9._\\-]{0,62}'
              : '[a-z0-9][a-z0-9\\-]{0,62}'
          }
          value={options[option] ?? ''}
          onChange={(event) => onChange({ ...options, [option]: event.target.value })}
        />
      )}
    </Field>
  ));
}

/** As they are sent: what was emptied is left out. */
export const filled = (options: ProviderOptions): ProviderOptions =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      value.trim() ? [[name, value.trim()]] : [],
    ),
  );

/** The ids of all that a provider offers. */
export function useOffered(provider: string) {
  const { org } = useScope();
  const models = useKnownModels(org.id);
  return {
    busy: models.isPending,
    offered: models.data
      ?.filter(({ offers }) => offers.some((offer) => offer.provider === provider))
      .map(({ id }) => id),
  };
}

export function ModelsField({
  provider,
  models,
  onChange,
  error,
}: {
  provider: string;
  models: string[];
  onChange: (models: string[]) => void;
  error: unknown;
}) {
  const { offered = [], busy } = useOffered(provider);
  return (
    <PickMany
      label="Models it serves"
      what="model"
      none="Every model of the provider."
      picked={models}
      options={offered.map((id) => ({ value: id, label: id }))}
      busy={busy}
      error={errorAt(error, 'models')}
      onChange={onChange}
    />
  );
}
