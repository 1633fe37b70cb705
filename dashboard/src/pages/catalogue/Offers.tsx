import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { type InstanceOffer, type OnlyOffers, offersQuery } from '@/api/instance';
import { NONE } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import cells from '@/ui/Cells.module.css';
import { type Columns, DataTable, rowLink } from '@/ui/DataTable';
import { inputClass } from '@/ui/Field';
import { Empty, Failed } from '@/ui/Notice';
import { Segments } from '@/ui/Segments';
import css from './Catalogue.module.css';
import { OfferDialog } from './OfferDialog';
import { priceText } from './prices';

const ONLY: { value: OnlyOffers; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'overridden', label: 'Changed here' },
  { value: 'off', label: 'Off' },
];

export function Offers() {
  const search = useSearch({ from: '/signed-in/o/$org/catalogue' });
  const navigate = useNavigate({ from: '/o/$org/catalogue' });
  const [editing, setEditing] = useState<InstanceOffer>();
  const only = search.only ?? 'all';
  const offers = useInfiniteQuery(offersQuery(search.q ?? '', search.provider ?? '', only));
  // A model that is switched on leaves the list of those that are off, but not its dialog.
  const { model, provider } = editing ?? {};
  const edited = useInfiniteQuery({
    ...offersQuery(model?.slug ?? '', provider ?? '', 'all'),
    enabled: editing !== undefined && only === 'off',
  });
  const rows = useMemo(() => offers.data?.pages.flatMap((page) => page.items), [offers.data]);
  const columns = useMemo(() => columnsOf(setEditing), []);
  const go = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className={cells.bar}>
        <input
          type="search"
          className={`${inputClass} ${cells.search}`}
          aria-label="Find a model"
          placeholder="Find a model"
          value={search.q ?? ''}
          onChange={(event) => go({ q: event.target.value || undefined })}
        />
        <Segments
          label="Which offers"
          value={only}
          choices={ONLY}
          onChange={(value) => go({ only: value === 'all' ? undefined : value })}
        />
      </div>
      {offers.isError && !rows ? (
        <Failed error={offers.error} retry={() => void offers.refetch()} />
      ) : rows?.length === 0 ? (
        <Empty title={only === 'overridden' ? 'Nothing is changed here' : 'No such offer'}>
          {only === 'overridden'
            ? 'A price or a switch that you lay over the catalogue is listed here; imports do not undo it.'
            : 'An offer is one model at one provider. New ones come with an import or the feed.'}
        </Empty>
      ) : (
        <DataTable
          label="Offers"
          columns={columns}
          rows={rows}
          rowKey={(offer) => offer.id}
          rowHeight={52}
          cardHeight={96}
          card={(offer) => <OfferCard offer={offer} onEdit={() => setEditing(offer)} />}
          onEnd={
            offers.hasNextPage && !offers.isFetching ? () => void offers.fetchNextPage() : undefined
          }
        />
      )}
      {editing && (
        <OfferDialog
          offer={
            [...(rows ?? []), ...(edited.data?.pages.flatMap((page) => page.items) ?? [])].find(
              ({ id }) => id === editing.id,
            ) ?? editing
          }
          onClose={() => setEditing(undefined)}
        />
      )}
    </>
  );
}

function Name({ offer, onEdit }: { offer: InstanceOffer; onEdit: () => void }) {
  return (
    <button
      type="button"
      className={rowLink}
      aria-label={`Edit ${offer.model.slug} at ${offer.provider}${offer.region ? ` in ${offer.region}` : ''}`}
      onClick={onEdit}
    >
      {offer.model.name}
    </button>
  );
}

function State({ offer: { enabled, model, override, usable, ends_at } }: { offer: InstanceOffer }) {
  const ended = ends_at !== null && new Date(ends_at) <= new Date();
  return (
    <>
      {!model.enabled ? (
        <Badge tone="warn">Model off</Badge>
      ) : (
        !enabled && <Badge tone="warn">Off</Badge>
      )}
      {ended && <Badge>Ended</Badge>}
      {!usable && <Badge>Not usable yet</Badge>}
      {override && (
        <span title="Changed here: an import does not undo it">
          <Badge tone="accent">Changed here</Badge>
        </span>
      )}
    </>
  );
}

function Price({ offer, kind }: { offer: InstanceOffer; kind: string }) {
  const now = offer.price[kind];
  const catalogue = offer.catalogue.price[kind];
  const differs = offer.override?.price && catalogue !== now;
  return (
    <div className={cells.two}>
      {now === undefined ? NONE : priceText(kind, now)}
      {differs && (
        <div className={css.was} title="What the catalogue says">
          {catalogue === undefined ? NONE : priceText(kind, catalogue)}
        </div>
      )}
    </div>
  );
}

function columnsOf(onEdit: (offer: InstanceOffer) => void): Columns<InstanceOffer> {
  const price = (kind: string, header: string, drop = 0): Columns<InstanceOffer>[number] => ({
    id: kind,
    header,
    meta: { width: 'minmax(84px, 110px)', align: 'end', drop },
    cell: ({ row: { original } }) => <Price offer={original} kind={kind} />,
  });
  return [
    {
      id: 'model',
      header: 'Model',
      meta: { width: 'minmax(200px, 2fr)' },
      cell: ({ row: { original: offer } }) => (
        <div className={cells.two}>
          <div className={cells.name}>
            <Name offer={offer} onEdit={() => onEdit(offer)} /> <State offer={offer} />
          </div>
          <div className={cells.under}>{offer.model.slug}</div>
        </div>
      ),
    },
    {
      id: 'provider',
      header: 'Provider',
      meta: { width: 'minmax(140px, 1.2fr)' },
      cell: ({ row: { original: offer } }) => (
        <div className={cells.two}>
          <div>
            {offer.provider_name}
            {offer.region && ` · ${offer.region}`}
          </div>
          <div className={cells.under}>{offer.provider_model}</div>
        </div>
      ),
    },
    price('input', 'Input / M'),
    price('cached_input', 'Cached / M', 1),
    price('output', 'Output / M'),
  ];
}

function OfferCard({ offer, onEdit }: { offer: InstanceOffer; onEdit: () => void }) {
  return (
    <div className={css.card}>
      <div className={cells.name}>
        <Name offer={offer} onEdit={onEdit} /> <State offer={offer} />
      </div>
      <div className={cells.under}>
        {offer.provider_name}
        {offer.region && ` · ${offer.region}`} · {offer.provider_model}
      </div>
      <div className={css.facts}>
        {['input', 'output'].map((kind) => (
          <span key={kind}>
            {kind} {offer.price[kind] === undefined ? NONE : priceText(kind, offer.price[kind])} / M
          </span>
        ))}
      </div>
    </div>
  );
}
