import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { api, CSRF, read, setCsrfToken } from '@/api/client';
import { forgetPlaygroundKeys } from '@/lib/playgroundKey';
import { setTheme, useTheme } from '@/lib/theme';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/ui/Menu';
import css from './AccountMenu.module.css';
import { useScope, useSession } from './scope';

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await read(api.DELETE('/api/v1/session', { params: CSRF })).catch(() => {});
    setCsrfToken('');
    forgetPlaygroundKeys();
    await navigate({ to: '/login' });
    client.clear();
  };
}

export function AccountMenu() {
  const { user } = useSession();
  const { org } = useScope();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const theme = useTheme();
  const name = user.name || user.email;
  return (
    <Menu
      trigger={
        <button type="button" className={css.avatar} aria-label={`Account of ${name}`}>
          {name.slice(0, 1).toUpperCase()}
        </button>
      }
    >
      <MenuLabel>
        {user.name && <div className={css.name}>{user.name}</div>}
        {user.email}
        {user.is_operator && ' · operator'}
      </MenuLabel>
      <MenuLine />
      <MenuLabel>Theme</MenuLabel>
      <MenuChoice
        label="Theme"
        value={theme}
        onChange={setTheme}
        choices={[
          { value: 'system', label: <Named icon={<Monitor size={15} />} name="System" /> },
          { value: 'light', label: <Named icon={<Sun size={15} />} name="Light" /> },
          { value: 'dark', label: <Named icon={<Moon size={15} />} name="Dark" /> },
        ]}
      />
      <MenuLine />
      <MenuItem onSelect={() => void navigate({ to: '/o/$org/account', params: { org: org.id } })}>
        <UserRound size={15} /> Your account
      </MenuItem>
      <MenuItem onSelect={() => void signOut()}>
        <LogOut size={15} /> Sign out
      </MenuItem>
    </Menu>
  );
}

function Named({ icon, name }: { icon: React.ReactNode; name: string }) {
  return (
    <>
      {icon}
      {name}
    </>
  );
}
