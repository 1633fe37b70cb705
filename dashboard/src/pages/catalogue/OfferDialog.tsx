import type { FormEvent } from 'react';
import { isChanged } from '@/api/client';
import { type InstanceOffer, type OfferPatch, useOverride, useSwitchModel } from '@/api/instance';
import { shift } from '@/lib/decimal';
import { ago, whenExact } from '@/lib/format';
import { useDraft } from '@/lib/useDraft';
import { Button } from '@/ui/Button';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass, SelectField } from '@/ui/Field';
import { ChangedMeanwhile, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import css from './Catalogue.module.css';
import { isOfTokens, kindName, kindsOf, priceText } from './prices';

type Switch = NonNullable<OfferPatch['switch']>;

const places = (kind: string) => (isOfTokens(kind) ? 6 : 0);

/** What the form shows for a price list: people's units. */
const shown = (prices: Record<string, string>) =>
  Object.fromEntries(
    kindsOf(prices).map((kind) => [kind, shift(prices[kind] ?? '', places(kind)) ?? '']),
  );

/** The price list that the form says; undefined if a field is no price. */
function said(fields: Record<string, string>): Record<string, string> | undefined {
  const list: Record<string, string> = {};
  for (const [kind, text] of Object.entries(fields)) {
    if (text.trim() === '') continue;
    const price = shift(text, -places(kind));
    if (price === undefined) return undefined;
    list[kind] = price;
  }
  return list;
}

export function OfferDialog({ offer, onClose }: { offer: InstanceOffer; onClose: () => void }) {
  const before = switchOf(offer);
  const save = useOverride();
  const model = useSwitchModel();
  const now = { fields: shown(offer.price), state: before };
  const draft = useDraft(now, tagOf(offer), save.isPending);
  const { fields, state } = draft.value;
  const prices = said(fields);
  const changed = JSON.stringify(fields) !== JSON.stringify(now.fields);
  const body: OfferPatch = {
    ...(state !== before && { switch: state }),
    ...(changed && prices && { price: prices }),
  };
  const done = (text: string) => ({
    onSuccess: () => {
      toast(text);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ offer, body }, done(`Changed ${offer.model.name}; gateways have it in a second`));
  };
  const { slug, name, enabled } = offer.model;
  return (
    <Dialog
      title={`${name} at ${offer.provider_name}`}
      description="What you set here holds over the catalogue: no import and no feed undoes it, until you take it away."
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <div className={css.prices}>
          {Object.entries(fields).map(([kind, value]) => (
            <Field
              key={kind}
              label={kindName(kind)}
              hint={hint(offer, kind)}
              error={
                value.trim() === '' || shift(value, 0) !== undefined
                  ? undefined
                  : 'Give a number as 1.75'
              }
            >
              {(control) => (
                <input
                  {...control}
                  className={inputClass}
                  inputMode="decimal"
                  autoComplete="off"
                  value={value}
                  onChange={(event) =>
                    draft.set({ fields: { ...fields, [kind]: event.target.value } })
                  }
                />
              )}
            </Field>
          ))}
        </div>
        {offer.tiered && (
          <p className={css.note}>
            This price has tiers by the length of the context, of which the first is shown. A price
            set here replaces all of them.
          </p>
        )}
        <SelectField
          label="Offer"
          value={state}
          choices={SWITCHES.map((choice) =>
            choice.value === 'catalogue'
              ? {
                  ...choice,
                  label: `As the catalogue says (${offer.catalogue.enabled ? 'on' : 'off'})`,
                }
              : choice,
          )}
          onChange={(next) => draft.set({ state: next })}
        />
        {offer.override && (
          <p className={css.note} title={whenExact(offer.override.updated_at)}>
            Changed here {ago(offer.override.updated_at)}.
          </p>
        )}
        <ChangedMeanwhile
          draft={draft}
          shown={{
            fields: ['The price', Object.values(now.fields).join(', ') || 'empty'],
            state: ['The switch', before],
          }}
        />
        {!(draft.moved && isChanged(save.error)) && <FormError error={save.error ?? model.error} />}
        <div className={css.model}>
          <p>
            {enabled
              ? 'Switching the model off takes it from every provider.'
              : 'The model is off at every provider, whatever is set here.'}
          </p>
          <Button
            disabled={model.isPending}
            onClick={() =>
              model.mutate(
                { id: offer.model.id, enabled: !enabled },
                {
                  onSuccess: () =>
                    toast(`Switched ${slug} ${enabled ? 'off' : 'on'} at every provider`),
                },
              )
            }
          >
            {enabled ? 'Switch model off' : 'Switch model on'}
          </Button>
        </div>
        <DialogActions>
          {offer.override?.price && (
            <Button
              disabled={save.isPending}
              onClick={() =>
                save.mutate({ offer, body: { price: null } }, done('The catalogue’s price holds'))
              }
            >
              Use catalogue’s price
            </Button>
          )}
          <Button
            look="primary"
            type="submit"
            disabled={save.isPending || !prices || Object.keys(body).length === 0}
          >
            {save.isPending ? 'Saving…' : 'Save'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const SWITCHES: { value: Switch; label: string }[] = [
  { value: 'catalogue', label: 'As the catalogue says' },
  { value: 'on', label: 'On, whatever the catalogue says' },
  { value: 'off', label: 'Off, whatever the catalogue says' },
];

/** Of what the form is about: the model's switch, which moves the offer's tag, is beside it. */
function tagOf({ etag: _tag, model: _model, ...rest }: InstanceOffer): string {
  return JSON.stringify(rest);
}

function switchOf({ override }: InstanceOffer): Switch {
  if (override?.enabled === undefined || override.enabled === null) return 'catalogue';
  return override.enabled ? 'on' : 'off';
}

function hint(offer: InstanceOffer, kind: string): string {
  const unit = isOfTokens(kind) ? 'USD per million tokens' : 'USD each';
  const catalogue = offer.catalogue.price[kind];
  return offer.override?.price && catalogue !== undefined
    ? `${unit}; catalogue: ${priceText(kind, catalogue)}`
    : unit;
}
