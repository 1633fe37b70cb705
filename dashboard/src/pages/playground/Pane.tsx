import { ChevronDown, Code2, X } from 'lucide-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { Button, IconButton } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { Field, inputClass } from '@/ui/Field';
import type { Option } from '@/ui/Options';
import { Pick } from '@/ui/Pick';
import { AnswerView } from './Answer';
import type { ToolCall } from './body';
import css from './Pane.module.css';
import { type Item, openCalls } from './useConversation';

/** One model's side of the conversation. */
export function Pane({
  model,
  options,
  busy,
  items,
  onModel,
  onRemove,
  onCode,
  onAgain,
  onResults,
}: {
  model: string;
  options: Option[];
  busy: boolean;
  items: Item[];
  onModel: (model: string) => void;
  onRemove: (() => void) | undefined;
  onCode: () => void;
  onAgain: () => void;
  onResults: (results: Record<string, string>) => void;
}) {
  const calls = openCalls(items);
  const last = items.at(-1);
  const scroll = useFollow(items);
  return (
    <section className={css.pane} aria-label={model || 'No model'}>
      <header className={css.head}>
        <Pick
          label="Model"
          placeholder="Model or provider…"
          options={options}
          selected={model}
          busy={busy}
          empty="No such model."
          onPick={onModel}
          trigger={
            <button type="button" className={css.model}>
              <span>{model || 'Choose a model'}</span>
              <ChevronDown size={14} aria-hidden="true" />
            </button>
          }
        />
        <IconButton label="This request as code" size="small" disabled={!model} onClick={onCode}>
          <Code2 size={15} />
        </IconButton>
        {onRemove && (
          <IconButton label={`Remove ${model}`} size="small" onClick={onRemove}>
            <X size={15} />
          </IconButton>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs focus */}
      <div className={css.items} ref={scroll} tabIndex={0} role="log" aria-label="Conversation">
        {items.length === 0 && (
          <p className={css.empty}>
            What you send goes through the gateway with your own key, and is in Activity like any
            other request.
          </p>
        )}
        {items.map((item) =>
          item.kind === 'answer' ? (
            <AnswerView key={item.id} item={item} onAgain={item === last ? onAgain : undefined} />
          ) : item.kind === 'user' ? (
            <p key={item.id} className={css.said}>
              {item.text}
            </p>
          ) : (
            <div key={item.id}>
              {Object.entries(item.results).map(([id, text]) => (
                <Code key={id} text={text} label={`result ${item.id} ${id}`} />
              ))}
            </div>
          ),
        )}
        {calls.length > 0 && <Results key={last?.id} calls={calls} onSend={onResults} />}
      </div>
    </section>
  );
}

// The end stays in view while an answer grows, unless the person has scrolled up.
function useFollow(items: Item[]) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const note = () => {
      follows.current = element.scrollTop + element.clientHeight > element.scrollHeight - 60;
    };
    element.addEventListener('scroll', note, { passive: true });
    return () => element.removeEventListener('scroll', note);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever changed
  useLayoutEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [items]);
  return box;
}

function Results({
  calls,
  onSend,
}: {
  calls: ToolCall[];
  onSend: (results: Record<string, string>) => void;
}) {
  const [results, setResults] = useState<Record<string, string>>({});
  return (
    <form
      className={css.results}
      onSubmit={(event) => {
        event.preventDefault();
        onSend(Object.fromEntries(calls.map(({ id }) => [id, results[id] ?? ''])));
      }}
    >
      {calls.map(({ id, function: { name } }) => (
        <Field key={id} label={`Result of ${name}`}>
          {(control) => (
            <textarea
              {...control}
              className={inputClass}
              rows={2}
              value={results[id] ?? ''}
              onChange={(event) => setResults({ ...results, [id]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <Button type="submit" size="small">
        {calls.length === 1 ? 'Send the result' : 'Send the results'}
      </Button>
    </form>
  );
}
