-- Accounts that people make and keep themselves: mail to them, links in it, sessions they can see,
-- a second factor.

-- ---------------------------------------------------------------- mail

-- What waits to be sent. A row goes when its mail was taken, refused, or is a day old. The text may
-- hold a link that opens an account, so it is sealed.
create table outbox (
    mail_id     uuid primary key,
    recipient   text not null,
    subject     text not null,
    text_sealed bytea not null,             -- under the master key
    attempts    integer not null default 0,
    created_at  timestamptz not null default now(),
    next_try_at timestamptz not null default now(),
    last_error  text not null default ''
);
create index outbox_next_idx on outbox (next_try_at);

-- ---------------------------------------------------------------- links in mail

-- The token itself is only in its mail. Taken means deleted: each opens one thing once.
create table account_tokens (
    token_hash bytea primary key check (octet_length(token_hash) = 32),  -- SHA-256
    purpose    text not null check (purpose in ('sign-up', 'password-reset', 'email-change')),
    user_id    uuid references users on delete cascade,                  -- null: who signs up is nobody yet
    email      text not null,                                            -- to which it was sent
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index account_tokens_user_idx on account_tokens (user_id);

-- ---------------------------------------------------------------- sessions

alter table sessions
    add column session_id uuid not null default gen_random_uuid(),       -- names it in the API
    add column half boolean not null default false;                      -- the second factor is still due
create index sessions_id_idx on sessions (session_id);

-- ---------------------------------------------------------------- second factor (RFC 6238)

create table second_factors (
    user_id       uuid primary key references users on delete cascade,
    secret_sealed bytea not null,               -- under the master key
    confirmed_at  timestamptz,                  -- null: not proven yet, so not asked for
    last_step     bigint not null default 0     -- of the newest code taken: none is taken twice
);

create table recovery_codes (
    user_id   uuid not null references users on delete cascade,
    code_hash bytea not null check (octet_length(code_hash) = 32),       -- SHA-256 of person and code
    used_at   timestamptz,
    primary key (user_id, code_hash)
);
