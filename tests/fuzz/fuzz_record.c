/* record: any bytes are looked at safely, what is accepted encodes to the same bytes again, and
 * what is encoded, from whatever text, is accepted. The first byte chooses: bytes as they are;
 * bytes in a record's head that fits them; bytes as the text of a record's fields.
 */
#include "gateway/ledger/record.h"

#include <endian.h>

#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

enum { AS_THEY_ARE, AS_OPEN, AS_CLOSE, AS_TEXT, MODES };
enum { KIND_OPEN = 0xFA, KIND_CLOSE = 0xFC };

/* The format's head, written down a second time. */
static void seal(uint8_t *p, size_t len, uint8_t kind)
{
    uint64_t sum = 0x646f7465622d7631;
    const uint8_t head[8] = {(uint8_t)len, (uint8_t)(len >> 8), kind, 1};
    memcpy(p + 8, head, sizeof head);
    for (size_t i = 8; i < len; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        sum = (sum ^ le64toh(w)) * 0x9E3779B97F4A7C15;
        sum ^= sum >> 29;
    }
    sum = htole64(sum);
    memcpy(p, &sum, 8);
}

static void decode_and_back(struct str bytes)
{
    uint8_t again[RECORD_OPEN_MAX_BYTES];
    struct ledger_open o;
    struct ledger_close c;
    size_t len = 0;
    enum record_kind kind = record_peek(bytes, &len);
    if (kind == RECORD_NONE || kind == RECORD_TORN)
        return;
    ASSERT(len > 0 && len <= bytes.len && len % 8 == 0);
    struct str record = str_make(bytes.p, len);
    bool open = record_decode_open(record, &o);
    bool close = record_decode_close(record, &c);
    ASSERT(!(open && kind != RECORD_OPEN) && !(close && kind != RECORD_CLOSE));
    size_t n = len;
    if (open)
        n = record_encode_open(&o, again);
    if (close)
        n = record_encode_close(&c, again);
    ASSERT(n == len && (!(open || close) || memcmp(again, bytes.p, len) == 0));
}

/* The bytes as a record's payload, exactly as long as it says. */
static void with_head(const uint8_t *data, size_t size, uint8_t kind)
{
    size_t most = (kind == KIND_OPEN ? RECORD_OPEN_MAX_BYTES : RECORD_CLOSE_MAX_BYTES) - 16;
    size = size > most ? most : size;
    size_t len = 16 + (size + 7) / 8 * 8;
    uint8_t *p = xcalloc(1, len);
    memcpy(p + 16, data, size);
    seal(p, len, kind);
    decode_and_back(str_make((char *)p, len));
    xfree(p);
}

/* The bytes cut into pieces at 0xFE, as the fields' text. */
static void as_text(const uint8_t *data, size_t size)
{
    uint8_t out[RECORD_OPEN_MAX_BYTES];
    struct str rest = str_make((const char *)data, size);
    struct ledger_open o = {.retention_days = 30};
    struct ledger_close c = {.n_steps = 3};
    struct str *fields[] = {
        &o.requested_model, &o.client_request_id, &o.source,      &o.title, &o.referer,
        &o.end_user,        &o.session,           &o.user_agent,  &o.tags,  &o.metadata,
        &o.params,          &c.upstream_model,    &c.error_detail};
    for (size_t i = 0; i < ARRAY_LEN(fields) && rest.p; i++)
        *fields[i] = str_cut(&rest, '\xFE');
    memcpy(c.error, o.title.p ? o.title.p : "", o.title.len < 32 ? o.title.len : 32);
    struct ledger_open od;
    struct ledger_close cd;
    struct str open = str_make((char *)out, record_encode_open(&o, out));
    ASSERT(record_decode_open(open, &od) && str_is_utf8(od.title) && od.tags.len <= 512);
    decode_and_back(open);
    struct str close = str_make((char *)out, record_encode_close(&c, out));
    ASSERT(record_decode_close(close, &cd) && strlen(cd.error) < 32);
    decode_and_back(close);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned mode = data[0] % MODES;
    data++;
    size--;
    if (mode == AS_THEY_ARE)
        decode_and_back(str_make((const char *)data, size));
    else if (mode == AS_TEXT)
        as_text(data, size);
    else
        with_head(data, size, mode == AS_OPEN ? KIND_OPEN : KIND_CLOSE);
    return 0;
}
