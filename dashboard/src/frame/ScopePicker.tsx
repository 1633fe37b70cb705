import { ChevronDown, Folder } from 'lucide-react';
import { Button } from '@/ui/Button';
import { Menu, MenuChoice } from '@/ui/Menu';
import css from './ScopePicker.module.css';
import { useScope } from './scope';

const ALL = 'all';

/** Which project a page shows. With `all`, it may show the whole organisation. */
export function ScopePicker({ all = false }: { all?: boolean }) {
  const { org, project, setProject } = useScope();
  if (org.projects.length < 2) return null;
  const current = project ?? (all ? undefined : org.projects[0]);
  const name = current?.name ?? 'All projects';
  return (
    <Menu
      trigger={
        <Button aria-label={`Project: ${name}`}>
          <Folder size={14} aria-hidden="true" />
          <span className={css.name}>{name}</span>
          <ChevronDown size={14} aria-hidden="true" />
        </Button>
      }
    >
      <MenuChoice
        label="Project"
        value={current?.id ?? ALL}
        choices={[
          ...(all ? [{ value: ALL, label: 'All projects' }] : []),
          ...org.projects.map(({ id, name: label }) => ({ value: id, label })),
        ]}
        onChange={(id) => setProject(id === ALL ? undefined : id)}
      />
    </Menu>
  );
}
