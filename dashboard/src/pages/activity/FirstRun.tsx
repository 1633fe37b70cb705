import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ArrowRight, CircleCheck, CircleDashed } from 'lucide-react';
import type { ReactNode } from 'react';
import { useKnownProviders } from '@/api/customProviders';
import { apiKeysQuery, providerKeysQuery } from '@/api/queries';
import { may, mayWrite, useScope } from '@/frame/scope';
import { usesOwn, usesPlatform } from '@/lib/credentials';
import { listed } from '@/lib/format';
import { Button, ButtonLink } from '@/ui/Button';
import { Snippets } from '@/ui/Code';
import { FirstRequestLight } from '@/ui/FirstRequestLight';
import { useSnippetModel } from '@/ui/useSnippetModel';
import css from './FirstRun.module.css';

/** Before the first request: what this page will show, and the steps to it. */
export default function FirstRun({ onDone }: { onDone: () => void }) {
  const { org, project, session } = useScope();
  const inProject = project ?? org.projects[0];
  const providerKeys = useQuery(providerKeysQuery(org.id));
  const keys = useInfiniteQuery({
    ...apiKeysQuery(org.id, inProject?.id ?? '', 'active'),
    enabled: Boolean(inProject),
  });
  const params = { org: org.id };
  const mode = inProject?.mode ?? 'hybrid';
  const model = useSnippetModel(mode);
  const own = usesOwn(org, mode);
  const lent = usesPlatform(org, mode);
  const known = useKnownProviders(org.id).data;
  const named = (ids: string[]) =>
    listed([...new Set(ids)].map((id) => known?.find((one) => one.id === id)?.name ?? id));
  const served = lent ? org.platform_providers.map(({ provider }) => provider) : [];
  const enabled = (own && providerKeys.data?.filter((key) => !key.disabled_at)) || [];
  const reaches = enabled.length > 0 || served.length > 0;
  const active = keys.data?.pages[0]?.items ?? [];
  const newest = active[0];

  const admin = may(org, 'admin');
  const said = enabled.length
    ? `Ready: ${named(enabled.map((key) => key.provider))}.`
    : served.length
      ? `Ready: the platform’s keys of ${named(served)}, which the operator lends you.${own ? ' A provider key of your own is optional, and comes first.' : ''}`
      : !own
        ? `${inProject?.name} uses the platform’s keys alone, and ${lent ? 'the operator has none that is on' : 'they are not lent to this organisation'}: ask the operator, or give the project another mode.`
        : admin
          ? 'Add your credential of a provider; it is sealed when saved.'
          : 'An admin of this organisation adds a credential of a provider.';

  return (
    <div className={css.run}>
      <h2 className={css.title}>Send the first request</h2>
      <p className={css.lead}>
        Every request will be listed here within a second or two: its model and provider, tokens,
        latency, cost, and each attempt behind it.
      </p>
      <ol className={css.steps}>
        <Step
          done={reaches}
          title="A provider to call"
          action={
            enabled.length === 0 &&
            mayWrite(org, 'admin') &&
            (own ? (
              <ButtonLink
                to="/o/$org/provider-keys"
                params={params}
                search={{ add: '1' }}
                look={served.length ? 'secondary' : 'primary'}
              >
                {served.length ? 'Add your own' : 'Add provider key'}
              </ButtonLink>
            ) : (
              served.length === 0 && (
                <ButtonLink to="/o/$org/projects" params={params}>
                  Projects
                </ButtonLink>
              )
            ))
          }
        >
          {said}
        </Step>
        <Step
          done={active.length > 0}
          title="An API key for your app"
          action={
            mayWrite(org, 'developer') && (
              <ButtonLink
                to="/o/$org/api-keys"
                params={params}
                search={{ project: inProject?.id, create: '1' }}
                look={newest || !reaches ? 'secondary' : 'primary'}
              >
                {newest ? 'Create another' : 'Create API key'}
              </ButtonLink>
            )
          }
        >
          {newest
            ? `${newest.name} (…${newest.last4}) is ready. Put it into LLM_GATEWAY_API_KEY.`
            : may(org, 'developer')
              ? 'It is shown once, with a line for your .env.'
              : 'A viewer makes none: ask an admin of this organisation to make you a developer.'}
        </Step>
        <Step done={false} title="One request">
          The base URL is all that an OpenAI client needs to change.
        </Step>
      </ol>
      <Snippets baseUrl={session.gateway_url} model={model} />
      <div className={css.light}>
        <FirstRequestLight org={org.id} project={project?.id} />
      </div>
      <Button look="ghost" onClick={onDone}>
        Show the empty list <ArrowRight size={14} />
      </Button>
    </div>
  );
}

function Step({
  done,
  title,
  action,
  children,
}: {
  done: boolean;
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <li className={css.step}>
      {done ? (
        <CircleCheck size={18} className={css.done} aria-label="Done" />
      ) : (
        <CircleDashed size={18} className={css.open} aria-label="To do" />
      )}
      <div className={css.text}>
        <h3>{title}</h3>
        <p>{children}</p>
      </div>
      {action}
    </li>
  );
}
