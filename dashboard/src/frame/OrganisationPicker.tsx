import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown } from 'lucide-react';
import type { Organisation } from '@/api/client';
import { Menu, MenuChoice } from '@/ui/Menu';
import { Mark } from './Mark';
import css from './OrganisationPicker.module.css';
import { useSession } from './scope';

export function OrganisationPicker({ current }: { current: Organisation }) {
  const { organisations } = useSession();
  const navigate = useNavigate();
  if (organisations.length === 1) {
    return (
      <div className={css.place}>
        <Mark />
        <span className={css.name}>{current.name}</span>
      </div>
    );
  }
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          className={`${css.place} ${css.button}`}
          aria-label={`Organisation: ${current.name}`}
        >
          <Mark />
          <span className={css.name}>{current.name}</span>
          <ChevronsUpDown size={14} aria-hidden="true" />
        </button>
      }
    >
      <MenuChoice
        label="Organisation"
        value={current.id}
        choices={organisations.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(org) => void navigate({ to: '/o/$org/activity', params: { org } })}
      />
    </Menu>
  );
}
