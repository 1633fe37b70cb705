// What was said in each pane, and what is being said. A pane is a list of items; what is sent is
// made of them. Kept while the app is open, and nowhere else.
import { useCallback, useEffect, useRef, useState } from 'react';
import { bodyOf, type Message, type Settings } from './body';
import { type Answer, ask, GatewayError, NO_ANSWER } from './stream';

export type Item =
  | { id: number; kind: 'user'; text: string }
  | { id: number; kind: 'results'; results: Record<string, string> }
  | {
      id: number;
      kind: 'answer';
      model: string;
      answer: Answer;
      state: 'running' | 'done' | 'stopped' | 'failed';
      error?: GatewayError;
    };
export type AnswerItem = Extract<Item, { kind: 'answer' }>;

const kept = new Map<string, Item[][]>();
let ids = 0;
const nextId = () => {
  ids += 1;
  return ids;
};

/** What the model is told of what was said: nothing of what failed. */
export function messagesOf(items: Item[]): Message[] {
  const messages: Message[] = [];
  for (const item of items) {
    if (item.kind === 'user') messages.push({ role: 'user', content: item.text });
    if (item.kind === 'results') {
      for (const [id, content] of Object.entries(item.results)) {
        messages.push({ role: 'tool', tool_call_id: id, content });
      }
    }
    if (item.kind !== 'answer') continue;
    const { text, toolCalls } = item.answer;
    // A stopped answer may hold half a call.
    const calls = item.state === 'done' ? toolCalls : [];
    if (item.state === 'failed' || (!text && calls.length === 0)) {
      if (messages.at(-1)?.role === 'user') messages.pop();
      continue;
    }
    messages.push({
      role: 'assistant',
      content: text || null,
      ...(calls.length > 0 && { tool_calls: calls }),
    });
  }
  return messages;
}

/** The calls of a pane's last answer that wait for their results. */
export function openCalls(items: Item[]) {
  const last = items.at(-1);
  return last?.kind === 'answer' && last.state === 'done' ? last.answer.toolCalls : [];
}

export type Ready = { baseUrl: string; secret: string; settings: Settings; models: string[] };

export function useConversation(place: string) {
  const [panes, setPanes] = useState<Item[][]>(() => kept.get(place) ?? [[], []]);
  const latest = useRef(panes);
  const running = useRef(new Map<number, AbortController>());

  const change = useCallback(
    (pane: number, update: (items: Item[]) => Item[]) => {
      latest.current = latest.current.map((items, i) => (i === pane ? update(items) : items));
      kept.set(place, latest.current);
      setPanes(latest.current);
    },
    [place],
  );
  useEffect(
    () => () => {
      for (const control of running.current.values()) control.abort();
    },
    [],
  );

  const run = useCallback(
    async (pane: number, { baseUrl, secret, settings, models }: Ready) => {
      const id = nextId();
      const model = models[pane] ?? '';
      const control = new AbortController();
      const body = bodyOf(model, settings, messagesOf(latest.current[pane] ?? []));
      const put = (part: Partial<AnswerItem>) =>
        change(pane, (items) =>
          items.map((item) => (item.id === id ? ({ ...item, ...part } as Item) : item)),
        );
      running.current.set(id, control);
      change(pane, (items) => [
        ...items,
        { id, kind: 'answer', model, answer: NO_ANSWER, state: 'running' },
      ]);
      try {
        await ask({
          baseUrl,
          key: secret,
          body,
          signal: control.signal,
          onChange: (answer) => put({ answer }),
        });
        put({ state: 'done' });
      } catch (error) {
        if (control.signal.aborted) put({ state: 'stopped' });
        else put({ state: 'failed', error: asGatewayError(error) });
      } finally {
        running.current.delete(id);
      }
    },
    [change],
  );

  const send = useCallback(
    (text: string, ready: Ready) => {
      ready.models.forEach((_, pane) => {
        const calls = openCalls(latest.current[pane] ?? []);
        change(pane, (items) => [
          ...items,
          // A call without a result would make the next request wrong.
          ...(calls.length > 0
            ? [resultsItem(Object.fromEntries(calls.map(({ id }) => [id, 'No result.'])))]
            : []),
          { id: nextId(), kind: 'user', text },
        ]);
        void run(pane, ready);
      });
    },
    [change, run],
  );
  const sendResults = useCallback(
    (pane: number, results: Record<string, string>, ready: Ready) => {
      change(pane, (items) => [...items, resultsItem(results)]);
      void run(pane, ready);
    },
    [change, run],
  );
  /** The last answer of a pane once more. */
  const again = useCallback(
    (pane: number, ready: Ready) => {
      change(pane, (items) => (items.at(-1)?.kind === 'answer' ? items.slice(0, -1) : items));
      void run(pane, ready);
    },
    [change, run],
  );
  const stop = useCallback(() => {
    for (const control of running.current.values()) control.abort();
  }, []);
  const clear = useCallback(() => {
    stop();
    [0, 1].forEach((pane) => {
      change(pane, () => []);
    });
  }, [change, stop]);

  const busy = panes.some((items) =>
    items.some((item) => item.kind === 'answer' && item.state === 'running'),
  );
  return { panes, busy, send, sendResults, again, stop, clear };
}

function resultsItem(results: Record<string, string>): Item {
  return { id: nextId(), kind: 'results', results };
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError(0, 'The connection to the gateway broke off.');
}
