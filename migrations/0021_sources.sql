-- What is counted by source, as by tag and by end user. A source is a label of kind 1: what the ledger made of
-- x-source, HTTP-Referer or a coding agent's User-Agent (gateway/ledger/source.c). It is counted from here on;
-- older rows of the log keep what they have.

-- At most 1,000 sources a day and organisation have rows of their own; label 0 is all the others.
create table rollup_sources (like rollup_end_users including all);

alter table rollup_label_spans drop constraint rollup_label_spans_kind_check,
    add constraint rollup_label_spans_kind_check check (kind in (1, 2, 3));
