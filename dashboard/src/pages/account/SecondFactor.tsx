import { CircleCheck, CirclePause } from 'lucide-react';
import { useState } from 'react';
import type { Account } from '@/api/client';
import { countExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import css from './AccountPage.module.css';
import { CodesDialog, RemoveDialog, SetUpDialog } from './SecondFactorDialogs';

/** Two-step sign-in: whether it is on, and what can be done about it. */
export function SecondFactor({ account }: { account: Account }) {
  const [open, setOpen] = useState<'set-up' | 'codes' | 'remove' | null>(null);
  const close = () => setOpen(null);
  const on = account.second_factor;
  return (
    <section className={css.group} aria-labelledby="second-factor">
      <div className={css.head}>
        <h2 id="second-factor">Two-step sign-in</h2>
        {on ? (
          <Badge tone="good">
            <CircleCheck size={12} /> On
          </Badge>
        ) : (
          <Badge>
            <CirclePause size={12} /> Off
          </Badge>
        )}
      </div>
      <div className={css.row}>
        <div className={css.label}>
          <div className={css.name}>Authenticator app</div>
          <div className={css.under}>
            {on
              ? 'Signing in asks for a code of your app.'
              : 'A password alone can be stolen; with this, signing in asks for a code of your phone too.'}
          </div>
        </div>
        {on ? (
          <Button size="small" onClick={() => setOpen('remove')}>
            Turn off
          </Button>
        ) : (
          <Button size="small" look="primary" onClick={() => setOpen('set-up')}>
            Set up
          </Button>
        )}
      </div>
      {on && (
        <div className={css.row}>
          <div className={css.label}>
            <div className={css.name}>Recovery codes</div>
            <div className={css.under}>
              {countExact(account.recovery_codes_left, 'code')} left for when the phone is lost.
            </div>
          </div>
          <Button size="small" onClick={() => setOpen('codes')}>
            Make new ones
          </Button>
        </div>
      )}
      {open === 'set-up' && <SetUpDialog onClose={close} />}
      {open === 'codes' && <CodesDialog onClose={close} />}
      {open === 'remove' && <RemoveDialog onClose={close} />}
    </section>
  );
}
