/* /instance/catalogue-versions: a file for the catalogue is given, looked at, and applied: then,
 * and again later, to go back to it.
 */
#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/catalogue/changes.h"
#include "control/page.h"
#include "control/store/catalogue_version_store.h"

enum { CHANGES_BYTES = 8 << 20 };

static void free_document(void *d)
{
    document_fini(d);
}

static void free_buf(void *b)
{
    buf_fini(b);
}

/* Reads the text into a document that the arena frees. NULL after writing 422. */
static struct document *read_text(struct call *c, struct str content)
{
    char err[512];
    struct document *d = ARENA_NEW(c->arena, struct document);
    document_init(d);
    arena_defer(c->arena, free_document, d);
    if (changes_read(d, content, err))
        return d;
    (void)input_refuse(c, "content", "%s.", err);
    return NULL;
}

static struct buf *new_buf(struct call *c)
{
    struct buf *b = ARENA_NEW(c->arena, struct buf);
    buf_init(b, CHANGES_BYTES);
    arena_defer(c->arena, free_buf, b);
    return b;
}

/* A file that names what cannot be is refused by the database. */
static bool import_failed(struct call *c, enum pg_err e)
{
    if (e == PG_INVALID || e == PG_CONFLICT || e == PG_MISSING)
        return input_refuse(c, "content", "the database refuses it: %s", pg_error(c->pg));
    return call_failed(c, e);
}

static void answer(struct call *c, int status, struct str before)
{
    struct str brief = STR_NULL, item = STR_NULL;
    enum pg_err e = call_item(c, catalogue_version_store_brief, c->id, &brief);
    if (e == PG_OK)
        e = call_item(c, catalogue_version_store_get, c->id, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, before, brief);
    (void)buf_add_str(call_json(c, status), item);
}

void api_instance_versions_create(struct call *c)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    struct buf *changes = new_buf(c);
    struct document *d;
    struct catalogue_version_new v = {
        .id = uuid_v7(clock_wall_us()), .source = "upload", .by = &c->session.user};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 200, .to = &v.name},
        {.name = "content",
         .kind = INPUT_SECRET,
         .required = true,
         .min = 2,
         .max = BODY_LARGE_BYTES,
         .to = &v.content},
        {.name = "prune", .kind = INPUT_BOOL, .to = &v.prune},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !(d = read_text(c, v.content)))
        return;
    enum pg_err e = changes_look(c->pg, d, v.prune, changes);
    if (e != PG_OK) {
        (void)import_failed(c, e);
        return;
    }
    (void)crypto_hash_sha256(digest, (const uint8_t *)v.content.p, v.content.len);
    v.sha256 = str_make((const char *)digest, sizeof digest);
    v.changes = buf_str(changes);
    c->id = v.id;
    e = catalogue_version_store_add(c->pg, &v);
    if (e == PG_OK)
        e = catalogue_version_store_trim(c->pg);
    if (e == PG_OK)
        answer(c, 201, STR_NULL);
    else
        (void)call_failed(c, e);
}

void api_instance_versions_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct place after = {0};
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &after))
        return;
    enum pg_err e = catalogue_version_store_list(c->pg, &after, page.limit + 1, &r);
    page_answer(c, &page, e, r, 2);
}

void api_instance_versions_get(struct call *c)
{
    struct str item = STR_NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = call_item(c, catalogue_version_store_get, c->id, &item);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (!item.p)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such version.");
    else
        (void)buf_add_str(call_json(c, 200), item);
}

/* The version of the path, read into a document; NULL after writing the problem. */
static struct document *open_version(struct call *c, struct str *before, bool *prune)
{
    struct pg_result *r = NULL;
    struct document *d = NULL;
    enum pg_err e = call_item(c, catalogue_version_store_brief, c->id, before);
    if (e == PG_OK)
        e = catalogue_version_store_content(c->pg, c->id, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (!before->p || pg_rows(r) == 0)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such version.");
    else {
        *prune = pg_bool(r, 0, 1);
        d = read_text(c, pg_str(r, 0, 0));
    }
    pg_result_free(r);
    return d;
}

void api_instance_versions_preview(struct call *c)
{
    bool prune = false;
    struct str before = STR_NULL, item = STR_NULL;
    struct buf *changes = new_buf(c);
    struct document *d = open_version(c, &before, &prune);
    if (!d)
        return;
    enum pg_err e = changes_look(c->pg, d, prune, changes);
    if (e != PG_OK) {
        (void)import_failed(c, e);
        return;
    }
    e = catalogue_version_store_looked(c->pg, c->id, buf_str(changes), prune);
    if (e == PG_OK)
        e = call_item(c, catalogue_version_store_get, c->id, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_nothing(c); /* of the catalogue nothing changed */
    (void)buf_add_str(call_json(c, 200), item);
}

void api_instance_versions_apply(struct call *c)
{
    bool prune = false, same = false;
    struct str before = STR_NULL;
    struct buf *changes = new_buf(c);
    struct document *d;
    if (!(d = open_version(c, &before, &prune)))
        return;
    enum pg_err e = changes_apply(c->pg, d, prune, changes);
    if (e != PG_OK) {
        (void)import_failed(c, e);
        return;
    }
    e = catalogue_version_store_applied(c->pg, c->id, buf_str(changes), &c->session.user, &same);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (!same)
        reply_problem(&c->reply, P_CHANGED, NULL,
                      "The catalogue has changed since you looked at what this does: look again.");
    else
        answer(c, 200, before);
}
