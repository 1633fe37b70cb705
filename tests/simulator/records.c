/* The ring, the last 64 and the counters of records.h. */
#include "tests/simulator/records.h"

#include "common/mem.h"

void records_init(struct records *r)
{
    memset(r, 0, sizeof(*r));
    pthread_mutex_init(&r->lock, NULL);
    r->next_seq = r->first_seq = 1;
    for (int i = 0; i < RECORDS_LAST; i++) {
        buf_init(&r->last[i].bytes, RECORDS_LAST_BODY + (256 << 10));
    }
}

void records_fini(struct records *r)
{
    for (size_t i = 0; i < ARRAY_LEN(r->segments); i++) {
        xfree(r->segments[i]);
    }
    for (int i = 0; i < RECORDS_LAST; i++) {
        buf_fini(&r->last[i].bytes);
    }
    for (uint32_t i = 0; i < r->n_models; i++) {
        xfree(r->models[i]);
    }
    pthread_mutex_destroy(&r->lock);
}

void records_reset(struct records *r)
{
    pthread_mutex_lock(&r->lock);
    r->first_seq = r->next_seq;
    r->n_last = 0;
    uint64_t open = r->counters.open_connections;
    memset(&r->counters, 0, sizeof(r->counters));
    r->counters.open_connections = open;
    pthread_mutex_unlock(&r->lock);
}

static struct record *slot(struct records *r, uint64_t seq)
{
    size_t i = (size_t)(seq % RECORDS_MAX);
    struct record **segment = &r->segments[i / RECORDS_SEGMENT];
    if (!*segment) {
        *segment = xcalloc(RECORDS_SEGMENT, sizeof(**segment));
    }
    return &(*segment)[i % RECORDS_SEGMENT];
}

struct record *records_at(struct records *r, uint64_t seq)
{
    if (seq < r->first_seq || seq >= r->next_seq) {
        return NULL;
    }
    struct record *rec = slot(r, seq);
    return rec->seq == seq ? rec : NULL;
}

/* Index of a model's name; names beyond the table's bound share the last entry, "(other)". */
static uint16_t intern(struct records *r, struct str name)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < name.len; i++) {
        h = (h ^ (unsigned char)name.p[i]) * 16777619U;
    }
    for (;; h++) {
        uint32_t *s = &r->model_slots[h % ARRAY_LEN(r->model_slots)];
        if (*s && str_eq(str_of(r->models[*s - 1]), name)) {
            return (uint16_t)(*s - 1);
        }
        if (*s) {
            continue;
        }
        if (r->n_models == RECORDS_MODELS - 1) {
            r->models[r->n_models++] = xstrdup("(other)");
        }
        if (r->n_models == RECORDS_MODELS) {
            return RECORDS_MODELS - 1;
        }
        r->models[r->n_models++] = xstrndup(name.p, name.len);
        *s = r->n_models;
        return (uint16_t)(r->n_models - 1);
    }
}

static void keep(struct records *r, uint64_t seq, uint64_t now_us, struct str head, struct str body)
{
    struct last_request *l = &r->last[r->n_last++ % RECORDS_LAST];
    l->seq = seq;
    l->received_us = now_us;
    l->head_len = head.len;
    l->body_len = body.len;
    if (l->bytes.cap > 65536) {
        buf_fini(&l->bytes);
    }
    buf_reset(&l->bytes);
    buf_add(&l->bytes, head.p, head.len);
    buf_add(&l->bytes, body.p, body.len < RECORDS_LAST_BODY ? body.len : RECORDS_LAST_BODY);
    r->counters.bytes_in += head.len + body.len;
}

void records_keep(struct records *r, uint64_t now_us, struct str head, struct str body)
{
    pthread_mutex_lock(&r->lock);
    keep(r, 0, now_us, head, body);
    pthread_mutex_unlock(&r->lock);
}

uint64_t records_open(struct records *r, uint64_t now_us, struct str head, struct str body,
                      struct str gateway_id, struct str key, const char *id_prefix)
{
    pthread_mutex_lock(&r->lock);
    uint64_t seq = r->next_seq++;
    struct record *rec = slot(r, seq);
    memset(rec, 0, sizeof(*rec));
    rec->seq = seq;
    rec->received_us = now_us;
    rec->id_prefix = id_prefix;
    rec->model = intern(r, STR(""));
    size_t n = gateway_id.len < sizeof(rec->gateway_id) ? gateway_id.len
                                                        : sizeof(rec->gateway_id) - 1;
    if (n > 0) {
        memcpy(rec->gateway_id, gateway_id.p, n);
    }
    n = key.len < 4 ? key.len : 4;
    if (n > 0) {
        memcpy(rec->key_tail, key.p + key.len - n, n);
    }
    r->counters.requests++;
    keep(r, seq, now_us, head, body);
    pthread_mutex_unlock(&r->lock);
    return seq;
}

void records_plan(struct records *r, uint64_t seq, struct str model, bool stream,
                  uint32_t prompt_tokens, uint32_t completion_tokens)
{
    pthread_mutex_lock(&r->lock);
    struct record *rec = records_at(r, seq);
    if (rec) {
        rec->model = intern(r, model);
        rec->stream = stream;
        rec->prompt_tokens = prompt_tokens;
        rec->completion_tokens = completion_tokens;
        r->counters.streams += stream;
    }
    pthread_mutex_unlock(&r->lock);
}

void records_connection(struct records *r, int change)
{
    pthread_mutex_lock(&r->lock);
    r->counters.connections += change > 0;
    r->counters.open_connections += (uint64_t)(int64_t)change;
    pthread_mutex_unlock(&r->lock);
}

static uint32_t after(const struct record *rec, uint64_t now_us)
{
    return now_us > rec->received_us ? (uint32_t)(now_us - rec->received_us) : 1;
}

void records_headers(struct records *r, uint64_t seq, uint64_t now_us, uint16_t status)
{
    pthread_mutex_lock(&r->lock);
    struct record *rec = records_at(r, seq);
    if (rec && !rec->headers_us) {
        rec->headers_us = after(rec, now_us);
        rec->status = status;
        rec->state = RECORD_HEADERS_SENT;
    }
    pthread_mutex_unlock(&r->lock);
}

void records_end(struct records *r, uint64_t seq, uint64_t now_us, uint16_t status,
                 enum record_state state, uint64_t body_bytes)
{
    pthread_mutex_lock(&r->lock);
    struct record *rec = records_at(r, seq);
    struct counters *c = &r->counters;
    if (rec) {
        rec->end_us = after(rec, now_us);
        rec->headers_us = rec->headers_us || !status ? rec->headers_us : rec->end_us;
        rec->status = status;
        rec->state = (uint8_t)state;
        rec->body_bytes = body_bytes;
        c->complete += state == RECORD_COMPLETE;
        c->aborted += state == RECORD_ABORTED;
        c->bytes_out += body_bytes;
        c->errors += status >= 400;
        c->status[status / 100 < 6 ? status / 100 : 0]++;
        if (state == RECORD_COMPLETE && status < 300) {
            c->prompt_tokens += rec->prompt_tokens;
            c->completion_tokens += rec->completion_tokens;
        }
    }
    pthread_mutex_unlock(&r->lock);
}
