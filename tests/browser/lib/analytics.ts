// What /analytics answers, summed from the world's own requests.
import type { components } from '../../../dashboard/src/api/schema.d.ts';
import type { World } from './world.ts';

type Schemas = components['schemas'];
type Row = World['requests'][number];

const HOUR = 3_600_000;

const STEPS = { '30m': HOUR / 2, '1h': HOUR, '3h': 3 * HOUR, '1d': 24 * HOUR } as const;

const counts: Record<string, (row: Row) => number> = {
  requests: () => 1,
  ok: ({ outcome }) => Number(outcome === 'ok'),
  errors: ({ outcome }) => Number(outcome !== 'ok'),
  client_errors: ({ outcome }) => Number(outcome === 'client_error'),
  gateway_errors: ({ outcome }) => Number(outcome === 'gateway_error'),
  upstream_errors: ({ outcome }) => Number(outcome === 'upstream_error'),
  client_gone: ({ outcome }) => Number(outcome === 'client_gone'),
  interrupted: ({ outcome }) => Number(outcome === 'interrupted'),
  input_tokens: (row) => row.input_tokens,
  cached_tokens: (row) => row.cached_tokens,
  output_tokens: (row) => row.output_tokens,
};

/** Measures that are sums. */
const ADDS = /^(?!.*_ms$|throughput)/;

function grouped(rows: Row[], of: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(of(row), [...(groups.get(of(row)) ?? []), row]);
  return groups;
}

const sum = (rows: Row[], of: (row: Row) => number) =>
  rows.reduce((total, row) => total + of(row), 0);

function measured(rows: Row[], measure: string): number | string | null {
  const count = counts[measure];
  if (count) return sum(rows, count);
  if (measure === 'cost') return String(sum(rows, ({ cost }) => Number(cost)).toFixed(9));
  if (measure === 'cache_savings') {
    return (sum(rows, ({ cached_tokens }) => cached_tokens) * 9e-7).toFixed(9);
  }
  if (measure === 'throughput') {
    const took = sum(rows, ({ duration_ms }) => duration_ms) / 1000;
    return took ? sum(rows, ({ output_tokens }) => output_tokens) / took : null;
  }
  const percent = Number(/p(\d+)_ms/.exec(measure)?.[1]);
  const values = rows
    .map((row) => (measure.startsWith('ttft') ? row.ttft_ms : row.duration_ms))
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  return values[Math.floor((values.length * percent) / 100)] ?? null;
}

const keyOf: Record<string, (row: Row) => [key: string, label: string]> = {
  model: ({ model }) => [model ?? 'none', model ?? 'None'],
  provider: ({ provider }) => [provider ?? 'none', provider ?? 'None'],
  api_key: ({ api_key }) => [api_key.id, api_key.name],
  project: ({ project_id }) => [project_id, 'Storefront'],
  user: () => ['01998a52-0000-70a2-80a2-000000000007', 'Mira Osei'],
  outcome: ({ outcome }) => [outcome, outcome.replace('_', ' ')],
  tag: ({ tags }) => [tags[0] ?? '', tags[0] ?? ''],
  end_user: ({ end_user }) => [end_user ?? '', end_user ?? ''],
  source: ({ source }) => [source ?? '', source ?? ''],
};

