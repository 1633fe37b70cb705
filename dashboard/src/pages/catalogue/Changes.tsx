import { type CatalogueChange, type CatalogueVersion, useApplyVersion } from '@/api/instance';
import { countExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import cells from '@/ui/Cells.module.css';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import css from './Catalogue.module.css';
import { kindName, kindsOf, priceText } from './prices';

type Changes = CatalogueVersion['changes'];

export function changesText({ added, changed, removed }: Changes): string {
  const parts = [
    added && `${added} added`,
    changed && `${changed} changed`,
    removed && `${removed} removed`,
  ].filter(Boolean);
  return parts.join(', ') || 'no changes';
}

const TONES = { added: 'good', changed: 'accent', removed: 'bad' } as const;

/** What a version would change now, and the button that does it. */
export function VersionDialog({
  version,
  onClose,
}: {
  version: CatalogueVersion;
  onClose: () => void;
}) {
  const apply = useApplyVersion();
  const { changes } = version;
  const none = changes.added + changes.changed + changes.removed === 0;
  return (
    <Dialog
      title={none ? 'This would change nothing' : 'What this would change'}
      description={`${version.name}${version.prune ? '; offers that it does not have are switched off' : ''}. Nothing is changed yet.`}
      onClose={onClose}
    >
      <div className={css.counts}>
        <Badge tone="good">{countExact(changes.added, 'addition')}</Badge>
        <Badge tone="accent">{countExact(changes.changed, 'change')}</Badge>
        <Badge tone="bad">{changes.removed} switched off</Badge>
        {changes.refused > 0 && (
          <Badge tone="warn">{countExact(changes.refused, 'row')} refused</Badge>
        )}
      </div>
      {!none && <ChangeTable items={changes.items ?? []} />}
      {(changes.refusals?.length ?? 0) > 0 && (
        <ul className={css.refusals} aria-label="Rows that cannot be used">
          {changes.refusals?.slice(0, 20).map((why) => (
            <li key={why}>{why}</li>
          ))}
        </ul>
      )}
      <FormError error={apply.error} />
      <DialogActions>
        <Button onClick={onClose}>Not now</Button>
        <Button
          look="primary"
          disabled={apply.isPending || none}
          onClick={() =>
            apply.mutate(version.id, {
              onSuccess: () => {
                toast(`Applied: ${changesText(changes)}`);
                onClose();
              },
            })
          }
        >
          {apply.isPending ? 'Applying…' : 'Apply'}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function ChangeTable({ items }: { items: CatalogueChange[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className={css.changes} aria-label="Changes" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Price</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.what} ${item.provider} ${item.model} ${item.region}`}>
              <td>
                <Badge tone={TONES[item.kind]}>{item.kind}</Badge>{' '}
                {item.what === 'provider' ? `provider ${item.provider}` : item.model}
                <div className={cells.under}>
                  {item.what === 'offer' && `at ${item.provider}`}
                  {item.region && ` in ${item.region}`}
                </div>
                {item.fields.length > 0 && (
                  <div className={cells.under}>changes {item.fields.join(', ')}</div>
                )}
                {item.overridden && <Badge tone="warn">your own price stays</Badge>}
              </td>
              <Prices item={item} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Of a change only the prices that differ, before and after; of a new offer all. */
function Prices({ item }: { item: CatalogueChange }) {
  const before = item.old ?? {};
  const after = item.new ?? {};
  const kinds = kindsOf(before, after).filter((kind) => before[kind] !== after[kind]);
  const text = (kind: string, price: string | undefined) =>
    price === undefined ? 'none' : priceText(kind, price);
  return (
    <td className={css.price}>
      {kinds.map((kind) => (
        <div key={kind}>
          {kindName(kind)}{' '}
          {item.kind === 'changed' && (
            <>
              <s>{text(kind, before[kind])}</s> →{' '}
            </>
          )}
          {text(kind, item.kind === 'removed' ? before[kind] : after[kind])}
        </div>
      ))}
    </td>
  );
}
