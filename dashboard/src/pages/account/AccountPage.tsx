import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, LogOut } from 'lucide-react';
import { useEffect, useState } from 'react';
import { accountQuery, instanceQuery } from '@/api/queries';
import { useSignOut } from '@/frame/AccountMenu';
import { Mark } from '@/frame/Mark';
import { Page } from '@/frame/Page';
import { date } from '@/lib/format';
import { Button, ButtonLink } from '@/ui/Button';
import { Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import css from './AccountPage.module.css';
import { DeleteAccount } from './DeleteAccount';
import { Passkeys } from './Passkeys';
import { EmailDialog, NameDialog, PasswordDialog } from './ProfileDialogs';
import { SecondFactor } from './SecondFactor';
import { Sessions } from './Sessions';

type Open = 'name' | 'email' | 'password' | null;

const TITLE = 'Your account';

export default function AccountPage() {
  return (
    <Page title={TITLE}>
      <Account />
    </Page>
  );
}

/** The same without an organisation around it, for who is in none. */
export function AccountAlonePage() {
  const signOut = useSignOut();
  useEffect(() => {
    document.title = `${TITLE} · doteb`;
  }, []);
  return (
    <>
      <header className={css.top}>
        <Mark />
        <h1 className={css.title}>{TITLE}</h1>
        <ButtonLink to="/">
          <ArrowLeft size={14} /> Back
        </ButtonLink>
        <Button onClick={() => void signOut()}>
          <LogOut size={14} /> Sign out
        </Button>
      </header>
      <main className={css.alone}>
        <Account />
      </main>
    </>
  );
}

function Account() {
  const account = useQuery(accountQuery);
  const instance = useQuery(instanceQuery);
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  if (account.isError && !account.data)
    return <Failed error={account.error} retry={() => void account.refetch()} />;
  if (!account.data) return <Loading />;
  return (
    <div className={css.groups}>
      <section className={css.group} aria-labelledby="profile">
        <div className={css.head}>
          <h2 id="profile">Profile</h2>
          <span className={css.quiet}>since {date(account.data.created_at)}</span>
        </div>
        <ProfileRow label="Name" onChange={() => setOpen('name')}>
          {account.data.name || 'None'}
        </ProfileRow>
        <ProfileRow
          label="E-mail"
          onChange={instance.data?.mail ? () => setOpen('email') : undefined}
        >
          {account.data.email}
        </ProfileRow>
        <ProfileRow label="Password" onChange={() => setOpen('password')}>
          Changing it signs you out everywhere else.
        </ProfileRow>
      </section>
      <SecondFactor account={account.data} />
      <Passkeys state={instance.data?.passkeys} />
      <Sessions />
      <DeleteAccount account={account.data} />
      {open === 'name' && <NameDialog name={account.data.name} onClose={close} />}
      {open === 'email' && <EmailDialog onClose={close} />}
      {open === 'password' && <PasswordDialog onClose={close} />}
    </div>
  );
}

function ProfileRow({
  label,
  onChange,
  children,
}: {
  label: string;
  onChange: (() => void) | undefined;
  children: string;
}) {
  return (
    <div className={css.row}>
      <div className={css.label}>
        <div className={css.name}>{label}</div>
        <div className={css.under}>{children}</div>
      </div>
      {onChange && (
        <Button
          size="small"
          onClick={onChange}
          aria-label={`Change your ${label === 'E-mail' ? label : label.toLowerCase()}`}
        >
          Change
        </Button>
      )}
    </div>
  );
}

function Loading() {
  return (
    <div className={css.groups} aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      {[3, 1, 2].map((rows, group) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have no names
        <div key={group} className={css.group}>
          <div className={css.head}>
            <Skeleton width={14} />
          </div>
          {Array.from({ length: rows }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: bars have no names
            <div key={i} className={css.row}>
              <Skeleton width={36} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
