/* /organisations/{org}/custom-providers/discover: which models a server has, asked before it is
 * added, or later with the secret of a provider key, which goes to the key's own server alone. What
 * is given is used for this question only. */
#include <jansson.h>
#include <sodium.h>

#include "control/api/api.h"
#include "control/guarded_fetch.h"
#include "control/input.h"
#include "control/own_url.h"
#include "control/provider_key.h"
#include "control/provider_key_sign.h"
#include "control/seal.h"
#include "control/store/catalogue_store.h"
#include "control/store/custom_provider_store.h"
#include "control/store/provider_key_rotation_store.h"

enum { ANSWER_MAX = 2 << 20, LISTED_MAX = 500, NAME_MAX_BYTES = 256 };

struct question {
    struct str base_url, protocol, secret;
    struct uuid key; /* whose secret it is, if `stored` */
    bool stored;
    struct custom_protocol how;
};

/* A secret goes where it was given for: to the server of the key's provider. */
static bool judge_key(struct call *c, const struct question *q, const struct provider_key_sealed *k,
                      const struct provider_row *provider)
{
    struct str url = k->base_url.p ? k->base_url : str_of(provider->base_url);
    if (!k->found) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such provider key.");
        return false;
    }
    if (q->secret.p)
        return input_refuse(c, "provider_key_id", "give a secret or a provider key, not both.");
    if (!provider->found || !provider->own)
        return input_refuse(c, "provider_key_id", "it is no key of a provider of your own.");
    return str_eq(own_url_server(url), own_url_server(q->base_url)) ||
           input_refuse(c, "provider_key_id",
                        "it was given for another server than that of base_url.");
}

static bool open_key(struct call *c, struct question *q)
{
    struct provider_key_sealed k;
    struct provider_row provider = {0};
    struct crypto_aad aad = aad_provider_key(c->org, q->key);
    enum pg_err e = provider_key_rotation_store_sealed(c->pg, c->arena, c->org, q->key, &k);
    if (e == PG_OK && k.found)
        e = catalogue_store_provider(c->pg, c->org, k.slug, &provider);
    if (e == PG_OK && !judge_key(c, q, &k, &provider))
        return false;
    if (e == PG_OK)
        e = open_for(c->app, c->pg, c->org, &aad, k.sealed, c->arena, &q->secret);
    return e == PG_OK || call_failed(c, e);
}

static bool read_question(struct call *c, struct question *q)
{
    const struct input_row rows[] = {
        {.name = "base_url",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 1024,
         .to = &q->base_url},
        {.name = "protocol",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 63,
         .to = &q->protocol},
        {.name = "secret",
         .kind = INPUT_SECRET,
         .nullable = true,
         .min = 1,
         .max = PROVIDER_SECRET_MAX,
         .to = &q->secret},
        {.name = "provider_key_id",
         .kind = INPUT_UUID,
         .nullable = true,
         .to = &q->key,
         .given = &q->stored},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return false;
    q->stored = q->stored && !uuid_is_zero(q->key); /* null is as if not given */
    enum pg_err e = custom_provider_store_protocol(c->pg, q->protocol, &q->how);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!q->how.signer[0])
        return input_refuse(c, "protocol", "there is no such protocol.");
    if (q->secret.p && (!provider_key_secret_fits(q->secret) ||
                        *provider_key_secret_complaint(str_of(q->how.signer), q->secret)))
        return input_refuse(c, "secret", "give one line of printable ASCII.");
    return own_url_judge(c, q->base_url) && (!q->stored || open_key(c, q));
}

