/* Ledger records: what goes in comes out, whatever the text; damage is seen. */
#include "gateway/ledger/record.h"
#include "tests/unit/ledger_samples.h"
#include "tests/unit/unit.h"

static struct uuid id_at(int64_t ms)
{
    struct uuid u = sample_uuid(0xAB);
    for (int i = 0; i < 6; i++)
        u.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    return u;
}

static uint8_t bytes[RECORD_OPEN_MAX_BYTES];

static struct str encode_open(const struct ledger_open *o)
{
    memset(bytes, 0xEE, sizeof bytes);
    return str_make((const char *)bytes, record_encode_open(o, bytes));
}

static struct str encode_close(const struct ledger_close *c)
{
    memset(bytes, 0xEE, sizeof bytes);
    return str_make((const char *)bytes, record_encode_close(c, bytes));
}

START_TEST(an_open_comes_back)
{
    struct ledger_open o = sample_open(id_at(1700000000000));
    struct ledger_open d;
    struct str r = encode_open(&o);
    size_t len = 0;
    ck_assert_uint_eq(r.len % 8, 0);
    ck_assert_int_eq(record_peek(r, &len), RECORD_OPEN);
    ck_assert_uint_eq(len, r.len);
    ck_assert(record_decode_open(r, &d));
    ck_assert(uuid_eq(d.request_id, o.request_id));
    ck_assert(uuid_eq(d.organisation_id, o.organisation_id));
    ck_assert(uuid_eq(d.user_id, o.user_id));
    ck_assert(uuid_is_zero(d.provider_key_id));
    ck_assert_int_eq(d.created_us, o.created_us);
    ck_assert_uint_eq(d.retention_days, 30);
    ck_assert(d.streamed);
    ck_assert_int_eq(d.offer_id, 9);
    ck_assert_int_eq(d.estimated_pico, 5000000);
    ck_assert_mem_eq(d.client_ip, o.client_ip, 16);
    ck_assert_text(d.requested_model, "demo/small");
    ck_assert_text(d.source, "app.example");
    ck_assert_text(d.title, "");
    ck_assert_text(d.tags, "a,b");
    ck_assert_text(d.metadata, "{\"k\":\"v\"}");
    ck_assert_text(d.params, "{\"temperature\":0.7}");
}
END_TEST

START_TEST(a_close_comes_back)
{
    struct ledger_close c = sample_close(id_at(1700000000000));
    struct ledger_close d;
    memcpy(c.error, "UPSTREAM_CUT", 13);
    memcpy(c.attempt[0].error, "UPSTREAM_STATUS", 16);
    c.attempt[0].lent = true;
    struct str r = encode_close(&c);
    size_t len = 0;
    ck_assert_int_eq(record_peek(r, &len), RECORD_CLOSE);
    ck_assert(record_decode_close(r, &d));
    ck_assert_uint_eq(d.status, 200);
    ck_assert_str_eq(d.error, "UPSTREAM_CUT");
    ck_assert_int_eq(d.duration_us, 1500000);
    ck_assert_int_eq(d.ttft_us, 250000);
    ck_assert_int_eq(d.usage.input, 12);
    ck_assert_int_eq(d.usage.cache_write_1h, -1);
    ck_assert_int_eq(d.usage.output, 34);
    ck_assert(!d.usage.estimated);
    ck_assert_uint_eq(d.cost.n, 1);
    ck_assert_int_eq(d.cost.line[0].price.femto, 2000000000);
    ck_assert_int_eq(d.cost.line[0].amount_pico, 24000000);
    ck_assert_int_eq(d.cost.total_pico, 24000000);
    ck_assert_uint_eq(d.n_attempts, 1);
    ck_assert_str_eq(d.attempt[0].error, "UPSTREAM_STATUS");
    ck_assert(d.attempt[0].lent);
    ck_assert_uint_eq(d.attempt[0].status, c.attempt[0].status);
    ck_assert_int_eq(d.attempt[0].first_byte_us, 100);
    ck_assert_uint_eq(d.n_steps, 2);
    ck_assert_uint_eq(d.step_us[1], 20);
    ck_assert_text(d.upstream_model, "small-2026");
}
END_TEST

START_TEST(the_largest_records_fit)
{
    struct ledger_open o = sample_open(id_at(1));
    o.requested_model = o.client_request_id = o.source = o.title = o.referer = o.end_user =
        o.session = o.user_agent = o.tags = sample_letters(4000);
    o.metadata = sample_letters(1024);
    o.params = sample_letters(512);
    struct str r = encode_open(&o);
    struct ledger_open d;
    ck_assert_uint_le(r.len, RECORD_OPEN_MAX_BYTES);
    ck_assert(record_decode_open(r, &d));
    ck_assert_uint_eq(d.requested_model.len, 256);
    ck_assert_uint_eq(d.session.len, 128);
    ck_assert_uint_eq(d.tags.len, 0); /* no comma within reach: not one whole tag */
    ck_assert_uint_eq(d.metadata.len, 1024);

    struct ledger_close c = sample_close(id_at(1));
    struct ledger_close dc;
    c.cost.n = PRICE_KINDS;
    c.n_attempts = LEDGER_ATTEMPTS_MAX;
    for (int i = 0; i < LEDGER_ATTEMPTS_MAX; i++)
        memset(c.attempt[i].error, 'E', sizeof c.attempt[i].error);
    c.n_steps = LEDGER_STEPS_MAX;
    memset(c.error, 'E', sizeof c.error);
    c.upstream_model = c.upstream_request_id = c.error_detail = sample_letters(4000);
    r = encode_close(&c);
    ck_assert_uint_le(r.len, RECORD_CLOSE_MAX_BYTES);
    ck_assert_uint_gt(r.len, 1700); /* the limit is not far too high either */
    ck_assert(record_decode_close(r, &dc));
    ck_assert_uint_eq(strlen(dc.attempt[7].error), 31);
    ck_assert_uint_eq(dc.error_detail.len, 256);
}
END_TEST

