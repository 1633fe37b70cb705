import type { AnalyticsGroup, Model } from '@/api/analytics';
import { shown } from '@/lib/analytics';
import { count, date, NONE, perMillion, share, tokens } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { CopyIconButton } from '@/ui/Copy';
import css from './Models.module.css';

type Offer = Model['offers'][number];

/** One model: its id, and its offers side by side. */
export function ModelCard({
  model,
  names,
  live,
  callable,
}: {
  model: Model;
  names: Map<string, string>;
  live: Map<string, AnalyticsGroup>;
  callable: ReadonlySet<string>;
}) {
  const capabilities = [...new Set(model.offers.flatMap((offer) => offer.capabilities))].sort();
  return (
    <li className={css.card}>
      <div className={css.head}>
        <h2 className={css.name}>{model.name}</h2>
        <code className={css.id}>{model.id}</code>
        <CopyIconButton text={model.id} label={`Copy ${model.id}`} />
        {model.released_at && <span className={css.quiet}>{date(model.released_at)}</span>}
      </div>
      <p className={css.capabilities}>{capabilities.join(' · ')}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={css.scroll} tabIndex={0} aria-label={`Offers of ${model.name}`}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Provider</th>
              <th scope="col">Input</th>
              <th scope="col">Cached</th>
              <th scope="col">Output</th>
              <th scope="col">Context</th>
              <th scope="col">Longest answer</th>
              <th scope="col">Uptime</th>
              <th scope="col">First token p50 / p95</th>
              <th scope="col">Speed</th>
              <th scope="col">Requests</th>
            </tr>
          </thead>
          <tbody>
            {model.offers.map((offer) => (
              <Row
                key={`${offer.provider} ${offer.region}`}
                offer={offer}
                name={names.get(offer.provider) ?? offer.provider}
                did={live.get(`${model.id}\n${offer.provider}`)}
                callable={offer.usable && callable.has(offer.provider)}
              />
            ))}
          </tbody>
        </table>
      </section>
    </li>
  );
}

function Row({
  offer,
  name,
  did,
  callable,
}: {
  offer: Offer;
  name: string;
  did: AnalyticsGroup | undefined;
  callable: boolean;
}) {
  const { input, cached_input, output } = offer.price;
  const totals = did?.totals;
  const requests = totals?.requests ?? 0;
  const failed = (totals?.upstream_errors ?? 0) + (totals?.interrupted ?? 0);
  return (
    <tr>
      <th scope="row">
        <span className={css.provider}>
          {name}
          {offer.region && <span className={css.quiet}> {offer.region}</span>}
        </span>
        {!callable && <Badge>{offer.usable ? 'no key' : 'not yet'}</Badge>}
      </th>
      <td>{price(input)}</td>
      <td>{price(cached_input)}</td>
      <td>{price(output)}</td>
      <td>{offer.context ? tokens(offer.context) : NONE}</td>
      <td>{offer.max_output ? tokens(offer.max_output) : NONE}</td>
      <td>{requests ? share(requests - failed, requests) : NONE}</td>
      <td>
        {totals?.ttft_p50_ms
          ? `${shown('ttft_p50_ms', totals.ttft_p50_ms)} / ${shown('ttft_p95_ms', totals.ttft_p95_ms)}`
          : NONE}
      </td>
      <td>{totals?.throughput ? shown('throughput', totals.throughput) : NONE}</td>
      <td>{requests ? count(requests) : NONE}</td>
    </tr>
  );
}

const price = (value: unknown) => (typeof value === 'string' ? perMillion(value) : NONE);
