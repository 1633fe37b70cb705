/* Ledger records for tests: small ones, and ones whose every field is at its limit. */
#ifndef DOTEB_TESTS_LEDGER_SAMPLES_H
#define DOTEB_TESTS_LEDGER_SAMPLES_H

#include "gateway/ledger/record.h"

/* Lives in static memory: `len` letters. */
static inline struct str sample_letters(size_t len)
{
    static char letters[4096];
    memset(letters, 'x', sizeof letters);
    return str_make(letters, len);
}

static inline struct uuid sample_uuid(unsigned char seed)
{
    struct uuid u;
    memset(u.b, seed, sizeof u.b);
    return u;
}

static inline struct ledger_open sample_open(struct uuid id)
{
    return (struct ledger_open){
        .request_id = id,
        .organisation_id = sample_uuid(1),
        .project_id = sample_uuid(2),
        .api_key_id = sample_uuid(3),
        .user_id = sample_uuid(4),
        .created_us = uuid_v7_ms(id) * 1000 + 123,
        .retention_days = 30,
        .endpoint = 1,
        .streamed = true,
        .provider_id = 7,
        .model_id = 8,
        .offer_id = 9,
        .estimated_input = 100,
        .estimated_output = 200,
        .estimated_pico = 5000000,
        .client_ip = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1},
        .requested_model = STR("demo/small"),
        .source = STR("app.example"),
        .tags = STR("a,b"),
        .metadata = STR("{\"k\":\"v\"}"),
        .params = STR("{\"temperature\":0.7}"),
    };
}

static inline struct ledger_close sample_close(struct uuid id)
{
    struct ledger_close c = {
        .request_id = id,
        .status = 200,
        .outcome = OUTCOME_OK,
        .finish_reason = 1,
        .provider_id = 7,
        .model_id = 8,
        .offer_id = 9,
        .duration_us = 1500000,
        .ttft_us = 250000,
        .overhead_us = 800,
        .usage = {.input = 12,
                  .cached = 4,
                  .cache_write_5m = -1,
                  .cache_write_1h = -1,
                  .audio_input = -1,
                  .cached_audio = -1,
                  .image_input = -1,
                  .output = 34,
                  .reasoning = 5,
                  .audio_output = -1,
                  .web_searches = -1},
        .n_attempts = 1,
        .n_steps = 2,
        .step_us = {10, 20},
        .upstream_model = STR("small-2026"),
    };
    c.cost.n = 1;
    c.cost.line[0] = (struct cost_line){.kind = PRICE_INPUT,
                                        .quantity = 12,
                                        .price = {.femto = 2000000000},
                                        .multiplier_milli = 1000,
                                        .amount_pico = 24000000};
    c.cost.total_pico = 24000000;
    c.attempt[0] = (struct ledger_attempt){
        .offer_id = 9, .provider_id = 7, .status = 200, .start_us = 5, .first_byte_us = 100};
    return c;
}

#endif
