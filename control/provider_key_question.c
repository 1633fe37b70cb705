/* What each kind of provider is asked about a secret: the issuers' own addresses and headers, by
 * the dialect and the signer of the provider's row. Job threads.
 */
#include "control/provider_key_question.h"

#include <jansson.h>

#include "common/provider_option.h"

enum { URL_MAX = 2048 };

struct asking {
    const struct provider_key_subject *s;
    struct arena *arena;
    struct question *q;
    json_t *options;
};

static struct str option_of(const struct asking *a, enum provider_option o)
{
    const json_t *v = json_object_get(a->options, provider_option_name(o));
    return str_of(json_string_value(v));
}

/* Fills the holes of an address as the gateway does. */
static bool expand(const struct asking *a, struct str template, struct buf *out)
{
    while (template.len) {
        (void)buf_add_str(out, str_cut(&template, '{'));
        if (!template.p)
            break;
        enum provider_option o = provider_option_find(str_cut(&template, '}'));
        struct str value = o == OPTION_NONE ? STR("") : option_of(a, o);
        if (o == OPTION_REGION && str_eq(value, STR("global")) &&
            str_ends(buf_str(out), STR("://")) && str_starts(template, STR("-")))
            template = str_make(template.p + 1, template.len - 1);
        else if (value.len == 0 || !buf_add_str(out, value))
            return false;
    }
    return !out->failed;
}

/* Bedrock lists its models at another host than it calls them at. */
static bool list_host(struct str base, struct buf *url)
{
    static const char runtime[] = "://bedrock-runtime.";
    ptrdiff_t at = str_find_str(base, STR("://bedrock-runtime."));
    if (at < 0)
        return false;
    size_t end = (size_t)at + sizeof runtime - 1;
    buf_reset(url);
    return buf_add(url, base.p, (size_t)at) && buf_add_lit(url, "://bedrock.") &&
           buf_add(url, base.p + end, base.len - end);
}

static void set_bedrock(struct asking *a, struct buf *url)
{
    struct str base = str_of(arena_strdup(a->arena, buf_str(url)));
    bool own = a->s->base_url.p != NULL;
    a->q->kind = !own && list_host(base, url) ? ASK_FOUNDATION_MODELS : ASK_EMPTY_CALL;
    if (a->q->kind == ASK_FOUNDATION_MODELS) {
        (void)buf_add_lit(url, "/foundation-models");
        return;
    }
    a->q->method = "POST";
    a->q->body = STR("{}");
    (void)buf_add_lit(url, "/model/doteb-check/converse");
}

/* False: the address lacks an option. */
static bool set_url(struct asking *a)
{
    const struct provider_row *p = a->s->provider;
    struct str base = a->s->base_url.p ? a->s->base_url : str_of(p->base_url);
    struct str version = option_of(a, OPTION_API_VERSION);
    struct str dialect = str_of(p->dialect);
    struct buf url;
    buf_init(&url, URL_MAX);
    bool ok = expand(a, base, &url);
    while (url.len && url.p[url.len - 1] == '/')
        url.len--;
    if (str_eq(dialect, STR("bedrock"))) {
        set_bedrock(a, &url);
    } else {
        (void)buf_add_lit(&url, "/models");
        if (str_eq(dialect, STR("anthropic")))
            (void)buf_add_lit(&url, "?limit=1");
        else if (str_eq(dialect, STR("google")))
            (void)buf_add_lit(&url, "?pageSize=1");
        if (version.len)
            (void)buf_printf(&url, "%capi-version=" STR_FMT,
                             str_find(buf_str(&url), '?') < 0 ? '?' : '&', STR_ARG(version));
    }
    ok = ok && !url.failed;
    a->q->url = ok ? arena_strdup(a->arena, buf_str(&url)) : "";
    buf_fini(&url);
    if (!ok)
        a->q->broken = "its address lacks an option";
    return ok;
}

static void add_line(struct asking *a, const char *line)
{
    ASSERT(a->q->n_lines < QUESTION_LINES_MAX);
    a->q->lines[a->q->n_lines++] = line;
}

static void prepare_token(struct asking *a, const struct app *app)
{
    struct str url = STR_NULL;
    a->q->kind = ASK_TOKEN;
    a->q->method = "POST";
    a->q->body = provider_sign_token_form(a->arena, a->s->secret, str_of(app->opt.gcp_token_url),
                                          &url, &a->q->broken);
    a->q->url = url.p ? arena_strdup(a->arena, url) : "";
    add_line(a, "content-type: application/x-www-form-urlencoded");
}

/* Everything of the request; a->q->broken if there can be none. */
static void prepare(struct asking *a, const struct app *app)
{
    struct str header;
    const struct provider_row *p = a->s->provider;
    enum provider_signer signer = provider_signer_of(str_of(p->signer), a->s->secret, &header);
    if (signer == PROVIDER_GCP) {
        prepare_token(a, app);
        return;
    }
    if (!set_url(a))
        return;
    if (a->q->body.p)
        add_line(a, "content-type: application/json");
    if (str_eq(str_of(p->dialect), STR("anthropic")))
        add_line(a, "anthropic-version: 2023-06-01");
    if (signer == PROVIDER_SIGV4)
        a->q->n_lines += provider_sign_sigv4(
            a->arena, a->q->method, str_of(a->q->url), a->q->body.p ? a->q->body : STR(""),
            option_of(a, OPTION_REGION), a->s->secret, a->q->lines + a->q->n_lines, &a->q->broken);
    else
        add_line(a, provider_sign_line(a->arena, header, a->s->secret));
}

void provider_key_question(const struct app *app, const struct provider_key_subject *s,
                           struct arena *arena, struct question *out)
{
    struct asking a = {.s = s, .arena = arena, .q = out};
    *out = (struct question){.method = "GET", .url = ""};
    a.options = json_loadb(s->options.p, s->options.len, 0, NULL);
    prepare(&a, app);
    json_decref(a.options);
}

const char *provider_key_question_who(enum question_kind kind)
{
    return kind == ASK_TOKEN ? "Google's token service" : "The provider";
}

const char *provider_key_question_found(enum question_kind kind)
{
    static const char *const found[] = {
        [ASK_MODELS] = "The provider listed its models for this secret.",
        [ASK_FOUNDATION_MODELS] = "AWS listed its foundation models for this secret.",
        [ASK_EMPTY_CALL] = "The provider took the secret for a call without content.",
        [ASK_TOKEN] = "Google's token service gave a token to this service account.",
    };
    return found[kind];
}
