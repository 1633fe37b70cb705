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

#endif
