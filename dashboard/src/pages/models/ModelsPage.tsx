import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { type AnalyticsGroup, analyticsQuery, type Model } from '@/api/analytics';
import { useKeyless, useKnownModels, useKnownProviders } from '@/api/customProviders';
import { providerKeysQuery } from '@/api/queries';
import { Page } from '@/frame/Page';
import { ScopePicker } from '@/frame/ScopePicker';
import { useScope } from '@/frame/scope';
import { capabilityName } from '@/lib/capabilities';
import { countExact } from '@/lib/format';
import type { ModelsSearch } from '@/router';
import { Button, ButtonLink } from '@/ui/Button';
import { Chip } from '@/ui/Chip';
import { inputClass } from '@/ui/Field';
import { Empty, Failed } from '@/ui/Notice';
import { Segments } from '@/ui/Segments';
import { Skeleton } from '@/ui/Skeleton';
import { choose, SORTS, type Sort } from './choose';
import { ModelCard } from './ModelCard';
import css from './Models.module.css';

const SHOWN = 30;

export default function ModelsPage() {
  const search = useSearch({ from: '/signed-in/o/$org/models' });
  const navigate = useNavigate({ from: '/o/$org/models' });
  const change = useCallback(
    (part: Partial<ModelsSearch>) =>
      void navigate({
        search: (old) => ({ ...old, ...part }),
        replace: 'q' in part,
        resetScroll: false,
      }),
    [navigate],
  );
  return (
    <Page title="Models" tools={<ScopePicker all />}>
      <Content search={search} change={change} />
    </Page>
  );
}

type Change = (part: Partial<ModelsSearch>) => void;

function Content({ search, change }: { search: ModelsSearch; change: Change }) {
  const { session, org, project } = useScope();
  const models = useKnownModels(org.id);
  const keys = useQuery(providerKeysQuery(org.id));
  const providers = useKnownProviders(org.id);
  const names = useMemo(
    () => new Map(providers.data?.map(({ id, name }) => [id, name])),
    [providers.data],
  );
  const live = useQuery(
    analyticsQuery(org.id, {
      ...(project && { project: project.id }),
      measures: [
        'requests',
        'upstream_errors',
        'interrupted',
        'throughput',
        'p50_ms',
        'ttft_p50_ms',
        'ttft_p95_ms',
      ],
      group_by: 'model,provider',
      sort: 'requests',
      limit: 200,
    }),
  );
  const keyless = useKeyless(org.id);
  const [shown, setShown] = useState(SHOWN);
  const q = useDeferredValue(search.q ?? '');
  const own = useMemo(
    () =>
      new Set([
        ...keyless,
        ...(keys.data ?? [])
          .filter(({ disabled_at }) => !disabled_at)
          .map(({ provider }) => provider),
      ]),
    [keys.data, keyless],
  );
  const callable = useMemo(
    () => new Set([...own, ...org.platform_providers.map(({ provider }) => provider)]),
    [own, org],
  );
  const sort: Sort = SORTS.some(({ value }) => value === search.sort)
    ? (search.sort as Sort)
    : 'used';
  const lives = useMemo(() => byOffer(live.data?.groups ?? []), [live.data]);
  const everything = search.offers === 'all' || callable.size === 0;
  const fits = useMemo(
    () =>
      choose(models.data ?? [], {
        q,
        provider: search.provider,
        capability: search.capability,
        callable: everything ? undefined : callable,
        sort,
        requests: (model, provider) => lives.get(`${model}\n${provider}`)?.totals.requests ?? 0,
      }),
    [models.data, q, search.provider, search.capability, everything, callable, sort, lives],
  );

  if (models.isError && !models.data) {
    return <Failed error={models.error} retry={() => void models.refetch()} />;
  }
  if (!models.data || keys.isPending) return <Loading />;
  return (
    <>
      <Tools
        search={search}
        names={names}
        sort={sort}
        models={models.data}
        any={callable.size > 0}
        change={change}
      />
      {callable.size === 0 && models.data.length > 0 && (
        <p className={css.note}>
          This organisation has no provider key that is on: none of these can be called yet.
        </p>
      )}
      {live.isError && !live.data && (
        <p className={css.note} role="alert">
          How offers do could not be loaded: {live.error.message}
        </p>
      )}
      <p className={css.count} hidden={models.data.length === 0}>
        {countExact(fits.length, 'model')} · prices per million tokens · uptime and speed are of
        this organisation’s own requests, last 24 hours
      </p>
      {models.data.length === 0 ? (
        <Empty
          title="No model yet"
          action={
            session.user.is_operator && (
              <ButtonLink
                to="/o/$org/catalogue"
                params={{ org: org.id }}
                search={{ tab: 'imports' }}
                look="primary"
              >
                Import a catalogue
              </ButtonLink>
            )
          }
        >
          The catalogue of this instance is empty: its operator imports one, or has it fetched.
          Models of a server of your own come with it, under Custom providers.
        </Empty>
      ) : fits.length === 0 ? (
        <Empty
          title="No model fits"
          action={
            <Button
              onClick={() =>
                change({ q: undefined, provider: undefined, capability: undefined, offers: 'all' })
              }
            >
              Show all models
            </Button>
          }
        >
          Nothing in the catalogue is like this. Remove a filter, or look at all models.
        </Empty>
      ) : (
        <ul className={css.list}>
          {fits.slice(0, shown).map((model) => (
            <ModelCard
              key={model.id}
              model={model}
              names={names}
              live={lives}
              callable={callable}
              own={own}
            />
          ))}
        </ul>
      )}
      {fits.length > shown && (
        <Button onClick={() => setShown(shown + SHOWN)}>
          Show more ({fits.length - shown} are left)
        </Button>
      )}
    </>
  );
}