static const struct {
    const char *in;
    size_t len;
    const char *out;
} texts[] = {
    {"plain", 5, "plain"},
    {"na\xC3\xAFve", 6, "na\xC3\xAFve"},
    {"a\0b", 3, "ab"},
    {"\xFF", 1, "\xEF\xBF\xBD"},
    {"a\xC3", 2, "a\xEF\xBF\xBD"},                               /* cut in a character */
    {"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* a surrogate */
    {"\xF0\x9F\x98\x80!", 5, "\xF0\x9F\x98\x80!"},
    {"\xC0\x80", 2, "\xEF\xBF\xBD\xEF\xBF\xBD"}, /* an overlong NUL */
};

START_TEST(text_is_cleaned)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct ledger_open o = sample_open(id_at(1));
        struct ledger_open d;
        o.title = str_make(texts[i].in, texts[i].len);
        ck_assert(record_decode_open(encode_open(&o), &d));
        ck_assert_text(d.title, texts[i].out);
    }
}
END_TEST

START_TEST(a_cut_keeps_characters_whole)
{
    char text[400];
    for (size_t pad = 0; pad < 4; pad++) {
        struct ledger_open o = sample_open(id_at(1));
        struct ledger_open d;
        memset(text, 'a', pad);
        for (size_t i = pad; i + 4 <= sizeof text; i += 4)
            memcpy(text + i, "\xF0\x9F\x98\x80", 4);
        o.title = str_make(text, 200 + pad);
        ck_assert(record_decode_open(encode_open(&o), &d));
        ck_assert_uint_eq(d.title.len, pad == 0 ? 128 : 124 + pad);
        ck_assert(str_is_utf8(d.title));
    }
}
END_TEST

START_TEST(lists_lose_whole_tags_and_objects_go_whole)
{
    char tags[700];
    struct ledger_open o = sample_open(id_at(1));
    struct ledger_open d;
    for (size_t i = 0; i < sizeof tags; i++)
        tags[i] = i % 10 == 9 ? ',' : 't';
    o.tags = str_make(tags, sizeof tags);
    o.metadata = sample_letters(1025);
    o.params = STR("{\"a\":\"\xFF\"}");
    ck_assert(record_decode_open(encode_open(&o), &d));
    ck_assert_uint_eq(d.tags.len, 509); /* 51 tags of 9 letters and the commas between */
    ck_assert_uint_eq(d.metadata.len, 0);
    ck_assert_uint_eq(d.params.len, 0);
}
END_TEST

START_TEST(zeros_and_short_bytes_are_no_record)
{
    static const char zeros[64];
    size_t len;
    for (size_t n = 0; n <= sizeof zeros; n++)
        ck_assert_int_eq(record_peek(str_make(zeros, n), &len), RECORD_NONE);
}
END_TEST

START_TEST(every_bit_and_every_cut_counts)
{
    struct ledger_close c = sample_close(id_at(1700000000000));
    struct str r = encode_close(&c);
    uint8_t copy[RECORD_CLOSE_MAX_BYTES];
    size_t len;
    for (size_t bit = 0; bit < r.len * 8; bit++) {
        memcpy(copy, r.p, r.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(record_peek(str_make((char *)copy, r.len), &len), RECORD_TORN);
    }
    for (size_t cut = 16; cut < r.len; cut += 8) {
        memcpy(copy, r.p, r.len);
        ck_assert_int_eq(record_peek(str_make((char *)copy, cut), &len), RECORD_TORN);
        memset(copy + cut, 0, r.len - cut); /* the rest never reached the disk */
        if (memcmp(copy, r.p, r.len) != 0)
            ck_assert_int_eq(record_peek(str_make((char *)copy, r.len), &len), RECORD_TORN);
    }
}
END_TEST

START_TEST(the_wrong_decoder_refuses)
{
    struct ledger_open o = sample_open(id_at(1));
    struct ledger_close c = sample_close(id_at(1));
    struct ledger_open od;
    struct ledger_close cd;
    ck_assert(!record_decode_close(encode_open(&o), &cd));
    ck_assert(!record_decode_open(encode_close(&c), &od));
    ck_assert(!record_decode_open(STR_NULL, &od));
}
END_TEST

UNIT_MAIN("record", an_open_comes_back, a_close_comes_back, the_largest_records_fit,
          text_is_cleaned, a_cut_keeps_characters_whole, lists_lose_whole_tags_and_objects_go_whole,
          zeros_and_short_bytes_are_no_record, every_bit_and_every_cut_counts,
          the_wrong_decoder_refuses)
