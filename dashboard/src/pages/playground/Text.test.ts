import { expect, test } from 'vitest';
import { blocksOf } from './Text';

test('code between fences, also one that is still open; all else is text as it is', () => {
  expect(blocksOf('Hi <b>you</b>\n```js\nlet a;\n\nb();\n```\nand\n```\nopen')).toEqual([
    { code: false, language: '', text: 'Hi <b>you</b>' },
    { code: true, language: 'js', text: 'let a;\n\nb();' },
    { code: false, language: '', text: 'and' },
    { code: true, language: '', text: 'open' },
  ]);
  expect(blocksOf('')).toEqual([]);
  expect(blocksOf('one `word` of code')).toEqual([
    { code: false, language: '', text: 'one `word` of code' },
  ]);
});
