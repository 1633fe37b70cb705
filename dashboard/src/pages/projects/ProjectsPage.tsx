import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { Project } from '@/api/client';
import { projectsQuery } from '@/api/settings';
import { Page } from '@/frame/Page';
import { mayWrite, useScope } from '@/frame/scope';
import { isRefused } from '@/lib/credentials';
import { ago, countExact, date, money, moneyExact, whenExact } from '@/lib/format';
import { newest } from '@/lib/newest';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Actions, Fact, List, ListHead, ListLoading, ListRow } from '@/ui/List';
import { Empty, Failed } from '@/ui/Notice';
import { Segments } from '@/ui/Segments';
import { ArchiveProject } from './ArchiveProject';
import { modeHint, modeName } from './modes';
import { ProjectForm } from './ProjectForm';

export default function ProjectsPage() {
  const { org } = useScope();
  const search = useSearch({ from: '/signed-in/o/$org/projects' });
  const navigate = useNavigate({ from: '/o/$org/projects' });
  const status = search.status ?? 'active';
  const projects = useQuery(projectsQuery(org.id, status));
  const [editing, setEditing] = useState<Project>();
  const [archiving, setArchiving] = useState<Project>();
  const edited = newest(projects.data, editing);
  const leaving = newest(projects.data, archiving);
  const mayChange = mayWrite(org, 'admin');
  const go = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const addButton = mayWrite(org, 'admin') && (
    <Button look="primary" onClick={() => go({ create: '1' })}>
      <Plus size={15} /> Create project
    </Button>
  );

  return (
    <Page title="Projects">
      <ListHead
        lead={
          <Segments
            label="Which projects"
            value={status}
            choices={[
              { value: 'active', label: 'Active' },
              { value: 'archived', label: 'Archived' },
            ]}
            onChange={(value) => go({ status: value === 'archived' ? value : undefined })}
          />
        }
      >
        {(projects.data?.length !== 0 || status !== 'active') && addButton}
      </ListHead>
      {projects.isError && !projects.data ? (
        <Failed error={projects.error} retry={() => void projects.refetch()} />
      ) : !projects.data ? (
        <ListLoading />
      ) : projects.data.length === 0 ? (
        <Empty
          title={status === 'active' ? 'No project yet' : 'None archived'}
          action={status === 'active' && addButton}
        >
          {status === 'active'
            ? 'A project holds API keys; what they spend is shown and can be limited by project.'
            : 'Projects that were archived are kept here with all that they did.'}
        </Empty>
      ) : (
        <List label="Projects">
          {projects.data.map((project) => (
            <Row
              key={project.id}
              project={project}
              mayChange={mayChange}
              onEdit={() => setEditing(project)}
              onArchive={() => setArchiving(project)}
            />
          ))}
        </List>
      )}
      {search.create && mayWrite(org, 'admin') && (
        <ProjectForm onClose={() => go({ create: undefined })} />
      )}
      {edited && <ProjectForm project={edited} onClose={() => setEditing(undefined)} />}
      {leaving && <ArchiveProject project={leaving} onClose={() => setArchiving(undefined)} />}
    </Page>
  );
}

function Row({
  project,
  mayChange,
  onEdit,
  onArchive,
}: {
  project: Project;
  mayChange: boolean;
  onEdit: () => void;
  onArchive: () => void;
}) {
  const { org } = useScope();
  const { id, name, archived_at, last_used_at } = project;
  return (
    <ListRow
      name={
        archived_at ? (
          name
        ) : (
          <>
            <Link
              to="/o/$org/api-keys"
              params={{ org: org.id }}
              search={{ project: id }}
              title={`API keys of ${name}`}
            >
              {name}
            </Link>
            {isRefused(org, project.mode) && <Badge tone="bad">Every request is refused</Badge>}
          </>
        )
      }
      under={
        <>
          <span title={modeHint(org, project.mode)}>
            {modeName(project.mode)}
            {isRefused(org, project.mode) && ', and the platform’s keys are not lent to you'}
          </span>
          {archived_at ? (
            <span title={whenExact(archived_at)}>archived {date(archived_at)}</span>
          ) : (
            <span title={whenExact(project.created_at)}>since {date(project.created_at)}</span>
          )}
        </>
      }
    >
      <Fact number>{countExact(project.api_keys, 'API key')}</Fact>
      <Fact number>{countExact(project.requests, 'request')}</Fact>
      <Fact number title={moneyExact(project.cost)}>
        {money(project.cost)}
      </Fact>
      <Fact title={last_used_at ? whenExact(last_used_at) : undefined}>
        {last_used_at ? `used ${ago(last_used_at)}` : 'never used'}
      </Fact>
      {mayChange && (
        <Actions room={2}>
          <Button size="small" onClick={onEdit} aria-label={`Edit ${name}`}>
            Edit
          </Button>
          <Button
            size="small"
            onClick={onArchive}
            aria-label={`${archived_at ? 'Bring back' : 'Archive'} ${name}`}
          >
            {archived_at ? 'Bring back' : 'Archive'}
          </Button>
        </Actions>
      )}
    </ListRow>
  );
}
