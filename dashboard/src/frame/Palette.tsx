// Ctrl K: go to a page, a key's requests, one request by its id, or do a common thing.
import * as D from '@radix-ui/react-dialog';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { KeyRound, LogOut, Moon, Plus, ReceiptText, Sun } from 'lucide-react';
import { useState } from 'react';
import { apiKeysQuery, findRequestsQuery } from '@/api/queries';
import { when } from '@/lib/format';
import { setTheme, useDark } from '@/lib/theme';
import { type Option, Options } from '@/ui/Options';
import { useSignOut } from './AccountMenu';
import css from './Palette.module.css';
import { pagesOf } from './pages';
import { mayWrite, useScope } from './scope';

type Action = Option & { run: () => void };

const REQUEST_ID = /^[0-9a-f-]{8,36}$/i;

export default function Palette({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState('');
  const found = useFoundRequests(query);
  const actions = [...usePages(), ...useThings(), ...useKeys(), ...found.actions];

  return (
    <D.Root open onOpenChange={(open) => !open && onClose()}>
      <D.Portal>
        <div className={css.scrim} data-modal="">
          <D.Content className={css.palette} aria-describedby={undefined}>
            <D.Title className="visually-hidden">Search</D.Title>
            <Options
              label="Search pages, keys and requests"
              placeholder="Page, key, or request id…"
              options={actions}
              busy={found.busy}
              empty="Nothing found. A request is found by the first 8 characters of its id."
              onQuery={setQuery}
              onPick={(value) => {
                onClose();
                actions.find((action) => action.value === value)?.run();
              }}
            />
          </D.Content>
        </div>
      </D.Portal>
    </D.Root>
  );
}

function usePages(): Action[] {
  const { org, project, session } = useScope();
  const navigate = useNavigate();
  return pagesOf(org, session.user.is_operator).map(({ to, label, icon: Icon }) => ({
    value: to,
    label,
    group: 'Pages',
    icon: <Icon size={15} aria-hidden="true" />,
    run: () => void navigate({ to, params: { org: org.id }, search: { project: project?.id } }),
  }));
}

function useThings(): Action[] {
  const { org, project } = useScope();
  const navigate = useNavigate();
  const dark = useDark();
  const signOut = useSignOut();
  const params = { org: org.id };
  const group = 'Actions';
  const plus = <Plus size={15} aria-hidden="true" />;
  return [
    ...(mayWrite(org, 'developer')
      ? [
          {
            value: 'new-key',
            label: 'Create API key',
            group,
            icon: plus,
            run: () =>
              void navigate({
                to: '/o/$org/api-keys',
                params,
                search: { project: project?.id, create: '1' },
              }),
          },
        ]
      : []),
    ...(mayWrite(org, 'admin')
      ? [
          {
            value: 'new-provider-key',
            label: 'Add provider key',
            group,
            icon: plus,
            run: () => void navigate({ to: '/o/$org/provider-keys', params, search: { add: '1' } }),
          },
        ]
      : []),
    {
      value: 'theme',
      label: dark ? 'Light theme' : 'Dark theme',
      group,
      icon: dark ? <Sun size={15} aria-hidden="true" /> : <Moon size={15} aria-hidden="true" />,
      run: () => setTheme(dark ? 'light' : 'dark'),
    },
    {
      value: 'sign-out',
      label: 'Sign out',
      group,
      icon: <LogOut size={15} aria-hidden="true" />,
      run: () => void signOut(),
    },
  ];
}

function useKeys(): Action[] {
  const { org, project } = useScope();
  const navigate = useNavigate();
  const inProject = project ?? org.projects[0];
  const keys = useInfiniteQuery({
    ...apiKeysQuery(org.id, inProject?.id ?? '', 'active'),
    enabled: Boolean(inProject),
  });
  return (keys.data?.pages.flatMap((page) => page.items) ?? []).map((key) => ({
    value: key.id,
    label: key.name,
    group: 'API keys: their requests',
    keywords: key.last4,
    note: `…${key.last4}`,
    icon: <KeyRound size={15} aria-hidden="true" />,
    run: () =>
      void navigate({
        to: '/o/$org/activity',
        params: { org: org.id },
        search: { project: inProject?.id, key: key.id, range: '30d' },
      }),
  }));
}

function useFoundRequests(query: string): { actions: Action[]; busy: boolean } {
  const { org } = useScope();
  const navigate = useNavigate();
  const enabled = REQUEST_ID.test(query);
  const found = useQuery({ ...findRequestsQuery(org.id, query), enabled });
  const actions = (enabled ? (found.data?.items ?? []) : []).map((request) => ({
    value: request.id,
    label: request.id,
    group: 'Requests',
    note: `${request.model ?? request.requested_model ?? ''} · ${when(request.created_at)}`,
    icon: <ReceiptText size={15} aria-hidden="true" />,
    run: () =>
      void navigate({
        to: '/o/$org/activity',
        params: { org: org.id },
        search: { request: request.id },
      }),
  }));
  return { actions, busy: enabled && found.isPending };
}
