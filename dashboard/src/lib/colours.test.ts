import { expect, test } from 'vitest';
import { coloursOf, SERIES } from './colours';

test('a thing keeps its colour, whatever is beside it', () => {
  const [a, b, c] = coloursOf('model', ['a', 'b', 'c']);
  expect(new Set([a, b, c]).size).toBe(3);
  expect(coloursOf('model', ['c', 'a'])).toEqual([c, a]);
  expect(coloursOf('model', ['new', 'b'])[1]).toBe(b);
});

test('no two of six have the same', () => {
  coloursOf('provider', ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
  coloursOf('provider', ['q1', 'q2', 'q3']);
  for (const keys of [
    ['q1', 'p1', 'q2', 'p2', 'q3', 'p3'],
    ['x', 'p6', 'q1', 'y', 'p4', 'p5'],
  ]) {
    const colours = coloursOf('provider', keys);
    expect(new Set(colours).size).toBe(SERIES);
    expect(Math.min(...colours)).toBe(1);
    expect(Math.max(...colours)).toBe(SERIES);
  }
});

test('kinds do not take from each other', () => {
  const [one] = coloursOf('model', ['same']);
  coloursOf('project', ['z1', 'z2', 'same']);
  expect(coloursOf('model', ['same'])).toEqual([one]);
});
