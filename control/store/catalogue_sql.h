/* Pieces of SQL text that views of the catalogue share. */
#ifndef DOTEB_CONTROL_CATALOGUE_SQL_H
#define DOTEB_CONTROL_CATALOGUE_SQL_H

/* What this version's gateway can call: the dialects and signers it has (gateway/dialect/,
 * gateway/sign/). A new one there gets its word here. */
#define SQL_USABLE                                                                                 \
    "(p.base_url <> '' and p.framing in ('sse', 'aws-event-stream') and "                          \
    "p.dialect in ('openai', 'openai-responses', 'anthropic', 'google', 'bedrock') "               \
    "and p.signer ~ '^(bearer|header:[a-z0-9-]+|sigv4|gcp-service-account)"                        \
    "( [|] (bearer|header:[a-z0-9-]+|sigv4))?$')"

/* A price list as {"input": "0.00000175", ...}: of tiers the first; other members (names of tiers,
 * peak hours, multipliers) are no decimal text and fall out. */
#define SQL_PRICE(prices)                                                                          \
    "coalesce((select json_object_agg(e.key, trim_scale((e.value #>> '{}')::numeric)::text "       \
    "  order by e.key) from jsonb_each(jsonb_strip_nulls("                                         \
    "    " prices " || coalesce(" prices " #> '{tiers,0}', '{}'::jsonb))) e "                      \
    "  where jsonb_typeof(e.value) = 'string' "                                                    \
    "  and e.value #>> '{}' ~ '^[0-9]+(\\.[0-9]*)?([eE][-+]?[0-9]{1,2})?$'), '{}'::json)"

#endif
