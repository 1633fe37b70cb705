import type { AnalyticsGroup, Model } from '@/api/analytics';
import { shown } from '@/lib/analytics';
import { capabilityName } from '@/lib/capabilities';
import { count, date, NONE, perMillion, share, tokens } from '@/lib/format';
import { MANY_COLUMNS, useNarrow } from '@/lib/media';
import { Badge } from '@/ui/Badge';
import { CopyIconButton } from '@/ui/Copy';
import css from './Models.module.css';

/** An offer with what else its line shows. */
type Shown = {
  key: string;
  offer: Model['offers'][number];
  name: string;
  did: AnalyticsGroup | undefined;
  callable: boolean;
  /** Without a key of the platform's. */
  own: boolean;
};

/** One model: its id, and its offers side by side. */
export function ModelCard({
  model,
  names,
  live,
  callable,
  own,
}: {
  model: Model;
  names: Map<string, string>;
  live: Map<string, AnalyticsGroup>;
  callable: ReadonlySet<string>;
  own: ReadonlySet<string>;
}) {
  const narrow = useNarrow(MANY_COLUMNS);
  const offers: Shown[] = model.offers.map((offer) => ({
    key: `${offer.provider} ${offer.region}`,
    offer,
    name: names.get(offer.provider) ?? offer.provider,
    did: live.get(`${model.id}\n${offer.provider}`),
    callable: offer.usable && callable.has(offer.provider),
    own: own.has(offer.provider),
  }));
  const capabilities = [...new Set(model.offers.flatMap((offer) => offer.capabilities))].sort();
  return (
    <li className={css.card}>
      <div className={css.head}>
        <h2 className={css.name}>{model.name}</h2>
        <code className={css.id}>{model.id}</code>
        <CopyIconButton text={model.id} label={`Copy ${model.id}`} />
        {model.released_at && <span className={css.quiet}>{date(model.released_at)}</span>}
      </div>
      <p className={css.capabilities}>{capabilities.map(capabilityName).join(' · ')}</p>
      {narrow ? (
        <ul aria-label={`Offers of ${model.name}`}>
          {offers.map((offer) => (
            <li key={offer.key} className={css.offer}>
              <h3 className={css.who}>
                <Provider {...offer} />
              </h3>
              <dl className={css.figures}>
                {figures(offer).map(([label, value]) => (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </li>
          ))}
        </ul>
      ) : (
        <Table model={model} offers={offers} />
      )}
    </li>
  );
}

function Table({ model, offers }: { model: Model; offers: Shown[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={css.scroll} tabIndex={0} aria-label={`Offers of ${model.name}`}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Provider</th>
            {offers[0] &&
              figures(offers[0]).map(([label]) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
          </tr>
        </thead>
        <tbody>
          {offers.map((offer) => (
            <tr key={offer.key}>
              <th scope="row">
                <Provider {...offer} />
              </th>
              {figures(offer).map(([label, value]) => (
                <td key={label}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Provider({ offer, name, callable, own }: Shown) {
  return (
    <>
      <span className={css.provider}>
        {name}
        {offer.region && <span className={css.quiet}> {offer.region}</span>}
      </span>
      {!callable && <Badge>{offer.usable ? 'no key' : 'not yet'}</Badge>}
      {callable && !own && <Badge>platform key</Badge>}
    </>
  );
}

/** What an offer costs and can, and what it did of late. */
function figures({ offer, did }: Shown): [label: string, value: string][] {
  const { input, cached_input, output } = offer.price;
  const totals = did?.totals;
  const requests = totals?.requests ?? 0;
  const failed = (totals?.upstream_errors ?? 0) + (totals?.interrupted ?? 0);
  const p50 = totals?.ttft_p50_ms;
  return [
    ['Input', price(input)],
    ['Cached', price(cached_input)],
    ['Output', price(output)],
    ['Context', offer.context ? tokens(offer.context) : NONE],
    ['Max output', offer.max_output ? tokens(offer.max_output) : NONE],
    ['Uptime', requests ? share(requests - failed, requests) : NONE],
    [
      'First token p50 / p95',
      p50 ? `${shown('ttft_p50_ms', p50)} / ${shown('ttft_p95_ms', totals.ttft_p95_ms)}` : NONE,
    ],
    ['Tokens a second', totals?.throughput ? shown('throughput', totals.throughput) : NONE],
    ['Requests', requests ? count(requests) : NONE],
  ];
}

const price = (value: unknown) => (typeof value === 'string' ? perMillion(value) : NONE);
