import type { RequestDetail } from '@/api/client';
import css from './Timeline.module.css';

/** Why it was answered where it was: the order that the gateway goes by, and what came of it. */
export function Why({ request }: { request: RequestDetail }) {
  return <p className={css.none}>{whyProvider(request)}</p>;
}

export function whyProvider(request: RequestDetail): string {
  const { requested_model: asked, attempts_detail: attempts, provider, model } = request;
  const first = attempts[0];
  if (!first) return 'No provider was asked: the request ended before.';
  const last = attempts.at(-1);
  const named =
    asked !== null && first.provider !== null && asked.startsWith(`${first.provider}/`)
      ? `${first.provider} was named in the model, so it came first.`
      : `No provider was named: those that offer ${model ?? 'the model'} and have a key are tried by price, the cheapest first. That was ${first.provider ?? 'one that is gone'}.`;
  const order = attempts.some(({ platform_key }) => platform_key)
    ? `${named} The platform’s keys come after any of your own.`
    : named;
  if (attempts.length === 1) return order;
  const failed = attempts.length - 1;
  const others = failed === 1 ? 'It' : `${failed} attempts`;
  return `${order} ${others} failed before any answer had left, so the next was asked: ${last?.provider ?? provider ?? 'another'}.`;
}
