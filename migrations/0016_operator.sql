-- What the operator of an instance decides: prices and switches over what imports say, files that
-- were imported and one that is fetched, organisations that are suspended, and the instance's
-- settings that no environment holds.

-- ---------------------------------------------------------------- catalogue

-- The API names models and offers by these.
alter table models add column uid uuid not null default gen_random_uuid() unique;
alter table offers add column uid uuid not null default gen_random_uuid() unique;

-- What holds whatever an import says, until it is taken away.
create table offer_overrides (
    offer_id    integer primary key references offers on delete cascade,
    enabled     boolean,                      -- null: what the catalogue says
    prices      jsonb,                        -- as offer_prices.prices; null: what the catalogue says
    prices_from timestamptz,
    updated_at  timestamptz not null default now(),
    check ((prices is null) = (prices_from is null))
);
create trigger changed after insert or update or delete or truncate on offer_overrides
    for each statement execute function note_config_change();

-- Is an offer served?
create view offer_switches as
    select o.offer_id, coalesce(v.enabled, o.enabled) as enabled
    from offers o left join offer_overrides v using (offer_id);

-- The prices that hold, as offer_prices has them: from its override on no price of the catalogue does.
create view prices_in_force as
    select p.offer_id, p.effective_from, p.prices from offer_prices p
    where not exists (select 1 from offer_overrides v
                      where v.offer_id = p.offer_id and v.prices_from <= p.effective_from)
    union all
    select offer_id, prices_from, prices from offer_overrides where prices is not null;

-- Files given to the catalogue by hand or by the feed: looked at first, then applied, and again to
-- go back.
create table catalogue_versions (
    version_id uuid primary key,
    source     text not null check (source in ('upload', 'feed')),
    name       text not null,                 -- of the file, or its URL
    content    text not null,
    sha256     bytea not null,
    prune      boolean not null default false,
    changes    jsonb not null,                -- what it would do, or did: control/catalogue/changes.h
    created_at timestamptz not null default now(),
    created_by uuid references users on delete set null,
    looked_at  timestamptz not null default now(),
    applied_at timestamptz,                   -- the last time
    applied_by uuid references users on delete set null
);
create index catalogue_versions_time_idx on catalogue_versions (created_at desc, version_id desc);

-- The one file that is fetched. Nothing is taken from it but what its key signed or its digest pins.
create table catalogue_feed (
    singleton  boolean primary key default true check (singleton),
    feed_id    uuid not null default gen_random_uuid(),
    url        text not null default '',
    schedule   text not null default 'off' check (schedule in ('off', 'hourly', 'daily')),
    trust      text not null default 'signature' check (trust in ('signature', 'pin')),
    public_key text not null default '',      -- Ed25519, base64
    pin        text not null default '',      -- SHA-256, hexadecimal
    prune      boolean not null default false,
    automatic  boolean not null default false, -- false: a new version waits to be applied by hand
    next_at    timestamptz,                   -- null: never
    last_at    timestamptz,
    outcome    text not null default '',      -- of the last fetch: '', applied, waiting, unchanged, failed
    detail     text not null default '',
    version_id uuid references catalogue_versions on delete set null
);
insert into catalogue_feed default values;

-- ---------------------------------------------------------------- organisations

alter table organisations
    add column suspended_at     timestamptz,
    add column suspended_reason text not null default '';

-- ---------------------------------------------------------------- settings

alter table instance
    add column sign_up      text check (sign_up in ('open', 'invite', 'closed')), -- null: DOTEB_SIGNUP
    add column announcement text not null default '';                            -- shown to every member
