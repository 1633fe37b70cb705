import { useEffect, useRef, useState } from 'react';
import type { Provider, ProviderKey } from '@/api/client';
import { useOrderProviderKeys } from '@/api/providerKeys';
import { useScope } from '@/frame/scope';
import { countExact, money, moneyExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { FormError } from '@/ui/Notice';
import { KeyRow, moveId, type Open, type Way } from './KeyRow';
import { nameOf } from './names';
import css from './ProviderKeysPage.module.css';

/** A provider with its keys in the order in which the gateway tries them. */
export function ProviderGroup({
  id,
  provider,
  keys,
  mayChange,
  onOpen,
}: {
  id: string;
  provider: Provider | undefined;
  keys: ProviderKey[];
  mayChange: boolean;
  onOpen: (what: Open, key: ProviderKey) => void;
}) {
  const { org } = useScope();
  const order = useOrderProviderKeys(org.id);
  const [said, setSaid] = useState('');
  const focus = useRef<string>(undefined);
  // A row that changes its place in the page loses the focus.
  useEffect(() => {
    if (!focus.current || order.isPending) return;
    document.getElementById(focus.current)?.focus();
    focus.current = undefined;
  });

  const move = (key: ProviderKey, from: number, way: Way) => {
    const to = way === 'up' ? from - 1 : from + 1;
    const ids = keys.map((one) => one.id);
    ids.splice(from, 1);
    ids.splice(to, 0, key.id);
    focus.current = moveId(key, way);
    order.mutate(
      { provider: id, ids },
      { onSuccess: () => setSaid(`${nameOf(key)} is number ${to + 1} of ${keys.length} now.`) },
    );
  };
  const requests = keys.reduce((sum, { traffic }) => sum + traffic.requests, 0);
  const cost = String(keys.reduce((sum, { traffic }) => sum + Number(traffic.cost), 0));
  return (
    <section className={css.group} aria-labelledby={`provider-${id}`}>
      <div className={css.head}>
        <span className={css.letter} aria-hidden="true">
          {(provider?.name ?? id).slice(0, 1).toUpperCase()}
        </span>
        <h2 id={`provider-${id}`}>{provider?.name ?? id}</h2>
        {provider && <span className={css.quiet}>{countExact(provider.models, 'model')}</span>}
        {provider && !provider.usable && (
          <Badge tone="warn">not callable in this version yet</Badge>
        )}
        {requests > 0 && (
          <span className={css.total} title={moneyExact(cost)}>
            {countExact(requests, 'request')}, {money(cost)} in 24 h
          </span>
        )}
      </div>
      <ol>
        {keys.map((key, i) => (
          <KeyRow
            key={key.id}
            providerKey={key}
            provider={provider}
            place={i + 1}
            of={keys.length}
            mayChange={mayChange}
            moving={order.isPending}
            onMove={(way) => move(key, i, way)}
            onOpen={(what) => onOpen(what, key)}
          />
        ))}
      </ol>
      {order.error && (
        <div className={css.error}>
          <FormError error={order.error} />
        </div>
      )}
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </section>
  );
}
