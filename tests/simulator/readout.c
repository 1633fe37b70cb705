/* readout.h; every function takes the records' lock while it writes. */
#include "tests/simulator/readout.h"

#include "tests/simulator/base64.h"
#include "tests/simulator/http.h"
#include "tests/simulator/reply.h"

static void member_z(struct buf *b, const char *name, const char *z)
{
    buf_printf(b, "\"%s\":", name);
    buf_add_json(b, str_of(z));
    buf_add_char(b, ',');
}

static void member_time(struct buf *b, const char *name, uint64_t base_us, uint32_t after_us)
{
    if (after_us == 0) {
        buf_printf(b, "\"%s\":null,", name);
    } else {
        buf_printf(b, "\"%s\":%llu,", name, (unsigned long long)(base_us + after_us));
    }
}

static void one_record(struct buf *b, const struct sim *sim, const struct record *rec)
{
    static const char *const STATES[] = {"received", "headers_sent", "complete", "aborted"};
    struct reply ids;
    reply_ids(&ids, rec->id_prefix, sim->nonce, rec->seq);
    buf_printf(b, "{\"seq\":%llu,", (unsigned long long)rec->seq);
    member_z(b, "completion_id", ids.id);
    member_z(b, "upstream_request_id", ids.request_id);
    member_z(b, "gateway_request_id", rec->gateway_id);
    member_z(b, "model", sim->records.models[rec->model]);
    member_z(b, "key_tail", rec->key_tail);
    member_z(b, "state", STATES[rec->state]);
    buf_printf(b, "\"status\":%u,\"stream\":%s,\"prompt_tokens\":%u,\"completion_tokens\":%u,",
               rec->status, rec->stream ? "true" : "false", rec->prompt_tokens,
               rec->completion_tokens);
    member_time(b, "headers_us", rec->received_us, rec->headers_us);
    member_time(b, "end_us", rec->received_us, rec->end_us);
    buf_printf(b, "\"received_us\":%llu,\"body_bytes\":%llu}", (unsigned long long)rec->received_us,
               (unsigned long long)rec->body_bytes);
}

static void comma(struct buf *b, uint64_t nth)
{
    if (nth > 0) {
        buf_add_char(b, ',');
    }
}

void readout_requests(struct buf *b, struct sim *sim, uint64_t since, uint64_t limit)
{
    struct records *r = &sim->records;
    pthread_mutex_lock(&r->lock);
    uint64_t seq = since + 1 > r->first_seq ? since + 1 : r->first_seq;
    if (r->next_seq > RECORDS_MAX && seq < r->next_seq - RECORDS_MAX) {
        seq = r->next_seq - RECORDS_MAX;
    }
    buf_add_char(b, '[');
    for (uint64_t n = 0; seq < r->next_seq && n < limit; seq++) {
        const struct record *rec = records_at(r, seq);
        if (rec) {
            comma(b, n++);
            one_record(b, sim, rec);
        }
    }
    buf_add_char(b, ']');
    pthread_mutex_unlock(&r->lock);
}

void readout_request(struct buf *b, struct sim *sim, struct str gateway_id)
{
    struct records *r = &sim->records;
    uint64_t n = 0;
    pthread_mutex_lock(&r->lock);
    buf_add_char(b, '[');
    uint64_t seq = r->first_seq;
    if (r->next_seq > RECORDS_MAX && seq < r->next_seq - RECORDS_MAX) {
        seq = r->next_seq - RECORDS_MAX;
    }
    for (; seq < r->next_seq; seq++) {
        const struct record *rec = records_at(r, seq);
        if (rec && str_eq(str_of(rec->gateway_id), gateway_id)) {
            comma(b, n++);
            one_record(b, sim, rec);
        }
    }
    buf_add_char(b, ']');
    pthread_mutex_unlock(&r->lock);
}

