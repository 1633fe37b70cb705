/* segment: a segment of real records, spoilt as the input says (bits flipped, stretches filled or
 * overwritten with the input's bytes, the end cut off), is read to its end: every record found is
 * one that was written, and every record that was not touched is found.
 */
#include "gateway/ledger/segment.h"

#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

enum { RECORDS = 24, BYTES = 64 + RECORDS * RECORD_CLOSE_MAX_BYTES };

struct script {
    const uint8_t *p;
    size_t n;
};

static struct segment_original {
    uint8_t bytes[BYTES];
    size_t at[RECORDS + 1];
    bool made;
} original;

static unsigned next(struct script *s)
{
    if (s->n == 0)
        return 0;
    s->n--;
    return *s->p++;
}

static size_t next_offset(struct script *s, size_t most)
{
    size_t high = next(s);
    return (high << 8 | next(s)) * 3 % most;
}

static void make_original(void)
{
    static char text[256];
    size_t at = SEGMENT_HEAD_BYTES;
    memset(text, 't', sizeof text);
    for (size_t i = 0; i < RECORDS; i++) {
        struct ledger_open o = {.title = str_make(text, i * 5)};
        struct ledger_close c = {.n_attempts = (uint8_t)(i % LEDGER_ATTEMPTS_MAX),
                                 .upstream_model = str_make(text, i * 3)};
        memset(&o.request_id, (int)i + 1, sizeof o.request_id);
        memset(&c.request_id, (int)i, sizeof c.request_id);
        original.at[i] = at;
        at += i % 2 ? record_encode_close(&c, original.bytes + at)
                    : record_encode_open(&o, original.bytes + at);
    }
    original.at[RECORDS] = at;
    original.made = true;
}

static void touch(bool *touched, size_t from, size_t to)
{
    for (size_t i = 0; i < RECORDS; i++)
        if (from < original.at[i + 1] && to > original.at[i])
            touched[i] = true;
}

/* One way of spoiling `bytes`; returns the new length. */
static size_t spoil(struct script *s, uint8_t *bytes, size_t len, bool *touched)
{
    unsigned way = next(s) % 4;
    size_t at = next_offset(s, len);
    size_t n = next(s) + 1U;
    n = n > len - at ? len - at : n;
    if (way == 0) {
        bytes[at] ^= (uint8_t)(1u << next(s) % 8);
        touch(touched, at, at + 1);
    } else if (way == 1) {
        memset(bytes + at, (int)next(s), n);
        touch(touched, at, at + n);
    } else if (way == 2) {
        for (size_t i = 0; i < n; i++)
            bytes[at + i] = (uint8_t)next(s);
        touch(touched, at, at + n);
    } else if (at > 0) {
        touch(touched, at, len);
        len = at;
    }
    return len;
}

/* The index of the record that these bytes are; ends the process if they are none. */
static size_t identify(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < RECORDS; i++)
        if (len == original.at[i + 1] - original.at[i] &&
            memcmp(p, original.bytes + original.at[i], len) == 0)
            return i;
    bool was_written = false;
    ASSERT(was_written);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = {data, size};
    bool touched[RECORDS] = {false};
    bool found[RECORDS] = {false};
    struct segment_id id;
    if (!original.made)
        make_original();
    size_t len = original.at[RECORDS] + 4096;
    len = len > BYTES ? BYTES : len;
    uint8_t *bytes = xmalloc(len);
    memcpy(bytes, original.bytes, len);
    while (s.n > 0)
        len = spoil(&s, bytes, len, touched);
    bytes = xrealloc(bytes, len); /* so that a read beyond the end is seen */
    struct str text = str_make((char *)bytes, len);
    (void)!segment_parse_head(text, &id);
    size_t at = SEGMENT_HEAD_BYTES;
    size_t n;
    size_t torn = 0;
    while (segment_next(text, &at, &n, &torn) != RECORD_NONE) {
        found[identify(bytes + at, n)] = true;
        at += n;
    }
    for (size_t i = 0; i < RECORDS; i++)
        ASSERT(found[i] || touched[i]);
    xfree(bytes);
    (void)!segment_parse_head(str_make((const char *)data, size), &id);
    return 0;
}
