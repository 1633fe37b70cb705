-- What scripts need: tokens for the control API, and creates that may be sent twice.

-- The secret is kept as HMAC-SHA-256(pepper, SHA-256(token)), like an API key's. A token does what
-- its maker may still do, at most as `role`, within its scopes (control/scopes.def).
create table management_tokens (
    organisation_id     uuid not null references organisations on delete cascade,
    management_token_id uuid not null,
    created_by          uuid not null references users,
    name                text not null,
    token_hash          bytea not null check (octet_length(token_hash) = 32),
    last4               text not null,
    role                text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
    scopes              text[] not null,
    created_at          timestamptz not null default now(),
    expires_at          timestamptz,
    last_used_at        timestamptz,
    revoked_at          timestamptz,
    primary key (organisation_id, management_token_id)
);
create index management_tokens_hash_idx on management_tokens (token_hash);

alter table audit_log drop constraint audit_log_actor_kind_check,
    add constraint audit_log_actor_kind_check check (actor_kind in ('user', 'token', 'cli'));

-- Answers to creates that came with an Idempotency-Key, for 24 hours: the same request again gets the
-- same answer. Written in the transaction of the create.
create table idempotent_answers (
    caller_id       uuid not null,          -- who sent the key: a user, or a management token
    key_hash        bytea not null check (octet_length(key_hash) = 32),      -- SHA-256
    request_hash    bytea not null check (octet_length(request_hash) = 32),  -- of method, path and body
    made_in         uuid not null references organisations on delete cascade,
    status          integer not null,
    etag            text not null,
    answer_sealed   bytea not null,         -- under that organisation's data key: it may hold a secret
    created_at      timestamptz not null default now(),
    primary key (caller_id, key_hash)
);
create index idempotent_answers_time_idx on idempotent_answers (created_at);
