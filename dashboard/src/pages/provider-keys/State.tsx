// What providers answered of late to requests with a key.
import { CircleAlert, CircleCheck, CircleDashed, CirclePause, Gauge } from 'lucide-react';
import type { ProviderKey } from '@/api/client';
import { since, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';

const STATES = {
  ok: { tone: 'good', icon: CircleCheck, text: 'OK' },
  refused: { tone: 'bad', icon: CircleAlert, text: 'Refused' },
  rate_limited: { tone: 'warn', icon: Gauge, text: 'Rate limited' },
  unused: { tone: 'quiet', icon: CircleDashed, text: 'Not used yet' },
  disabled: { tone: 'quiet', icon: CirclePause, text: 'Disabled' },
} as const;

export function KeyState({ providerKey: { state } }: { providerKey: ProviderKey }) {
  const { tone, icon: Icon, text } = STATES[state.word];
  const wrong = state.word === 'refused' || state.word === 'rate_limited';
  return (
    <span title={state.since ? `since ${whenExact(state.since)}` : undefined}>
      <Badge tone={tone}>
        <Icon size={12} aria-hidden="true" /> {text}
        {wrong && state.since && ` since ${since(state.since)}`}
        {wrong && state.status !== null && ` (${state.status})`}
      </Badge>
    </span>
  );
}
