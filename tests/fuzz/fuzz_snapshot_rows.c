/* snapshot rows: what tables may hold whatever wrote them (an import, a hand, an older version)
 * makes a snapshot or a problem with the row's name, never a fault; and who looks up in it gets
 * what it holds. The input is cut at zero bytes into the texts and numbers of one row of each kind.
 */
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/snapshot_rows.h"

struct texts {
    const uint8_t *p;
    size_t n;
};

/* The next text, in memory of its own length; or what an ordinary row has. */
static struct str next(struct texts *t, struct arena *a, const char *otherwise)
{
    if (t->n == 0)
        return str_of(otherwise);
    const uint8_t *end = memchr(t->p, 0, t->n);
    size_t len = end ? (size_t)(end - t->p) : t->n;
    struct str out = arena_str(a, str_make((const char *)t->p, len));
    size_t used = len + (end ? 1 : 0);
    t->p += used;
    t->n -= used;
    return out.len ? out : str_of(otherwise);
}

static int64_t number(struct texts *t, struct arena *a, int64_t otherwise)
{
    int64_t n;
    struct str text = next(t, a, "");
    return text.len && str_to_i64(text, &n) ? n : otherwise;
}

static void fill(struct config_rows *r, struct texts *t)
{
    struct arena *a = r->arena;
    struct provider_row p = provider_row(1, "one");
    p.slug = next(t, a, "one");
    p.base_url = next(t, a, "https://{region}.example.com/v1");
    p.dialect = next(t, a, "openai");
    p.framing = next(t, a, "sse");
    p.signer = next(t, a, "bearer");
    p.chat_path = next(t, a, "/chat/completions");
    p.quirks = next(t, a, "");
    p.max_temperature_milli = number(t, a, -1);
    ROWS(r, providers, p);
    struct model_row m = model_row(1, "model", "family");
    m.slug = next(t, a, "model");
    m.family = next(t, a, "family");
    ROWS(r, models, m);
    struct offer_row o = offer_row(1, number(t, a, 1), number(t, a, 1), "provider-model");
    o.provider_model = next(t, a, "provider-model");
    o.region = next(t, a, "");
    o.capabilities = next(t, a, "streaming,tools");
    o.reasoning_efforts = next(t, a, "low,high");
    o.supported_parameters = next(t, a, "");
    o.context = number(t, a, -1);
    o.max_output = number(t, a, -1);
    ROWS(r, offers, o);
    ROWS(r, prices,
         {.offer_id = number(t, a, 1),
          .effective_from_us = number(t, a, 0),
          .prices = next(t, a, "{}")});
    ROWS(r, aliases, {.alias = next(t, a, "alias"), .model_id = number(t, a, 1)});
    struct provider_key_row k = provider_key(r, 1, 1, 1, "sk-one");
    k.base_url = next(t, a, "");
    k.options = next(t, a, "{\"region\":\"eu-1\"}");
    k.models = next(t, a, "");
    struct str sealed = next(t, a, "");
    k.sealed = sealed.len ? sealed : k.sealed;
    ROWS(r, provider_keys, k);
    r->projects[0].mode = next(t, a, "api-keys");
}

static void look(const struct snapshot *s)
{
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         1, &n);
    for (size_t i = 0; i < n; i++) {
        const struct secret *c = snapshot_credential(s, keys[i]);
        ASSERT(!c || str_eq(secret_view(c), STR("sk-one")));
    }
    (void)snapshot_provider(s, STR("one"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        rows_setup();
    ready = true;
    struct texts t = {data, size};
    struct config_rows r = rows_new();
    fill(&r, &t);
    char err[128] = "";
    struct image_context context = {.master = master, .now_us = NOW_US};
    struct image *img = image_build(&r, &context, err);
    ASSERT(img);
    struct snapshot *s = snapshot_over(img);
    look(s);
    snapshot_unref(s);
    return 0;
}
