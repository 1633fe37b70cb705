-- What is counted by source, as by tag and by end user. A source is a label of kind 1: what the ledger made of
-- x-source, HTTP-Referer or a coding agent's User-Agent (gateway/ledger/source.c). It is counted from here on;
-- older rows of the log keep what they have.

-- At most 1,000 sources a day and organisation have rows of their own; label 0 is all the others.
create table rollup_sources (
    organisation_id uuid not null,
    grain           timestamptz not null,
    project_id      uuid not null,
    label_id        bigint not null,
    requests        bigint not null default 0,
    errors          bigint not null default 0,
    input_tokens    bigint not null default 0,
    output_tokens   bigint not null default 0,
    cost            numeric(24,12) not null default 0,
    primary key (organisation_id, grain, project_id, label_id)
);

alter table rollup_label_spans drop constraint rollup_label_spans_kind_check,
    add constraint rollup_label_spans_kind_check check (kind in (1, 2, 3));

-- What sums a span has: 1 those before this file, 2 sources as well. No source was counted before, so spans that
-- are there lack nothing; those that an older control daemon makes from here on do, and are made again.
alter table spans add column shape smallint not null default 2;
alter table spans alter column shape set default 1;
