// Custom providers against a scripted API: presets, what the server is asked, what is sent, what a
// refusal says, and that own models stand among the catalogue's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './lib/browser.ts';
import { scripted } from './lib/scripted.ts';
import { makeWorld } from './lib/world.ts';

const open = scripted();

test('a server is added: preset, its models ticked, a price typed', async () => {
  const { page, watched } = await open('/o/ORG/custom-providers');
  await page.getByRole('button', { name: 'Add provider' }).click();
  assert.match(page.url(), /provider=new/);
  await page.getByLabel('Start from').selectOption('Ollama');
  assert.equal(await page.getByLabel('Base URL').inputValue(), 'http://localhost:11434/v1');
  await page.getByText(/A hosted instance refuses it/).waitFor();
  await page.getByLabel('Base URL').fill('https://ollama.northwind.example/v1');
  assert.equal(await page.getByText(/A hosted instance refuses it/).count(), 0);
  await page.getByText('https://ollama.northwind.example/v1/chat/completions').waitFor();
  await page.getByLabel('Id', { exact: true }).fill('shed');
  await page.getByRole('button', { name: 'Ask the server for its models' }).click();
  await page.getByRole('checkbox', { name: 'llama3.2:3b' }).check();
  await page.getByRole('checkbox', { name: 'qwen3:32b' }).check();
  await page.getByRole('checkbox', { name: 'qwen3:32b' }).uncheck();
  const row = page.getByRole('group', { name: 'shed/llama3.2:3b' });
  await row.getByLabel('Id for callers').fill('small');
  const renamed = page.getByRole('group', { name: 'shed/small' });
  await renamed.getByLabel('Output $').fill('0.25');
  const sent = page.waitForRequest((one) => one.method() === 'POST');
  await page.getByRole('button', { name: 'Add provider' }).click();
  assert.deepEqual((await sent).postDataJSON(), {
    slug: 'shed',
    name: 'Ollama',
    protocol: 'openai',
    base_url: 'https://ollama.northwind.example/v1',
    secret: null,
    models: [
      {
        upstream_id: 'llama3.2:3b',
        id: 'small',
        name: null,
        context: 8192,
        max_output: null,
        capabilities: ['streaming', 'tools', 'json_output', 'json_output_schema'],
        price_per_million: { input: null, output: '0.25', cached_input: null },
      },
    ],
  });
  await page.getByText('Added Ollama').waitFor();
  assert.doesNotMatch(page.url(), /provider=/);
  check(watched);
  await page.context().close();
});

test('what is refused stands at its field', async () => {
  const { page, watched } = await open('/o/ORG/custom-providers?provider=new');
  await page.route('**/custom-providers', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 422,
          json: {
            type: 'urn:doteb:problem:invalid',
            title: 'Invalid field',
            status: 422,
            detail: 'models[0].id: another model of this list has it.',
            field: 'models[0].id',
          },
        })
      : route.fallback(),
  );
  await page.getByLabel('Id', { exact: true }).fill('shed');
  await page.getByLabel('Base URL').fill('https://llm.northwind.example/v1');
  await page.getByRole('button', { name: 'Add a model' }).click();
  await page.getByLabel('The server’s name').fill('one');
  await page.getByRole('button', { name: 'Add provider' }).click();
  await page.getByRole('alert').filter({ hasText: 'another model of this list' }).first().waitFor();
  assert.equal(await page.getByLabel('The server’s name').getAttribute('aria-invalid'), 'true');
  check(watched);
  await page.context().close();
});

test('an edit says which version it is of; deleting says what it breaks', async () => {
  const { page, watched } = await open('/o/ORG/custom-providers');
  await page.getByRole('button', { name: 'Edit The rack in Ulm' }).click();
  assert.ok(await page.getByLabel('Id', { exact: true }).isDisabled());
  await page.getByLabel('Name', { exact: true }).fill('The rack in Bonn');
  const sent = page.waitForRequest((one) => one.method() === 'PATCH');
  await page.getByRole('button', { name: 'Save' }).click();
  const edit = await sent;
  assert.equal(edit.headers()['if-match'], '"e2"');
  const { base_url, name, models } = edit.postDataJSON();
  assert.deepEqual([base_url, name, models.length], [undefined, 'The rack in Bonn', 2]);
  assert.equal(models[0].upstream_id, 'meta-llama/Llama-3.3-70B-Instruct');
  await page.getByRole('button', { name: 'Delete The rack in Ulm' }).click();
  await page.getByText(/production backend \(17,900\)/).waitFor();
  await page.getByRole('button', { name: 'Delete provider' }).click();
  await page.getByText('Deleted The rack in Ulm').waitFor();
  check(watched);
  await page.context().close();
});

test('own models stand among the others where models are chosen', async () => {
  const { page, watched } = await open('/o/ORG/models?q=rack&range=30d');
  await page.getByText('rack/llama-3-70b').first().waitFor();
  assert.equal(await page.getByText('rack/llama-3-70b').first().isVisible(), true);
  check(watched);
  await page.context().close();
});

test('a provider that is there is asked with the secret of its key', async () => {
  const world = makeWorld(new Date());
  const first = world.providerKeys[0] as (typeof world.providerKeys)[0];
  const id = '01998a52-0000-70a2-80a2-0000000000aa';
  world.providerKeys.push({ ...first, id, provider: 'claims-gateway', label: 'claims' });
  const { page, watched } = await open('/o/ORG/custom-providers', { world });
  await page.getByRole('button', { name: 'Edit Claims gateway' }).click();
  const form = page.getByRole('form', { name: 'Edit Claims gateway' });
  await form.waitFor();
  await page.waitForLoadState('networkidle');
  const asked = page.waitForRequest((one) => one.url().endsWith('/discover'));
  await form.getByRole('button', { name: 'Ask the server for its models' }).click();
  assert.deepEqual((await asked).postDataJSON(), {
    base_url: 'https://gateway.claims.northwind.example/v1',
    protocol: 'anthropic',
    provider_key_id: id,
  });
  await form.getByRole('checkbox', { name: 'llama3.2:3b' }).waitFor();
  check(watched);
  await page.context().close();
});

test('without another key, snippets name a model of a server that asks for none', async () => {
  const world = makeWorld(new Date());
  world.providerKeys.length = 0;
  const { page, watched } = await open('/o/ORG/playground', { world });
  await page.getByText('rack/llama-3-70b').first().waitFor();
  check(watched);
  await page.context().close();
});
