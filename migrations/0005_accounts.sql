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
