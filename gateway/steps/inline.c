/* Which media of a request must be fetched for an attempt, whether they may be, and what happens
 * meanwhile. Part of `translate`; the worker's thread. Writes r->tx.inliner and the media of
 * r->want.chat; never waits longer than DOTEB_INLINE_TIMEOUT. */
#include "gateway/steps/inline.h"

#include "common/clock.h"
#include "gateway/dialect/refuse.h"
#include "gateway/steps/inline_file.h"
#include "gateway/wire/json_text.h"

enum { INLINER_MAGIC = 0x696e6c6e, URLS_MAX = 32, AT_ONCE = 4 };

/* A part of the request that is given by a URL. */
struct place {
    struct place *next;
    struct ir_part *part;
    struct ir_media by_url; /* as it was read */
    struct str raw;
    struct inline_file *file;
};

struct inliner {
    uint32_t magic;
    struct req *r;
    struct place *places, **tail;
    struct inline_file *files, **files_tail;
    unsigned n_files;
    bool too_many;
    struct str too_many_field;
    struct str body; /* of r->want.chat, as it was read */
    struct timer timer;
    int64_t waiting_us; /* since when the request waits; 0: it does not */
};

/* ------------------------------------------------------------------ what there is */

static bool is_media(const struct ir_part *p)
{
    return (p->kind == IR_IMAGE || p->kind == IR_FILE) && p->media.at == IR_MEDIA_URL;
}

static struct str decoded(struct str raw, struct arena *a)
{
    char *text = arena_alloc(a, raw.len);
    return str_make(text, json_decode_into(raw, text));
}

/* The URL decoded, or .p NULL if it is none of the web: providers' own stores stay what they are.
 */
static struct str web_url(const struct ir_part *p, struct arena *a)
{
    if (!is_media(p))
        return STR_NULL;
    struct str url = decoded(p->media.data, a);
    bool web = (url.len > 7 && str_ieq(str_make(url.p, 7), STR("http://"))) ||
               (url.len > 8 && str_ieq(str_make(url.p, 8), STR("https://")));
    return web ? url : STR_NULL;
}

bool inline_holds_urls(const struct req *r)
{
    struct arena *a = r->arena;
    if (r->tx.inliner) /* files may be in their place by now */
        return r->tx.inliner->places != NULL;
    for (const struct ir_message *m = r->want.chat->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p; p = p->next) {
            if (web_url(p, a).p)
                return true;
            for (const struct ir_part *child = p->children; child; child = child->next)
                if (web_url(child, a).p)
                    return true;
        }
    return false;
}

/* What is named twice is fetched once. */
static struct inline_file *find(struct inliner *in, struct str url, enum ir_kind kind)
{
    for (struct inline_file *f = in->files; f; f = f->next)
        if (f->kind == kind && str_eq(f->text, url))
            return f;
    return NULL;
}

static void note(struct inliner *in, struct ir_part *p, struct str path)
{
    struct req *r = in->r;
    const struct ir_words *words = r->want.chat->words;
    struct str url = web_url(p, r->arena);
    if (!url.p)
        return;
    const char *member = p->kind == IR_IMAGE ? words->image_url : words->file_url;
    struct str field = member ? str_of(arena_printf(r->arena, STR_FMT ".%s", STR_ARG(path), member))
                              : path;
    struct inline_file *f = find(in, url, p->kind);
    if (!f && in->n_files == URLS_MAX) {
        in->too_many = true;
        in->too_many_field = field;
        return;
    }
    if (!f) {
        f = ARENA_NEW(r->arena, struct inline_file);
        *f = (struct inline_file){.r = r,
                                  .kind = p->kind,
                                  .text = url,
                                  .field = field,
                                  .asked = media_label(decoded(p->media.type, r->arena))};
        *in->files_tail = f;
        in->files_tail = &f->next;
        in->n_files++;
    }
    struct place *at = ARENA_NEW(r->arena, struct place);
    *at = (struct place){.part = p, .by_url = p->media, .raw = p->raw, .file = f};
    *in->tail = at;
    in->tail = &at->next;
}

static void forget(void *arg)
{
    struct inliner *in = arg;
    CHECK(in, INLINER_MAGIC);
    for (struct inline_file *f = in->files; f; f = f->next)
        inline_file_fini(f);
    timer_cancel(&in->r->engine->timers, &in->timer);
}

static struct inliner *collect(struct req *r)
{
    struct inliner *in = ARENA_NEW(r->arena, struct inliner);
    const struct ir_chat *c = r->want.chat;
    *in = (struct inliner){.magic = INLINER_MAGIC,
                           .r = r,
                           .tail = &in->places,
                           .files_tail = &in->files,
                           .body = c->body};
    for (struct ir_message *m = c->messages; m; m = m->next)
        for (struct ir_part *p = m->parts; p; p = p->next) {
            if (!is_media(p) && !p->children)
                continue;
            struct str path = ir_part_path(c, m, p, r->arena);
            note(in, p, path);
            for (struct ir_part *child = p->children; child; child = child->next)
                note(in, child, path);
        }
    arena_defer(r->arena, forget, in);
    return in;
}

/* ------------------------------------------------------------------ what is wanted */

/* Bit per kind that this attempt's provider takes by URL. */
static uint32_t by_url(const struct req *r, const struct dialect_target *to)
{
    if (QUIRK_IS(to->quirks, NO_URL_MEDIA))
        return 0;
    return r->tx.dialect == r->in.dialect ? UINT32_MAX : r->tx.dialect->by_url;
}

