-- What is known of a provider key besides its settings. The first two do not touch provider_keys, so that
-- gateways read their configuration anew only when the secret in use changes.

-- The last check of the secret in use: the control API's object.
create table provider_key_checks (
    organisation_id uuid not null,
    provider_key_id uuid not null,
    last_check      jsonb not null,
    primary key (organisation_id, provider_key_id),
    foreign key (organisation_id, provider_key_id) references provider_keys on delete cascade
);

-- The exchange of a key's secret that is under way. Sealed like provider_keys.sealed.
create table provider_key_rotations (
    organisation_id uuid not null,
    provider_key_id uuid not null,
    other_sealed    bytea not null,          -- before the switch the new secret, after it the old one
    other_last4     text not null,
    new_check       jsonb not null,
    old_check       jsonb,                   -- after the switch: the old secret's last check
    started_at      timestamptz not null default now(),
    switched_at     timestamptz,
    primary key (organisation_id, provider_key_id),
    foreign key (organisation_id, provider_key_id) references provider_keys on delete cascade
);

-- Attempts with each provider key, in the grains of rollup_usage, written like it. A request's cost is
-- its last attempt's.
create table rollup_provider_keys (
    organisation_id     uuid not null,
    provider_key_id     uuid not null,
    grain               timestamptz not null,
    provider_id         integer not null,
    attempts            bigint not null default 0,
    ok                  bigint not null default 0, -- 2xx
    refused             bigint not null default 0, -- 401, 402, 403, or no token for a service account
    rate_limited        bigint not null default 0, -- 429
    failed              bigint not null default 0, -- the others
    cost                numeric(24,12) not null default 0,
    last_ok_at          timestamptz,
    last_refused_at     timestamptz,
    last_refused_status smallint,            -- null: no status came
    last_limited_at     timestamptz,
    primary key (organisation_id, provider_key_id, grain)
);
create index rollup_provider_keys_time_idx on rollup_provider_keys (organisation_id, grain);
