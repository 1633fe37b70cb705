/* What a call of the control API brings: the first byte says whether the rest is a query string, a
 * JSON body, a time, a base URL or a cursor. Whatever it is, it is taken within its bounds or
 * refused with a problem that names a status.
 */
#include "common/mem.h"
#include "control/base_url.h"
#include "control/page.h"
#include "control/text_time.h"
#include "tests/fuzz/fuzz.h"

static const char *const words[] = {"one", "two", NULL};

struct fields {
    struct str name, secret;
    struct uuid id;
    int64_t at, n;
    bool flag;
    int word;
    const json_t *object;
};

static void check(const struct call *c, bool ok, const struct fields *f)
{
    ASSERT(ok == (c->reply.status == 0));
    ASSERT(ok || (c->reply.status >= 400 && c->reply.status < 500 && c->reply.body.len > 0));
    ASSERT(str_is_utf8(buf_str(&c->reply.body)));
    if (ok) {
        ASSERT(f->name.len <= 40 && str_is_utf8(f->name) && str_find(f->name, '\0') < 0);
        ASSERT(f->n >= -5 && f->n <= 5 && f->at >= 0 && f->word >= 0 && f->word < 2);
    }
}

static void read_fields(struct call *c, bool query)
{
    struct fields f = {0};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .max = 10, .to = &f.name},
        {.name = "secret", .kind = INPUT_SECRET, .max = 20, .to = &f.secret},
        {.name = "id", .kind = INPUT_UUID, .to = &f.id},
        {.name = "at", .kind = INPUT_TIME, .nullable = true, .to = &f.at},
        {.name = "n", .kind = INPUT_INT, .min = -5, .max = 5, .to = &f.n},
        {.name = "flag", .kind = INPUT_BOOL, .to = &f.flag},
        {.name = "word", .kind = INPUT_WORD, .words = words, .to = &f.word},
        {.name = "object", .kind = INPUT_OBJECT, .to = &f.object},
    };
    bool ok = query ? input_query(c, rows, ARRAY_LEN(rows)) : input_body(c, rows, ARRAY_LEN(rows));
    check(c, ok, &f);
}

static void read_cursor(struct call *c, struct str text)
{
    struct page p;
    const struct fields f = {0};
    page_init(&p);
    p.after = true;
    p.raw = text;
    bool ok = page_open(c, &p, PAGE_KEYS_MAX);
    check(c, ok, &f);
    for (size_t i = 0; ok && i < PAGE_KEYS_MAX; i++)
        ASSERT(p.key[i].len <= 255 && str_is_utf8(p.key[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t us = 0;
    struct call c = {0};
    if (size == 0 || size > BODY_MAX_BYTES)
        return 0;
    struct str text = str_make((const char *)data + 1, size - 1);
    c.arena = arena_new(1024);
    reply_init(&c.reply);
    buf_init(&c.req.body, BODY_MAX_BYTES);
    switch (data[0] % 5) {
    case 0:
        c.req.query = text;
        read_fields(&c, true);
        break;
    case 1:
        (void)buf_add_str(&c.req.body, text);
        read_fields(&c, false);
        break;
    case 2:
        ASSERT(!text_time_parse(text, &us) || us >= 0);
        break;
    case 3:
        ASSERT(base_url_complaint(text, NULL) != NULL);
        break;
    default:
        read_cursor(&c, text);
    }
    reply_fini(&c.reply);
    buf_fini(&c.req.body);
    arena_free(c.arena);
    return 0;
}
