// What came of asking a provider whether it takes a secret.
import { CircleAlert, CircleCheck, CircleHelp, Gauge, WifiOff } from 'lucide-react';
import type { ProviderKeyCheck } from '@/api/client';
import { ago, duration, unbroken, whenExact } from '@/lib/format';
import { cx } from '@/ui/cx';
import css from './Check.module.css';

export const OUTCOMES = {
  ok: { word: 'ok', title: 'The provider takes it', tone: css.good, icon: CircleCheck },
  refused: { word: 'refused', title: 'The provider refuses it', tone: css.bad, icon: CircleAlert },
  rate_limited: {
    word: 'rate limited',
    title: 'The provider’s limit is reached',
    tone: css.warn,
    icon: Gauge,
  },
  unreachable: {
    word: 'no answer',
    title: 'The provider could not be asked',
    tone: css.warn,
    icon: WifiOff,
  },
  unclear: {
    word: 'unclear',
    title: 'The answer says nothing of the secret',
    tone: css.warn,
    icon: CircleHelp,
  },
};

/** In full: what was asked, what was answered, how long it took. */
export function CheckResult({ check }: { check: ProviderKeyCheck }) {
  const { title, tone, icon: Icon } = OUTCOMES[check.outcome];
  return (
    <div className={cx(css.check, tone)}>
      <Icon size={16} aria-hidden="true" />
      <div className={css.said}>
        <strong>{title}.</strong>
        <p>{check.detail}</p>
        <p className={css.asked}>
          Asked <code>{check.request}</code> —{' '}
          {check.status === null ? 'no answer' : `answered ${check.status}`} in{' '}
          {check.duration_ms < 1 ? 'under 1 ms' : unbroken(duration(check.duration_ms))},{' '}
          <span title={whenExact(check.at)}>{unbroken(ago(check.at))}</span>.
        </p>
      </div>
    </div>
  );
}
