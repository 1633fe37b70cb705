-- Providers of an organisation's own: a server with its models and prices, which only that
-- organisation's keys can name. They stand apart from the catalogue, so that no import of it can
-- touch them and every key begins with the organisation; their numbers begin where the catalogue's
-- end, so that the ledger, rollups and analytics name both in the same columns.

alter table providers alter column provider_id set maxvalue 999999999;
alter table models alter column model_id set maxvalue 999999999;
alter table offers alter column offer_id set maxvalue 999999999;

-- What a server of one's own may speak: words as in providers.
create table custom_protocols (
    protocol        text primary key,
    name            text not null,
    dialect         text not null,
    framing         text not null,
    signer          text not null,
    chat_path       text not null,
    models_path     text not null,          -- where it lists its models
    models_headers  text not null default '', -- what a question there needs besides the credential
    max_temperature numeric
);
insert into custom_protocols values
    ('openai', 'OpenAI-compatible', 'openai', 'sse', 'bearer', '/chat/completions', '/models', '', null),
    ('anthropic', 'Anthropic-compatible', 'anthropic', 'sse', 'header:x-api-key', '/messages', '/models?limit=1000',
     'anthropic-version: 2023-06-01', 1);

-- A deleted one stays as a row, for the names of what was called; made again under its slug, it is
-- the same one.
create table custom_providers (
    organisation_id uuid not null references organisations on delete cascade,
    provider_id     integer generated always as identity (start with 1000000000 minvalue 1000000000),
    custom_provider_id uuid not null,       -- as the API names it
    slug            text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name            text not null,
    protocol        text not null references custom_protocols,
    base_url        text not null,
    created_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    primary key (organisation_id, provider_id),
    unique (organisation_id, custom_provider_id),
    unique (organisation_id, slug)
);
create index custom_providers_provider_idx on custom_providers (provider_id);

-- A model and its offer in one: there is one provider. The slug begins with the provider's, as
-- requests name it. `prices` as in offer_prices.
create table custom_models (
    organisation_id uuid not null,
    model_id        integer generated always as identity (start with 1000000000 minvalue 1000000000),
    provider_id     integer not null,
    slug            text not null,
    name            text not null,
    provider_model  text not null,
    context         bigint,
    max_output      bigint,
    capabilities    text[] not null default '{}',
    prices          jsonb not null,
    position        integer not null default 0,
    created_at      timestamptz not null default now(),
    deleted_at      timestamptz,
    primary key (organisation_id, model_id),
    unique (organisation_id, slug),
    foreign key (organisation_id, provider_id) references custom_providers on delete cascade
);
create index custom_models_model_idx on custom_models (model_id);
create index custom_models_provider_idx on custom_models (organisation_id, provider_id);

-- A provider key is of a provider of the catalogue, or of one of its own organisation's.
alter table provider_keys
    drop constraint provider_keys_provider_id_fkey,
    add column catalogue_provider_id integer generated always as
        (case when provider_id < 1000000000 then provider_id end) stored references providers,
    add column custom_provider_id integer generated always as
        (case when provider_id >= 1000000000 then provider_id end) stored,
    add constraint provider_keys_custom_provider_fkey foreign key (organisation_id, custom_provider_id)
        references custom_providers on delete cascade;

create trigger changed after insert or update or delete or truncate on custom_providers
    for each statement execute function note_config_change();
create trigger changed after insert or update or delete or truncate on custom_models
    for each statement execute function note_config_change();

-- What anything that was called is named; organisation_id null: the catalogue's, for everybody. Ids
-- are unique over both, so rows of an organisation find its own names only.
create view provider_names as
    select null::uuid as organisation_id, provider_id, slug, name from providers
    union all select organisation_id, provider_id, slug, name from custom_providers;
create view model_names as
    select null::uuid as organisation_id, model_id, slug, name from models
    union all select organisation_id, model_id, slug, name from custom_models;
create view offer_names as
    select null::uuid as organisation_id, offer_id, provider_id, model_id, region, provider_model from offers
    union all select organisation_id, model_id, provider_id, model_id, '', provider_model from custom_models;
