/* What a request's two records say, as columns. Runs on the ledger's writer thread. Nothing here
 * may make PostgreSQL refuse a row or overflow a sum, whatever a provider reported.
 */
#include "gateway/ledger/row.h"

#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/money.h"
#include "gateway/ledger/jsonb.h"

enum { JSON_MAX_BYTES = 64 * 1024 };

/* Far above what a request can be, far below what a million of them would overflow. */
static const int64_t tokens_most = INT64_C(1000000000000);
static const int64_t duration_most_us = INT64_C(100) * 86400 * 1000000;
static const int64_t year_10000_ms = INT64_C(253402300800000);

static int64_t within(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

static int64_t tokens(int64_t v)
{
    return within(v, 0, tokens_most);
}

static struct str keep(struct arena *arena, struct buf *b)
{
    ASSERT(!b->failed);
    struct str s = arena_str(arena, buf_str(b));
    buf_fini(b);
    return s;
}

/* `lead` is the text up to the number: `,"name":`. */
static void member(struct buf *b, const char *lead, int64_t v)
{
    (void)buf_add_str(b, str_of(lead));
    (void)buf_add_i64(b, v);
}

static struct str cost_lines(const struct cost *c, struct arena *arena)
{
    struct buf b;
    if (c->n == 0)
        return STR("[]");
    buf_init(&b, JSON_MAX_BYTES);
    for (size_t i = 0; i < c->n; i++) {
        const struct cost_line *l = &c->line[i];
        int64_t multiplier = within(l->multiplier_milli, 0, INT32_MAX);
        (void)buf_add_char(&b, i == 0 ? '[' : ',');
        (void)buf_add_lit(&b, "{\"kind\":\"");
        (void)buf_add_str(&b, str_of(price_kind_name(l->kind)));
        member(&b, "\",\"quantity\":", l->quantity);
        if (price_kind_per(l->kind) != 1)
            member(&b, ",\"per\":", price_kind_per(l->kind));
        (void)buf_add_lit(&b, ",\"price\":\"");
        price_format(l->price, &b);
        member(&b, "\",\"multiplier\":\"", multiplier / 1000);
        const char thousandths[4] = {'.', (char)('0' + multiplier / 100 % 10),
                                     (char)('0' + multiplier / 10 % 10),
                                     (char)('0' + multiplier % 10)};
        (void)buf_add(&b, thousandths, sizeof thousandths);
        (void)buf_add_lit(&b, "\",\"amount\":\"");
        money_format(l->amount_pico, &b);
        (void)buf_add_lit(&b, "\"}");
    }
    (void)buf_add_char(&b, ']');
    return keep(arena, &b);
}

static struct str attempts(const struct ledger_close *c, struct arena *arena)
{
    struct buf b;
    if (c->n_attempts == 0)
        return STR("[]");
    buf_init(&b, JSON_MAX_BYTES);
    for (size_t i = 0; i < c->n_attempts; i++) {
        const struct ledger_attempt *a = &c->attempt[i];
        char key[UUID_TEXT_LEN + 1];
        uuid_format(a->provider_key_id, key);
        (void)buf_add_char(&b, i == 0 ? '[' : ',');
        member(&b, "{\"offer_id\":", a->offer_id);
        member(&b, ",\"provider_id\":", a->provider_id);
        (void)buf_add_lit(&b, ",\"provider_key_id\":");
        if (uuid_is_zero(a->provider_key_id))
            (void)buf_add_lit(&b, "null");
        else
            (void)buf_add_json(&b, str_of(key));
        (void)buf_add_str(&b, a->lent ? STR(",\"lent\":true") : STR(""));
        member(&b, ",\"status\":", a->status);
        (void)buf_add_lit(&b, ",\"error\":");
        (void)buf_add_json(&b, str_of(a->error));
        member(&b, ",\"start_us\":", a->start_us);
        member(&b, ",\"first_byte_us\":", a->first_byte_us);
        member(&b, ",\"duration_us\":", a->duration_us);
        (void)buf_add_char(&b, '}');
    }
    (void)buf_add_char(&b, ']');
    return keep(arena, &b);
}

static const struct request_attempt *tried(const struct ledger_close *c, int64_t created_us,
                                           struct arena *arena)
{
    struct request_attempt *out = arena_calloc(arena, c->n_attempts + 1U, sizeof *out);
    for (size_t i = 0; i < c->n_attempts; i++) {
        const struct ledger_attempt *a = &c->attempt[i];
        out[i] = (struct request_attempt){
            .provider_key_id = a->provider_key_id,
            .lent = a->lent,
            .provider_id = a->provider_id,
            .status = a->status,
            .end_us = created_us + within(a->start_us, 0, duration_most_us) +
                      within(a->duration_us, 0, duration_most_us),
            .blamed = strcmp(a->error, err_name(E_CREDENTIAL)) == 0 ||
                      strcmp(a->error, err_name(E_UPSTREAM_AUTH)) == 0,
        };
    }
    return out;
}

static struct str steps(const struct ledger_close *c, struct arena *arena)
{
    char text[LEDGER_STEPS_MAX * 11 + 2];
    size_t n = 0;
    text[n++] = '[';
    for (size_t i = 0; i < c->n_steps; i++) {
        char digits[10];
        size_t at = sizeof digits;
        uint32_t v = c->step_us[i];
        do {
            digits[--at] = (char)('0' + v % 10);
            v /= 10;
        } while (v > 0);
        if (i > 0)
            text[n++] = ',';
        memcpy(text + n, digits + at, sizeof digits - at);
        n += sizeof digits - at;
    }
    text[n++] = ']';
    return arena_str(arena, str_make(text, n));
}

/* Trimmed, without empty ones and repetitions. */
static void split_tags(struct request_row *row, struct str list)
{
    while (list.p && list.len > 0 && row->n_tags < REQUEST_TAGS_MAX) {
        struct str tag = str_trim(str_cut(&list, ','));
        bool known = tag.len == 0;
        for (size_t i = 0; i < row->n_tags; i++)
            known |= str_eq(row->tag[i], tag);
        if (!known)
            row->tag[row->n_tags++] = tag;
    }
}

static void take_open(struct request_row *row, const struct ledger_open *o)
{
    row->organisation_id = o->organisation_id;
    row->request_id = o->request_id;
    row->project_id = o->project_id;
    row->api_key_id = o->api_key_id;
    row->user_id = o->user_id;
    row->retention_days = o->retention_days;
    row->endpoint = o->endpoint;
    row->streamed = o->streamed;
    row->client_request_id = o->client_request_id;
    row->session = o->session;
    row->title = o->title;
    row->referer = o->referer;
    row->user_agent = o->user_agent;
    memcpy(row->client_ip, o->client_ip, sizeof row->client_ip);
    split_tags(row, o->tags);
    if (jsonb_accepts_object(o->metadata))
        row->metadata = o->metadata;
    if (jsonb_accepts_object(o->params))
        row->params = o->params;
}

static void take_close(struct request_row *row, const struct ledger_close *c)
{
    row->provider_key_id = c->provider_key_id;
    row->provider_id = c->provider_id;
    row->model_id = c->model_id;
    row->offer_id = c->offer_id;
    row->status = within(c->status, 0, INT16_MAX);
    row->outcome = within(c->outcome, 0, OUTCOME_INTERRUPTED);
    row->finish_reason = c->finish_reason;
    row->n_attempts = c->n_attempts;
    row->estimated = c->usage.estimated;
    row->input_tokens = tokens(c->usage.input);
    row->cached_tokens = tokens(c->usage.cached);
    row->cache_write_tokens = tokens(c->usage.cache_write_5m) + tokens(c->usage.cache_write_1h);
    row->output_tokens = tokens(c->usage.output);
    row->reasoning_tokens = tokens(c->usage.reasoning);
    row->cost_pico = c->cost.total_pico;
    row->duration_us = within(c->duration_us, 0, duration_most_us);
    row->ttft_us = within(c->ttft_us, -1, duration_most_us);
    row->overhead_us = within(c->overhead_us, 0, INT32_MAX);
    row->upstream_model = c->upstream_model;
    row->upstream_request_id = c->upstream_request_id;
    row->error_detail = c->error_detail;
}

bool row_make(struct request_row *row, const struct ledger_open *o, const struct ledger_close *c,
              struct arena *arena)
{
    int64_t ms = uuid_v7_ms(o->request_id);
    if (ms < 0 || ms >= year_10000_ms)
        return false;
    *row = (struct request_row){0};
    take_open(row, o);
    take_close(row, c);
    row->lent = c->n_attempts ? c->attempt[c->n_attempts - 1].lent : o->lent;
    /* The id's time is the row's, so that the day in the unique key is always the same one. */
    row->created_us = o->created_us / 1000 == ms ? o->created_us : ms * 1000;
    row->error = arena_str(arena, str_of(c->error));
    row->cost_lines = cost_lines(&c->cost, arena);
    row->attempts = attempts(c, arena);
    row->tried = tried(c, row->created_us, arena);
    row->steps = steps(c, arena);
    return true;
}

void row_interrupted(struct ledger_close *c, const struct ledger_open *o)
{
    *c = (struct ledger_close){
        .request_id = o->request_id,
        .status = 500,
        .outcome = OUTCOME_INTERRUPTED,
        .finish_reason = 5,
        .error = "INTERRUPTED",
        .provider_id = o->provider_id,
        .model_id = o->model_id,
        .offer_id = o->offer_id,
        .provider_key_id = o->provider_key_id,
        .ttft_us = -1,
        .upstream_model = STR(""),
        .upstream_request_id = STR(""),
        .error_detail = STR(""),
    };
    usage_clear(&c->usage);
    c->usage.input = o->estimated_input;
    c->usage.output = o->estimated_output;
    c->usage.estimated = true;
    c->cost.total_pico = o->estimated_pico;
}
