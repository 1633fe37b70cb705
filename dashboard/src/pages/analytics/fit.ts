// What of an address can be asked: tags, end users and sources are counted apart, by project and in sums alone.
import type { Measure } from '@/api/analytics';
import { MEASURES, type ShownMeasure } from '@/lib/analytics';
import { DIMENSIONS } from '@/lib/dimensions';
import type { AnalyticsSearch } from '@/router';

export type Dimension = (typeof DIMENSIONS)[number];
const LABELS = ['tag', 'end_user', 'source'] as const;
type Label = (typeof LABELS)[number];
export const FILTERS = ['model', 'provider', 'api_key', 'user', ...LABELS] as const;
export type Filter = (typeof FILTERS)[number];

export const DIMENSION_NAMES: Record<Dimension, string> = {
  model: 'Model',
  provider: 'Provider',
  api_key: 'API key',
  project: 'Project',
  user: 'Person',
  outcome: 'Outcome',
  tag: 'Tag',
  end_user: 'End user',
  source: 'Source',
};

const LABEL_MEASURES: Measure[] = ['cost', 'requests', 'errors', 'input_tokens', 'output_tokens'];

const isLabel = (name: string | undefined): name is Label => LABELS.some((label) => label === name);
const ALL: readonly Dimension[] = DIMENSIONS;
const PLAIN = ALL.filter((name) => !isLabel(name));

export type Fit = {
  by: Dimension | 'none';
  and: Dimension | undefined;
  /** What the menus offer. */
  bys: readonly Dimension[];
  ands: readonly Dimension[];
  measures: readonly ShownMeasure[];
  filters: Partial<Record<Filter, string>>;
  /** Whether tags, end users or sources are what is counted. */
  label: Label | undefined;
};

/** Of an address that asks for what cannot be answered, the filters stay, then the first group. */
export function askable(search: AnalyticsSearch): Fit {
  const given = Object.fromEntries(
    FILTERS.filter((name) => search[name]).map((name) => [name, search[name]]),
  ) as Fit['filters'];
  const plain = Object.keys(given).some((name) => !isLabel(name));
  const only = plain ? undefined : LABELS.find((name) => given[name]);
  const bys = only ? [only, 'project' as const] : plain ? PLAIN : ALL;
  const wanted = search.by ?? 'model';
  const by = wanted === 'none' || bys.includes(wanted) ? wanted : (bys[0] as Dimension);
  const ands = (isLabel(by) ? ['project' as const] : by === 'project' ? bys : PLAIN).filter(
    (name) => name !== by && bys.includes(name),
  );
  const and = by !== 'none' && search.and && ands.includes(search.and) ? search.and : undefined;
  const label = only ?? [by, and].find(isLabel);
  const filters = Object.fromEntries(
    Object.entries(given).filter(([name]) => (label ? name === only : !isLabel(name))),
  );
  const measures = (Object.keys(MEASURES) as ShownMeasure[]).filter(
    (name) => !label || LABEL_MEASURES.includes(name),
  );
  return { by, and, bys, ands, measures, filters, label };
}
