import { expect, test } from 'vitest';
import type { RequestDetail } from '@/api/client';
import { whyProvider } from './Why';

const why = (asked: string, ...providers: string[]) =>
  whyProvider({
    requested_model: asked,
    model: 'm',
    provider: providers.at(-1) ?? null,
    attempts_detail: providers.map((provider) => ({ provider })),
  } as RequestDetail);

test('named, cheapest, next after a failure, none', () => {
  expect(why('acme/m', 'acme')).toMatch(/^acme was named/);
  expect(why('m', 'acme')).toMatch(/by price.*That was acme\.$/);
  expect(why('acme/m', 'acme', 'other')).toMatch(/^acme was named.* It failed .* asked: other\.$/);
  expect(why('m', 'a', 'a', 'b')).toMatch(/2 attempts failed .* asked: b\.$/);
  expect(why('m')).toMatch(/^No provider was asked/);
});

test('that a platform key comes after own ones is said where one was used', () => {
  const said = whyProvider({
    requested_model: 'm',
    model: 'm',
    provider: 'b',
    attempts_detail: [{ provider: 'a' }, { provider: 'b', platform_key: true }],
  } as RequestDetail);
  expect(said).toMatch(/That was a\. The platform’s keys come after .* asked: b\.$/);
  expect(why('m', 'a', 'b')).not.toMatch(/platform/);
});
