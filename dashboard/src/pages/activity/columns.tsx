import { Link } from '@tanstack/react-router';
import type { Request } from '@/api/client';
import {
  countExact,
  duration,
  durationExact,
  money,
  moneyExact,
  NONE,
  share,
  tokens,
  when,
  whenExact,
} from '@/lib/format';
import type { ActivitySearch } from '@/router';
import { type Columns, rowLink } from '@/ui/DataTable';
import css from './ActivityPage.module.css';
import { Status } from './Status';

type Search = ActivitySearch & { project?: string | undefined };

function Opener({ request, search }: { request: Request; search: Search }) {
  return (
    <Link
      from="/o/$org/activity"
      search={search}
      className={rowLink}
      title={whenExact(request.created_at)}
      data-request={request.id}
      resetScroll={false}
      preload={false}
    >
      {when(request.created_at)}
    </Link>
  );
}

function Tokens({ request }: { request: Request }) {
  const { input_tokens: input, output_tokens: output } = request;
  if (input + output === 0) return <span className={css.quiet}>{NONE}</span>;
  return (
    <span title={`${countExact(input, 'input token')}, ${countExact(output, 'output token')}`}>
      {tokens(input)}
      <span className={css.arrow}>→</span>
      {tokens(output)}
    </span>
  );
}

function Latency({ request }: { request: Request }) {
  const first =
    request.ttft_ms === null ? '' : `, first byte after ${durationExact(request.ttft_ms)}`;
  return (
    <span title={durationExact(request.duration_ms) + first}>{duration(request.duration_ms)}</span>
  );
}

function Cost({ request }: { request: Request }) {
  const note = request.estimated ? ' (estimate)' : '';
  return (
    <span title={moneyExact(request.cost) + note}>
      {request.estimated && '~'}
      {money(request.cost)}
    </span>
  );
}

function Provider({ request }: { request: Request }) {
  return (
    <>
      {request.provider ?? <span className={css.quiet}>{NONE}</span>}
      {request.attempts > 1 && (
        <span className={css.times} title={`${request.attempts} attempts`}>
          ×{request.attempts}
        </span>
      )}
    </>
  );
}

const modelName = (request: Request) => request.model ?? request.requested_model ?? NONE;

export function requestColumns(searchFor: (request: string) => Search): Columns<Request> {
  return [
    {
      id: 'time',
      header: 'Time',
      meta: { width: '124px' },
      cell: ({ row: { original: request } }) => (
        <Opener request={request} search={searchFor(request.id)} />
      ),
    },
    {
      id: 'model',
      header: 'Model',
      meta: { width: 'minmax(150px, 1.68fr)' },
      cell: ({ row: { original: request } }) => (
        <span className={css.model} title={request.requested_model ?? undefined}>
          {modelName(request)}
        </span>
      ),
    },
    {
      id: 'provider',
      header: 'Provider',
      meta: { width: 'minmax(100px, 0.78fr)', drop: 1 },
      cell: ({ row: { original: request } }) => <Provider request={request} />,
    },
    {
      id: 'status',
      header: 'Status',
      meta: { width: 'minmax(84px, 1.19fr)' },
      cell: ({ row: { original: request } }) => <Status request={request} />,
    },
    {
      id: 'tokens',
      header: 'Tokens',
      meta: { width: '104px', align: 'end', drop: 2 },
      cell: ({ row: { original: request } }) => <Tokens request={request} />,
    },
    {
      id: 'cached',
      header: 'Cached',
      meta: { width: '68px', align: 'end', drop: 4 },
      cell: ({ row: { original: request } }) => {
        const { cached_tokens: cached, input_tokens: input } = request;
        if (cached === 0) return <span className={css.quiet}>{NONE}</span>;
        return (
          <span
            title={`${countExact(cached, 'cached token')}, ${share(cached, input)} of the input`}
          >
            {tokens(cached)}
          </span>
        );
      },
    },
    {
      id: 'latency',
      header: 'Latency',
      meta: { width: '78px', align: 'end' },
      cell: ({ row: { original: request } }) => <Latency request={request} />,
    },
    {
      id: 'cost',
      header: 'Cost',
      meta: { width: '90px', align: 'end' },
      cell: ({ row: { original: request } }) => <Cost request={request} />,
    },
    {
      id: 'key',
      header: 'Key',
      meta: { width: 'minmax(96px, 1.1fr)', drop: 3, words: true },
      cell: ({ row: { original: request } }) => (
        <span title={`…${request.api_key.last4}`}>{request.api_key.name}</span>
      ),
    },
  ];
}

export function RequestCard({ request, search }: { request: Request; search: Search }) {
  return (
    <div className={css.card}>
      <span className={css.model}>{modelName(request)}</span>
      <Cost request={request} />
      <Status request={request} />
      <span>
        <Tokens request={request} /> · <Latency request={request} />
      </span>
      <span className={css.quiet}>
        <Opener request={request} search={search} />
      </span>
      <span className={css.quiet} dir="auto">
        {request.api_key.name}
      </span>
    </div>
  );
}
