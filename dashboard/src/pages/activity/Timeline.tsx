import type { Attempt, RequestDetail } from '@/api/client';
import { duration, durationExact, unbroken } from '@/lib/format';
import { cx } from '@/ui/cx';
import { type Bar, layOut } from './layOut';
import { errorWords } from './Status';
import css from './Timeline.module.css';

/** Steps of the gateway and attempts at providers as bars on one scale. */
export function Timeline({ request }: { request: RequestDetail }) {
  const { bars, total } = layOut(request);
  if (bars.length === 0) return <p className={css.none}>No steps were kept for this request.</p>;
  return (
    <div className={css.timeline}>
      <div className={css.scale} aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part} style={{ left: `${part * 100}%` }}>
            {part === 0 ? '0' : duration(total * part)}
          </span>
        ))}
      </div>
      <ol className={css.bars}>
        {bars.map((bar) => (
          <Row key={bar.id} bar={bar} total={total} />
        ))}
      </ol>
    </div>
  );
}

function Row({ bar, total }: { bar: Bar; total: number }) {
  const percent = (ms: number) => `${(ms / total) * 100}%`;
  const failed = bar.attempt && !succeeded(bar.attempt);
  const wait = bar.attempt?.first_byte_ms ?? (bar.attempt ? bar.ms : null);
  return (
    <li className={cx(css.row, bar.attempt && css.attempt)}>
      <span className={css.name} title={bar.title}>
        {bar.name}
      </span>
      <span className={css.lane}>
        <span
          className={cx(css.bar, bar.attempt && css.call, failed && css.failed)}
          style={{ left: percent(bar.start), width: percent(bar.ms) }}
          title={bar.title}
        >
          {wait !== null && bar.ms > 0 && (
            <span className={css.wait} style={{ width: `${(wait / bar.ms) * 100}%` }} />
          )}
        </span>
      </span>
      <span className={css.ms} title={durationExact(bar.ms)}>
        {duration(bar.ms)}
      </span>
      {bar.attempt && (
        <span className={cx(css.said, failed && css.bad)}>
          <span>{describe(bar.attempt)}</span>
        </span>
      )}
    </li>
  );
}

function succeeded(attempt: Attempt): boolean {
  return !attempt.error && attempt.status !== null && attempt.status < 400;
}

function describe(attempt: Attempt): string {
  const said = attempt.status === null ? 'no answer' : `answered ${attempt.status}`;
  const first =
    attempt.first_byte_ms === null
      ? ''
      : `, first byte after ${unbroken(duration(attempt.first_byte_ms))}`;
  const key = attempt.platform_key ? ' (platform key)' : '';
  return `${attempt.model ?? ''}${key} ${said}${first}${attempt.error ? `: ${errorWords(attempt.error).toLowerCase()}` : ''}`.trim();
}
