import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FormEvent, ReactNode } from 'react';
import {
  type InstanceSettings,
  type InstanceState,
  settingsQuery,
  stateQuery,
  useChangeSettings,
} from '@/api/instance';
import { Page } from '@/frame/Page';
import { useSession } from '@/frame/scope';
import { ago, countExact, date, whenExact } from '@/lib/format';
import { useDraft } from '@/lib/useDraft';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Field, inputClass, SelectField } from '@/ui/Field';
import { ListLoading } from '@/ui/List';
import { ChangedMeanwhile, Failed, FormError } from '@/ui/Notice';
import panel from '@/ui/Panel.module.css';
import { toast } from '@/ui/Toasts';
import css from './Instance.module.css';

export default function InstancePage() {
  const settings = useQuery(settingsQuery);
  const state = useQuery(stateQuery);
  const failed = [settings, state].find((query) => query.isError && !query.data);
  return (
    <Page title="Instance">
      {failed?.error ? (
        <Failed error={failed.error} retry={() => void failed.refetch()} />
      ) : !settings.data || !state.data ? (
        <ListLoading />
      ) : (
        <div className={css.page}>
          <Settings settings={settings.data} state={state.data} />
          <PlatformKeys lendToNew={settings.data.lend_to_new} />
          <Gateways state={state.data} />
          <Database state={state.data} />
          <Environment state={state.data} />
        </div>
      )}
    </Page>
  );
}

const settingOf = (state: InstanceState, name: string) =>
  state.environment.find((one) => one.name === name)?.value ?? '';

const draftOf = ({ sign_up, sign_up_from, announcement, lend_to_new }: InstanceSettings) => ({
  signUp: sign_up_from === 'environment' ? ('environment' as const) : sign_up,
  announcement,
  lendToNew: lend_to_new ? ('yes' as const) : ('no' as const),
});

