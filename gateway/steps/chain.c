/* Stored answers. The store is asked through request_archive; what items are is the dialect's
 * knowledge. Never waits longer than the archive's deadline; an answer that could not be kept goes
 * to the client all the same. */
#include "gateway/steps/chain.h"

#include "gateway/dialect/bounded.h"
#include "gateway/request_archive.h"
#include "gateway/request_error.h"
#include "gateway/wire/json_scan.h"

enum { REFERENCES_MAX = 256 };

static const struct dialect_chain *chain_of(const struct req *r)
{
    return r->in.dialect->chain;
}

/* ------------------------------------------------------------------ before */

static enum step_rc fail(struct req *r, enum archive_result result, const char *field,
                         struct str id)
{
    if (result == ARCHIVE_UNAVAILABLE)
        req_fail(r, E_NO_ARCHIVE, str_of(field), NULL);
    else
        req_fail(r, E_NO_RESPONSE, str_of(field),
                 "There is no stored response '%.*s': it was not kept, is older than 30 days, or "
                 "belongs to another project.",
                 (int)(id.len < 64 ? id.len : 64), id.p);
    return STEP_FAIL;
}

/* The items of all that was found, oldest first. */
static void add_items(const struct req *r, const struct archive_contents *found, size_t n,
                      struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        struct str list = found[i].items; /* with its brackets */
        if (list.len > 2)
            (void)chain_of(r)->items_add(str_make(list.p + 1, list.len - 2), out);
    }
}

/* The body becomes `with` (taken), and is read again. */
static enum step_rc replace_body(struct req *r, struct buf *with)
{
    struct dialect_refusal why = {0};
    bool room = !with->failed && req_charge(r, &r->in.body_charged, with->len);
    if (!room) {
        buf_fini(with);
        req_fail(r, E_BODY_TOO_LARGE, STR_NULL,
                 "With the responses before it the request is larger than this gateway takes.");
        return STEP_FAIL;
    }
    buf_fini(&r->in.body);
    r->in.body = *with;
    enum err err = bounded_scan(r->in.dialect, buf_str(&r->in.body), &r->in.call, r->arena,
                                &r->want.scan, &why);
    if (err) {
        req_fail(r, err, why.field, STR_FMT, STR_ARG(why.text));
        return STEP_FAIL;
    }
    r->want.scan.previous_response_id = r->archive.previous;
    if (!req_charge_arena(r)) {
        req_fail(r, E_OVERLOADED, STR_NULL, "%s", err_text(E_OVERLOADED));
        return STEP_FAIL;
    }
    return STEP_NEXT;
}

/* The request's own items, while they can still be told from those before them. */
static void keep_own_items(struct req *r)
{
    struct buf b;
    buf_init(&b, r->in.body.len + 1024);
    if (r->want.scan.keeps && chain_of(r)->items_of_request(buf_str(&r->in.body), &b))
        r->archive.items = arena_str(r->arena, buf_str(&b));
    buf_fini(&b);
}

static enum step_rc fetched(struct req *r)
{
    struct archive_contents *found = NULL;
    size_t n = 0;
    struct buf before, body;
    enum archive_result result = archive_take(r, &found, &n);
    if (result != ARCHIVE_OK)
        return fail(r, result, "previous_response_id", r->archive.previous);
    size_t most = (size_t)r->engine->conf->body_max;
    buf_init(&before, most);
    buf_init(&body, most);
    add_items(r, found, n, &before);
    if (before.failed || !chain_of(r)->expand(buf_str(&r->in.body), buf_str(&before), &body))
        body.failed = true;
    buf_fini(&before);
    return replace_body(r, &body);
}

/* Asks for the items that are named by their ids; false: there are none. */
static bool ask_for_items(struct req *r)
{
    struct str ids[REFERENCES_MAX];
    size_t n = chain_of(r)->references(buf_str(&r->in.body), ids, ARRAY_LEN(ids));
    struct buf list;
    if (n == 0)
        return false;
    n = n < ARRAY_LEN(ids) ? n : ARRAY_LEN(ids);
    buf_init(&list, 64 * 1024);
    buf_add_char(&list, '[');
    for (size_t i = 0; i < n; i++) {
        buf_add_str(&list, i ? STR(",\"") : STR("\""));
        buf_add_str(&list, ids[i]);
        buf_add_char(&list, '"');
    }
    buf_add_char(&list, ']');
    if (!list.failed)
        archive_ask(r, ARCHIVE_ITEMS, buf_str(&list), STR(""), NULL);
    bool asked = !list.failed;
    buf_fini(&list);
    return asked;
}

static enum step_rc resolved(struct req *r)
{
    struct archive_contents *found = NULL;
    size_t n = 0;
    struct buf known, body;
    enum archive_result result = archive_take(r, &found, &n);
    if (result == ARCHIVE_UNAVAILABLE)
        return fail(r, result, "input", STR(""));
    size_t most = (size_t)r->engine->conf->body_max;
    buf_init(&known, most);
    buf_init(&body, most);
    add_items(r, found, n, &known);
    if (known.failed || !chain_of(r)->resolve(buf_str(&r->in.body), buf_str(&known), &body))
        body.failed = true;
    buf_fini(&known);
    return replace_body(r, &body);
}

static enum step_rc begin(struct req *r)
{
    if (!chain_of(r))
        return STEP_NEXT;
    r->archive.previous = r->want.scan.previous_response_id;
    r->archive.items = STR("");
    keep_own_items(r);
    if (r->archive.previous.len) {
        r->archive.previous = arena_str(r->arena, r->archive.previous);
        archive_ask(r, ARCHIVE_CHAIN, r->archive.previous, STR(""), NULL);
        r->archive.phase = CHAIN_FETCHING;
        return STEP_WAIT;
    }
    if (ask_for_items(r)) {
        r->archive.phase = CHAIN_RESOLVING;
        return STEP_WAIT;
    }
    r->archive.phase = CHAIN_READY;
    return STEP_NEXT;
}

