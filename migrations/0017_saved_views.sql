-- Views: a page of the dashboard with its filters, by name. Their owner's own, or shown to everybody in
-- the organisation.
create table saved_views (
    organisation_id uuid not null references organisations on delete cascade,
    view_id         uuid not null,
    owner_id        uuid not null references users,
    name            text not null,
    page            text not null check (page in ('activity', 'analytics')),
    query           text not null,          -- of the page's address, without the question mark
    shared          boolean not null,
    created_at      timestamptz not null default now(),
    primary key (organisation_id, view_id)
);
create unique index saved_views_name_key on saved_views (organisation_id, owner_id, lower(name));

-- What a new API key of the project gets, if its maker says nothing.
alter table projects
    add column key_days integer check (key_days between 1 and 3650), -- null: it does not expire
    add column key_models text[] not null default '{}',              -- as of api_keys
    add column key_providers text[] not null default '{}',
    add column key_ip_ranges text[] not null default '{}';