static void one_last(struct buf *b, const struct last_request *l)
{
    static _Thread_local struct http_request head;
    struct str body = str_make(l->bytes.p + l->head_len, l->bytes.len - l->head_len);
    http_init(&head);
    http_feed(&head, l->bytes.p, l->head_len); /* the head only: the body was unchunked */
    buf_printf(b, "{\"seq\":%llu,\"received_us\":%llu,\"method\":", (unsigned long long)l->seq,
               (unsigned long long)l->received_us);
    buf_add_json(b, http_str(l->bytes.p, head.method));
    buf_add_lit(b, ",\"target\":");
    buf_add_json(b, http_str(l->bytes.p, head.target));
    buf_add_lit(b, ",\"headers\":[");
    for (uint32_t i = 0; i < head.n_headers; i++) {
        comma(b, i);
        buf_add_char(b, '[');
        buf_add_json(b, http_str(l->bytes.p, head.headers[i].name));
        buf_add_char(b, ',');
        buf_add_json(b, http_str(l->bytes.p, head.headers[i].value));
        buf_add_char(b, ']');
    }
    buf_printf(b, "],\"body_bytes\":%zu,\"body_truncated\":%s,\"body\":", l->body_len,
               body.len < l->body_len ? "true" : "false");
    buf_add_json(b, body);
    buf_add_lit(b, ",\"body_base64\":\"");
    base64_add(b, body);
    buf_add_lit(b, "\"}");
}

static bool has_id(struct records *r, const struct last_request *l, struct str gateway_id)
{
    const struct record *rec = l->seq ? records_at(r, l->seq) : NULL;
    return rec && str_eq(str_of(rec->gateway_id), gateway_id);
}

void readout_last(struct buf *b, struct sim *sim, uint64_t n, struct str gateway_id)
{
    struct records *r = &sim->records;
    pthread_mutex_lock(&r->lock);
    uint64_t kept = r->n_last < RECORDS_LAST ? r->n_last : RECORDS_LAST;
    const struct last_request *found = NULL;
    for (uint64_t i = 1; i <= kept && !found; i++) {
        const struct last_request *l = &r->last[(r->n_last - i) % RECORDS_LAST];
        found = !gateway_id.p || has_id(r, l, gateway_id) ? l : NULL;
    }
    if (n == 0 && found) {
        one_last(b, found);
    } else if (n == 0) {
        buf_add_lit(b, "null");
    } else {
        buf_add_char(b, '[');
        n = n < kept ? n : kept;
        for (uint64_t i = n; i > 0; i--) {
            comma(b, n - i);
            one_last(b, &r->last[(r->n_last - i) % RECORDS_LAST]);
        }
        buf_add_char(b, ']');
    }
    pthread_mutex_unlock(&r->lock);
}

void readout_counters(struct buf *b, struct sim *sim)
{
    struct records *r = &sim->records;
    pthread_mutex_lock(&r->lock);
    const struct counters c = r->counters;
    uint64_t last_seq = r->next_seq - 1;
    pthread_mutex_unlock(&r->lock);
    const struct {
        const char *name;
        uint64_t v;
    } ROWS[] = {
        {"last_seq", last_seq},
        {"requests", c.requests},
        {"streams", c.streams},
        {"complete", c.complete},
        {"aborted", c.aborted},
        {"errors", c.errors},
        {"bad_http", c.bad_http},
        {"prompt_tokens", c.prompt_tokens},
        {"completion_tokens", c.completion_tokens},
        {"connections", c.connections},
        {"open_connections", c.open_connections},
        {"bytes_in", c.bytes_in},
        {"bytes_out", c.bytes_out},
        {"status_2xx", c.status[2]},
        {"status_4xx", c.status[4]},
        {"status_5xx", c.status[5]},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        buf_printf(b, "%s\"%s\":%llu", i ? "," : "{", ROWS[i].name, (unsigned long long)ROWS[i].v);
    }
    buf_add_char(b, '}');
}
