// Where each bar of a request's timeline begins and how long it is, in milliseconds.
import type { Attempt, RequestDetail } from '@/api/client';

export type Bar = {
  id: string;
  name: string;
  title: string;
  start: number;
  ms: number;
  attempt?: Attempt;
};

type Input = Pick<RequestDetail, 'steps' | 'attempts_detail' | 'duration_ms'>;

/**
 * Steps follow one another. Attempts, which have their own starts, come after the step that makes
 * them (upstream), or last if no step of that name was kept.
 */
export function layOut({ steps, attempts_detail, duration_ms }: Input): {
  bars: Bar[];
  total: number;
} {
  const attempts = attempts_detail.map(
    (attempt, i): Bar => ({
      id: `attempt-${i}`,
      name: `${i + 1}. ${attempt.provider ?? 'provider'}`,
      title: `Attempt ${i + 1}`,
      start: attempt.start_ms,
      ms: attempt.duration_ms,
      attempt,
    }),
  );
  let clock = 0;
  const bars: Bar[] = steps.map(({ name, us }, i) => {
    const bar = { id: `step-${i}`, name, title: `Step ${name}`, start: clock, ms: us / 1000 };
    clock += bar.ms;
    return bar;
  });
  const upstream = steps.findIndex(({ name }) => name === 'upstream');
  bars.splice(upstream < 0 ? bars.length : upstream + 1, 0, ...attempts);
  const ends = bars.map(({ start, ms }) => start + ms);
  return { bars, total: Math.max(duration_ms, ...ends, 0.001) };
}
