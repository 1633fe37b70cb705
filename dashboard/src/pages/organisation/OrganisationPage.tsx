import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { OrganisationDetail } from '@/api/client';
import { organisationQuery, useRenameOrganisation } from '@/api/settings';
import { Page } from '@/frame/Page';
import { mayWrite, useScope } from '@/frame/scope';
import { countExact, date } from '@/lib/format';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import { ListLoading } from '@/ui/List';
import { ChangedMeanwhile, Failed, FormError } from '@/ui/Notice';
import panel from '@/ui/Panel.module.css';
import { toast } from '@/ui/Toasts';
import { Value } from '@/ui/Value';
import { ArchiveOrganisation } from './ArchiveOrganisation';
import css from './OrganisationPage.module.css';

export default function OrganisationPage() {
  const { org } = useScope();
  const organisation = useQuery(organisationQuery(org.id));
  return (
    <Page title="Organisation">
      {organisation.isError && !organisation.data ? (
        <Failed error={organisation.error} retry={() => void organisation.refetch()} />
      ) : !organisation.data ? (
        <ListLoading />
      ) : (
        <Settings key={organisation.data.id} organisation={organisation.data} />
      )}
    </Page>
  );
}

function Settings({ organisation }: { organisation: OrganisationDetail }) {
  const { org } = useScope();
  const [archiving, setArchiving] = useState(false);
  const { members, projects, created_at, id, is_operator } = organisation;
  return (
    <div className={css.page}>
      <section className={panel.panel} aria-labelledby="general">
        <h2 id="general">General</h2>
        {mayWrite(org, 'admin') ? (
          <Rename organisation={organisation} />
        ) : (
          <p>{organisation.name}</p>
        )}
        <dl className={css.facts}>
          <div>
            <dt>Id</dt>
            <dd>
              <Value short={id} exact={id} mono />
            </dd>
          </div>
          <div>
            <dt>Since</dt>
            <dd>{date(created_at)}</dd>
          </div>
          <div>
            <dt>Holds</dt>
            <dd>
              {countExact(members, 'member')}, {countExact(projects, 'project')}
            </dd>
          </div>
        </dl>
      </section>
      {mayWrite(org, 'owner') && !is_operator && (
        <section className={panel.panel} aria-labelledby="archive">
          <h2 id="archive">Archive</h2>
          <div className={css.line}>
            <p>All API keys stop working, and nobody sees this organisation any more.</p>
            <Button look="danger" onClick={() => setArchiving(true)}>
              Archive organisation…
            </Button>
          </div>
        </section>
      )}
      {archiving && (
        <ArchiveOrganisation organisation={organisation} onClose={() => setArchiving(false)} />
      )}
    </div>
  );
}

function Rename({ organisation }: { organisation: OrganisationDetail }) {
  const before = organisation.name;
  const rename = useRenameOrganisation(organisation);
  const draft = useDraft({ name: before }, organisation.etag, rename.isPending);
  const { name } = draft.value;
  const changed = name.trim() !== '' && name.trim() !== before;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(name.trim(), { onSuccess: () => toast('Saved the name') });
  };
  return (
    <form onSubmit={submit} className={css.form}>
      <Field label="Name">
        {(control) => (
          <input
            {...control}
            className={inputClass}
            required
            maxLength={100}
            autoComplete="off"
            value={name}
            onChange={(event) => draft.set({ name: event.target.value })}
          />
        )}
      </Field>
      {/* The form stays open, and its own saving is no news. */}
      {draft.both.length > 0 ? (
        <ChangedMeanwhile draft={draft} shown={{ name: ['Name', before] }} />
      ) : (
        <FormError error={rename.error} />
      )}
      <div className={css.save}>
        <Button type="submit" look="primary" disabled={!changed || rename.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
