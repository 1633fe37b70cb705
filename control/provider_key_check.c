/* Asks, and judges what the answer says of the secret. Job threads. Nothing that a provider says is
 * passed on: it may repeat a part of the secret.
 */
#include "control/provider_key_check.h"

#include <sodium.h>

#include "common/clock.h"
#include "control/guarded_fetch.h"
#include "control/provider_key_question.h"

enum { BODY_MAX = 64 * 1024, JSON_MAX = 16 * 1024 };

struct asking {
    const struct provider_key_subject *s;
    struct arena *arena;
    struct question what;
    struct buf answer;
    struct fetch_answer got;
};

/* Where a tenant's own address leads is judged; the catalogue's and the token service's are the
 * operator's. */
static void ask(struct asking *q, const struct app *app)
{
    bool tenants = (q->s->base_url.p || q->s->provider->own) && q->what.kind != ASK_TOKEN;
    const struct fetch_request f = {
        .method = q->what.method,
        .url = q->what.url,
        .headers = q->what.lines,
        .n_headers = q->what.n_lines,
        .body = q->what.body,
        .guard = tenants ? &app->tenant_guard : NULL,
        .ca_file = app->opt.ca_file,
    };
    buf_init(&q->answer, BODY_MAX);
    buf_reserve(&q->answer, BODY_MAX);
    q->got = guarded_fetch(&f, &q->answer);
}

/* ------------------------------------------------------------------ the answer */

static bool says(const struct asking *q, const char *words)
{
    return str_find_str(buf_str(&q->answer), str_of(words)) >= 0;
}

/* Google and some others refuse a key with 400. */
static bool says_bad_key(const struct asking *q)
{
    return says(q, "API_KEY_INVALID") || says(q, "nvalid API key") || says(q, "ncorrect API key") ||
           says(q, "invalid_api_key");
}

/* The secret is known, but is not allowed what was asked: a key that may only call models. */
static bool says_only_not_this(const struct asking *q)
{
    return says(q, "is not authorized to perform") || says(q, "issing scopes");
}

static enum check_outcome judge(const struct asking *q)
{
    int status = q->got.status;
    if (q->what.broken)
        return CHECK_UNCLEAR;
    if (q->got.err != FETCH_OK)
        return q->got.err == FETCH_URL ? CHECK_UNCLEAR : CHECK_UNREACHABLE;
    if (status >= 200 && status < 300)
        return CHECK_OK;
    if (status == 401 || status == 402)
        return CHECK_REFUSED;
    if (status == 403)
        return says_only_not_this(q) ? CHECK_UNCLEAR : CHECK_REFUSED;
    if (status == 429)
        return CHECK_RATE_LIMITED;
    if (status == 400 && (q->what.kind == ASK_TOKEN || says_bad_key(q)))
        return CHECK_REFUSED;
    /* AWS judges the signature first: it found what is wrong with the call. */
    if ((status == 400 || status == 404) && q->what.kind == ASK_EMPTY_CALL)
        return CHECK_OK;
    return CHECK_UNCLEAR;
}

static const char *describe_ok(const struct asking *q)
{
    return arena_printf(q->arena,
                        "%s That does not prove that each model may be called, nor that there is "
                        "credit left.",
                        provider_key_question_found(q->what.kind));
}

static const char *describe_unclear(const struct asking *q)
{
    int status = q->got.status;
    if (q->what.broken)
        return arena_printf(q->arena, "The provider cannot be asked: %s.", q->what.broken);
    if (q->got.err != FETCH_OK)
        return arena_printf(q->arena, "The provider cannot be asked: %s.",
                            fetch_error_words(q->got.err));
    if (status == 403)
        return "The provider knows the secret, but does not let it list models (403); whether it "
               "may call them was not tried.";
    if (status == 404)
        return "The provider has no list of models at this address (404), so the secret could not "
               "be checked.";
    if (status >= 300 && status < 400)
        return arena_printf(q->arena,
                            "The provider sent the question elsewhere (%d), which is not "
                            "followed, so the secret could not be checked.",
                            status);
    return arena_printf(q->arena,
                        "The provider answered with status %d, which says nothing of the secret.",
                        status);
}

static const char *describe(const struct asking *q, enum check_outcome outcome)
{
    const char *who = provider_key_question_who(q->what.kind);
    switch (outcome) {
    case CHECK_OK:
        return describe_ok(q);
    case CHECK_REFUSED:
        if (q->got.status == 402)
            return "The provider asks for payment first (402): there is no credit for this secret.";
        return arena_printf(q->arena, "%s refused the secret with status %d.", who, q->got.status);
    case CHECK_RATE_LIMITED:
        return arena_printf(q->arena,
                            "%s answered that a limit or quota is reached (429); whether the "
                            "secret is valid cannot be told now.",
                            who);
    case CHECK_UNREACHABLE:
        return arena_printf(q->arena, "%s cannot be reached: %s.", who,
                            fetch_error_words(q->got.err));
    case CHECK_UNCLEAR:
        break;
    }
    return describe_unclear(q);
}

static struct str write_json(const struct asking *q, const struct provider_key_check *c,
                             int64_t at_us, int64_t duration_us)
{
    static const char *const words[] = {
        [CHECK_OK] = "ok",
        [CHECK_REFUSED] = "refused",
        [CHECK_RATE_LIMITED] = "rate_limited",
        [CHECK_UNREACHABLE] = "unreachable",
        [CHECK_UNCLEAR] = "unclear",
    };
    struct buf b;
    char at[25];
    clock_format_iso(at_us, at);
    buf_init(&b, JSON_MAX);
    (void)buf_printf(&b, "{\"outcome\":\"%s\",\"request\":", words[c->outcome]);
    (void)buf_add_json(&b, str_of(arena_printf(q->arena, "%s %s", q->what.method, q->what.url)));
    if (q->got.status)
        (void)buf_printf(&b, ",\"status\":%d,\"detail\":", q->got.status);
    else
        (void)buf_add_lit(&b, ",\"status\":null,\"detail\":");
    (void)buf_add_json(&b, str_of(c->detail));
    (void)buf_printf(&b, ",\"at\":\"%s\",\"duration_ms\":%lld}", at,
                     (long long)(duration_us / 1000));
    ASSERT(!b.failed);
    struct str json = arena_str(q->arena, buf_str(&b));
    buf_fini(&b);
    return json;
}

void provider_key_check(const struct app *app, const struct provider_key_subject *s,
                        struct arena *arena, struct provider_key_check *out)
{
    int64_t at_us = clock_wall_us(), start_us = clock_mono_us();
    struct asking q = {.s = s, .arena = arena};
    buf_init(&q.answer, 0);
    provider_key_question(app, s, arena, &q.what);
    if (!q.what.broken)
        ask(&q, app);
    out->outcome = judge(&q);
    out->detail = describe(&q, out->outcome);
    out->json = write_json(&q, out, at_us, clock_mono_us() - start_us);
    if (q.answer.p) /* it may hold a token, or repeat the secret */
        sodium_memzero(q.answer.p, q.answer.cap);
    buf_fini(&q.answer);
}
