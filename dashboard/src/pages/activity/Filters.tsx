import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Usage } from '@/api/client';
import { usageQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { count } from '@/lib/format';
import type { ActivitySearch } from '@/router';
import { Chip } from '@/ui/Chip';
import type { Option } from '@/ui/Options';
import css from './Filters.module.css';

type Change = (part: Partial<ActivitySearch>, replace?: boolean) => void;
type Props = { search: ActivitySearch; change: Change };

const STATUS_OPTIONS: Option[] = [
  { value: 'ok', label: 'Succeeded' },
  { value: 'error', label: 'Failed' },
  { value: '2xx', label: '2xx' },
  { value: '4xx', label: '4xx' },
  { value: '5xx', label: '5xx' },
];

/** Chips that say what the list is limited to; each opens its choices. */
export function Filters({ search, change }: Props) {
  const any = search.status || search.model || search.provider || search.key || search.q;
  return (
    <search className={css.filters}>
      <IdSearch q={search.q} change={change} />
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
      {any && (
        <button
          type="button"
          className={css.clear}
          onClick={() =>
            change({
              status: undefined,
              model: undefined,
              provider: undefined,
              key: undefined,
              q: undefined,
            })
          }
        >
          Clear
        </button>
      )}
    </search>
  );
}

function IdSearch({ q, change }: { q: string | undefined; change: Change }) {
  const [text, setText] = useState(q ?? '');
  useEffect(() => setText(q ?? ''), [q]);
  const wrong = text !== '' && !/^[0-9a-f-]{8,36}$/i.test(text);
  const apply = (next: string) => {
    setText(next);
    const id = next.trim();
    if (id === '') change({ q: undefined }, true);
    else if (/^[0-9a-f-]{8,36}$/i.test(id)) change({ q: id }, true);
  };
  return (
    <div className={css.search}>
      <Search size={14} aria-hidden="true" />
      <input
        className={css.input}
        aria-label="Request id, or its first 8 characters"
        placeholder="Request id"
        spellCheck={false}
        autoComplete="off"
        maxLength={36}
        aria-invalid={wrong || undefined}
        title={wrong ? 'At least 8 characters of a request id: 0-9, a-f, -' : undefined}
        value={text}
        onChange={(event) => apply(event.target.value)}
      />
    </div>
  );
}

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
