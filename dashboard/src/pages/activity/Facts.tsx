import type { ReactNode } from 'react';
import type { RequestDetail } from '@/api/client';
import { useScope } from '@/frame/scope';
import { Badge } from '@/ui/Badge';
import { Value } from '@/ui/Value';
import css from './Facts.module.css';
import { Section } from './Section';
import { outcomeWord } from './Status';

type Fact = [name: string, value: ReactNode];

/** Who sent it, with which parameters, and under which ids; what is not known is left out. */
export function Facts({ request }: { request: RequestDetail }) {
  const { org } = useScope();
  const project = org.projects.find(({ id }) => id === request.project_id);
  const params = Object.entries(request.params ?? {});
  const metadata = Object.entries(request.metadata ?? {});
  const yes = (value: boolean) => (value ? 'yes' : 'no');
  return (
    <>
      <Section title="Request">
        <List
          facts={[
            ['Asked for', text(request.requested_model)],
            ['Answered by', text(request.upstream_model)],
            ['Endpoint', text(request.endpoint)],
            ['Streamed', yes(request.streamed)],
            ['Outcome', outcomeWord(request.outcome)],
            ['Finish reason', request.finish_reason?.replaceAll('_', ' ')],
          ]}
        />
      </Section>
      <Section title="Attribution">
        <List
          facts={[
            ['API key', `${request.api_key.name} (…${request.api_key.last4})`],
            ['Project', project?.name],
            ['Source', text(request.source)],
            ['End user', text(request.end_user)],
            ['Session', text(request.session)],
            ['Title', text(request.title)],
            ['Referer', text(request.referer)],
            ['User agent', text(request.user_agent)],
            ['Client address', text(request.client_ip)],
            ['Tags', request.tags.length > 0 && <Tags tags={request.tags} />],
          ]}
        />
      </Section>
      {metadata.length > 0 && (
        <Section title="Metadata">
          <List facts={metadata.map(plain)} />
        </Section>
      )}
      {params.length > 0 && (
        <Section title="Parameters">
          <List facts={params.map(plain)} />
        </Section>
      )}
      {(request.client_request_id || request.upstream_request_id) && (
        <Section title="Ids elsewhere">
          <List
            facts={[
              ['At the client', text(request.client_request_id)],
              ['At the provider', text(request.upstream_request_id)],
            ]}
          />
        </Section>
      )}
    </>
  );
}

function List({ facts }: { facts: Fact[] }) {
  return (
    <dl className={css.facts}>
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name} className={css.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

const text = (value: string | null): ReactNode =>
  value && <Value short={value} exact={value} mono />;

function plain([name, value]: [string, unknown]): Fact {
  return [name, text(typeof value === 'string' ? value : JSON.stringify(value))];
}

function Tags({ tags }: { tags: string[] }) {
  return (
    <span className={css.tags}>
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}
