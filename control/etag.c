/* Tags of objects. Job threads. */
#include "control/etag.h"

#include <jansson.h>
#include <sodium.h>

#include "common/mem.h"

enum { HASH_BYTES = ETAG_LEN / 2 };

/* What changes without anybody's edit. */
static const char *const counted[] = {"requests",   "cost",    "last_used_at", "last_seen_at",
                                      "last_check", "traffic", "last_fetch"};
/* How many there are of something else, where it is a number. */
static const char *const numbers[] = {"api_keys", "members", "projects", "provider_keys"};

static void leave_out(json_t *object)
{
    for (size_t i = 0; i < ARRAY_LEN(counted); i++)
        (void)json_object_del(object, counted[i]);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (json_is_integer(json_object_get(object, numbers[i])))
            (void)json_object_del(object, numbers[i]);
    if (json_is_object(json_object_get(object, "state"))) /* a provider key's: what requests met */
        (void)json_object_del(object, "state");
}

void etag_of(struct str item, char out[ETAG_LEN + 1])
{
    uint8_t hash[HASH_BYTES];
    json_t *object = json_loadb(item.p, item.len, 0, NULL);
    *out = '\0';
    if (json_is_object(object)) {
        leave_out(object);
        char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
        ASSERT(text);
        (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)text, strlen(text), NULL, 0);
        (void)sodium_bin2hex(out, ETAG_LEN + 1, hash, sizeof hash);
        xfree(text);
    }
    json_decref(object);
}

void etag_add(struct buf *out, struct str item)
{
    char tag[ETAG_LEN + 1];
    etag_of(item, tag);
    ASSERT(*tag && item.p[0] == '{');
    (void)buf_printf(out, "{\"etag\":\"%s\",", tag);
    (void)buf_add(out, item.p + 1, item.len - 1);
}

/* One of the tags of If-Match, with or without its quotes? A weak one never is. */
static bool matches(struct str list, const char *tag)
{
    while (list.p) {
        struct str one = str_trim(str_cut(&list, ','));
        if (str_eq(one, STR("*")))
            return true;
        if (one.len >= 2 && one.p[0] == '"' && one.p[one.len - 1] == '"')
            one = str_make(one.p + 1, one.len - 2);
        if (str_eq(one, str_of(tag)))
            return true;
    }
    return false;
}

bool etag_check(struct call *c)
{
    const struct audit_note *n = &c->audit;
    if (c->etag_held || (!n->changed && !n->before.p)) /* or nothing was done */
        return true;
    return etag_check_item(c, n->before.p ? n->before : STR(""));
}

bool etag_check_item(struct call *c, struct str item)
{
    char tag[ETAG_LEN + 1];
    struct str wanted = c->req.header[HEADER_IF_MATCH];
    c->etag_held = true;
    if (!wanted.p)
        return true;
    etag_of(item, tag);
    if (*tag && matches(wanted, tag))
        return true;
    reply_problem(&c->reply, P_CHANGED, "If-Match",
                  "It has been changed since you read it; read it again.");
    return false;
}

void etag_answer(struct call *c, struct str now, bool field)
{
    struct buf *body = &c->reply.body;
    etag_of(now, c->reply.etag);
    if (!field || !*c->reply.etag || !body->len || body->p[0] != '{')
        return;
    struct str rest = arena_str(c->arena, str_make(body->p + 1, body->len - 1));
    buf_reset(body);
    (void)buf_printf(body, "{\"etag\":\"%s\",", c->reply.etag);
    (void)buf_add_str(body, rest);
}
