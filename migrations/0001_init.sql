-- The first schema: who may call (organisations, projects, keys), what can be called (catalogue),
-- what happened (request log, rollups, running spend) and how far the ledger has read (watermarks).
--
-- Every key of a tenant's table begins with organisation_id, so that the schema can be spread by it.
-- Money is numeric USD with 12 digits (pico-dollars); times are timestamptz; ids of ours are UUIDv7.

-- ---------------------------------------------------------------- instance and people

create table instance (
    singleton     boolean primary key default true check (singleton),
    pepper_sealed bytea not null,             -- under the master key; part of every API key's hash
    created_at    timestamptz not null default now()
);

create table users (
    user_id       uuid primary key,
    email         text not null,
    name          text not null default '',
    password_hash text not null,              -- Argon2id, libsodium's string form
    is_operator   boolean not null default false,
    created_at    timestamptz not null default now(),
    disabled_at   timestamptz
);
create unique index users_email_key on users (lower(email));

create table sessions (
    session_hash  bytea primary key,          -- SHA-256 of the cookie's token
    user_id       uuid not null references users on delete cascade,
    csrf_token    text not null,
    created_at    timestamptz not null default now(),
    last_seen_at  timestamptz not null default now(),
    expires_at    timestamptz not null,
    revoked_at    timestamptz,
    ip            inet,
    user_agent    text not null default ''
);
create index sessions_user_idx on sessions (user_id);

create table organisations (
    organisation_id uuid primary key,
    name            text not null,
    is_operator     boolean not null default false,  -- owns the platform keys
    data_key_sealed bytea not null,                  -- under the master key; seals provider keys
    retention_days  smallint not null default 30 check (retention_days in (7, 30, 90, 365)),
    created_at      timestamptz not null default now(),
    archived_at     timestamptz
);
create unique index organisations_operator_key on organisations (is_operator) where is_operator;

create table members (
    organisation_id uuid not null references organisations on delete cascade,
    user_id         uuid not null references users on delete cascade,
    role            text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
    created_at      timestamptz not null default now(),
    primary key (organisation_id, user_id)
);
create index members_user_idx on members (user_id);

create table projects (
    organisation_id uuid not null references organisations on delete cascade,
    project_id      uuid not null,
    name            text not null,
    mode            text not null default 'hybrid' check (mode in ('api-keys', 'credits', 'hybrid')),
    created_at      timestamptz not null default now(),
    archived_at     timestamptz,
    primary key (organisation_id, project_id)
);
create unique index projects_name_key on projects (organisation_id, lower(name)) where archived_at is null;

create table api_keys (
    organisation_id uuid not null,
    api_key_id      uuid not null,
    project_id      uuid not null,
    owner_id        uuid not null references users,
    name            text not null,
    hash            bytea not null check (octet_length(hash) = 32),
    last4           text not null,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz,
    revoked_at      timestamptz,
    changed_xid     xid8 not null default pg_current_xact_id(),
    primary key (organisation_id, api_key_id),
    unique (organisation_id, hash),
    foreign key (organisation_id, project_id) references projects
);
create index api_keys_changed_idx on api_keys (changed_xid);

-- ---------------------------------------------------------------- catalogue (the instance's, not a tenant's)

create table providers (
    provider_id     integer generated always as identity primary key,
    slug            text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name            text not null,
    base_url        text not null,          -- {region}, {project}, {resource} from the provider key's options
    dialect         text not null,
    framing         text not null,
    signer          text not null,
    chat_path       text not null,
    max_temperature numeric,
    website         text not null default '',
    status_page     text not null default '',
    headquarters    text not null default '',
    data_policy     jsonb not null default '{}',
    quirks          jsonb not null default '{}',
    enabled         boolean not null default true,
    updated_at      timestamptz not null default now()
);

create table models (
    model_id    integer generated always as identity primary key,
    slug        text not null unique,
    name        text not null,
    family      text not null default '',
    released_at date,
    output      text[] not null default '{text}',
    enabled     boolean not null default true,
    updated_at  timestamptz not null default now()
);

create table model_aliases (
    alias    text primary key,
    model_id integer not null references models on delete cascade
);

