-- Spans: sums of rollup_usage over whole local days, or thirds of a morning, of one time zone. They are
-- made when somebody first asks for them and only of what is over, so that a chart of a month reads a
-- few hundred rows in any time zone; what is not over is read from rollup_usage. All can be thrown away.

create table span_sets (
    organisation_id uuid not null references organisations on delete cascade,
    set_id          integer generated always as identity,
    zone            text not null,            -- IANA name
    step            text not null check (step in ('3h', '1d')),
    used_at         timestamptz not null default now(),
    primary key (organisation_id, set_id),
    unique (organisation_id, zone, step)
);

-- A span that is here has all its sums in rollup_spans: none there means that nothing happened.
create table spans (
    organisation_id uuid not null,
    set_id          integer not null,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    primary key (organisation_id, set_id, starts_at),
    foreign key (organisation_id, set_id) references span_sets on delete cascade
);

-- Columns as in rollup_usage; histograms without their empty buckets: hist_bucket[i] (from 1) has
-- duration_hist[i] and ttft_hist[i] counts.
create table rollup_spans (
    organisation_id    uuid not null,
    set_id             integer not null,
    starts_at          timestamptz not null,
    project_id         uuid not null,
    api_key_id         uuid not null,
    user_id            uuid not null,
    model_id           integer not null,
    provider_id        integer not null,
    requests           bigint not null,
    ok                 bigint not null,
    client_errors      bigint not null,
    gateway_errors     bigint not null,
    upstream_errors    bigint not null,
    client_gone        bigint not null,
    interrupted        bigint not null,
    streamed           bigint not null,
    input_tokens       bigint not null,
    cached_tokens      bigint not null,
    cache_write_tokens bigint not null,
    output_tokens      bigint not null,
    reasoning_tokens   bigint not null,
    cost               numeric(24,12) not null,
    duration_us        numeric(30) not null,
    overhead_us        numeric(30) not null,
    hist_bucket        smallint[] not null,
    duration_hist      bigint[] not null,
    ttft_hist          bigint[] not null,
    foreign key (organisation_id, set_id, starts_at) references spans on delete cascade
);
create index rollup_spans_idx on rollup_spans (organisation_id, set_id, starts_at);

-- Spans are made of what ended an hour and a half ago. What a gateway writes later than that (its spool waited
-- for the database, or it crashed) voids the spans it belongs to. The lock keeps a span from being made
-- of what a transaction that is still open has not shown yet.
create function void_spans() returns trigger language plpgsql as $$
declare
    o uuid;
begin
    for o in select distinct organisation_id from changed
             where grain < now() - interval '1 hour' order by 1 loop
        perform pg_advisory_xact_lock_shared(hashtextextended('doteb.spans/' || o, 0));
        delete from spans s using (select distinct grain from changed where organisation_id = o) c
            where s.organisation_id = o and s.starts_at <= c.grain and s.ends_at > c.grain;
    end loop;
    return null;
end $$;
create trigger late_insert after insert on rollup_usage referencing new table as changed
    for each statement execute function void_spans();
create trigger late_update after update on rollup_usage referencing new table as changed
    for each statement execute function void_spans();

-- The latest failures, whose share of the log is small: of clients that left there is none.
create index requests_failed_idx on requests (organisation_id, project_id, created_at desc, request_id desc)
    where outcome not in (0, 4);
