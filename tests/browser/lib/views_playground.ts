// The playground's views; see views.ts.
import type { Page } from 'playwright-core';
import type { View } from './views.ts';

const settings = (page: string) => (org: string) => `/o/${org}/${page}`;
const open = (page: Page, name: string) => page.getByRole('button', { name }).first().click();

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByLabel('Message').press('Enter');
}

export const PLAYGROUND_VIEWS: View[] = [
  {
    name: 'playground',
    path: settings('playground?model=openai/gpt-5.2'),
    state: 'filled',
    ready: 'text=Make a key for an hour',
  },
  {
    name: 'playground-two',
    path: settings('playground?model=openai/gpt-5.2&beside=anthropic/claude-sonnet-4-5'),
    state: 'filled',
    ready: 'text=Make a key for an hour',
    act: async (page) => {
      await open(page, 'Make a key for an hour');
      await page.getByText(/^Key …/).waitFor();
      await say(page, 'What is backpressure, in a sentence and a line of code?');
      await page.getByText('Details').nth(1).waitFor();
    },
  },
  {
    name: 'playground-tools',
    path: settings('playground?model=openai/gpt-5.2&temperature=hot'),
    state: 'filled',
    ready: 'text=Make a key for an hour',
    act: async (page) => {
      const narrow = (page.viewportSize()?.width ?? 0) < 768;
      await open(page, 'Make a key for an hour');
      if (narrow) await page.locator('summary', { hasText: 'Settings' }).click();
      await page.getByLabel('Temperature').fill('0.2');
      await page.getByLabel('Tools (JSON)').fill('[{"name": "weather", "parameters": {}}]');
      await say(page, 'How is the weather?');
      await page.getByLabel('Result of weather').waitFor();
      await page.getByLabel('Tools (JSON)').fill('[{');
    },
  },
  {
    name: 'playground-failed',
    path: settings('playground?model=openai/gpt-5.2'),
    state: 'filled',
    ready: 'text=Make a key for an hour',
    act: async (page) => {
      await open(page, 'Make a key for an hour');
      await say(page, 'refuse this');
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'playground-code',
    path: settings('playground?model=openai/gpt-5.2'),
    state: 'filled',
    ready: 'text=Make a key for an hour',
    act: (page) => open(page, 'This request as code'),
  },
  {
    name: 'playground-models',
    path: settings('playground?model=openai/gpt-5.2'),
    state: 'filled',
    ready: 'text=Make a key for an hour',
    act: async (page) => {
      await open(page, 'openai/gpt-5.2');
      await page.getByRole('option', { name: /gemini/ }).waitFor();
    },
  },
  {
    name: 'playground-loading',
    path: settings('playground'),
    state: 'loading',
    ready: 'text=Make a key for an hour',
  },
];
