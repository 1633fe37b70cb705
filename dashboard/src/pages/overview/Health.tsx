import type { Analytics, AnalyticsGroup } from '@/api/analytics';
import { seconds, stepTime } from '@/lib/analytics';
import { count, share } from '@/lib/format';
import { cx } from '@/ui/cx';
import { Skeleton } from '@/ui/Skeleton';
import css from './Overview.module.css';

const CELLS = 48;
const WORDS = { none: 'no requests', good: 'well', warn: 'some failed', bad: 'many failed' };
type State = keyof typeof WORDS;

/** How providers did: of what reached each, the share that it did not fail, step by step. */
export function Health({ answer }: { answer: Analytics | undefined }) {
  const groups = answer?.groups.filter(({ key }) => key[0] !== 'none') ?? [];
  return (
    <section className={css.card} aria-label="Providers' health" aria-busy={!answer}>
      <h2 className={css.cardTitle}>Providers' health</h2>
      {!answer && (
        <div className={css.placeholder}>
          <Skeleton />
          <Skeleton width={90} />
        </div>
      )}
      {answer && groups.length === 0 && (
        <p className={css.none}>No request reached a provider in this range.</p>
      )}
      <ul className={css.health}>
        {answer && groups.map((group) => <Row key={group.key[0]} group={group} answer={answer} />)}
      </ul>
    </section>
  );
}

function Row({ group, answer }: { group: AnalyticsGroup; answer: Analytics }) {
  const { requests = 0, upstream_errors: failed = 0 } = group.totals;
  const cells = merge(answer, group);
  const time = stepTime(answer.step);
  const worst = cells.filter(({ state }) => state === 'bad' || state === 'warn');
  const words = worst.length
    ? `failures ${worst
        .slice(0, 3)
        .map((cell) => `from ${time(cell.from)}: ${cell.failed} of ${cell.requests}`)
        .join('; ')}`
    : 'no time with many failures';
  return (
    <li className={css.provider}>
      <span className={css.providerName}>{group.label[0]}</span>
      <span className={css.rate}>{share((requests ?? 0) - (failed ?? 0), requests ?? 0)}</span>
      <span className={css.strip} role="img" aria-label={`${group.label[0]}: ${words}`}>
        {cells.map((cell) => (
          <span
            key={cell.from}
            className={cx(css.cell, css[`is-${cell.state}`])}
            title={`from ${time(cell.from)}: ${
              cell.state === 'none'
                ? WORDS.none
                : `${cell.failed} of ${count(cell.requests)} failed`
            }`}
          />
        ))}
      </span>
    </li>
  );
}

type Cell = { from: number; requests: number; failed: number; state: State };

/** At most CELLS cells: neighbouring steps together. */
function merge(answer: Analytics, { points }: AnalyticsGroup): Cell[] {
  const times = seconds(answer);
  const size = Math.ceil(times.length / CELLS);
  const cells: Cell[] = [];
  times.forEach((from, i) => {
    if (i % size === 0) cells.push({ from, requests: 0, failed: 0, state: 'none' });
    const cell = cells.at(-1) as Cell;
    cell.requests += points.requests?.[i] ?? 0;
    cell.failed += points.upstream_errors?.[i] ?? 0;
  });
  for (const cell of cells) cell.state = judge(cell.requests, cell.failed);
  return cells;
}

/** One failure among few requests is no outage. */
export function judge(requests: number, failed: number): State {
  if (requests === 0) return 'none';
  if (failed >= 2 && failed / requests >= 0.1) return 'bad';
  return failed >= 2 && failed / requests >= 0.02 ? 'warn' : 'good';
}
