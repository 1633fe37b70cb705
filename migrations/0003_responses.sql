-- Answers of the Responses API that clients may ask for again or build on (`store`,
-- `previous_response_id`): kept for 30 days by partitions of a day, contents sealed.

create table stored_responses (
    organisation_id uuid not null references organisations on delete cascade,
    day             date not null,          -- UTC, when it was stored
    response_id     text not null,          -- as the client got it
    project_id      uuid not null,
    previous_id     text,                   -- the response that this one goes on from
    item_ids        text[] not null default '{}', -- of its output's items, by which requests may name them
    sealed          bytea not null,         -- {"items":[input and output],"response":{...}} under the organisation's data key
    created_at      timestamptz not null default now(),
    primary key (organisation_id, response_id, day)
) partition by range (day);
create index stored_responses_items_idx on stored_responses using gin (item_ids);

-- Makes the day partitions from `first` for `days` days. Safe to repeat and to race.
create function ensure_response_partitions(first date, days integer) returns void language plpgsql as $$
declare
    d date;
    part text;
begin
    perform pg_advisory_xact_lock(hashtext('doteb.response_partitions'));
    for i in 0 .. days - 1 loop
        d := first + i;
        part := 'stored_responses_' || to_char(d, 'YYYYMMDD');
        if to_regclass(part) is null then
            execute format('create table %I (like stored_responses including defaults including constraints)', part);
            execute format('alter table stored_responses attach partition %I for values from (%L) to (%L)',
                           part, d, d + 1);
        end if;
    end loop;
end $$;

-- Drops day partitions older than 30 days; returns how many.
create function drop_expired_response_partitions() returns integer language plpgsql as $$
declare
    part record;
    n integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('doteb.response_partitions'));
    for part in
        select c.relname from pg_class c where c.relispartition and c.relkind = 'r'
            and c.relname ~ '^stored_responses_\d{8}$'
    loop
        if to_date(right(part.relname, 8), 'YYYYMMDD') < (now() at time zone 'UTC')::date - 31 then
            execute format('drop table %I', part.relname);
            n := n + 1;
        end if;
    end loop;
    return n;
end $$;

select ensure_response_partitions((now() at time zone 'UTC')::date - 1, 9);
