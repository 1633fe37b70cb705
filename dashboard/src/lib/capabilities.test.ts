import { expect, test } from 'vitest';
import { capabilityName } from './capabilities';

test('a capability has the words that people use', () => {
  expect(['tools', 'web_search', 'json_output_schema', 'vision'].map(capabilityName)).toEqual([
    'Tools',
    'Web search',
    'JSON schema',
    'Images',
  ]);
});
