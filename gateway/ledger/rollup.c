/* Adding up a batch before it touches the database: many rows become few updates. Runs on the
 * ledger's writer thread.
 */
#include "gateway/ledger/rollup.h"

#include <string.h>

#include "common/clock.h"
#include "common/money.h"

static const int64_t day_us = INT64_C(86400) * 1000000;
static const int64_t grain_us = INT64_C(1800) * 1000000;

enum { WINDOW_HOUR = 1, WINDOW_DAY, WINDOW_MONTH, WINDOW_LIFE };
enum { SCOPE_ORGANISATION = 1, SCOPE_PROJECT, SCOPE_MEMBER, SCOPE_API_KEY };
enum { OK = 0 /* requests.outcome */ };

void rollup_init(struct rollup *r)
{
    tally_init(&r->usage, sizeof(struct usage_key), sizeof(struct usage_sum));
    tally_init(&r->tags, sizeof(struct label_key), sizeof(struct label_sum));
    tally_init(&r->end_users, sizeof(struct label_key), sizeof(struct label_sum));
    tally_init(&r->sources, sizeof(struct label_key), sizeof(struct label_sum));
    tally_init(&r->provider_keys, sizeof(struct provider_key_key), sizeof(struct provider_key_sum));
    tally_init(&r->spend, sizeof(struct spend_key), sizeof(struct spend_sum));
}

void rollup_fini(struct rollup *r)
{
    tally_fini(&r->usage);
    tally_fini(&r->tags);
    tally_fini(&r->end_users);
    tally_fini(&r->sources);
    tally_fini(&r->provider_keys);
    tally_fini(&r->spend);
}

void rollup_reset(struct rollup *r)
{
    tally_reset(&r->usage);
    tally_reset(&r->tags);
    tally_reset(&r->end_users);
    tally_reset(&r->sources);
    tally_reset(&r->provider_keys);
    tally_reset(&r->spend);
}

