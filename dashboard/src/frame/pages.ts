import {
  Activity,
  Boxes,
  Building2,
  ChartColumnStacked,
  FolderKanban,
  History,
  KeyRound,
  LayoutDashboard,
  LibraryBig,
  MessagesSquare,
  Network,
  Plug,
  Server,
  SquareTerminal,
  UsersRound,
} from 'lucide-react';
import { createContext, useContext } from 'react';
import type { Organisation } from '@/api/client';
import { may } from './scope';

/** The pages there are, in the order of the rail; on a narrow screen the first three are in the bar. */
export const PAGES = [
  { to: '/o/$org/overview', label: 'Overview', group: '', icon: LayoutDashboard, least: 'viewer' },
  { to: '/o/$org/activity', label: 'Activity', group: '', icon: Activity, least: 'viewer' },
  {
    to: '/o/$org/analytics',
    label: 'Analytics',
    group: '',
    icon: ChartColumnStacked,
    least: 'viewer',
  },
  { to: '/o/$org/models', label: 'Models', group: '', icon: Boxes, least: 'viewer' },
  {
    to: '/o/$org/playground',
    label: 'Playground',
    group: '',
    icon: MessagesSquare,
    least: 'viewer',
  },
  { to: '/o/$org/api-keys', label: 'API keys', group: '', icon: KeyRound, least: 'viewer' },
  {
    to: '/o/$org/provider-keys',
    label: 'Provider keys',
    group: 'Settings',
    icon: Plug,
    least: 'viewer',
  },
  {
    to: '/o/$org/custom-providers',
    label: 'Custom providers',
    group: 'Settings',
    icon: Server,
    least: 'viewer',
  },
  {
    to: '/o/$org/projects',
    label: 'Projects',
    group: 'Settings',
    icon: FolderKanban,
    least: 'viewer',
  },
  { to: '/o/$org/members', label: 'Members', group: 'Settings', icon: UsersRound, least: 'viewer' },
  {
    to: '/o/$org/management-tokens',
    label: 'Management tokens',
    group: 'Settings',
    icon: SquareTerminal,
    least: 'admin',
  },
  { to: '/o/$org/audit', label: 'Audit log', group: 'Settings', icon: History, least: 'admin' },
  {
    to: '/o/$org/organisation',
    label: 'Organisation',
    group: 'Settings',
    icon: Building2,
    least: 'viewer',
  },
  {
    to: '/o/$org/catalogue',
    label: 'Catalogue',
    group: 'Instance',
    icon: LibraryBig,
    least: 'operator',
  },
  {
    to: '/o/$org/organisations',
    label: 'Organisations',
    group: 'Instance',
    icon: Network,
    least: 'operator',
  },
  { to: '/o/$org/instance', label: 'Instance', group: 'Instance', icon: Server, least: 'operator' },
] as const;

export const IN_BAR = 3;

/** Those that the person's role may see; the instance's are for who operates it, in any role. */
export const pagesOf = (org: Organisation, operator: boolean) =>
  PAGES.filter(({ least }) => (least === 'operator' ? operator : may(org, least)));

export const PaletteContext = createContext<() => void>(() => {});
export const useOpenPalette = () => useContext(PaletteContext);
