import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Usage } from '@/api/client';
import { type RequestFilters, usageQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { count, duration, money } from '@/lib/format';
import type { ActivitySearch } from '@/router';
import { Chip } from '@/ui/Chip';
import type { Option } from '@/ui/Options';
import { Export } from './Export';
import css from './Filters.module.css';

type Change = (part: Partial<ActivitySearch>, replace?: boolean) => void;
type Props = { search: ActivitySearch; filters: RequestFilters; change: Change };

export const NO_FILTERS = {
  status: undefined,
  model: undefined,
  provider: undefined,
  key: undefined,
  streamed: undefined,
  cost: undefined,
  ms: undefined,
  q: undefined,
  by: undefined,
} satisfies Partial<ActivitySearch>;

export function isFiltered(search: ActivitySearch): boolean {
  return Object.keys(NO_FILTERS).some((name) => name !== 'by' && search[name as 'q']);
}

const STATUS_OPTIONS: Option[] = [
  { value: 'ok', label: 'Succeeded' },
  { value: 'error', label: 'Failed' },
  { value: '2xx', label: '2xx' },
  { value: '4xx', label: '4xx' },
  { value: '5xx', label: '5xx' },
  { value: 'upstream_error', label: 'Provider error' },
  { value: 'gateway_error', label: 'Gateway error' },
  { value: 'client_error', label: 'Client error' },
  { value: 'client_gone', label: 'Client left' },
  { value: 'interrupted', label: 'Interrupted' },
];

const STREAMED_OPTIONS: Option[] = [
  { value: 'true', label: 'streamed' },
  { value: 'false', label: 'whole' },
];

const atLeast = (values: string[], show: (value: string) => string): Option[] =>
  values.map((value) => ({ value, label: `${show(value)} or more` }));
const showMs = (value: string) => duration(Number(value));
const COST_OPTIONS = atLeast(['0.001', '0.01', '0.1', '1', '10'], money);
const LATENCY_OPTIONS = atLeast(['1000', '5000', '10000', '30000', '60000'], showMs);

/** Chips that say what the list is limited to; each opens its choices. */
export function Filters({ search, filters, change }: Props) {
  return (
    <search className={css.filters}>
      <TextSearch q={search.q} by={search.by} change={change} />
      <Chip
        name="Status"
        value={search.status}
        shown={STATUS_OPTIONS.find(({ value }) => value === search.status)?.label}
        options={STATUS_OPTIONS}
        onChange={(status) => change({ status: status as ActivitySearch['status'] })}
      />
      <UsedChip
        name="Model"
        groupBy="model"
        value={search.model}
        search={search}
        onChange={(model) => change({ model })}
      />
      <UsedChip
        name="Provider"
        groupBy="provider"
        value={search.provider}
        search={search}
        onChange={(provider) => change({ provider })}
      />
      <UsedChip
        name="Key"
        groupBy="api_key"
        value={search.key}
        search={search}
        onChange={(key) => change({ key })}
      />
      <Chip
        name="Answer"
        value={search.streamed}
        shown={STREAMED_OPTIONS.find(({ value }) => value === search.streamed)?.label}
        options={STREAMED_OPTIONS}
        onChange={(streamed) => change({ streamed: streamed as ActivitySearch['streamed'] })}
      />
      <Chip
        name="Latency"
        value={search.ms}
        shown={search.ms && `${showMs(search.ms)} or more`}
        options={LATENCY_OPTIONS}
        onChange={(ms) => change({ ms })}
      />
      <Chip
        name="Cost"
        value={search.cost}
        shown={search.cost && `${money(search.cost)} or more`}
        options={COST_OPTIONS}
        onChange={(cost) => change({ cost })}
      />
      {isFiltered(search) && (
        <button type="button" className={css.clear} onClick={() => change(NO_FILTERS)}>
          Clear
        </button>
      )}
      <Export filters={filters} />
    </search>
  );
}

const SEARCHES = {
  id: { name: 'Request id', label: 'Request id, or its first 8 characters' },
  client: { name: "Client's id", label: 'The id that the client gave the request' },
  user: { name: 'End user', label: 'The end user that the client named' },
};
type SearchKind = keyof typeof SEARCHES;

function TextSearch({ q, by, change }: Pick<ActivitySearch, 'q' | 'by'> & { change: Change }) {
  const [text, setText] = useState(q ?? '');
  const [kind, setKind] = useState<SearchKind>(by ?? 'id');
  useEffect(() => setText(q ?? ''), [q]);
  useEffect(() => setKind(by ?? 'id'), [by]);
  const wrong = kind === 'id' && text.trim() !== '' && !REQUEST_ID.test(text.trim());
  const apply = (next: string, as: SearchKind) => {
    const found = next.trim();
    const by = as === 'id' ? undefined : as;
    setText(next);
    setKind(as);
    if (found === '') change({ q: undefined, by }, true);
    else if (as !== 'id' || REQUEST_ID.test(found)) change({ q: found, by }, true);
  };
  return (
    <div className={css.search}>
      <Search size={14} aria-hidden="true" />
      <select
        className={css.kind}
        aria-label="Search by"
        value={kind}
        onChange={(event) => apply(text, event.target.value as SearchKind)}
      >
        {Object.entries(SEARCHES).map(([value, { name }]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <input
        className={css.input}
        aria-label={SEARCHES[kind].label}
        placeholder={kind === 'id' ? 'First 8 or more' : 'Exactly'}
        spellCheck={false}
        autoComplete="off"
        maxLength={kind === 'id' ? 36 : 256}
        aria-invalid={wrong || undefined}
        title={wrong ? 'At least 8 characters of a request id: 0-9, a-f, -' : undefined}
        value={text}
        onChange={(event) => apply(event.target.value, kind)}
      />
    </div>
  );
}

const REQUEST_ID = /^[0-9a-f-]{8,36}$/i;

/** The choices are what was used in the range, with how often. */
function UsedChip({
  name,
  groupBy,
  value,
  search,
  onChange,
}: {
  name: string;
  groupBy: 'model' | 'provider' | 'api_key';
  value: string | undefined;
  search: ActivitySearch;
  onChange: (value: string | undefined) => void;
}) {
  const { org, project } = useScope();
  const [opened, setOpened] = useState(false);
  const { range, from, to } = search;
  const used = useQuery({
    ...usageQuery(org.id, { range, from, to, project: project?.id }, groupBy),
    // A key's name is needed to show the chip, a model's is its id.
    enabled: opened || (groupBy === 'api_key' && Boolean(value)),
  });
  const options = usedOptions(used.data);
  return (
    <Chip
      name={name}
      value={value}
      shown={options.find((option) => option.value === value)?.label ?? value?.slice(0, 24)}
      options={options}
      busy={used.isPending}
      onOpen={() => setOpened(true)}
      onChange={onChange}
    />
  );
}

function usedOptions(usage: Usage | undefined): Option[] {
  return (usage?.series ?? [])
    .filter(({ key }) => key !== 'none' && key !== 'other')
    .map(({ key, label, points }) => ({
      value: key,
      label: label || key,
      note: count(points.reduce((sum, { requests }) => sum + requests, 0)),
    }));
}
