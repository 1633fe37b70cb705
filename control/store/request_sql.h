/* Pieces of SQL text about the request log: a row `r` of it as the API writes it. */
#ifndef DOTEB_CONTROL_STORE_REQUEST_SQL_H
#define DOTEB_CONTROL_STORE_REQUEST_SQL_H

#include "control/store/sql.h"

#define SQL_OUTCOMES                                                                               \
    "(array['ok', 'client_error', 'gateway_error', 'upstream_error', 'client_gone', "              \
    "'interrupted'])[r.outcome + 1]"
#define SQL_FINISH                                                                                 \
    "(array['stop', 'length', 'tool_calls', 'content_filter', 'error', 'stop_sequence', "          \
    "'refusal', 'pause', 'context_full'])[r.finish_reason]"
/* Numbers of gateway/dialect/dialect.h, enum dialect_endpoint. */
#define SQL_ENDPOINT                                                                                \
    "coalesce((array['chat.completions', 'completions', 'responses', 'messages', "                  \
    "'generate_content', 'converse', 'embeddings', 'moderations', 'images.generations', 'rerank', " \
    "'audio.speech', 'audio.transcriptions', 'audio.translations', 'images.edits'])[r.endpoint], r.endpoint::text)"

/* Members of the API's request object. */
/* clang-format off */
#define SQL_ITEM \
    "'id', r.request_id, 'created_at', " SQL_TIME("r.created_at") ", 'project_id', " \
    "r.project_id, 'api_key', json_build_object('id', r.api_key_id, 'name', coalesce(k.name, " \
    "''),   'last4', coalesce(k.last4, '')), 'requested_model', l.value, 'model', m.slug, " \
    "'provider', p.slug, 'endpoint', " SQL_ENDPOINT ", 'status', r.status, 'outcome', " \
    SQL_OUTCOMES ", 'finish_reason', " SQL_FINISH ", 'streamed', r.streamed, 'estimated', " \
    "r.estimated, 'attempts', r.attempts, 'input_tokens', r.input_tokens, 'cached_tokens', " \
    "r.cached_tokens, 'output_tokens', r.output_tokens, 'reasoning_tokens', " \
    "r.reasoning_tokens, 'cost', " SQL_MONEY("r.cost") ", 'duration_ms', " \
    SQL_MS("r.duration_us") ", 'ttft_ms', " SQL_MS("r.ttft_us") ", 'overhead_us', " \
    "r.overhead_us, 'error', r.error"
/* clang-format on */

/* What rows `r` name, each read once: texts of a with clause, in an organisation $1, and the joins.
 */
/* clang-format off */
#define SQL_NAMES \
    "k as materialized (select api_key_id, name, last4 from api_keys where organisation_id = $1 " \
    "  and api_key_id = any(array(select distinct api_key_id from r))), " \
    "l as materialized (select label_id, value from labels where organisation_id = $1 " \
    "  and label_id = any(array(select distinct requested_model_id from r))), " \
    "m as materialized (select n.model_id, n.slug from model_names n where " SQL_SEEN("n", "$1") \
    "  and n.model_id = any(array(select distinct model_id from r))), " \
    "p as materialized (select n.provider_id, n.slug from provider_names n where " SQL_SEEN("n", "$1") \
    "  and n.provider_id = any(array(select distinct provider_id from r))) "
#define SQL_NAMED \
    "left join k on k.api_key_id = r.api_key_id left join l on l.label_id = r.requested_model_id " \
    "left join m on m.model_id = r.model_id left join p on p.provider_id = r.provider_id "
/* clang-format on */

#endif
