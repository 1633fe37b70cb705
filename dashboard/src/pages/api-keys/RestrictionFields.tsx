import { ApiError, type ApiKey, type Project } from '@/api/client';
import { useKnownModels, useKnownProviders } from '@/api/customProviders';
import type { Restrictions } from '@/api/keyRestrictions';
import { useScope } from '@/frame/scope';
import { Badge } from '@/ui/Badge';
import { cx } from '@/ui/cx';
import { Field, inputClass } from '@/ui/Field';
import type { Option } from '@/ui/Options';
import { PickMany } from '@/ui/PickMany';
import css from './RestrictionFields.module.css';

/** As it is edited: addresses as the text that was typed. */
export type Draft = { models: string[]; providers: string[]; addresses: string };

export const draftOf = (key?: Restrictions): Draft => ({
  models: key?.models ?? [],
  providers: key?.providers ?? [],
  addresses: key?.ip_ranges.join('\n') ?? '',
});

export const restrictionsOf = (draft: Draft): Restrictions => ({
  models: draft.models,
  providers: draft.providers,
  ip_ranges: draft.addresses.split(/[\s,]+/).filter(Boolean),
});

/** What a project's new keys are restricted to. */
export const keyDefaultsOf = (project: Project): Restrictions => ({
  models: project.key_models,
  providers: project.key_providers,
  ip_ranges: project.key_ip_ranges,
});

/** What the control API says about one of the lists, or about an element of it. */
function errorOf(error: unknown, list: string): string | undefined {
  const about = error instanceof ApiError ? error.field : undefined;
  return about === list || about?.startsWith(`${list}[`) ? (error as ApiError).message : undefined;
}

/** `lead` stands before the fields' names in the API. */
export const isRestrictionError = (error: unknown, lead = '') =>
  ['models', 'providers', 'ip_ranges'].some((list) => errorOf(error, lead + list));

/** The section "Restrictions" of the dialogs that make and edit a key; of a project, what new keys get. */
export function RestrictionFields({
  legend = 'Restrictions',
  lead = '',
  draft,
  onChange,
  error,
}: {
  legend?: string;
  lead?: string;
  draft: Draft;
  onChange: (draft: Draft) => void;
  error: unknown;
}) {
  const { org } = useScope();
  const models = useKnownModels(org.id);
  const providers = useKnownProviders(org.id);
  const slugs = (providers.data ?? []).map(({ id }) => id);
  const modelOptions: Option[] = [
    ...slugs.map((id) => ({ value: `${id}/*`, label: `${id}/*`, group: 'All of a provider' })),
    ...(models.data ?? []).map(({ id }) => ({ value: id, label: id, group: 'Models' })),
  ];
  return (
    <fieldset className={css.section}>
      <legend>{legend}</legend>
      <PickMany
        label="Models"
        what="model"
        none="Every model."
        picked={draft.models}
        options={modelOptions}
        busy={models.isPending}
        error={errorOf(error, `${lead}models`)}
        onChange={(list) => onChange({ ...draft, models: list })}
      />
      <PickMany
        label="Providers"
        what="provider"
        none="Every provider."
        picked={draft.providers}
        options={slugs.map((id) => ({ value: id, label: id }))}
        busy={providers.isPending}
        error={errorOf(error, `${lead}providers`)}
        onChange={(list) => onChange({ ...draft, providers: list })}
      />
      <Field
        label="Addresses"
        hint="From which it may be used, one a line: 192.0.2.1, 10.0.0.0/8, 2001:db8::/32. Empty: from everywhere."
        error={errorOf(error, `${lead}ip_ranges`)}
      >
        {(control) => (
          <textarea
            {...control}
            className={cx(inputClass, css.area)}
            rows={2}
            spellCheck={false}
            autoComplete="off"
            value={draft.addresses}
            onChange={(event) => onChange({ ...draft, addresses: event.target.value })}
          />
        )}
      </Field>
    </fieldset>
  );
}

/** In the list: which restrictions a key has; what they are, on hover. */
export function RestrictionChips({ apiKey }: { apiKey: ApiKey }) {
  const lists = [
    { one: 'model', many: 'models', of: apiKey.models },
    { one: 'provider', many: 'providers', of: apiKey.providers },
    { one: 'address', many: 'addresses', of: apiKey.ip_ranges },
  ].filter(({ of }) => of.length);
  if (!lists.length) return null;
  return (
    <span className={css.chips}>
      {lists.map(({ one, many, of }) => (
        <span key={one} title={`Only ${of.join(', ')}`}>
          <Badge>
            {of.length === 1 && one !== 'address'
              ? of[0]
              : `${of.length} ${of.length === 1 ? one : many}`}
          </Badge>
        </span>
      ))}
    </span>
  );
}