static struct fetch_answer ask(struct call *c, const struct question *q, struct buf *body)
{
    const char *headers[3] = {"accept: application/json"};
    size_t n = 1;
    struct str base = q->base_url;
    while (base.len && base.p[base.len - 1] == '/')
        base.len--;
    if (q->how.models_headers[0])
        headers[n++] = q->how.models_headers;
    if (q->secret.p) {
        struct str header;
        (void)provider_signer_of(str_of(q->how.signer), q->secret, &header);
        headers[n++] = provider_sign_line(c->arena, header, q->secret);
    }
    const struct fetch_request request = {
        .url = arena_printf(c->arena, STR_FMT "%s", STR_ARG(base), q->how.models_path),
        .headers = headers,
        .n_headers = n,
        .guard = &c->app->tenant_guard,
        .ca_file = c->app->opt.ca_file,
    };
    return guarded_fetch(&request, body);
}

static const json_t *first_number(const json_t *model)
{
    /* vLLM; several gateways; Anthropic's */
    static const char *const names[] = {"max_model_len", "context_length", "max_input_tokens"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const json_t *v = json_object_get(model, names[i]);
        if (json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) <= 100000000)
            return v;
    }
    return NULL;
}

static bool is_name(const json_t *v)
{
    const char *s = json_string_value(v);
    size_t n = json_string_length(v);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return n > 0 && n <= NAME_MAX_BYTES;
}

/* False: it is no list of models. */
static bool write_models(const json_t *answer, struct buf *out)
{
    const json_t *list = json_object_get(answer, "data");
    size_t n = 0;
    if (!json_is_array(list))
        return false;
    (void)buf_add_lit(out, "{\"models\":[");
    for (size_t i = 0; i < json_array_size(list) && n < LISTED_MAX; i++) {
        const json_t *model = json_array_get(list, i), *id = json_object_get(model, "id");
        const json_t *name = json_object_get(model, "display_name"), *number = first_number(model);
        if (!is_name(id))
            continue;
        (void)buf_add_str(out, n++ ? STR(",{\"upstream_id\":") : STR("{\"upstream_id\":"));
        (void)buf_add_json(out, str_make(json_string_value(id), json_string_length(id)));
        (void)buf_add_lit(out, ",\"name\":");
        name = is_name(name) ? name : id;
        (void)buf_add_json(out, str_make(json_string_value(name), json_string_length(name)));
        (void)buf_add_lit(out, ",\"context\":");
        if (number)
            (void)buf_add_i64(out, json_integer_value(number));
        else
            (void)buf_add_lit(out, "null");
        (void)buf_add_char(out, '}');
    }
    (void)buf_add_lit(out, "]}");
    return true;
}

static void judge_answer(struct call *c, const struct question *q, struct fetch_answer got,
                         struct str body)
{
    if (got.err != FETCH_OK) {
        (void)input_refuse(c, "base_url", "%s.", fetch_error_words(got.err));
        return;
    }
    if (got.status == 401 || got.status == 403) {
        (void)input_refuse(c, q->stored ? "provider_key_id" : "secret",
                           "the server refuses it (status %d).", got.status);
        return;
    }
    if (got.status != 200) {
        (void)input_refuse(c, "base_url",
                           "the server answers the question for its models with status %d; does "
                           "the URL end as its documentation says, often in /v1?",
                           got.status);
        return;
    }
    json_t *answer = got.cut ? NULL : json_loadb(body.p, body.len, 0, NULL);
    struct buf out;
    buf_init(&out, ANSWER_MAX);
    if (answer && write_models(answer, &out) && !out.failed)
        (void)buf_add_str(call_json(c, 200), buf_str(&out));
    else
        (void)input_refuse(c, "base_url", "what the server answers is no list of models.");
    buf_fini(&out);
    json_decref(answer);
}

void api_custom_providers_discover(struct call *c)
{
    struct question q = {0};
    struct buf body;
    if (!read_question(c, &q))
        return;
    buf_init(&body, ANSWER_MAX);
    struct fetch_answer got = ask(c, &q, &body);
    if (q.stored)
        sodium_memzero((char *)(uintptr_t)q.secret.p, q.secret.len);
    judge_answer(c, &q, got, body.p ? buf_str(&body) : STR(""));
    buf_fini(&body);
}
