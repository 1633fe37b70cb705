import { expect, test } from 'vitest';
import { layOut } from './layOut';

const attempt = (start_ms: number, duration_ms: number) => ({
  provider: 'openai',
  model: 'gpt-4o',
  platform_key: false,
  status: 200,
  error: null,
  start_ms,
  first_byte_ms: 1,
  duration_ms,
});

test('steps follow one another, attempts come after upstream', () => {
  const { bars, total } = layOut({
    steps: [
      { name: 'auth', us: 500 },
      { name: 'upstream', us: 9000 },
      { name: 'account', us: 500 },
    ],
    attempts_detail: [attempt(0.5, 4), attempt(4.5, 5)],
    duration_ms: 12,
  });
  expect(bars.map(({ id, start, ms }) => [id, start, ms])).toEqual([
    ['step-0', 0, 0.5],
    ['step-1', 0.5, 9],
    ['attempt-0', 0.5, 4],
    ['attempt-1', 4.5, 5],
    ['step-2', 9.5, 0.5],
  ]);
  expect(total).toBe(12);
});

test('the scale holds what lasted longer than the request', () => {
  const { bars, total } = layOut({ steps: [], attempts_detail: [attempt(5, 20)], duration_ms: 12 });
  expect(bars).toHaveLength(1);
  expect(total).toBe(25);
});

test('nothing was kept', () => {
  expect(layOut({ steps: [], attempts_detail: [], duration_ms: 0 })).toEqual({
    bars: [],
    total: 0.001,
  });
});
