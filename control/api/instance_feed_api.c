/* /instance/feed: where the catalogue's feed comes from and what makes it trusted. The fetching is
 * a job's (control/jobs/feeder.c).
 */
#include <sodium.h>

#include "control/api/api.h"
#include "control/audit.h"
#include "control/base_url.h"
#include "control/catalogue/feed.h"
#include "control/input.h"
#include "control/store/feed_store.h"

static const struct uuid the_one = {.b = {0}};

void api_instance_feed_get(struct call *c)
{
    struct str item = STR_NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = call_item(c, feed_store_get, the_one, &item);
    if (e == PG_OK)
        (void)buf_add_str(call_json(c, 200), item);
    else
        (void)call_failed(c, e);
}

/* A URL that the gateway's own rules for base URLs let pass, too. */
static bool url_fits(struct call *c, struct str url)
{
    if (url.len == 0)
        return true;
    const char *why = base_url_complaint(url, &c->app->guard);
    return !*why || input_refuse(c, "url", "%s", why);
}

/* The key in the one form in which it is kept. */
static bool key_fits(struct call *c, struct str *key)
{
    enum { TEXT = sodium_base64_ENCODED_LEN(FEED_KEY_BYTES, sodium_base64_VARIANT_ORIGINAL) };
    uint8_t raw[FEED_KEY_BYTES];
    if (!key->p || key->len == 0)
        return true;
    if (!feed_parse_key(*key, raw))
        return input_refuse(c, "public_key",
                            "give an Ed25519 public key, base64: 32 bytes, or what stands between "
                            "the lines of its PEM file.");
    char *text = arena_alloc(c->arena, TEXT);
    (void)sodium_bin2base64(text, TEXT, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    *key = str_of(text);
    return true;
}

static bool pin_fits(struct call *c, struct str pin)
{
    uint8_t raw[FEED_KEY_BYTES];
    return !pin.p || pin.len == 0 || feed_parse_pin(pin, raw) ||
           input_refuse(c, "pin", "give a SHA-256: 64 hexadecimal digits.");
}

/* As it would be now: a feed without what makes it trusted is none. */
static bool is_trusted(struct call *c)
{
    struct pg_result *r = NULL;
    enum pg_err e = feed_store_get(c->pg, c->org, the_one, &r);
    bool ok = e == PG_OK || call_failed(c, e);
    if (ok && pg_str(r, 0, 1).len) {
        bool pinned = str_eq(pg_str(r, 0, 2), STR("pin"));
        if (pg_str(r, 0, pinned ? 4 : 3).len == 0)
            ok = input_refuse(c, pinned ? "pin" : "public_key",
                              "a feed is fetched only with a public key or a pinned SHA-256.");
    }
    pg_result_free(r);
    return ok;
}

void api_instance_feed_update(struct call *c)
{
    static const char *const schedules[] = {"off", "hourly", "daily", NULL};
    static const char *const trusts[] = {"signature", "pin", NULL};
    struct str before = STR_NULL, after = STR_NULL;
    struct feed_patch f = {0};
    int schedule = 0, trust = 0;
    bool prune = false, automatic = false, set_schedule = false, set_trust = false;
    bool set_prune = false, set_automatic = false;
    const struct input_row rows[] = {
        {.name = "url", .kind = INPUT_TEXT, .max = 1024, .to = &f.url},
        {.name = "schedule",
         .kind = INPUT_WORD,
         .words = schedules,
         .to = &schedule,
         .given = &set_schedule},
        {.name = "trust", .kind = INPUT_WORD, .words = trusts, .to = &trust, .given = &set_trust},
        {.name = "public_key", .kind = INPUT_SECRET, .max = 512, .to = &f.public_key},
        {.name = "pin", .kind = INPUT_TEXT, .max = 64, .to = &f.pin},
        {.name = "prune", .kind = INPUT_BOOL, .to = &prune, .given = &set_prune},
        {.name = "automatic", .kind = INPUT_BOOL, .to = &automatic, .given = &set_automatic},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || (f.url.p && !url_fits(c, f.url)) ||
        !key_fits(c, &f.public_key) || !pin_fits(c, f.pin))
        return;
    f.schedule = set_schedule ? schedules[schedule] : NULL;
    f.trust = set_trust ? trusts[trust] : NULL;
    f.prune = set_prune ? &prune : NULL;
    f.automatic = set_automatic ? &automatic : NULL;
    enum pg_err e = call_item(c, feed_store_get, the_one, &before);
    if (e == PG_OK)
        e = feed_store_patch(c->pg, &f);
    if (e == PG_OK && !is_trusted(c))
        return;
    if (e == PG_OK)
        e = call_item(c, feed_store_get, the_one, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, the_one, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

void api_instance_feed_fetch(struct call *c)
{
    struct pg_result *r = NULL;
    struct str item = STR_NULL;
    enum pg_err e = feed_store_get(c->pg, c->org, the_one, &r);
    bool none = e == PG_OK && pg_str(r, 0, 1).len == 0;
    pg_result_free(r);
    if (none) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "There is no feed: give it a URL first.");
        return;
    }
    if (e == PG_OK)
        e = feed_store_hurry(c->pg);
    if (e == PG_OK)
        e = call_item(c, feed_store_get, the_one, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_nothing(c); /* what comes of it the job notes */
    (void)buf_add_str(call_json(c, 200), item);
}