static bool is_wanted(const struct inline_file *f, uint32_t by_url)
{
    return !(by_url >> f->kind & 1U);
}

static struct inline_file *first_wanted(const struct inliner *in, uint32_t by_url)
{
    for (struct inline_file *f = in->files; f; f = f->next)
        if (is_wanted(f, by_url))
            return f;
    return NULL;
}

static bool is_allowed(const struct req *r)
{
    enum inline_policy policy = r->engine->conf->inline_policy;
    bool own = !req_is_lent(r, r->route.candidate->key);
    return policy == INLINE_ON || (policy == INLINE_OWN_KEYS && own);
}

static enum inline_result refuse(struct req *r, enum err code, struct str field, const char *why,
                                 enum err *err)
{
    dialect_refuse(r->arena, &r->tx.loss.why, code, field, "%s", why);
    *err = code;
    return INLINE_REFUSED;
}

/* ------------------------------------------------------------------ putting it in its place */

static void put_urls_back(struct inliner *in)
{
    in->r->want.chat->body = in->body;
    for (struct place *at = in->places; at; at = at->next) {
        at->part->media = at->by_url;
        at->part->raw = at->raw;
    }
}

static void put_files_in(struct inliner *in, uint32_t by_url)
{
    in->r->want.chat->body = STR_NULL; /* it holds the URLs */
    for (struct place *at = in->places; at; at = at->next) {
        const struct inline_file *f = at->file;
        if (!is_wanted(f, by_url))
            continue;
        ASSERT(f->state == INLINE_HERE);
        at->part->raw = STR_NULL;
        at->part->media.at = IR_MEDIA_BASE64;
        at->part->media.type = f->type;
        at->part->media.data = buf_str(&f->base64);
    }
}

/* ------------------------------------------------------------------ fetching */

static void stop_all(struct inliner *in)
{
    timer_cancel(&in->r->engine->timers, &in->timer);
    for (struct inline_file *f = in->files; f; f = f->next)
        inline_file_stop(f);
    if (in->waiting_us)
        in->r->tx.fetch_us += clock_mono_us() - in->waiting_us;
    in->waiting_us = 0;
}

void inline_cancel(struct req *r)
{
    if (r->tx.inliner)
        stop_all(r->tx.inliner);
}

static void on_deadline(struct timer *t)
{
    struct inliner *in = container_of(t, struct inliner, timer);
    CHECK(in, INLINER_MAGIC);
    for (struct inline_file *f = in->files; f; f = f->next)
        if (f->state == INLINE_RUNNING)
            inline_file_expire(f);
    req_wake(in->r);
}

static void begin_waiting(struct inliner *in)
{
    struct req *r = in->r;
    if (in->waiting_us)
        return;
    in->waiting_us = clock_mono_us();
    in->timer.fn = on_deadline;
    timer_set(&r->engine->timers, &in->timer,
              in->waiting_us + r->engine->conf->inline_timeout_ms * 1000);
}

static struct inline_file *find_failed(const struct inliner *in, uint32_t by_url)
{
    for (struct inline_file *f = in->files; f; f = f->next)
        if (f->state == INLINE_FAILED && is_wanted(f, by_url))
            return f;
    return NULL;
}

/* Begins as many as may run. False: all that are wanted are here. */
static bool fetch(struct inliner *in, uint32_t by_url)
{
    unsigned running = 0;
    for (struct inline_file *f = in->files; f; f = f->next)
        running += f->state == INLINE_RUNNING;
    for (struct inline_file *f = in->files; f && running < AT_ONCE; f = f->next) {
        if (f->state != INLINE_DUE || !is_wanted(f, by_url))
            continue;
        begin_waiting(in);
        inline_file_start(f);
        if (f->state == INLINE_FAILED)
            break;
        running++;
    }
    return running > 0;
}

enum inline_result inline_media(struct req *r, const struct dialect_target *to, enum err *err)
{
    uint32_t theirs = by_url(r, to);
    bool all = theirs >> IR_IMAGE & theirs >> IR_FILE & 1U;
    if (!r->tx.inliner && !all)
        r->tx.inliner = collect(r);
    struct inliner *in = r->tx.inliner;
    if (!in)
        return INLINE_READY;
    put_urls_back(in);
    struct inline_file *first = first_wanted(in, theirs);
    if (!first)
        return INLINE_READY;
    if (!is_allowed(r))
        return refuse(r, E_UNSUPPORTED, first->field,
                      "This provider takes images and documents only inside the request, and the "
                      "gateway's setting DOTEB_INLINE_URLS does not let it fetch them: send the "
                      "bytes.",
                      err);
    if (in->too_many)
        return refuse(r, E_MEDIA_URL, in->too_many_field,
                      "This provider takes images and documents only inside the request, and the "
                      "request names more URLs than the gateway fetches for one (32).",
                      err);
    struct inline_file *failed = find_failed(in, theirs);
    bool waits = !failed && fetch(in, theirs);
    failed = find_failed(in, theirs);
    if (waits && !failed)
        return INLINE_WAIT;
    stop_all(in);
    if (failed)
        return refuse(r, failed->err, failed->field, failed->why, err);
    put_files_in(in, theirs);
    return INLINE_READY;
}
