// A running doteb-simulator for node:test. stop() demands a clean exit (with sanitizers: no leak).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export async function start(...options) {
  const child = spawn(
    process.env.DOTEB_SIMULATOR,
    ['--listen', '127.0.0.1:0', '--die-with-parent', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const url = `http://${line.replace('listening on ', '')}`;
  return {
    baseURL: `${url}/v1`,
    async get(path) {
      const answer = await fetch(url + path);
      assert.equal(answer.status, 200);
      return answer.json();
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0);
    },
  };
}