export function analytics(
  all: Row[],
  now: Date,
  query: URLSearchParams,
  times = 1,
): Schemas['Analytics'] {
  const to = new Date(query.get('to') ?? now);
  const from = new Date(query.get('from') ?? to.getTime() - 24 * HOUR);
  const range = to.getTime() - from.getTime();
  const step = range <= 30 * HOUR ? '30m' : range <= 15 * 24 * HOUR ? '3h' : '1d';
  const size = STEPS[step];
  const start = Math.floor(from.getTime() / size) * size;
  const steps = Math.ceil((to.getTime() - start) / size);
  const measures = (query.get('measures') ?? 'requests').split(',');
  const groupBy = (query.get('group_by') ?? '').split(',').filter(Boolean);
  const fits = (row: Row) =>
    (query.get('model') ?? row.model) === row.model &&
    (query.get('provider') ?? row.provider) === row.provider &&
    (query.get('api_key') ?? row.api_key.id) === row.api_key.id &&
    (!query.has('tag') || row.tags[0] === query.get('tag')) &&
    (query.get('end_user') ?? row.end_user) === row.end_user &&
    (query.get('source') ?? row.source) === row.source &&
    (!groupBy.includes('tag') || row.tags.length > 0) &&
    (!groupBy.includes('end_user') || row.end_user !== null) &&
    (!groupBy.includes('source') || row.source !== null);
  // The world's rows are of a day: a long range has them as a month.
  const stretch = range > 15 * 24 * HOUR ? 28 : 1;
  const at = (row: Row) => now.getTime() - (now.getTime() - Date.parse(row.created_at)) * stretch;
  const rows = all.filter((row) => at(row) >= start && at(row) < to.getTime() && fits(row));
  const before = all.filter((row) => at(row) >= start - range && at(row) < start && fits(row));
  const compare = query.get('compare') === 'previous';

  const values = (of: Row[]) =>
    Object.fromEntries(measures.map((measure) => [measure, scaled(of, measure)]));
  const scaled = (of: Row[], measure: string) => {
    const value = measured(of, measure);
    if (times === 1 || value === null || !ADDS.test(measure)) return value;
    return typeof value === 'string' ? (Number(value) * times).toFixed(9) : value * times;
  };
  const describe = (of: Row[], old: Row[]) => {
    const buckets = Array.from({ length: steps }, (): Row[] => []);
    for (const row of of) buckets[Math.floor((at(row) - start) / size)]?.push(row);
    return {
      totals: values(of),
      previous: compare ? values(old) : null,
      points: Object.fromEntries(
        measures.map((measure) => [measure, buckets.map((bucket) => scaled(bucket, measure))]),
      ),
    } as Pick<Schemas['AnalyticsRest'], 'totals' | 'previous' | 'points'>;
  };
  const wordsOf = (row: Row): [string, string][] =>
    groupBy.map((word) => keyOf[word]?.(row) ?? ['none', 'None']);
  const idOf = (row: Row) =>
    wordsOf(row)
      .map(([key]) => key)
      .join('\n');
  const groups = [...grouped(groupBy.length ? rows : [], idOf).values()].sort(
    (a, b) => sum(b, ({ cost }) => Number(cost)) - sum(a, ({ cost }) => Number(cost)),
  );
  const limit = Number(query.get('limit') ?? 8);
  const ids = new Set(groups.slice(0, limit).map((mine) => idOf(mine[0] as Row)));
  const rest = groupBy.length ? rows.filter((row) => !ids.has(idOf(row))) : [];
  return {
    from: new Date(start).toISOString(),
    to: new Date(start + steps * size).toISOString(),
    step,
    tz: 'UTC',
    compared_with: compare
      ? { from: new Date(start - range).toISOString(), to: new Date(start).toISOString() }
      : null,
    group_by: groupBy,
    times: Array.from({ length: steps }, (_, i) => new Date(start + i * size).toISOString()),
    total: { groups: groups.length, ...describe(rows, before) },
    groups: groups.slice(0, limit).map((mine) => {
      const first = mine[0] as Row;
      return {
        key: wordsOf(first).map(([key]) => key),
        label: wordsOf(first).map(([, label]) => label),
        ...describe(
          mine,
          before.filter((row) => idOf(row) === idOf(first)),
        ),
      };
    }),
    other: groups.length > limit ? { groups: groups.length - limit, ...describe(rest, []) } : null,
  };
}

export function failures(all: Row[], query: URLSearchParams): { items: Schemas['Failure'][] } {
  const items = all
    .filter(({ outcome, created_at }) => {
      const wrong = outcome !== 'ok' && outcome !== 'client_gone';
      return wrong && created_at >= (query.get('from') ?? '');
    })
    .slice(0, Number(query.get('limit') ?? 8))
    .map(({ id, created_at, project_id, api_key, model, provider, status, outcome, error }) => ({
      id,
      created_at,
      project_id,
      api_key: { id: api_key.id, name: api_key.name },
      model,
      provider,
      status,
      outcome,
      error,
    }));
  return { items };
}

/** The catalogue as the models page shows it. */
export function models(world: World): Schemas['Model'][] {
  const offered = grouped(
    world.requests.filter(({ model, provider }) => model && provider),
    ({ model }) => model as string,
  );
  return [...offered]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([id, rows], i) => ({
      id,
      name: id
        .split('-')
        .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
        .join(' '),
      family: id.split('-')[0] ?? '',
      released_at: `2026-0${(i % 8) + 1}-14`,
      offers: [...new Set([...rows.map(({ provider }) => provider as string), 'anthropic'])]
        .slice(0, 3)
        .map((provider, n) => ({
          provider,
          provider_model: id,
          region: null,
          context: 131_072 << (i % 3),
          max_output: 32_768,
          capabilities: i % 2 ? ['chat', 'tools', 'vision'] : ['chat', 'tools', 'reasoning'],
          price: {
            input: (0.000001 * (n + 1 + (i % 4))).toFixed(8),
            output: (0.000004 * (n + 1 + (i % 4))).toFixed(8),
            ...(i % 3 && { cached_input: (0.0000001 * (n + 1)).toFixed(9) }),
          },
          usable: provider !== 'anthropic',
        })),
    }));
}
