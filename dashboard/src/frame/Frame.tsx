import { useQueryClient } from '@tanstack/react-query';
import {
  type ErrorComponentProps,
  Link,
  Outlet,
  useLocation,
  useNavigate,
  useRouter,
} from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import type { Organisation } from '@/api/client';
import { rememberOrganisation } from '@/lib/organisationInSight';
import { Menu, MenuItem, MenuLabel, MenuLine } from '@/ui/Menu';
import { Empty, Failed } from '@/ui/Notice';
import { Value } from '@/ui/Value';
import { Banner } from './Banner';
import css from './Frame.module.css';
import { Mark } from './Mark';
import {
  OrganisationChoices,
  OrganisationPicker,
  useOrganisationDialogs,
} from './OrganisationPicker';
import { IN_BAR, type PAGES, PaletteContext, pagesOf } from './pages';
import { useOrganisation, useSession } from './scope';

const Palette = lazy(() => import('./Palette'));

/** Rail, bottom bar and palette around a page of one organisation. */
export function Frame() {
  const org = useOrganisation();
  const { user } = useSession();
  const [palette, setPalette] = useState(false);
  const open = useMemo(() => () => setPalette(true), []);

  useEffect(() => {
    if (org) rememberOrganisation(org.id);
  }, [org]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setPalette((was) => !was);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  if (!org) return <MissingPage />;
  const pages = pagesOf(org, user.is_operator);
  return (
    <PaletteContext value={open}>
      <a className={css.skip} href="#content">
        Skip to content
      </a>
      <div className={css.frame}>
        <nav className={css.rail} aria-label="Pages">
          <OrganisationPicker current={org} />
          {pages.map((page, i) => (
            <div key={page.to}>
              {page.group && page.group !== pages[i - 1]?.group && (
                <div className={css.group}>{page.group}</div>
              )}
              <PageLink page={page} org={org.id} className={css.item} />
            </div>
          ))}
          <RailFoot />
        </nav>
        <div className={css.page}>
          <Banner />
          <Outlet />
        </div>
        <nav className={css.bar} aria-label="Pages">
          {pages.slice(0, IN_BAR).map((page) => (
            <PageLink key={page.to} page={page} org={org.id} className={css.tab} />
          ))}
          <More org={org} pages={pages.slice(IN_BAR)} />
        </nav>
      </div>
      <Suspense>{palette && <Palette onClose={() => setPalette(false)} />}</Suspense>
    </PaletteContext>
  );
}

function PageLink({
  page,
  org,
  className,
}: {
  page: (typeof PAGES)[number];
  org: string;
  className: string | undefined;
}) {
  return (
    <Link
      to={page.to}
      params={{ org }}
      search={(old) => ({ project: old.project })}
      className={className}
      activeOptions={{ includeSearch: false }}
    >
      <page.icon size={16} aria-hidden="true" />
      {page.label}
    </Link>
  );
}

/** What the bar has no room for: the other pages, and the other organisations. */
function More({ org, pages }: { org: Organisation; pages: readonly (typeof PAGES)[number][] }) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { dialog, ...on } = useOrganisationDialogs();
  const here = pages.find(({ to }) => pathname === to.replace('$org', org.id));
  return (
    <>
      <Menu
        trigger={
          <button type="button" className={css.tab} aria-current={here && 'page'}>
            <Ellipsis size={16} aria-hidden="true" />
            {here?.label ?? 'More'}
          </button>
        }
      >
        {pages.map(({ to, label, icon: Icon }) => (
          <MenuItem key={to} onSelect={() => void navigate({ to, params: { org: org.id } })}>
            <Icon size={15} aria-hidden="true" /> {label}
          </MenuItem>
        ))}
        <MenuLine />
        <MenuLabel>Organisation</MenuLabel>
        <OrganisationChoices current={org} {...on} />
      </Menu>
      {dialog}
    </>
  );
}

function RailFoot() {
  const { gateway_url, version } = useSession();
  return (
    <div className={css.foot}>
      <div className={css.footLabel}>API base URL</div>
      <Value short={gateway_url.replace(/^https?:\/\//, '')} exact={gateway_url} mono />
      <div className={css.version}>doteb {version}</div>
    </div>
  );
}

export function Alone({ children }: { children: React.ReactNode }) {
  return (
    <main className={css.alone}>
      <h1>
        <Mark />
        <span className="visually-hidden">doteb</span>
      </h1>
      {children}
    </main>
  );
}

export function MissingPage() {
  return (
    <Alone>
      <Empty title="There is no such page" action={<a href="/">Go to the dashboard</a>}>
        The address may be wrong, or it belongs to an organisation that you are not a member of.
      </Empty>
    </Alone>
  );
}

export function CrashPage({ error }: ErrorComponentProps) {
  const router = useRouter();
  const client = useQueryClient();
  const retry = () => {
    client.removeQueries({ predicate: (query) => query.state.status === 'error' });
    void router.invalidate();
  };
  return (
    <Alone>
      <Failed error={error instanceof Error ? error : new Error(String(error))} retry={retry} />
    </Alone>
  );
}
