import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { RotateCw, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import { requestQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { duration, durationExact, money, moneyExact, tokens } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Code } from '@/ui/Code';
import css from './Answer.module.css';
import type { ToolCall } from './body';
import { Text } from './Text';
import type { AnswerItem } from './useConversation';

export const AnswerView = memo(function AnswerView({
  item,
  onAgain,
}: {
  item: AnswerItem;
  onAgain: (() => void) | undefined;
}) {
  const { answer, state, error } = item;
  const waiting = state === 'running' && !answer.text && !answer.reasoning;
  return (
    <div className={css.answer}>
      {answer.reasoning && (
        <details className={css.reasoning}>
          <summary>Reasoning</summary>
          <p className={css.text}>{answer.reasoning}</p>
        </details>
      )}
      {waiting && answer.toolCalls.length === 0 && <p className={css.waiting}>Waiting…</p>}
      <Text text={answer.text} name={`answer ${item.id}`} />
      {answer.toolCalls.map((call) => (
        <Call key={call.id} call={call} name={`answer ${item.id}`} />
      ))}
      {state === 'failed' && (
        <p className={css.error} role="alert">
          <TriangleAlert size={15} aria-hidden="true" />
          <span>
            {error && error.status >= 400 && `${error.status}: `}
            {error?.message}
          </span>
        </p>
      )}
      {state === 'stopped' && <p className={css.note}>Stopped.</p>}
      {answer.finish === 'length' && <p className={css.note}>Cut: it reached the most tokens.</p>}
      {answer.finish === 'content_filter' && (
        <p className={css.note}>The provider's filter ended it.</p>
      )}
      {state !== 'running' && <Figures item={item} />}
      {onAgain && (state === 'failed' || state === 'stopped') && (
        <Button size="small" onClick={onAgain}>
          <RotateCw size={13} aria-hidden="true" /> Try again
        </Button>
      )}
    </div>
  );
});

function Call({ call, name }: { call: ToolCall; name: string }) {
  return (
    <div className={css.call}>
      <p className={css.note}>
        Calls <code>{call.function.name}</code>
      </p>
      <Code
        text={pretty(call.function.arguments)}
        label={`arguments of ${call.function.name} in ${name}`}
      />
    </div>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

// What it took: as the gateway's log has it once it is written, as this page saw it until then.
function Figures({ item }: { item: AnswerItem }) {
  const { org, project } = useScope();
  const { answer, error } = item;
  const id = answer.requestId ?? error?.requestId ?? null;
  const row = useQuery({
    ...requestQuery(org.id, id ?? ''),
    enabled: id !== null,
    retry: 8,
    retryDelay: 600,
  }).data;
  const usage = answer.usage;
  const input = row?.input_tokens ?? usage?.prompt_tokens;
  const output = row?.output_tokens ?? usage?.completion_tokens;
  const cost = row?.cost ?? (usage?.cost === undefined ? undefined : usage.cost.toFixed(12));
  const total = row?.duration_ms ?? answer.totalMs;
  const first = row ? row.ttft_ms : answer.firstMs;
  const provider = row?.provider ?? answer.provider;
  const attempts = row?.attempts ?? answer.attempts;
  return (
    <ul className={css.figures} aria-label="What it took">
      {provider && <li>{provider}</li>}
      {total != null && <li title={durationExact(total)}>{duration(total)}</li>}
      {first != null && <li title={durationExact(first)}>first token {duration(first)}</li>}
      {input !== undefined && output !== undefined && (
        <li title={`${input} input, ${output} output tokens`}>
          {tokens(input)} → {tokens(output)} tokens
        </li>
      )}
      {cost !== undefined && <li title={moneyExact(cost)}>{money(cost)}</li>}
      {attempts !== null && attempts > 0 && (
        <li>{attempts === 1 ? '1 attempt' : `${attempts} attempts`}</li>
      )}
      {row && id && (
        <li>
          <Link
            to="/o/$org/activity"
            params={{ org: org.id }}
            search={{ request: id, project: project?.id }}
          >
            Details
          </Link>
        </li>
      )}
    </ul>
  );
}
