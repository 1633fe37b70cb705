// One request in full, beside the list. Its id is in the address, so that the view can be sent.
import * as D from '@radix-ui/react-dialog';
import { useQuery } from '@tanstack/react-query';
import {
  ChevronDown,
  ChevronUp,
  CircleAlert,
  Link2,
  MessagesSquare,
  SquareTerminal,
  X,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { Request, RequestDetail } from '@/api/client';
import { requestQuery } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { duration, durationExact, money, moneyExact, NONE, whenExact } from '@/lib/format';
import { useNarrow } from '@/lib/media';
import { requestAsCurl } from '@/lib/snippets';
import type { PlaygroundSearch } from '@/router';
import { ButtonLink, IconButton } from '@/ui/Button';
import { CopyButton, CopyIconButton } from '@/ui/Copy';
import { Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import { Value } from '@/ui/Value';
import { Cost } from './Cost';
import css from './Drawer.module.css';
import { Facts } from './Facts';
import { Section } from './Section';
import { errorWords, Status } from './Status';
import { Timeline } from './Timeline';
import { Why } from './Why';

type Props = {
  id: string;
  rows: Request[] | undefined;
  onMove: (id: string) => void;
  onClose: () => void;
};

export default function Drawer({ id, rows, onMove, onClose }: Props) {
  const { org } = useScope();
  const narrow = useNarrow();
  const detail = useQuery(requestQuery(org.id, id));
  const at = rows?.findIndex((row) => row.id === id) ?? -1;
  const newer = at > 0 ? rows?.[at - 1] : undefined;
  const older = at >= 0 ? rows?.[at + 1] : undefined;

  return (
    // Beside the list on a wide screen, so that rows stay in reach; over it on a narrow one.
    <D.Root open modal={narrow} onOpenChange={(open) => !open && onClose()}>
      <D.Portal>
        <D.Content
          className={css.drawer}
          aria-describedby={undefined}
          data-modal={narrow ? '' : undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            (event.currentTarget as HTMLElement).focus();
          }}
          onInteractOutside={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            document
              .querySelector<HTMLElement>(`[data-request="${CSS.escape(id)}"]`)
              ?.focus({ preventScroll: true });
          }}
          onKeyDown={(event) => {
            const to = event.key === 'k' ? newer : event.key === 'j' ? older : undefined;
            if (to && !event.ctrlKey && !event.metaKey) onMove(to.id);
          }}
        >
          <div className={css.head}>
            <div className={css.heading}>
              <D.Title className={css.title}>
                {detail.data?.model ?? detail.data?.requested_model ?? 'Request'}
              </D.Title>
              {detail.data && <Status request={detail.data} />}
            </div>
            <IconButton
              label="Newer request (K)"
              size="small"
              disabled={!newer}
              onClick={() => newer && onMove(newer.id)}
            >
              <ChevronUp size={16} />
            </IconButton>
            <IconButton
              label="Older request (J)"
              size="small"
              disabled={!older}
              onClick={() => older && onMove(older.id)}
            >
              <ChevronDown size={16} />
            </IconButton>
            <D.Close asChild>
              <IconButton label="Close" size="small">
                <X size={16} />
              </IconButton>
            </D.Close>
            <div className={css.id}>
              <code>{id}</code>
              <CopyIconButton text={id} label="Copy the id" />
            </div>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs focus */}
          <div className={css.body} tabIndex={0} role="region" aria-label="Details">
            {detail.error && !detail.data ? (
              <Failed error={detail.error} retry={() => void detail.refetch()} />
            ) : detail.data ? (
              <Detail request={detail.data} />
            ) : (
              <Loading />
            )}
          </div>
          {detail.data && <Foot request={detail.data} />}
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}

function Detail({ request }: { request: RequestDetail }) {
  return (
    <>
      <dl className={css.figures}>
        <Figure name="Latency">
          <Value short={duration(request.duration_ms)} exact={durationExact(request.duration_ms)} />
        </Figure>
        <Figure name="First byte">
          {request.ttft_ms === null ? (
            NONE
          ) : (
            <Value short={duration(request.ttft_ms)} exact={durationExact(request.ttft_ms)} />
          )}
        </Figure>
        <Figure name="Gateway added">
          <Value short={duration(request.overhead_us / 1000)} exact={`${request.overhead_us} µs`} />
        </Figure>
        <Figure name={request.estimated ? 'Cost (estimate)' : 'Cost'}>
          <Value short={money(request.cost)} exact={moneyExact(request.cost)} />
        </Figure>
      </dl>
      {(request.error || request.error_detail) && (
        <div className={css.error}>
          <CircleAlert size={16} aria-hidden="true" />
          <div>
            <h3>{errorWords(request.error ?? 'error')}</h3>
            {request.error_detail && <p>{request.error_detail}</p>}
          </div>
        </div>
      )}
      <Section title="Timeline">
        <Timeline request={request} />
      </Section>
      <Section title="Why this provider">
        <Why request={request} />
      </Section>
      <Section title="Tokens and cost">
        <Cost request={request} />
      </Section>
      <Facts request={request} />
      <p className={css.when}>
        {whenExact(request.created_at)}. What was said is not kept: model and parameters are all
        that the playground can take over.
      </p>
    </>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Foot({ request }: { request: RequestDetail }) {
  const { session, org, project } = useScope();
  return (
    <div className={css.foot}>
      {CHATS.has(request.endpoint) && (
        <ButtonLink
          to="/o/$org/playground"
          params={{ org: org.id }}
          search={{ project: project?.id, ...playgroundSearch(request) }}
        >
          <MessagesSquare size={14} aria-hidden="true" /> Open in playground
        </ButtonLink>
      )}
      <CopyButton
        text={requestAsCurl(request, session.gateway_url)}
        label="Copy as curl"
        icon={SquareTerminal}
      />
      <CopyButton text={location.href} label="Copy link" icon={Link2} />
    </div>
  );
}

// What answers a chat, in whichever protocol.
const CHATS = new Set([
  'chat.completions',
  'completions',
  'responses',
  'messages',
  'generate_content',
  'converse',
]);

function playgroundSearch(request: RequestDetail): PlaygroundSearch {
  const params = (request.params ?? {}) as Record<string, unknown>;
  const word = (value: unknown) =>
    typeof value === 'number' || typeof value === 'string' ? String(value) : undefined;
  return {
    model: request.requested_model ?? request.model ?? undefined,
    temperature: word(params.temperature),
    max: word(params.max_completion_tokens ?? params.max_tokens ?? params.max_output_tokens),
    effort: word(params.reasoning_effort ?? params.effort),
  };
}

function Loading() {
  return (
    <div className={css.loading} role="status" aria-label="Loading">
      {[60, 90, 75, 40, 85, 55].map((width) => (
        <Skeleton key={width} width={width} />
      ))}
    </div>
  );
}
