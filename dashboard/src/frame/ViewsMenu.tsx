// The views of a page: what is shown now, saved by name; one's own and the organisation's.
import { useQuery } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { Bookmark, BookmarkPlus, Settings2, UsersRound } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { type View, type ViewPage, viewsQuery } from '@/api/views';
import { Button } from '@/ui/Button';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/ui/Menu';
import { useScope } from './scope';

const SaveView = lazy(() => import('./ViewDialogs').then((m) => ({ default: m.SaveView })));
const ManageViews = lazy(() => import('./ViewDialogs').then((m) => ({ default: m.ManageViews })));

/** What of the address is the view: not the request that is open, nor that the list stands still. */
export function viewQuery(search: string): string {
  const query = new URLSearchParams(search);
  for (const name of ['request', 'live']) query.delete(name);
  return query.toString();
}

export function ViewsMenu({ page }: { page: ViewPage }) {
  const { org } = useScope();
  const navigate = useNavigate();
  const query = viewQuery(useLocation({ select: ({ searchStr }) => searchStr }));
  const [open, setOpen] = useState<'save' | 'manage'>();
  const views = useQuery(viewsQuery(org.id));
  const here = views.data?.filter((view) => view.page === page) ?? [];
  const close = () => setOpen(undefined);
  return (
    <>
      <Menu
        trigger={
          <Button aria-label="Views">
            <Bookmark size={14} aria-hidden="true" /> Views
          </Button>
        }
      >
        {here.length > 0 ? (
          <MenuChoice
            label="Saved views"
            value={here.find((view) => view.query === query)?.id}
            choices={here.map((view) => ({ value: view.id, label: <Name view={view} /> }))}
            onChange={(id) => {
              const view = here.find((one) => one.id === id);
              if (view) void navigate({ href: `/o/${org.id}/${page}?${view.query}` });
            }}
          />
        ) : (
          <MenuLabel>
            {views.isError
              ? 'The views cannot be read.'
              : views.data
                ? 'No view saved yet'
                : 'Loading…'}
          </MenuLabel>
        )}
        <MenuLine />
        <MenuItem onSelect={() => setOpen('save')}>
          <BookmarkPlus size={15} /> Save this view
        </MenuItem>
        {here.length > 0 && (
          <MenuItem onSelect={() => setOpen('manage')}>
            <Settings2 size={15} /> Manage views
          </MenuItem>
        )}
      </Menu>
      <Suspense>
        {open === 'save' && <SaveView page={page} query={query} onClose={close} />}
        {open === 'manage' && <ManageViews views={here} onClose={close} />}
      </Suspense>
    </>
  );
}

function Name({ view }: { view: View }) {
  return (
    <>
      {view.name}
      {view.shared && <UsersRound size={13} role="img" aria-label=" (shared)" />}
    </>
  );
}
