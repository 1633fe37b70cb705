/* Pieces of SQL text that several stores share: how the API writes values in JSON. */
#ifndef DOTEB_CONTROL_SQL_H
#define DOTEB_CONTROL_SQL_H

/* timestamptz as the API's time text; null stays null. */
#define SQL_TIME(x) "to_char(" x " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
/* timestamptz as microseconds since 1970. */
#define SQL_US(x) "(extract(epoch from " x ") * 1000000)::bigint"
/* numeric as plain decimal text without trailing zeros. */
#define SQL_MONEY(x) "trim_scale(" x ")::text"
/* Microseconds as milliseconds with three decimals. */
#define SQL_MS(x) "round((" x ")::numeric / 1000, 3)"
/* A list of the API, as JSON in the parameter `n`, as an array; `column` if it is not given. */
/* clang-format off */
#define SQL_LIST(n, column) \
    "case when " n "::jsonb is null then " column \
    " else array(select x.e from jsonb_array_elements_text(" n "::jsonb) with ordinality x(e, i) order by i) end"
/* clang-format on */

/* The catalogue's names and those of organisation `org`'s own, deleted ones too (views of
 * migrations/0015): the condition on a row `t` of one of them. */
#define SQL_SEEN(t, org) "(" t ".organisation_id is null or " t ".organisation_id = " org ")"
/* What a slug names for it: its own first. */
#define SQL_ID_OF(id, view, slug_text, org)                                                        \
    "(select t." id " from " view " t where t.slug = " slug_text                                   \
    " and " SQL_SEEN("t", org) " order by t.organisation_id nulls last limit 1)"
/* Names of what a row `r` of the log called, as m and p. */
#define SQL_CALLED                                                                                 \
    "left join model_names m on m.model_id = r.model_id "                                          \
    "  and " SQL_SEEN(                                                                             \
        "m", "r.organisation_id") " left join provider_names p on p.provider_id = r.provider_id "  \
                                  "  and " SQL_SEEN("p", "r.organisation_id") " "

#endif
