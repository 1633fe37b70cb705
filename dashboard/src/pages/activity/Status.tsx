import { CircleCheck, CircleX, LogOut, TriangleAlert, Zap } from 'lucide-react';
import type { Outcome, Request } from '@/api/client';
import { cx } from '@/ui/cx';
import css from './ActivityPage.module.css';

type Look = { tone: 'good' | 'warn' | 'bad'; icon: typeof CircleCheck; word: string };

const LOOKS: Record<Outcome, Look> = {
  ok: { tone: 'good', icon: CircleCheck, word: '' },
  client_error: { tone: 'warn', icon: TriangleAlert, word: 'client error' },
  client_gone: { tone: 'warn', icon: LogOut, word: 'client left' },
  gateway_error: { tone: 'bad', icon: CircleX, word: 'gateway error' },
  upstream_error: { tone: 'bad', icon: CircleX, word: 'provider error' },
  interrupted: { tone: 'bad', icon: Zap, word: 'interrupted' },
};

export function outcomeWord(outcome: Outcome): string {
  return LOOKS[outcome].word || 'ok';
}

/** The HTTP status with its outcome as a shape and a word. */
export function Status({ request }: { request: Pick<Request, 'status' | 'outcome' | 'error'> }) {
  const { tone, icon: Icon, word } = LOOKS[request.outcome];
  return (
    <span className={cx(css.status, css[tone])} title={request.error ?? undefined}>
      <Icon size={14} aria-hidden="true" />
      <span>
        {request.status} {word}
      </span>
    </span>
  );
}

/** UPSTREAM_TIMEOUT, a name of the gateway's error table, as words. */
export function errorWords(name: string): string {
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
