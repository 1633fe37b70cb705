/* The event stream parser. Runs on the worker that owns the transfer; no I/O. Line ends are looked
 * for with memchr, and no byte is looked at twice however the input is cut. An event of one data
 * line (nearly all are) is handed out where it lies; only several lines are joined by copying.
 */
#include "gateway/wire/sse.h"

enum { SSE_MAGIC = 0x73736521, NAME_MAX_BYTES = 1024 };

void sse_init(struct sse *s, size_t max_event_bytes)
{
    ASSERT(max_event_bytes > 0 && max_event_bytes < SIZE_MAX / 4);
    *s = (struct sse){.magic = SSE_MAGIC, .max_bytes = max_event_bytes};
    buf_init(&s->raw, SIZE_MAX / 4); /* max_bytes caps it, and the feeds' own size */
    buf_init(&s->data, max_event_bytes);
    buf_init(&s->type, NAME_MAX_BYTES);
    buf_init(&s->id, NAME_MAX_BYTES);
}

void sse_fini(struct sse *s)
{
    CHECK(s, SSE_MAGIC);
    buf_fini(&s->raw);
    buf_fini(&s->data);
    buf_fini(&s->type);
    buf_fini(&s->id);
    s->magic = 0;
}

static void forget_event(struct sse *s)
{
    s->data_lines = 0;
    s->handed_out = false;
    buf_reset(&s->data);
    buf_reset(&s->type);
}

/* Takes the only data line to where several are joined. */
static void join_data(struct sse *s)
{
    buf_add(&s->data, s->raw.p + s->one_begin, s->one_end - s->one_begin);
    s->data_lines = 2;
}

/* Drops what no event needs any more. Lines without end behind the only data line (comments) would
 * keep all of it: the line moves out of their way. */
static void drop_used(struct sse *s)
{
    if (s->data_lines == 1 && s->at - s->one_begin > s->max_bytes)
        join_data(s);
    size_t used = s->data_lines == 1 ? s->one_begin : s->at;
    if (used == 0)
        return;
    buf_drop(&s->raw, used);
    s->at -= used;
    s->lf_from = s->lf_from > used ? s->lf_from - used : 0;
    s->cr_from = s->cr_from > used ? s->cr_from - used : 0;
    if (s->data_lines == 1) {
        s->one_begin -= used;
        s->one_end -= used;
    }
}

bool sse_feed(struct sse *s, struct str bytes)
{
    CHECK(s, SSE_MAGIC);
    if (s->failed)
        return false;
    if (s->handed_out)
        forget_event(s);
    drop_used(s);
    ASSERT(buf_add_str(&s->raw, bytes));
    return true;
}

/* The mark may be the stream's first character only. True when that is settled. */
static bool check_bom(struct sse *s)
{
    static const char bom[] = "\xEF\xBB\xBF";
    size_t n = s->raw.len < 3 ? s->raw.len : 3;
    if (n == 0)
        return false;
    bool same = memcmp(s->raw.p, bom, n) == 0;
    if (same && n < 3)
        return false;
    s->at = same ? 3 : 0;
    s->bom_checked = true;
    return true;
}

/* Offset of the next `c` from the line in hand on, or raw's length; `*from` remembers it. */
static size_t next_of(const struct sse *s, char c, size_t *from)
{
    size_t begin = *from > s->at ? *from : s->at;
    const char *hit = begin < s->raw.len ? memchr(s->raw.p + begin, c, s->raw.len - begin) : NULL;
    return *from = hit ? (size_t)(hit - s->raw.p) : s->raw.len;
}

/* Bytes of the event's data so far, wherever they lie. */
static size_t data_len(const struct sse *s)
{
    return s->data_lines == 1 ? s->one_end - s->one_begin : s->data.len;
}

/* Takes the next line without its end; false when it is not complete. */
static bool take_line(struct sse *s, struct str *line)
{
    if (s->skip_lf && s->at < s->raw.len) {
        s->at += s->raw.p[s->at] == '\n';
        s->skip_lf = false;
    }
    size_t lf = next_of(s, '\n', &s->lf_from), cr = next_of(s, '\r', &s->cr_from);
    size_t end = lf < cr ? lf : cr;
    if (data_len(s) + (end - s->at) > s->max_bytes) {
        s->failed = true;
        return false;
    }
    if (end == s->raw.len)
        return false;
    *line = str_make(s->raw.p + s->at, end - s->at);
    s->at = end + 1;
    s->skip_lf = cr < lf;
    return true;
}

/* The first data line stays where it is; a second one moves both into `data`. */
static void add_data(struct sse *s, struct str value)
{
    size_t begin = (size_t)(value.p - s->raw.p);
    if (s->data_lines == 0) {
        s->one_begin = begin;
        s->one_end = begin + value.len;
    } else {
        if (s->data_lines == 1)
            join_data(s);
        buf_add_char(&s->data, '\n');
        buf_add_str(&s->data, value);
        s->failed |= s->data.failed;
    }
    s->data_lines += s->data_lines < 2;
}

static void keep_name(struct buf *to, struct str value)
{
    buf_reset(to);
    if (value.len <= NAME_MAX_BYTES)
        buf_add_str(to, value);
}

static void take_field(struct sse *s, struct str line)
{
    const char *colon = memchr(line.p, ':', line.len);
    struct str name = str_make(line.p, colon ? (size_t)(colon - line.p) : line.len);
    struct str value = str_make(line.p + line.len, 0);
    if (colon) {
        value = str_make(colon + 1, line.len - name.len - 1);
        if (value.len && value.p[0] == ' ')
            value = str_make(value.p + 1, value.len - 1);
    }
    if (str_eq(name, STR("data")))
        add_data(s, value);
    else if (str_eq(name, STR("event")))
        keep_name(&s->type, value);
    else if (str_eq(name, STR("id")) && str_find(value, '\0') < 0)
        keep_name(&s->id, value);
}

static struct str event_data(const struct sse *s)
{
    if (s->data_lines == 1)
        return str_make(s->raw.p + s->one_begin, s->one_end - s->one_begin);
    return buf_str(&s->data);
}

bool sse_next(struct sse *s, struct sse_event *out)
{
    CHECK(s, SSE_MAGIC);
    if (s->handed_out)
        forget_event(s);
    if (s->failed || (!s->bom_checked && !check_bom(s)))
        return false;
    struct str line;
    while (!s->failed && take_line(s, &line)) {
        if (line.len) {
            take_field(s, line);
            continue;
        }
        if (s->data_lines == 0) {
            forget_event(s);
            continue;
        }
        *out = (struct sse_event){
            .type = buf_str(&s->type), .data = event_data(s), .id = buf_str(&s->id)};
        s->handed_out = true;
        return true;
    }
    return false;
}

bool sse_partial(const struct sse *s)
{
    if (s->handed_out)
        return s->at < s->raw.len && !(s->skip_lf && s->raw.p[s->at] == '\n');
    return s->at < s->raw.len || s->data_lines > 0 || s->type.len > 0;
}

bool sse_failed(const struct sse *s)
{
    return s->failed;
}