create table offers (
    offer_id             integer generated always as identity primary key,
    provider_id          integer not null references providers,
    model_id             integer not null references models,
    region               text not null default '',
    provider_model       text not null,
    context              bigint,
    max_output           bigint,
    capabilities         text[] not null default '{}',
    reasoning_efforts    text[] not null default '{}',
    supported_parameters text[],                       -- null: not stated
    stability            text not null default '',
    deprecated_at        timestamptz,
    ends_at              timestamptz,
    extra                jsonb not null default '{}',  -- quantization, service tiers, minimal cache size, ...
    enabled              boolean not null default true,
    updated_at           timestamptz not null default now(),
    unique (provider_id, model_id, region)
);
create index offers_model_idx on offers (model_id);

-- The price in force at a time is the row with the greatest effective_from not after it. Rows are
-- only ever added. `prices` is {"input": "1.75e-6", "output": ..., "cached_input", "cache_write_5m",
-- "cache_write_1h", "reasoning", "request", ..., "tiers": [{"up_to_tokens": 200000, "input": ...}, ...],
-- "peak": {...}, "service_tier_multipliers": {"priority": "1.5"}}: decimal strings, USD per unit.
create table offer_prices (
    offer_id       integer not null references offers on delete cascade,
    effective_from timestamptz not null,
    prices         jsonb not null,
    created_at     timestamptz not null default now(),
    primary key (offer_id, effective_from)
);

-- ---------------------------------------------------------------- provider keys

create table provider_keys (
    organisation_id uuid not null references organisations on delete cascade,
    provider_key_id uuid not null,
    provider_id     integer not null references providers,
    label           text not null default '',
    sealed          bytea not null,          -- XChaCha20-Poly1305 under the organisation's data key
    last4           text not null default '',
    base_url        text,                    -- null: the provider's own
    options         jsonb not null default '{}',
    position        integer not null default 0,
    created_by      uuid references users,
    created_at      timestamptz not null default now(),
    disabled_at     timestamptz,
    primary key (organisation_id, provider_key_id)
);

-- ---------------------------------------------------------------- what moves: change feed for the gateways

-- One row per statement that changed configuration. A reader remembers pg_snapshot_xmin of its last
-- look and reads rows with changed_xid >= that: no commit can slip past, whatever its order.
create table config_changes (
    change_id   bigint generated always as identity primary key,
    changed_xid xid8 not null default pg_current_xact_id(),
    changed_at  timestamptz not null default now(),
    table_name  text not null
);
create index config_changes_xid_idx on config_changes (changed_xid);

create function note_config_change() returns trigger language plpgsql as $$
begin
    insert into config_changes (table_name) values (tg_table_name);
    perform pg_notify('doteb_config', tg_table_name);
    return null;
end $$;

create trigger changed after insert or update or delete or truncate on instance
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on organisations
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on projects
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on providers
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on models
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on model_aliases
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on offers
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on offer_prices
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on provider_keys
    for each statement execute function note_config_change();

-- API keys change one by one: the payload names the row, and changed_xid lets a poll find it.
create function note_api_key_change() returns trigger language plpgsql as $$
begin
    new.changed_xid := pg_current_xact_id();
    perform pg_notify('doteb_api_keys', new.organisation_id || '/' || new.api_key_id);
    return new;
end $$;
create trigger changed before insert or update on api_keys
    for each row execute function note_api_key_change();

-- ---------------------------------------------------------------- the ledger

create table gateways (
    gateway_id uuid primary key,              -- lives in the spool folder
    host       text not null default '',
    version    text not null default '',
    first_seen timestamptz not null default now(),
    last_seen  timestamptz not null default now()
);

-- Records of `segment` before `position` are in the tables below; they changed in the same transaction.
-- The run keeps a copied or restored spool folder from being taken for read.
create table ledger_watermarks (
    gateway_id uuid not null,
    run_id     uuid not null,                 -- of the gateway's process that wrote the segment
    segment    bigint not null,
    position   bigint not null,               -- bytes; the greatest bigint: the segment is finished
    updated_at timestamptz not null default now(),
    primary key (gateway_id, run_id, segment)
);

-- Strings that many requests share, by id (kind: 1 source, 2 end user, 3 tag, 4 requested model).
create table labels (
    organisation_id uuid not null references organisations on delete cascade,
    label_id        bigint generated always as identity,
    kind            smallint not null,
    value           text not null,
    primary key (organisation_id, label_id),
    unique (organisation_id, kind, value)
);

