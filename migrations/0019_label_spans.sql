-- Spans of what is counted by tag and by end user, as rollup_spans has them of rollup_usage: made with
-- them, void with them (whatever adds to a tag adds to rollup_usage in the same transaction).

create table rollup_label_spans (
    organisation_id uuid not null,
    set_id          integer not null,
    starts_at       timestamptz not null,
    kind            smallint not null check (kind in (2, 3)),  -- as labels.kind: 2 end user, 3 tag
    project_id      uuid not null,
    label_id        bigint not null,
    requests        bigint not null,
    errors          bigint not null,
    input_tokens    bigint not null,
    output_tokens   bigint not null,
    cost            numeric(24,12) not null,
    foreign key (organisation_id, set_id, starts_at) references spans on delete cascade
);
create index rollup_label_spans_idx on rollup_label_spans (organisation_id, set_id, starts_at, kind);

-- Those that are there lack it: they are made again.
delete from spans;
