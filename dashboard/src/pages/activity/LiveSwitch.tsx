import { Pause, Play } from 'lucide-react';
import { Button } from '@/ui/Button';
import css from './LiveSwitch.module.css';

export type LiveState = 'live' | 'paused' | 'scrolled' | 'fixed';

/** Whether new requests come in by themselves; a range in the past has none. */
export function LiveSwitch({
  state,
  onPause,
  onResume,
}: {
  state: LiveState;
  onPause: () => void;
  onResume: () => void;
}) {
  if (state === 'fixed') return null;
  const live = state === 'live';
  return (
    <Button
      look="ghost"
      aria-label={live ? 'Live: pause' : state === 'paused' ? 'Paused: resume' : 'Back to newest'}
      onClick={live ? onPause : onResume}
    >
      <span className={live ? css.on : css.off} aria-hidden="true" />
      {live ? 'Live' : state === 'paused' ? 'Paused' : 'Back to newest'}
      {live ? <Pause size={13} aria-hidden="true" /> : <Play size={13} aria-hidden="true" />}
    </Button>
  );
}
