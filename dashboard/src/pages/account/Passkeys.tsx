import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Passkey, passkeysQuery } from '@/api/passkeys';
import { ago, whenExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import css from './AccountPage.module.css';
import { AddPasskey, RemovePasskey, RenamePasskey } from './PasskeyDialogs';

type Open = { what: 'add' } | { what: 'rename' | 'remove'; passkey: Passkey } | null;

/** Why a page at this address gets none; they can be removed there nevertheless. */
const WHY: Record<string, string> = {
  insecure:
    'Browsers give passkeys to pages under https or on localhost only; this instance is at neither.',
  ip_address: 'Browsers give passkeys to hosts with a name only, and this instance has an address.',
};

export function Passkeys({ state }: { state: string | undefined }) {
  const passkeys = useQuery(passkeysQuery);
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const able = 'PublicKeyCredential' in window;
  const why = (state && WHY[state]) || (able ? undefined : 'This browser has no passkeys.');
  const items = passkeys.data?.items ?? [];
  return (
    <section className={css.group} aria-labelledby="passkeys">
      <div className={css.head}>
        <h2 id="passkeys">Passkeys</h2>
        {state === 'available' && able && passkeys.data && items.length < 20 && (
          <Button size="small" onClick={() => setOpen({ what: 'add' })}>
            Add a passkey
          </Button>
        )}
      </div>
      {passkeys.isError && !passkeys.data && (
        <Failed error={passkeys.error} retry={() => void passkeys.refetch()} />
      )}
      {passkeys.isPending && (
        <div className={css.row} aria-busy="true">
          <Skeleton width={36} />
        </div>
      )}
      {passkeys.data && (items.length === 0 || why) && (
        <div className={css.row}>
          <div className={css.under}>
            {why ??
              'None yet. With a passkey you sign in by finger, face or PIN of your device, without a password.'}
          </div>
        </div>
      )}
      {items.length > 0 && (
        <ul aria-labelledby="passkeys">
          {items.map((passkey) => (
            <Row key={passkey.id} passkey={passkey} onOpen={setOpen} />
          ))}
        </ul>
      )}
      {open?.what === 'add' && <AddPasskey onClose={close} />}
      {open?.what === 'rename' && <RenamePasskey passkey={open.passkey} onClose={close} />}
      {open?.what === 'remove' && <RemovePasskey passkey={open.passkey} onClose={close} />}
    </section>
  );
}

function Row({ passkey, onOpen }: { passkey: Passkey; onOpen: (open: Open) => void }) {
  const { name, created_at, last_used_at } = passkey;
  return (
    <li className={css.row}>
      <div className={css.label}>
        <div className={css.name}>{name}</div>
        <div className={css.under}>
          <span title={whenExact(created_at)}>added {ago(created_at)}</span>
          {last_used_at ? (
            <span title={whenExact(last_used_at)}>last used {ago(last_used_at)}</span>
          ) : (
            <span>not used yet</span>
          )}
        </div>
      </div>
      <div className={css.copies}>
        <Button
          size="small"
          aria-label={`Rename ${name}`}
          onClick={() => onOpen({ what: 'rename', passkey })}
        >
          Rename
        </Button>
        <Button
          size="small"
          aria-label={`Remove ${name}`}
          onClick={() => onOpen({ what: 'remove', passkey })}
        >
          Remove
        </Button>
      </div>
    </li>
  );
}
