// Colours live in src/styles/tokens.css alone: fails on a colour literal anywhere else in src/.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const literal = /#[0-9a-f]{3,8}\b(?=[;,\s)'"])|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(/i;
let found = 0;
for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (!/\.(css|tsx?)$/.test(entry.name) || ['tokens.css', 'schema.d.ts'].includes(entry.name)) {
    continue;
  }
  const file = join(entry.parentPath, entry.name);
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      if (!literal.test(line)) return;
      console.error(`${file}:${i + 1}: a colour outside tokens.css: ${line.trim()}`);
      found += 1;
    });
}
process.exit(found ? 1 : 0);