-- What requests.session_hash holds of a session's name, and what a search for one computes.
create function session_hash(session text) returns bigint language sql immutable strict parallel safe as $$
    select ('x' || encode(substring(sha256(convert_to(session, 'UTF8')) from 1 for 8), 'hex'))::bit(64)::bigint
$$;

-- The request log: one narrow row a request, partitioned by retention class, then by day (the UTC
-- day of the request's start, which its UUIDv7 carries).
create table requests (
    organisation_id    uuid not null,
    retention_days     smallint not null,
    day                date not null,
    request_id         uuid not null,
    created_at         timestamptz not null,
    project_id         uuid not null,
    api_key_id         uuid not null,
    user_id            uuid not null,          -- the key's owner
    provider_key_id    uuid,
    provider_id        integer,
    model_id           integer,
    offer_id           integer,
    requested_model_id bigint,                 -- label
    source_id          bigint,                 -- label
    end_user_id        bigint,                 -- label
    session_hash       bigint,                 -- session_hash(request_details.session)
    endpoint           smallint not null,      -- 1 chat completions
    status             smallint not null,      -- HTTP status the client got (499: it left)
    outcome            smallint not null,      -- 0 ok, 1 client error, 2 gateway error, 3 upstream error, 4 client gone, 5 interrupted
    finish_reason      smallint not null default 0, -- 0 none, 1 stop, 2 length, 3 tool calls, 4 content filter, 5 error
    attempts           smallint not null default 0,
    streamed           boolean not null,
    estimated          boolean not null,       -- tokens or cost are an estimate
    input_tokens       bigint not null default 0, -- all of the prompt, cached and cache writes included
    cached_tokens      bigint not null default 0,
    cache_write_tokens bigint not null default 0,
    output_tokens      bigint not null default 0, -- reasoning included
    reasoning_tokens   bigint not null default 0,
    cost               numeric(24,12) not null default 0,
    duration_us        bigint not null,
    ttft_us            bigint,                 -- to the first event or byte of the answer
    overhead_us        integer not null default 0,
    error              text,                   -- name of common/err.def
    primary key (organisation_id, retention_days, day, request_id)
) partition by list (retention_days);

-- What the drawer of one request shows; same keys, same partitions.
create table request_details (
    organisation_id     uuid not null,
    retention_days      smallint not null,
    day                 date not null,
    request_id          uuid not null,
    upstream_model      text,
    upstream_request_id text,
    client_request_id   text,
    session             text,
    title               text,
    referer             text,
    user_agent          text,
    client_ip           inet,
    error_detail        text,
    tags                text[] not null default '{}',
    metadata            jsonb,
    params              jsonb,                 -- temperature, max_tokens, ...: numbers and words, no content
    cost_lines          jsonb not null default '[]', -- [{"kind","quantity","price","multiplier","amount"}]
    attempts            jsonb not null default '[]', -- [{"offer_id","provider_id","provider_key_id","status","error","start_us","first_byte_us","duration_us"}]
    steps               jsonb not null default '[]', -- microseconds per step, in the order of gateway/steps.def
    primary key (organisation_id, retention_days, day, request_id)
) partition by list (retention_days);

create index requests_project_time_idx on requests (organisation_id, project_id, created_at desc, request_id desc);

do $$
declare
    class integer;
    parent text;
begin
    foreach parent in array array['requests', 'request_details'] loop
        foreach class in array array[7, 30, 90, 365] loop
            execute format('create table %I partition of %I for values in (%s) partition by range (day)',
                           parent || '_r' || class, parent, class);
        end loop;
    end loop;
end $$;

-- Makes the day partitions from `first` for `days` days, for each class. Safe to repeat and to race.
create function ensure_request_partitions(first date, days integer) returns void language plpgsql as $$
declare
    class integer;
    parent text;
    d date;
    part text;
begin
    perform pg_advisory_xact_lock(hashtext('doteb.request_partitions'));
    foreach parent in array array['requests', 'request_details'] loop
        foreach class in array array[7, 30, 90, 365] loop
            for i in 0 .. days - 1 loop
                d := first + i;
                part := parent || '_r' || class || '_' || to_char(d, 'YYYYMMDD');
                if to_regclass(part) is null then
                    -- Made apart and attached: "partition of" would lock out readers and writers.
                    execute format('create table %I (like %I including defaults)',
                                   part, parent || '_r' || class);
                    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                                   parent || '_r' || class, part, d, d + 1);
                end if;
            end loop;
        end loop;
    end loop;
