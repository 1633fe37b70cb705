// The map of the dashboard: which address shows which page, and what of its state an address holds.
import { QueryCache, QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  type RouteComponent,
  redirect,
} from '@tanstack/react-router';
import { ApiError, type Session } from './api/client';
import { firstRequestQuery, sessionQuery } from './api/queries';
import { CrashPage, Frame, MissingPage } from './frame/Frame';
import { NoOrganisation } from './frame/NoOrganisation';
import { rememberedOrganisation } from './frame/scope';
import { DIMENSIONS } from './lib/dimensions';
import { lookAt } from './lib/organisationInSight';
import { pathOfOurs } from './lib/pathOfOurs';
import { parseRange, type RangeSearch } from './lib/range';
import { LoginPage } from './pages/login/LoginPage';

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that ended while the page was open: sign in and come back here.
    onError: (error, query) => {
      if (!(error instanceof ApiError) || error.status !== 401) return;
      if (query.queryKey[0] === 'session' || router.state.location.pathname === '/login') return;
      const next = router.state.location.href;
      queryClient.clear();
      void router.navigate({ to: '/login', search: { next } });
    },
  }),
  defaultOptions: {
    queries: {
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      retryDelay: (failures) => 400 * 2 ** failures,
      staleTime: 10_000,
    },
  },
});

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: MissingPage,
  errorComponent: CrashPage,
});

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

const fits = (value: unknown, pattern: RegExp) =>
  pattern.test(String(value ?? '')) ? String(value) : undefined;

const oneOf = <T extends string>(value: unknown, words: readonly T[]) =>
  words.find((word) => word === value);

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string | undefined } => ({
    next: pathOfOurs(search.next),
  }),
  component: LoginPage,
});

const door = <const P extends string>(path: P, component: RouteComponent) =>
  createRoute({ getParentRoute: () => rootRoute, path, component });

const asks = () => import('./pages/account-links/AskPages');
const finishes = () => import('./pages/account-links/FinishPages');

/** Without a session: what leads to one, and where the links of our mails lead. */
const doorRoutes = [
  door('/sign-up', lazyRouteComponent(asks, 'SignUpPage')),
  door('/sign-up/finish', lazyRouteComponent(finishes, 'SignUpFinishPage')),
  door('/reset', lazyRouteComponent(asks, 'ForgotPage')),
  door('/reset/finish', lazyRouteComponent(finishes, 'ResetFinishPage')),
  door('/email/finish', lazyRouteComponent(finishes, 'EmailFinishPage')),
] as const;

/** Everything behind the login. */
const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    try {
      return { session: await context.queryClient.ensureQueryData(sessionQuery) };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      throw redirect({
        to: '/login',
        search: { next: location.pathname === '/' ? undefined : location.href },
      });
    }
  },
  errorComponent: CrashPage,
});

const homeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const org = rememberedOrganisation(context.session);
    if (org) throw redirect({ to: '/o/$org', params: { org: org.id }, replace: true });
  },
  component: NoOrganisation,
});

const orgRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/o/$org',
  validateSearch: (search: Record<string, unknown>): { project?: string | undefined } => ({
    project: text(search.project),
  }),
  // Of very many organisations the session shows some only: this one has to be among them.
  beforeLoad: async ({ context, params }) => {
    lookAt(params.org);
    const { organisations, organisations_total } =
      context.queryClient.getQueryData(sessionQuery.queryKey) ?? context.session;
    if (
      organisations_total > organisations.length &&
      !organisations.some(({ id }) => id === params.org)
    )
      await context.queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
  },
  component: Frame,
});

const orgHomeRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: '/',
  // The overview, once there is something to see; before that Activity, which leads to the first request.
  beforeLoad: async ({ context, params, search }) => {
    const query = { ...firstRequestQuery(params.org, search.project), retry: false };
    const first = await context.queryClient.fetchQuery(query).catch(() => undefined);
    const to = first === null ? '/o/$org/activity' : '/o/$org/overview';
    throw redirect({ to, params, search, replace: true });
  },
});

const overviewRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'overview',
  validateSearch: (search: Record<string, unknown>): RangeSearch => parseRange(search),
  component: lazyRouteComponent(() => import('./pages/overview/OverviewPage')),
});

