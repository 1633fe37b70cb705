import {
  ChevronDown,
  ChevronUp,
  CirclePause,
  CirclePlay,
  Ellipsis,
  Pencil,
  RefreshCw,
  ShieldCheck,
  Trash2,
} from 'lucide-react';
import type { Provider, ProviderKey } from '@/api/client';
import { useChangeProviderKey } from '@/api/providerKeys';
import { may, useScope } from '@/frame/scope';
import { ago, countExact, date, money, moneyExact, NONE, share, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { IconButton } from '@/ui/Button';
import { cx } from '@/ui/cx';
import { Menu, MenuItem } from '@/ui/Menu';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { OUTCOMES } from './Check';
import css from './KeyRow.module.css';
import { nameOf } from './names';
import { RotationBar } from './RotateDialog';
import { KeyState } from './State';

export type Open = 'check' | 'edit' | 'rotate' | 'delete';
export type Way = 'up' | 'down';

export const moreId = ({ id }: ProviderKey) => `more-${id}`;
export const moveId = (key: ProviderKey, way: Way) => `move-${way}-${key.id}`;

export function KeyRow({
  providerKey: key,
  provider,
  place,
  of,
  mayChange,
  moving,
  onMove,
  onOpen,
}: {
  providerKey: ProviderKey;
  provider: Provider | undefined;
  /** From 1. */
  place: number;
  of: number;
  mayChange: boolean;
  moving: boolean;
  onMove: (way: Way) => void;
  onOpen: (what: Open) => void;
}) {
  const { org } = useScope();
  const name = nameOf(key);
  return (
    <li className={cx(css.row, Boolean(key.disabled_at) && css.off)}>
      {of > 1 && (
        <div className={css.order}>
          <span className={css.place} title="Its place in the order in which they are tried">
            {place}
          </span>
          {mayChange &&
            (['up', 'down'] as const).map((way) => {
              const end = way === 'up' ? place === 1 : place === of;
              const Icon = way === 'up' ? ChevronUp : ChevronDown;
              return (
                <IconButton
                  key={way}
                  id={moveId(key, way)}
                  label={`Move ${name} ${way}`}
                  size="small"
                  // Not disabled: that would take the focus from who moves it by keyboard.
                  aria-disabled={end || moving}
                  onClick={() => !end && !moving && onMove(way)}
                >
                  <Icon size={15} />
                </IconButton>
              );
            })}
        </div>
      )}
      <div className={css.label}>
        <div className={css.name}>
          {key.label || 'No label'} <Models models={key.models} />
        </div>
        <div className={css.under}>
          <span className={css.mono}>{key.last4 ? `…${key.last4}` : 'sealed'}</span>
          {Object.entries(key.options).map(([option, value]) => (
            <span key={option}>
              {option} {value}
            </span>
          ))}
          {key.base_url && <span className={css.mono}>{key.base_url}</span>}
          <span title={whenExact(key.created_at)}>added {date(key.created_at)}</span>
        </div>
      </div>
      <div className={css.state}>
        <KeyState providerKey={key} />
        <LastCheck providerKey={key} onOpen={() => onOpen('check')} />
      </div>
      <Traffic providerKey={key} />
      {may(org, 'admin') && <Actions providerKey={key} mayChange={mayChange} onOpen={onOpen} />}
      {key.rotation && (
        <div className={css.wide}>
          <RotationBar
            providerKey={key}
            provider={provider}
            mayChange={mayChange}
            onOpen={() => onOpen('rotate')}
          />
        </div>
      )}
    </li>
  );
}

function Models({ models }: { models: string[] }) {
  if (models.length === 0) return null;
  return (
    <span title={`Only ${models.join(', ')}`}>
      <Badge>{models.length === 1 ? models[0] : `${models.length} models`}</Badge>
    </span>
  );
}

function LastCheck({ providerKey: key, onOpen }: { providerKey: ProviderKey; onOpen: () => void }) {
  const last = key.last_check;
  return (
    <button type="button" className={css.checked} onClick={onOpen}>
      {last ? `checked ${ago(last.at)}: ${OUTCOMES[last.outcome].word}` : 'never checked'}
      <span className="visually-hidden">, {nameOf(key)}</span>
    </button>
  );
}

/** Its part of what the provider got in the last 24 hours: a bar, and the same in words. */
function Traffic({ providerKey: { traffic } }: { providerKey: ProviderKey }) {
  return (
    <div className={css.traffic}>
      <span className={css.bar} aria-hidden="true">
        <span className={css.fill} style={{ width: `${traffic.share * 100}%` }} />
      </span>
      <span className={css.share} title={countExact(traffic.requests, 'request')}>
        {traffic.requests ? (
          <>
            {share(traffic.share, 1)} <span className={css.quiet}>of traffic</span>
          </>
        ) : (
          <span className={css.quiet}>no traffic</span>
        )}
      </span>
      <span className={css.spend} title={moneyExact(traffic.cost)}>
        {traffic.requests ? money(traffic.cost) : NONE}
        <span className="visually-hidden"> spent</span>
      </span>
    </div>
  );
}

function Actions({
  providerKey: key,
  mayChange,
  onOpen,
}: {
  providerKey: ProviderKey;
  mayChange: boolean;
  onOpen: (what: Open) => void;
}) {
  const { org } = useScope();
  const change = useChangeProviderKey(org.id);
  const name = nameOf(key);
  const off = Boolean(key.disabled_at);
  const toggle = () =>
    change.mutate(
      { id: key.id, etag: key.etag, disabled: !off },
      { onSuccess: () => toast(`${off ? 'Enabled' : 'Disabled'} ${name}`) },
    );
  return (
    <>
      <div className={css.actions}>
        <Menu
          trigger={
            <IconButton
              id={moreId(key)}
              label={`More for ${name}`}
              size="small"
              disabled={change.isPending}
            >
              <Ellipsis size={15} />
            </IconButton>
          }
        >
          {mayChange && (
            <>
              <MenuItem onSelect={() => onOpen('edit')}>
                <Pencil size={15} /> Edit
              </MenuItem>
              <MenuItem onSelect={() => onOpen('check')}>
                <ShieldCheck size={15} /> Check
              </MenuItem>
              <MenuItem onSelect={() => onOpen('rotate')}>
                <RefreshCw size={15} /> {key.rotation ? 'Continue to rotate' : 'Rotate secret'}
              </MenuItem>
              <MenuItem onSelect={toggle}>
                {off ? <CirclePlay size={15} /> : <CirclePause size={15} />}
                {off ? 'Enable' : 'Disable'}
              </MenuItem>
            </>
          )}
          <MenuItem onSelect={() => onOpen('delete')}>
            <Trash2 size={15} /> Delete
          </MenuItem>
        </Menu>
      </div>
      {change.error && (
        <div className={css.wide}>
          <FormError error={change.error} />
        </div>
      )}
    </>
  );
}