unsigned rollup_bucket(int64_t us)
{
    if (us < 1)
        return 0;
    unsigned octave = 63U - (unsigned)__builtin_clzll((unsigned long long)us);
    /* The upper half of an octave begins at 2^(octave + 1/2). */
    __extension__ typedef unsigned __int128 u128;
    bool upper = (u128)us * (u128)us >= (u128)1 << (2 * octave + 1);
    unsigned bucket = 2 * octave + upper;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

int64_t rollup_day_us(int64_t wall_us)
{
    return wall_us - wall_us % day_us;
}

static int64_t month_us(int64_t wall_us)
{
    return rollup_day_us(wall_us) - (clock_day_of_month(wall_us) - 1) * day_us;
}

static void add_usage(struct rollup *r, const struct request_row *row)
{
    struct usage_key key;
    memset(&key, 0, sizeof key);
    key.organisation_id = row->organisation_id;
    key.project_id = row->project_id;
    key.api_key_id = row->api_key_id;
    key.user_id = row->user_id;
    key.grain_us = row->created_us - row->created_us % grain_us;
    key.model_id = (int32_t)row->model_id;
    key.provider_id = (int32_t)row->provider_id;
    struct usage_sum *s = tally_at(&r->usage, &key);
    s->requests++;
    s->by_outcome[row->outcome]++;
    s->streamed += row->streamed;
    s->input_tokens += row->input_tokens;
    s->cached_tokens += row->cached_tokens;
    s->cache_write_tokens += row->cache_write_tokens;
    s->output_tokens += row->output_tokens;
    s->reasoning_tokens += row->reasoning_tokens;
    s->cost_pico = money_add(s->cost_pico, row->cost_pico);
    if (row->outcome == OUTCOMES - 1)
        return; /* interrupted: nobody knows how long it took */
    s->duration_us += row->duration_us;
    s->overhead_us += row->overhead_us;
    s->duration_hist[rollup_bucket(row->duration_us)]++;
    if (row->ttft_us >= 0)
        s->ttft_hist[rollup_bucket(row->ttft_us)]++;
}

static void add_label(struct tally *t, const struct request_row *row, int64_t label_id)
{
    struct label_key key;
    memset(&key, 0, sizeof key);
    key.organisation_id = row->organisation_id;
    key.project_id = row->project_id;
    key.grain_us = row->created_us - row->created_us % grain_us;
    key.label_id = label_id;
    struct label_sum *s = tally_at(t, &key);
    s->requests++;
    s->errors += row->outcome != OK;
    s->input_tokens += row->input_tokens;
    s->output_tokens += row->output_tokens;
    s->cost_pico = money_add(s->cost_pico, row->cost_pico);
}

/* Under the organisation that owns the key, whoever made the request. */
static struct provider_key_sum *provider_key_at(struct rollup *r, const struct request_row *row,
                                                struct uuid provider_key_id, bool lent)
{
    struct provider_key_key key;
    memset(&key, 0, sizeof key);
    if (!lent)
        key.organisation_id = row->organisation_id;
    key.provider_key_id = provider_key_id;
    key.grain_us = row->created_us - row->created_us % grain_us;
    return tally_at(&r->provider_keys, &key);
}

static void move_on(int64_t *last_us, int64_t us)
{
    if (us > *last_us)
        *last_us = us;
}

static void add_attempt(struct provider_key_sum *s, const struct request_attempt *a)
{
    s->provider_id = a->provider_id;
    s->attempts++;
    if (a->blamed || (a->status >= 401 && a->status <= 403)) {
        s->refused++;
        if (a->end_us >= s->last_refused_us)
            s->last_refused_status = a->status;
        move_on(&s->last_refused_us, a->end_us);
    } else if (a->status >= 200 && a->status < 300) {
        s->ok++;
        move_on(&s->last_ok_us, a->end_us);
    } else if (a->status == 429) {
        s->rate_limited++;
        move_on(&s->last_limited_us, a->end_us);
    } else {
        s->failed++;
    }
}

static void add_provider_keys(struct rollup *r, const struct request_row *row)
{
    for (int64_t i = 0; i < row->n_attempts; i++) {
        const struct request_attempt *a = &row->tried[i];
        if (!uuid_is_zero(a->provider_key_id))
            add_attempt(provider_key_at(r, row, a->provider_key_id, a->lent), a);
    }
    if (uuid_is_zero(row->provider_key_id) || row->cost_pico == 0)
        return;
    struct provider_key_sum *s = provider_key_at(r, row, row->provider_key_id, row->lent);
    s->provider_id = row->provider_id;
    s->cost_pico = money_add(s->cost_pico, row->cost_pico);
}

static void add_spend(struct rollup *r, const struct request_row *row)
{
    const struct {
        int32_t scope;
        struct uuid id;
    } scopes[] = {{SCOPE_ORGANISATION, row->organisation_id},
                  {SCOPE_PROJECT, row->project_id},
                  {SCOPE_MEMBER, row->user_id},
                  {SCOPE_API_KEY, row->api_key_id}};
    const int64_t hour_us = INT64_C(3600) * 1000000;
    const int64_t starts[] = {[WINDOW_HOUR] = row->created_us - row->created_us % hour_us,
                              [WINDOW_DAY] = rollup_day_us(row->created_us),
                              [WINDOW_MONTH] = month_us(row->created_us),
                              [WINDOW_LIFE] = 0};
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        for (int32_t w = WINDOW_HOUR; w <= WINDOW_LIFE; w++) {
            struct spend_key key;
            memset(&key, 0, sizeof key);
            key.organisation_id = row->organisation_id;
            key.scope_id = scopes[i].id;
            key.scope = scopes[i].scope;
            key.window = w;
            key.start_us = starts[w];
            struct spend_sum *s = tally_at(&r->spend, &key);
            s->requests++;
            s->tokens += row->input_tokens + row->output_tokens;
            s->cost_pico = money_add(s->cost_pico, row->cost_pico);
            if (row->created_us > s->last_us)
                s->last_us = row->created_us;
        }
    }
}

void rollup_add(struct rollup *r, const struct request_row *row, const int64_t *tag_labels,
                const int64_t capped[CAPPED])
{
    ASSERT(row->outcome >= 0 && row->outcome < OUTCOMES);
    add_usage(r, row);
    for (size_t i = 0; i < row->n_tags; i++)
        if (tag_labels[i] != 0)
            add_label(&r->tags, row, tag_labels[i]);
    if (capped[CAPPED_END_USERS] >= 0)
        add_label(&r->end_users, row, capped[CAPPED_END_USERS]);
    if (capped[CAPPED_SOURCES] >= 0)
        add_label(&r->sources, row, capped[CAPPED_SOURCES]);
    add_provider_keys(r, row);
    add_spend(r, row);
}

enum pg_err rollup_write(struct rollup *r, struct pg *pg)
{
    enum pg_err err = rollup_store_add_usage(pg, (struct usage_sum *)(void *)r->usage.entries,
                                             r->usage.n);
    if (err == PG_OK)
        err = rollup_store_add_tags(pg, (struct label_sum *)(void *)r->tags.entries, r->tags.n);
    if (err == PG_OK)
        err = rollup_store_add_end_users(pg, (struct label_sum *)(void *)r->end_users.entries,
                                         r->end_users.n);
    if (err == PG_OK)
        err = rollup_store_add_sources(pg, (struct label_sum *)(void *)r->sources.entries,
                                       r->sources.n);
    if (err == PG_OK)
        err = rollup_store_add_provider_keys(
            pg, (struct provider_key_sum *)(void *)r->provider_keys.entries, r->provider_keys.n);
    if (err == PG_OK)
        err = rollup_store_add_spend(pg, (struct spend_sum *)(void *)r->spend.entries, r->spend.n);
    return err;
}