end $$;

-- Drops day partitions whose whole day is older than their class allows; returns how many.
create function drop_expired_request_partitions() returns integer language plpgsql as $$
declare
    part record;
    n integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('doteb.request_partitions'));
    for part in
        select c.relname, (regexp_match(c.relname, '_r(\d+)_(\d{8})$')) as m
        from pg_class c where c.relispartition and c.relkind = 'r'
            and c.relname ~ '^(requests|request_details)_r\d+_\d{8}$'
    loop
        if to_date(part.m[2], 'YYYYMMDD') < (now() at time zone 'UTC')::date - part.m[1]::integer - 1 then
            execute format('drop table %I', part.relname);
            n := n + 1;
        end if;
    end loop;
    return n;
end $$;

-- Element-wise sum of histograms (log buckets; arrays grow to the longer one).
create function histogram_add(a bigint[], b bigint[]) returns bigint[] language sql immutable parallel safe as $$
    select case when a is null then b when b is null then a else
        array(select coalesce(a[i], 0) + coalesce(b[i], 0)
              from generate_series(1, greatest(cardinality(a), cardinality(b))) as i order by i) end
$$;

-- Rollups in 30-minute UTC grains. Histogram bucket i (0..63) counts microseconds in
-- [2^(i/2), 2^((i+1)/2)): half-octaves; percentiles are read from them.
create table rollup_usage (
    organisation_id    uuid not null,
    grain              timestamptz not null,
    project_id         uuid not null,
    api_key_id         uuid not null,
    user_id            uuid not null,
    model_id           integer not null,      -- 0: none resolved
    provider_id        integer not null,      -- 0: none reached
    requests           bigint not null default 0,
    ok                 bigint not null default 0,
    client_errors      bigint not null default 0,
    gateway_errors     bigint not null default 0,
    upstream_errors    bigint not null default 0,
    client_gone        bigint not null default 0,
    interrupted        bigint not null default 0,
    streamed           bigint not null default 0,
    input_tokens       bigint not null default 0,
    cached_tokens      bigint not null default 0,
    cache_write_tokens bigint not null default 0,
    output_tokens      bigint not null default 0,
    reasoning_tokens   bigint not null default 0,
    cost               numeric(24,12) not null default 0,
    duration_us        numeric(30) not null default 0,
    overhead_us        numeric(30) not null default 0,
    duration_hist      bigint[] not null default '{}',
    ttft_hist          bigint[] not null default '{}',
    primary key (organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id)
);

create table rollup_tags (
    organisation_id uuid not null,
    grain           timestamptz not null,
    project_id      uuid not null,
    label_id        bigint not null,
    requests        bigint not null default 0,
    errors          bigint not null default 0,
    input_tokens    bigint not null default 0,
    output_tokens   bigint not null default 0,
    cost            numeric(24,12) not null default 0,
    primary key (organisation_id, grain, project_id, label_id)
);

-- At most 1,000 end users a day and organisation have rows of their own; label 0 is everybody else.
create table rollup_end_users (
    organisation_id uuid not null,
    grain           timestamptz not null,
    project_id      uuid not null,
    label_id        bigint not null,
    requests        bigint not null default 0,
    errors          bigint not null default 0,
    input_tokens    bigint not null default 0,
    output_tokens   bigint not null default 0,
    cost            numeric(24,12) not null default 0,
    primary key (organisation_id, grain, project_id, label_id)
);

-- Running spend. scope: 1 organisation, 2 project, 3 member, 4 API key. window_kind: 1 hour, 2 day,
-- 3 month (UTC), 4 for life (window_start 1970-01-01).
create table spend_windows (
    organisation_id uuid not null,
    scope           smallint not null,
    scope_id        uuid not null,
    window_kind     smallint not null,
    window_start    timestamptz not null,
    requests        bigint not null default 0,
    tokens          bigint not null default 0,
    cost            numeric(24,12) not null default 0,
    last_at         timestamptz not null,     -- start of the newest request counted
    primary key (organisation_id, scope, scope_id, window_kind, window_start)
);
