import { expect, test } from 'vitest';
import { judge } from './Health';

test('how a stretch of time is judged', () => {
  for (const [requests, failed, state] of [
    [0, 0, 'none'],
    [1, 1, 'good'],
    [5, 2, 'bad'],
    [100, 1, 'good'],
    [100, 2, 'warn'],
    [100, 10, 'bad'],
    [10_000, 150, 'good'],
  ] as const) {
    expect(judge(requests, failed), `${failed} of ${requests}`).toBe(state);
  }
});
