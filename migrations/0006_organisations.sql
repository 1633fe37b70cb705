-- What people did: one row a change of state, written in the transaction of the change itself and
-- never changed again. `before` and `after` are the API's view of the thing, which holds no secret.

create table audit_log (
    organisation_id uuid not null references organisations,
    audit_id        uuid not null,
    created_at      timestamptz not null,
    action          text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
    actor_kind      text not null check (actor_kind in ('user', 'cli')),
    actor_id        uuid,                     -- of users, if it was one
    actor_name      text not null,            -- as it was then: an e-mail address, or user@host
    project_id      uuid,
    target_id       uuid,
    target_name     text not null default '', -- as it was then
    before          jsonb,
    after           jsonb,
    ip              inet,
    user_agent      text not null default '',
    primary key (organisation_id, audit_id)
);
create index audit_log_time_idx on audit_log (organisation_id, created_at, audit_id);
create index audit_log_target_idx on audit_log (organisation_id, target_id, created_at);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name;
end $$;
create trigger kept before update or delete or truncate on audit_log
    for each statement execute function refuse_change();

-- Invitations. The link's token is stored as its SHA-256 only.

create table invitations (
    organisation_id uuid not null references organisations on delete cascade,
    invitation_id   uuid not null,
    email           text not null,
    role            text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
    token_hash      bytea not null check (octet_length(token_hash) = 32),
    invited_by      uuid not null references users,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    accepted_at     timestamptz,
    revoked_at      timestamptz,
    primary key (organisation_id, invitation_id)
);
create index invitations_token_idx on invitations (token_hash);
create unique index invitations_open_key on invitations (organisation_id, lower(email))
    where accepted_at is null and revoked_at is null;

-- API keys: switched off for a while, and a new secret while the old one still works. The gateways
-- know both; the old one is kept until the next takes its place, so that they need not be told of
-- its end.
alter table api_keys
    add column disabled_at timestamptz,
    add column previous_hash bytea check (octet_length(previous_hash) = 32),
    add column previous_expires_at timestamptz,
    add constraint api_keys_previous_check check ((previous_hash is null) = (previous_expires_at is null));
