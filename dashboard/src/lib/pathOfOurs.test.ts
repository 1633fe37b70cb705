import { expect, test } from 'vitest';
import { pathOfOurs } from './pathOfOurs';

test.each(['/', '/o/1/activity?project=2#x', '/a//b', '/invitation?next=https://x.example'])(
  '%j stays here',
  (path) => {
    expect(pathOfOurs(path)).toBe(path);
    expect(new URL(path, 'https://doteb.example').host).toBe('doteb.example');
  },
);

test.each([
  '',
  'x',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  'https://evil.example',
  'javascript:alert(1)',
  ['/'],
  1,
  undefined,
])('%j is nowhere to go', (value) => {
  expect(pathOfOurs(value)).toBeUndefined();
});