function Settings({ settings, state }: { settings: InstanceSettings; state: InstanceState }) {
  const now = draftOf(settings);
  const change = useChangeSettings();
  const draft = useDraft(now, settings.etag, change.isPending);
  const { signUp, announcement, lendToNew } = draft.value;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      sign_up: signUp,
      announcement: announcement.trim(),
      lend_to_new: lendToNew === 'yes',
    };
    change.mutate(
      { etag: settings.etag, body },
      {
        onSuccess: (saved) => {
          draft.set(draftOf(saved));
          toast('Saved');
        },
      },
    );
  };
  return (
    <form className={panel.panel} onSubmit={submit} aria-labelledby="settings">
      <h2 id="settings">Settings</h2>
      <div className={css.form}>
        <SelectField
          label="Who may make an account"
          value={signUp}
          choices={[
            {
              value: 'environment',
              label: `As DOTEB_SIGNUP says (${settingOf(state, 'DOTEB_SIGNUP')})`,
            },
            { value: 'open', label: 'Everybody' },
            { value: 'invite', label: 'Whom an organisation invites' },
            { value: 'closed', label: 'Nobody' },
          ]}
          hint={state.mail ? undefined : 'Mail is off, so nobody can sign up by themselves.'}
          onChange={(next) => draft.set({ signUp: next })}
        />
        <Field
          label="Announcement"
          hint="Shown to every member on every page. Leave it empty to show none."
        >
          {(control) => (
            <input
              {...control}
              className={inputClass}
              maxLength={500}
              autoComplete="off"
              value={announcement}
              onChange={(event) => draft.set({ announcement: event.target.value })}
            />
          )}
        </Field>
        <SelectField
          label="New organisations and the platform’s provider keys"
          value={lendToNew}
          choices={[
            { value: 'no', label: 'May not use them' },
            { value: 'yes', label: 'May use them from the start' },
          ]}
          hint={
            lendToNew === 'yes' && settings.sign_up === 'open'
              ? 'Everybody may sign up here: anybody could then spend at your expense, without a limit.'
              : 'Organisations that exist already stay as they are.'
          }
          onChange={(next) => draft.set({ lendToNew: next })}
        />
        {/* The form stays open, and its own saving is no news. */}
        {draft.both.length > 0 ? (
          <ChangedMeanwhile
            draft={draft}
            shown={{
              signUp: ['Who may make an account', now.signUp],
              announcement: ['Announcement', now.announcement || 'empty'],
              lendToNew: ['New organisations and the platform’s provider keys', now.lendToNew],
            }}
          />
        ) : (
          <FormError error={change.error} />
        )}
        <div className={css.buttons}>
          <Button
            look="primary"
            type="submit"
            disabled={
              change.isPending ||
              (signUp === now.signUp &&
                lendToNew === now.lendToNew &&
                announcement.trim() === now.announcement)
            }
          >
            {change.isPending ? 'Saving…' : 'Save'}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** The provider keys of the operator's organisation. */
function PlatformKeys({ lendToNew }: { lendToNew: boolean }) {
  const own = useSession().organisations.find((org) => org.is_operator);
  return (
    <section className={panel.panel} aria-labelledby="platform-keys">
      <h2 id="platform-keys">Platform keys</h2>
      <p>
        The provider keys of the operator’s organisation are the platform’s. Of the organisations
        that they are lent to, projects in mode “hybrid” use them after their own, and those in mode
        “credits” use them alone; projects in mode “API keys” never do. They are lent under
        Organisations, one by one
        {lendToNew ? '; new organisations may use them from the start.' : '.'}
      </p>
      <p>
        {own ? (
          <Link to="/o/$org/provider-keys" params={{ org: own.id }}>
            Platform keys of {own.name}
          </Link>
        ) : (
          'You are no member of the operator’s organisation, so they are not shown to you.'
        )}
      </p>
    </section>
  );
}

function Facts({ rows, mono }: { rows: [string, ReactNode][]; mono?: boolean }) {
  return (
    <dl className={`${css.facts} ${mono ? css.mono : ''}`}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Gateways({ state }: { state: InstanceState }) {
  return (
    <section className={panel.panel} aria-labelledby="gateways">
      <h2 id="gateways">Gateways</h2>
      {state.gateways.length === 0 ? (
        <p>None was seen within a week.</p>
      ) : (
        <Facts
          rows={state.gateways.map(({ id, host, version, last_seen }) => [
            host || id,
            <span key={id} title={`${id}, ${whenExact(last_seen)}`}>
              doteb {version}, seen {ago(last_seen)}{' '}
              {version !== state.version && <Badge tone="warn">another version</Badge>}
            </span>,
          ])}
        />
      )}
    </section>
  );
}

function Database({ state }: { state: InstanceState }) {
  const last = state.migrations.at(-1);
  const waiting = state.mail_waiting;
  const strange = state.master_keys.some(({ id }) => id !== state.sealing_key);
  return (
    <section className={panel.panel} aria-labelledby="database">
      <h2 id="database">Versions and data</h2>
      <Facts
        rows={[
          ['doteb-control', state.version],
          ['PostgreSQL', state.database],
          ['Set up', date(state.created_at)],
          [
            'Migrations',
            `${countExact(state.migrations.length, 'migration')}${last ? `, the last ${last.name} (${date(last.applied_at)})` : ''}`,
          ],
          [
            'Mail that waits',
            <span key="mail">
              {waiting.oldest
                ? `${countExact(waiting.count, 'mail')}, the oldest ${ago(waiting.oldest)}`
                : 'none'}
              {waiting.last_error && (
                <span className={css.warn}>The mail server: {waiting.last_error}</span>
              )}
            </span>,
          ],
          [
            'Requests are kept',
            state.retention
              .map(
                ({ days, organisations }) =>
                  `${days} days in ${countExact(organisations, 'organisation')}`,
              )
              .join(', '),
          ],
          [
            'Master keys in use',
            <span key="keys">
              {state.master_keys.map(({ id, rows }) => (
                <span key={id}>
                  <span className={css.code}>{id}</span> seals {countExact(rows, 'secret')}
                  {id === state.sealing_key ? ' (the first of DOTEB_MASTER_KEY) ' : ' '}
                </span>
              ))}
              {strange && (
                <Badge tone="warn">doteb-control master-key rotate is not finished</Badge>
              )}
            </span>,
          ],
        ]}
      />
    </section>
  );
}

const SHOWN = [
  'DOTEB_PUBLIC_URL',
  'DOTEB_GATEWAY_URL',
  'DOTEB_SIGNUP',
  'DOTEB_SMTP_URL',
  'DOTEB_SMTP_FROM',
  'DOTEB_BASE_URL_OVERRIDE',
  'DOTEB_UPSTREAM_ALLOW',
];

function Environment({ state }: { state: InstanceState }) {
  const row = ({
    name,
    value,
    help,
  }: InstanceState['environment'][number]): [string, ReactNode] => [
    name,
    <span key={name} title={help}>
      {value === '' ? <span className={css.quiet}>not set</span> : value}
    </span>,
  ];
  const shown = state.environment.filter(({ name }) => SHOWN.includes(name));
  const others = state.environment.filter(({ name }) => !SHOWN.includes(name));
  return (
    <section className={panel.panel} aria-labelledby="environment">
      <h2 id="environment">From the environment</h2>
      <p>
        Read when doteb-control starts, and changed where it is started. Secrets only say whether
        they are set.
      </p>
      <Facts mono rows={shown.map(row)} />
      <details className={css.all}>
        <summary>All others ({others.length})</summary>
        <Facts mono rows={others.map(row)} />
      </details>
    </section>
  );
}
