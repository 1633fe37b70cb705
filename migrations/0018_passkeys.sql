-- Passkeys (WebAuthn): keys of a person's devices that sign in, alone or as the second step.
create table passkeys (
    passkey_id    uuid primary key,
    user_id       uuid not null references users on delete cascade,
    name          text not null,                       -- the person's own, to tell them apart
    credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
    algorithm     integer not null check (algorithm in (-7, -8, -257)),  -- of COSE
    public_key    bytea not null,                      -- as libfido2 takes it
    sign_count    bigint not null,                     -- of the newest signature; 0: the device counts none
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz
);
create index passkeys_user_idx on passkeys (user_id);

-- What a device is asked to sign. Taken means deleted: each is answered once.
create table passkey_challenges (
    challenge_hash bytea primary key check (octet_length(challenge_hash) = 32),  -- SHA-256
    purpose        text not null check (purpose in ('add', 'sign-in', 'second-step')),
    user_id        uuid references users on delete cascade,                      -- null: nobody yet
    expires_at     timestamptz not null
);
create index passkey_challenges_expiry_idx on passkey_challenges (expires_at);
create index passkey_challenges_user_idx on passkey_challenges (user_id);