export type AnalyticsSearch = RangeSearch & {
  measure?: string | undefined;
  by?: (typeof DIMENSIONS)[number] | 'none' | undefined;
  and?: (typeof DIMENSIONS)[number] | undefined;
  compare?: 'off' | undefined;
  model?: string | undefined;
  provider?: string | undefined;
  api_key?: string | undefined;
  user?: string | undefined;
  tag?: string | undefined;
  end_user?: string | undefined;
  source?: string | undefined;
};

const analyticsRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'analytics',
  validateSearch: (search: Record<string, unknown>): AnalyticsSearch => ({
    ...parseRange(search),
    measure: text(search.measure),
    by: oneOf(search.by, [...DIMENSIONS, 'none'] as const),
    and: oneOf(search.and, DIMENSIONS),
    compare: oneOf(search.compare, ['off'] as const),
    model: text(search.model),
    provider: text(search.provider),
    api_key: text(search.api_key),
    user: text(search.user),
    tag: text(search.tag),
    end_user: text(search.end_user),
    source: text(search.source),
  }),
  component: lazyRouteComponent(() => import('./pages/analytics/AnalyticsPage')),
});

export type ModelsSearch = {
  q?: string | undefined;
  provider?: string | undefined;
  capability?: string | undefined;
  offers?: 'all' | undefined;
  sort?: string | undefined;
};

const modelsRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'models',
  validateSearch: (search: Record<string, unknown>): ModelsSearch => ({
    q: text(search.q),
    provider: text(search.provider),
    capability: text(search.capability),
    offers: oneOf(search.offers, ['all'] as const),
    sort: text(search.sort),
  }),
  component: lazyRouteComponent(() => import('./pages/models/ModelsPage')),
});

export const STATUSES = [
  'ok',
  'error',
  '2xx',
  '4xx',
  '5xx',
  'client_error',
  'gateway_error',
  'upstream_error',
  'client_gone',
  'interrupted',
] as const;

export type ActivitySearch = RangeSearch & {
  status?: (typeof STATUSES)[number] | undefined;
  model?: string | undefined;
  provider?: string | undefined;
  key?: string | undefined;
  streamed?: 'true' | 'false' | undefined;
  cost?: string | undefined;
  ms?: string | undefined;
  q?: string | undefined;
  by?: 'client' | 'user' | undefined;
  request?: string | undefined;
  live?: 'off' | undefined;
};

const activityRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'activity',
  validateSearch: (search: Record<string, unknown>): ActivitySearch => ({
    ...parseRange(search),
    status: oneOf(search.status, STATUSES),
    model: text(search.model),
    provider: text(search.provider),
    key: text(search.key),
    streamed: oneOf(search.streamed, ['true', 'false'] as const),
    cost: fits(search.cost, /^\d{1,6}(\.\d{1,12})?$/),
    ms: fits(search.ms, /^[1-9]\d{0,6}$/),
    q: text(search.q),
    by: oneOf(search.by, ['client', 'user'] as const),
    request: text(search.request),
    live: oneOf(search.live, ['off'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/activity/ActivityPage')),
});

export type PlaygroundSearch = {
  model?: string | undefined;
  /** The model beside it. */
  beside?: string | undefined;
  temperature?: string | undefined;
  max?: string | undefined;
  effort?: string | undefined;
};

const playgroundRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'playground',
  validateSearch: (search: Record<string, unknown>): PlaygroundSearch => ({
    model: text(search.model),
    beside: text(search.beside),
    temperature: text(search.temperature),
    max: text(search.max),
    effort: text(search.effort),
  }),
  component: lazyRouteComponent(() => import('./pages/playground/PlaygroundPage')),
});

export const KEY_STATUSES = ['active', 'revoked', 'all'] as const;

const apiKeysRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'api-keys',
  validateSearch: (
    search: Record<string, unknown>,
  ): {
    status?: (typeof KEY_STATUSES)[number] | undefined;
    sort?: string | undefined;
    create?: '1' | undefined;
  } => ({
    status: oneOf(search.status, KEY_STATUSES),
    sort: text(search.sort),
    create: oneOf(search.create, ['1'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/api-keys/ApiKeysPage')),
});

const providerKeysRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'provider-keys',
  validateSearch: (search: Record<string, unknown>): { add?: '1' | undefined } => ({
    add: oneOf(search.add, ['1'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/provider-keys/ProviderKeysPage')),
});

const projectsRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'projects',
  validateSearch: (
    search: Record<string, unknown>,
  ): { status?: 'archived' | undefined; create?: '1' | undefined } => ({
    status: oneOf(search.status, ['archived'] as const),
    create: oneOf(search.create, ['1'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/projects/ProjectsPage')),
});

const membersRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'members',
  validateSearch: (search: Record<string, unknown>): { invite?: '1' | undefined } => ({
    invite: oneOf(search.invite, ['1'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/members/MembersPage')),
});

export type AuditSearch = RangeSearch & {
  action?: string | undefined;
  actor?: string | undefined;
  target?: string | undefined;
  entry?: string | undefined;
};

const customProvidersRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'custom-providers',
  validateSearch: (search: Record<string, unknown>): { provider?: string | undefined } => ({
    provider: text(search.provider),
  }),
  component: lazyRouteComponent(() => import('./pages/custom-providers/CustomProvidersPage')),
});

const managementTokensRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'management-tokens',
  component: lazyRouteComponent(() => import('./pages/management-tokens/TokensPage')),
});

const auditRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'audit',
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    ...parseRange(search, '30d'),
    action: text(search.action),
    actor: text(search.actor),
    target: text(search.target),
    entry: text(search.entry),
  }),
  component: lazyRouteComponent(() => import('./pages/audit/AuditPage')),
});

const organisationRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'organisation',
  component: lazyRouteComponent(() => import('./pages/organisation/OrganisationPage')),
});

// ---------------------------------------------------------------- the operator's

/** Who operates the instance sees these in any organisation; to others they are not there. */
const operatorOnly = ({ context }: { context: { session: Session } }) => {
  if (!context.session.user.is_operator) throw notFound();
};

const catalogueRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'catalogue',
  beforeLoad: operatorOnly,
  validateSearch: (
    search: Record<string, unknown>,
  ): {
    tab?: 'imports' | 'feed' | undefined;
    q?: string | undefined;
    provider?: string | undefined;
    only?: 'overridden' | 'off' | undefined;
  } => ({
    tab: oneOf(search.tab, ['imports', 'feed'] as const),
    q: text(search.q),
    provider: text(search.provider),
    only: oneOf(search.only, ['overridden', 'off'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/catalogue/CataloguePage')),
});

const organisationsRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'organisations',
  beforeLoad: operatorOnly,
  validateSearch: (
    search: Record<string, unknown>,
  ): { q?: string | undefined; state?: 'active' | 'suspended' | 'archived' | undefined } => ({
    q: text(search.q),
    state: oneOf(search.state, ['active', 'suspended', 'archived'] as const),
  }),
  component: lazyRouteComponent(() => import('./pages/organisations/OrganisationsPage')),
});

const instanceRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'instance',
  beforeLoad: operatorOnly,
  component: lazyRouteComponent(() => import('./pages/instance/InstancePage')),
});

const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/invitation/InvitationPage')),
});

const account = () => import('./pages/account/AccountPage');

const accountRoute = createRoute({
  getParentRoute: () => orgRoute,
  path: 'account',
  beforeLoad: ({ context }) => {
    if (!rememberedOrganisation(context.session)) throw redirect({ to: '/account', replace: true });
  },
  component: lazyRouteComponent(account),
});

/** The account's address that names no organisation: inside one if there is any. */
const accountAloneRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/account',
  beforeLoad: ({ context }) => {
    const org = rememberedOrganisation(context.session);
    if (org) throw redirect({ to: '/o/$org/account', params: { org: org.id }, replace: true });
  },
  component: lazyRouteComponent(account, 'AccountAlonePage'),
});

// Plain words in the address, as people write them: no JSON.
function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

function stringifySearch(search: Record<string, unknown>): string {
  const words = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(words.map(([name, value]) => [name, String(value)])).toString();
  return query ? `?${query}` : '';
}

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    loginRoute,
    invitationRoute,
    ...doorRoutes,
    signedInRoute.addChildren([
      homeRoute,
      accountAloneRoute,
      orgRoute.addChildren([
        orgHomeRoute,
        overviewRoute,
        activityRoute,
        analyticsRoute,
        modelsRoute,
        playgroundRoute,
        apiKeysRoute,
        providerKeysRoute,
        projectsRoute,
        membersRoute,
        customProvidersRoute,
        managementTokensRoute,
        auditRoute,
        organisationRoute,
        accountRoute,
        catalogueRoute,
        organisationsRoute,
        instanceRoute,
      ]),
    ]),
  ]),
  context: { queryClient },
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingMs: 200,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
