import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { ApiError } from '@/api/client';
import {
  type CatalogueFeed,
  feedQuery,
  isFetching,
  useChangeFeed,
  useFetchFeed,
} from '@/api/instance';
import { useScope } from '@/frame/scope';
import { ago, whenExact } from '@/lib/format';
import { useDraft } from '@/lib/useDraft';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { CheckRow } from '@/ui/CheckRow';
import { Code } from '@/ui/Code';
import { Field, inputClass, SelectField } from '@/ui/Field';
import { ListLoading } from '@/ui/List';
import { ChangedMeanwhile, Failed, FormError } from '@/ui/Notice';
import panel from '@/ui/Panel.module.css';
import { toast } from '@/ui/Toasts';
import css from './Catalogue.module.css';

export function Feed() {
  const feed = useQuery(feedQuery);
  if (feed.isError && !feed.data) {
    return <Failed error={feed.error} retry={() => void feed.refetch()} />;
  }
  if (!feed.data) return <ListLoading />;
  return (
    <div className={css.page}>
      <Settings feed={feed.data} />
      <LastFetch feed={feed.data} />
    </div>
  );
}

const SCHEDULES = [
  { value: 'off', label: 'Only when asked' },
  { value: 'hourly', label: 'Every hour' },
  { value: 'daily', label: 'Every day' },
] as const;

const TRUSTS = [
  { value: 'signature', label: 'Its signature: URL.sig, by this Ed25519 key' },
  { value: 'pin', label: 'Its SHA-256: this one file and no other' },
] as const;

const draftOf = ({ public_key: key, ...feed }: CatalogueFeed) => {
  const { url, schedule, trust, pin, automatic, prune } = feed;
  return { url, schedule, trust, key, pin, automatic, prune };
};

function Settings({ feed }: { feed: CatalogueFeed }) {
  const change = useChangeFeed();
  const now = draftOf(feed);
  const draft = useDraft(now, feed.etag ?? '', change.isPending);
  const { url, schedule, trust, key, pin, automatic, prune } = draft.value;
  const field = change.error instanceof ApiError ? change.error.field : undefined;
  const errorOf = (name: string) => (field === name ? change.error?.message : undefined);
  const known = ['url', 'public_key', 'pin'].includes(field ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      url: url.trim(),
      schedule,
      trust,
      public_key: key.trim(),
      pin: pin.trim().toLowerCase(),
      automatic,
      prune,
    };
    change.mutate(
      { etag: feed.etag, body },
      {
        onSuccess: (saved) => {
          draft.set(draftOf(saved));
          toast('Saved the feed');
        },
      },
    );
  };
  return (
    <form className={panel.panel} onSubmit={submit} aria-labelledby="feed-settings">
      <h2 id="feed-settings">Where it comes from</h2>
      <p>A catalogue file that is fetched, so that new models and prices come without a release.</p>
      <Field label="URL" error={errorOf('url')} hint="No query; redirects are not followed.">
        {(control) => (
          <input
            {...control}
            className={inputClass}
            type="url"
            placeholder="https://prices.example.com/catalogue.json"
            value={url}
            onChange={(event) => draft.set({ url: event.target.value })}
          />
        )}
      </Field>
      <SelectField
        label="Fetched"
        value={schedule}
        choices={SCHEDULES}
        onChange={(next) => draft.set({ schedule: next })}
      />
      <SelectField
        label="Trusted by"
        value={trust}
        choices={TRUSTS}
        onChange={(next) => draft.set({ trust: next })}
      />
      {trust === 'signature' ? (
        <Field label="Public key" error={errorOf('public_key')} hint="Ed25519, base64.">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              autoComplete="off"
              spellCheck={false}
              value={key}
              onChange={(event) => draft.set({ key: event.target.value })}
            />
          )}
        </Field>
      ) : (
        <Field label="SHA-256" error={errorOf('pin')} hint="64 hexadecimal digits, of sha256sum.">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              autoComplete="off"
              spellCheck={false}
              value={pin}
              onChange={(event) => draft.set({ pin: event.target.value })}
            />
          )}
        </Field>
      )}
      <CheckRow checked={automatic} onChange={(next) => draft.set({ automatic: next })}>
        Apply a new version at once; otherwise it waits under Imports
      </CheckRow>
      <CheckRow checked={prune} onChange={(next) => draft.set({ prune: next })}>
        Switch off offers that it no longer has, of the providers that it speaks of
      </CheckRow>
      {/* The form stays open, and its own saving is no news. */}
      {draft.both.length > 0 ? (
        <ChangedMeanwhile
          draft={draft}
          shown={{
            url: ['URL', now.url || 'empty'],
            schedule: ['When it is fetched', now.schedule],
            trust: ['What it is trusted by', now.trust],
            key: ['Public key', now.key || 'empty'],
            pin: ['SHA-256', now.pin || 'empty'],
            automatic: ['Applying at once', now.automatic ? 'on' : 'off'],
            prune: ['Switching off offers', now.prune ? 'on' : 'off'],
          }}
        />
      ) : (
        !known && <FormError error={change.error} />
      )}
      <div className={css.buttons}>
        <Button look="primary" type="submit" disabled={change.isPending}>
          {change.isPending ? 'Saving…' : 'Save'}
        </Button>
      </div>
    </form>
  );
}

const OUTCOMES = {
  '': { tone: 'quiet', label: 'Never fetched' },
  applied: { tone: 'good', label: 'Applied' },
  waiting: { tone: 'warn', label: 'Waits for you' },
  unchanged: { tone: 'good', label: 'Unchanged' },
  failed: { tone: 'bad', label: 'Failed' },
} as const;

function LastFetch({ feed }: { feed: CatalogueFeed }) {
  const { org } = useScope();
  const fetchNow = useFetchFeed();
  const { at, outcome, detail, next_at } = feed.last_fetch;
  const { tone, label } = OUTCOMES[outcome];
  const busy = isFetching(feed);
  return (
    <section className={panel.panel} aria-labelledby="feed-state">
      <h2 id="feed-state">Last fetch</h2>
      <div className={css.counts} role="status">
        <Badge tone={tone}>{label}</Badge>
        {at && <span title={whenExact(at)}>{ago(at)}</span>}
        {busy && <span>fetching…</span>}
      </div>
      {detail && <p>Nothing was taken: {detail}.</p>}
      {outcome === 'waiting' && (
        <p>
          <Link to="/o/$org/catalogue" params={{ org: org.id }} search={{ tab: 'imports' }}>
            See what it would change
          </Link>
        </p>
      )}
      {next_at && !busy && <p title={whenExact(next_at)}>Next {ago(next_at)}.</p>}
      <FormError error={fetchNow.error} />
      <div className={css.buttons}>
        <Button
          disabled={!feed.url || busy || fetchNow.isPending}
          onClick={() => fetchNow.mutate()}
        >
          Fetch now
        </Button>
      </div>
      <p>A file is signed where it is published; the key’s public half is printed:</p>
      <div className={css.code}>
        <Code
          label="signing"
          text={
            'openssl genpkey -algorithm ed25519 -out feed.pem\ndoteb-control catalogue sign --key feed.pem catalogue.json'
          }
        />
      </div>
    </section>
  );
}
