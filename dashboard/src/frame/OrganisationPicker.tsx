import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown, Plus, Search } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { Organisation } from '@/api/client';
import { countExact } from '@/lib/format';
import { Menu, MenuChoice, MenuItem, MenuLine } from '@/ui/Menu';
import { Mark } from './Mark';
import css from './OrganisationPicker.module.css';
import { useSession } from './scope';

const FindOrganisation = lazy(() => import('./FindOrganisation'));
const NewOrganisation = lazy(() => import('@/pages/organisation/NewOrganisation'));

/** What to switch to, and how to make one more: in the rail and in the bar's menu. */
export function OrganisationChoices({
  current,
  onNew,
  onFind,
}: {
  current: Organisation;
  onNew: () => void;
  onFind: () => void;
}) {
  const { organisations, organisations_total } = useSession();
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
      {organisations_total > organisations.length && (
        <MenuItem onSelect={onFind}>
          <Search size={15} /> All {countExact(organisations_total, 'organisation')}…
        </MenuItem>
      )}
      <MenuItem onSelect={onNew}>
        <Plus size={15} /> New organisation
      </MenuItem>
    </>
  );
}

/** The dialogs of the menu's last items, apart from the menu that opens them. */
export function useOrganisationDialogs() {
  const [open, setOpen] = useState<'new' | 'find' | null>(null);
  const close = () => setOpen(null);
  return {
    onNew: () => setOpen('new'),
    onFind: () => setOpen('find'),
    dialog: open && (
      <Suspense>
        {open === 'new' ? (
          <NewOrganisation onClose={close} />
        ) : (
          <FindOrganisation onClose={close} />
        )}
      </Suspense>
    ),
  };
}

export function OrganisationPicker({ current }: { current: Organisation }) {
  const { dialog, ...on } = useOrganisationDialogs();
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
        <OrganisationChoices current={current} {...on} />
      </Menu>
      {dialog}
    </>
  );
}
