/* Prices and amounts: what parses is in range, and reads back the same from its shortest form. */
#include "common/money.h"
#include "tests/fuzz/fuzz.h"

static void check_price(struct str s)
{
    struct price p, back;
    struct buf b;
    if (!price_parse(s, &p))
        return;
    ASSERT(p.femto >= 0 && p.femto <= PRICE_MAX_FEMTO);
    buf_init(&b, 64);
    price_format(p, &b);
    ASSERT(!b.failed && price_parse(buf_str(&b), &back) && back.femto == p.femto);
    ASSERT(money_line_pico(1000, p, 1000) == p.femto);
    buf_fini(&b);
}

static void check_amount(struct str s)
{
    int64_t pico, back;
    struct buf b;
    if (!money_parse(s, &pico))
        return;
    buf_init(&b, 64);
    money_format(pico, &b);
    ASSERT(!b.failed && money_parse(buf_str(&b), &back) && back == pico);
    ASSERT(str_find(buf_str(&b), 'e') < 0);
    buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_make((const char *)data, size);
    check_price(s);
    check_amount(s);
    return 0;
}
