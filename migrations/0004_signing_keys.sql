-- Key pairs that belong to an API key: clients that sign their requests instead of sending the key
-- have an id and a secret. The secret is needed to verify, so it is sealed, not hashed. A pair ends
-- with its API key or before.

create table signing_keys (
    organisation_id uuid not null,
    signing_key_id  uuid not null,
    api_key_id      uuid not null,
    access_key_id   text not null,           -- public; names the pair in a request
    sealed          bytea not null,          -- the secret, under the organisation's data key
    created_by      uuid references users,
    created_at      timestamptz not null default now(),
    revoked_at      timestamptz,
    primary key (organisation_id, signing_key_id),
    unique (organisation_id, access_key_id),
    foreign key (organisation_id, api_key_id) references api_keys on delete cascade
);
create index signing_keys_api_key_idx on signing_keys (organisation_id, api_key_id);

create trigger changed after insert or update or delete or truncate on signing_keys
    for each statement execute function note_config_change();