enum step_rc chain_before(struct req *r)
{
    enum step_rc rc = STEP_NEXT;
    if (r->archive.phase == CHAIN_NONE)
        return begin(r);
    if (r->archive.phase == CHAIN_READY)
        return STEP_NEXT;
    if (!archive_answered(r))
        return STEP_WAIT;
    if (r->archive.phase == CHAIN_FETCHING) {
        rc = fetched(r);
        if (rc == STEP_NEXT && ask_for_items(r)) {
            r->archive.phase = CHAIN_RESOLVING;
            return STEP_WAIT;
        }
    } else {
        rc = resolved(r);
    }
    r->archive.phase = CHAIN_READY;
    return rc;
}

/* ------------------------------------------------------------------ after */

/* The text that holds the whole answer: a body, or the data of a stream's last event. */
static struct str last_answer(const struct req *r)
{
    struct str text = buf_str(&r->out.tail);
    if (!r->up.event_stream)
        return text;
    struct str found = STR_NULL;
    while (text.p) {
        struct str line = str_cut(&text, '\n');
        if (str_starts(line, STR("data: {")))
            found = str_make(line.p + 6, line.len - 6);
    }
    return found;
}

/* The value of a member of an object, .p NULL: it has none. */
static struct str member(struct str object, struct str name)
{
    struct json_scan s;
    json_scan_init(&s, object, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return STR_NULL;
    while (json_scan_next(&s) == JSON_KEY) {
        bool is = json_scan_is(&s, name);
        struct str value = json_scan_value(&s, json_scan_next(&s));
        if (is || !value.p)
            return value;
    }
    return STR_NULL;
}

/* The ids of an answer's own items, as a JSON array. */
static void add_item_ids(struct str items, struct buf *out)
{
    struct json_scan s;
    struct buf array;
    buf_init(&array, items.len + 2);
    buf_add_char(&array, '[');
    buf_add_str(&array, items);
    buf_add_char(&array, ']');
    json_scan_init(&s, buf_str(&array), false);
    buf_add_char(out, '[');
    if (json_scan_next(&s) == JSON_ARRAY_BEGIN)
        for (enum json_token t; (t = json_scan_next(&s)) == JSON_OBJECT_BEGIN;) {
            struct str id = member(json_scan_value(&s, t), STR("id"));
            if (id.len > 2 && id.p[0] == '"') {
                buf_add_str(out, out->len > 1 ? STR(",") : STR(""));
                buf_add_str(out, id);
            }
        }
    buf_add_char(out, ']');
    buf_fini(&array);
}

static bool store(struct req *r)
{
    struct str answer = last_answer(r);
    struct str response = member(answer, STR("response"));
    struct buf own, all, ids;
    response = response.len > 2 && response.p[0] == '{' ? response : answer;
    struct str id = member(response, STR("id"));
    if (id.len <= 2 || id.p[0] != '"')
        return false;
    size_t most = (size_t)r->engine->conf->body_max;
    buf_init(&own, most);
    buf_init(&all, most);
    buf_init(&ids, 256 * 1024);
    bool good = chain_of(r)->items_of_answer(answer, &own);
    add_item_ids(buf_str(&own), &ids);
    buf_add_char(&all, '[');
    buf_add_str(&all, r->archive.items);
    if (own.len && r->archive.items.len)
        buf_add_char(&all, ',');
    buf_add_str(&all, buf_str(&own));
    buf_add_char(&all, ']');
    good = good && !all.failed && !ids.failed;
    const struct archive_contents contents = {
        .items = buf_str(&all), .response = response, .item_ids = buf_str(&ids)};
    if (good)
        archive_ask(r, ARCHIVE_PUT, str_make(id.p + 1, id.len - 2), r->archive.previous, &contents);
    buf_fini(&own);
    buf_fini(&all);
    buf_fini(&ids);
    return good;
}

enum step_rc chain_after(struct req *r)
{
    if (r->archive.phase == CHAIN_STORING) {
        if (!archive_answered(r))
            return STEP_WAIT;
        (void)archive_take(r, NULL, NULL); /* kept or not, the client gets its answer */
        r->archive.phase = CHAIN_STORED;
        return STEP_NEXT;
    }
    if (r->archive.phase != CHAIN_READY || !r->want.scan.keeps || !store(r))
        return STEP_NEXT;
    r->archive.phase = CHAIN_STORING;
    return STEP_WAIT;
}

/* ------------------------------------------------------------------ asked for */

enum step_rc chain_query(struct req *r)
{
    struct archive_contents *found = NULL;
    size_t n = 0;
    struct str id = r->in.call.model;
    if (r->archive.phase == CHAIN_NONE) {
        archive_ask(r, r->in.delete ? ARCHIVE_DELETE : ARCHIVE_GET, id, STR(""), NULL);
        r->archive.phase = CHAIN_ASKED;
        return STEP_WAIT;
    }
    if (!archive_answered(r))
        return STEP_WAIT;
    enum archive_result result = archive_take(r, &found, &n);
    r->out.status = 200;
    r->out.content_type = "application/json";
    if (result != ARCHIVE_OK)
        return fail(r, result, "response_id", id);
    if (r->in.delete) {
        buf_add_lit(&r->out.tail, "{\"id\":");
        buf_add_json(&r->out.tail, id);
        buf_add_lit(&r->out.tail, ",\"object\":\"response\",\"deleted\":true}");
    } else {
        buf_add_str(&r->out.tail, found[0].response);
    }
    r->run.jump = STEP_done;
    return STEP_JUMP;
}