/** What each offer did, by model and provider. */
function byOffer(groups: AnalyticsGroup[]): Map<string, AnalyticsGroup> {
  return new Map(groups.map((group) => [group.key.join('\n'), group]));
}

function Tools({
  search,
  names,
  sort,
  models,
  any,
  change,
}: {
  search: ModelsSearch;
  names: Map<string, string>;
  sort: Sort;
  models: Model[];
  any: boolean;
  change: Change;
}) {
  const offers = models.flatMap((model) => model.offers);
  const options = (values: string[], nameOf: (value: string) => string) =>
    [...new Set(values)]
      .map((value) => ({ value, label: nameOf(value) }))
      .sort((a, b) => a.label.localeCompare(b.label));
  const providerName = (slug: string) => names.get(slug) ?? slug;
  return (
    <div className={css.tools}>
      <input
        className={inputClass}
        type="search"
        placeholder="Search by name or id"
        aria-label="Search models"
        value={search.q ?? ''}
        onChange={(event) => change({ q: event.target.value || undefined })}
      />
      {any && (
        <Segments
          label="Which models"
          value={search.offers ?? 'mine'}
          choices={[
            { value: 'mine', label: 'You can call' },
            { value: 'all', label: 'All' },
          ]}
          onChange={(value) => change({ offers: value === 'all' ? 'all' : undefined })}
        />
      )}
      <Chip
        name="Provider"
        value={search.provider}
        shown={search.provider && providerName(search.provider)}
        options={options(
          offers.map(({ provider }) => provider),
          providerName,
        )}
        onChange={(provider) => change({ provider })}
      />
      <Chip
        name="Capability"
        value={search.capability}
        shown={search.capability && capabilityName(search.capability)}
        options={options(
          offers.flatMap(({ capabilities }) => capabilities),
          capabilityName,
        )}
        onChange={(capability) => change({ capability })}
      />
      <label className={css.sort}>
        <span>Sort by</span>
        <select
          className={inputClass}
          value={sort}
          onChange={(event) =>
            change({ sort: event.target.value === 'used' ? undefined : event.target.value })
          }
        >
          {SORTS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Loading() {
  return (
    <ul className={css.list} aria-busy="true" aria-label="Models">
      {[0, 1, 2, 3].map((i) => (
        <li key={i} className={css.card}>
          <div className={css.waiting}>
            <Skeleton width={28} />
            <Skeleton width={90} />
            <Skeleton width={75} />
          </div>
        </li>
      ))}
    </ul>
  );
}
