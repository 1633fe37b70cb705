-- What `doteb-control migrate` loaded the shipped catalogue from, so that it loads it again only when
-- it changed.
create table catalogue_imports (
    source      text primary key,
    digest      bytea not null,                -- BLAKE2b of the files, names included
    imported_at timestamptz not null default now()
);
