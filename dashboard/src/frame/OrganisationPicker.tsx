import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown, Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Organisation } from '@/api/client';
import { Menu, MenuChoice, MenuItem, MenuLine } from '@/ui/Menu';
import { Mark } from './Mark';
import css from './OrganisationPicker.module.css';
import { useSession } from './scope';

const NewOrganisation = lazy(() => import('@/pages/organisation/NewOrganisation'));

/** What to switch to, and how to make one more: in the rail and in the bar's menu. */
export function OrganisationChoices({
  current,
  onNew,
}: {
  current: Organisation;
  onNew: () => void;
}) {
  const { organisations } = useSession();
  const navigate = useNavigate();
  return (
    <>
      <MenuChoice
        label="Organisation"
        value={current.id}
        choices={organisations.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(org) => void navigate({ to: '/o/$org', params: { org } })}
      />
      <MenuLine />
      <MenuItem onSelect={onNew}>
        <Plus size={15} /> New organisation
      </MenuItem>
    </>
  );
}

/** The dialog of "New organisation", apart from the menu that opens it. */
export function useNewOrganisation() {
  const [open, setOpen] = useState(false);
  return {
    onNew: () => setOpen(true),
    dialog: open && (
      <Suspense>
        <NewOrganisation onClose={() => setOpen(false)} />
      </Suspense>
    ),
  };
}

export function OrganisationPicker({ current }: { current: Organisation }) {
  const { onNew, dialog } = useNewOrganisation();
  return (
    <>
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
        <OrganisationChoices current={current} onNew={onNew} />
      </Menu>
      {dialog}
    </>
  );
}
