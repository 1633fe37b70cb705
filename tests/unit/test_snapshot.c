/* snapshot: from rows to look-ups; what is refused and why; credentials; prices in force;
 * near names.
 */
#include "gateway/snapshot/snapshot.h"

#include "gateway/snapshot/prices.h"
#include "tests/unit/snapshot_rows.h"

#define PRICE(offer, from, json)                                                                   \
    {                                                                                              \
        .offer_id = (offer), .effective_from_us = (from), .prices = STR(json)                      \
    }

/* Three providers, four models, offers among them. */
static struct config_rows catalogue(void)
{
    struct config_rows r = rows_new();
    ROWS(&r, providers, provider_row(1, "openai"), provider_row(2, "google-ai-studio"),
         provider_row(3, "together-ai"));
    r.providers[1].signer = STR("header:x-goog-api-key");
    r.providers[2].base_url = STR("http://{region}.together.test:8080/v1/");
    ROWS(&r, models, model_row(1, "gpt-5.2", "openai"), model_row(2, "gpt-5.2-mini", "openai"),
         model_row(3, "claude-sonnet-4-5", "anthropic"), model_row(4, "lonely", "nobody"));
    ROWS(&r, aliases, {STR("gpt-latest"), 1}, {STR("gpt-5.2-mini"), 1}, {STR("stray"), 99});
    ROWS(&r, offers, offer_row(10, 1, 1, "gpt-5.2-2025-12-11"), offer_row(11, 1, 2, "gpt-5.2-mini"),
         offer_row(12, 3, 1, "openai/GPT-5.2"), offer_row(13, 3, 3, "claude"),
         offer_row(14, 3, 1, "openai/GPT-5.2"), offer_row(15, 3, 1, "eu/GPT-5.2"),
         offer_row(16, 77, 1, "x"), offer_row(17, 1, 77, "x"));
    r.offers[2].region = STR("us");
    r.offers[5].region = STR("eu");
    r.offers[0].capabilities = STR("streaming,tools,n,json_output_schema");
    r.offers[0].context = 400000;
    ROWS(&r, prices, PRICE(10, 0, "{\"input\":\"1e-6\"}"));
    return r;
}

static const struct snap_offer *offer(const struct snapshot *s, const char *provider,
                                      const char *model, const char *region)
{
    const struct snap_provider *p = snapshot_provider(s, str_of(provider));
    ck_assert_ptr_nonnull(p);
    return snapshot_offer(s, p, str_of(model), str_of(region));
}

START_TEST(finds_models_providers_and_offers)
{
    struct config_rows rows = catalogue();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    static const struct {
        const char *provider, *model, *region;
        int32_t id;
    } want[] = {
        {"openai", "gpt-5.2", "", 10},
        {"openai", "gpt-5.2-2025-12-11", "", 10},
        {"openai", "gpt-latest", "", 10},
        {"openai", "gpt-5.2-mini", "", 11}, /* a slug is stronger than an alias */
        {"openai", "openai/gpt-5.2", "", 10},
        {"openai", "OpenAI/gpt-latest", "", 10},
        {"together-ai", "gpt-5.2", "", 14}, /* the one without a region first */
        {"together-ai", "gpt-5.2", "eu", 15},
        {"together_ai", "openai/GPT-5.2", "", 14},
        {"together_ai", "openai/GPT-5.2", "us", 12},
        {"together_ai", "eu/GPT-5.2", "", 15}, /* no other has this name */
        {"together_ai", "anthropic/claude-sonnet-4-5", "", 13},
        {"together_ai", "finetuner/claude-sonnet-4-5", "", 0}, /* somebody's own */
        {"together_ai", "gpt-5.2", "ap", 0},
        {"openai", "claude-sonnet-4-5", "", 0},
        {"openai", "x", "", 0},
        {"openai", "", "", 0},
        {"openai", "/", "", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct snap_offer *o = offer(s, want[i].provider, want[i].model, want[i].region);
        ck_assert_msg((o ? o->id : 0) == want[i].id, "%s %s %s: %d", want[i].provider,
                      want[i].model, want[i].region, o ? o->id : 0);
    }
    const struct snap_offer *o = offer(s, "openai", "gpt-5.2", "");
    ck_assert_uint_eq(o->caps, CAP_STREAMING | CAP_TOOLS | CAP_JSON_SCHEMA);
    ck_assert_int_eq(o->context, 400000);
    ck_assert_int_eq(o->max_output, -1);
    ck_assert_ptr_eq(o->model, snapshot_model(s, STR("gpt-latest")));
    ck_assert_ptr_eq(o->model, snapshot_model(s, STR("gpt-5.2")));
    ck_assert_uint_eq(o->model->n_offers, 4);
    ck_assert_ptr_null(snapshot_model(s, STR("gpt-5.2-2025-12-11")));
    ck_assert_ptr_null(snapshot_model(s, STR("stray")));
    const struct snap_provider *google = snapshot_provider(s, STR("gemini"));
    ck_assert_text(google->slug, "google-ai-studio");
    ck_assert_int_eq(google->signer, SIGNER_HEADER);
    ck_assert_text(google->signer_header, "x-goog-api-key");
    ck_assert_ptr_null(snapshot_provider(s, STR("bedrock"))); /* a spelling, but no such row */
    ck_assert_text(snapshot_provider(s, STR("together-ai"))->base_url,
                   "http://{region}.together.test:8080/v1");
    snapshot_unref(s);
}
END_TEST

START_TEST(lists_models_by_slug)
{
    static const char *const want[] = {"claude-sonnet-4-5", "gpt-5.2", "gpt-5.2-mini", "lonely"};
    struct config_rows rows = catalogue();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    size_t n;
    const struct snap_model *const *models = snapshot_models(s, &n);
    ck_assert_uint_eq(n, ARRAY_LEN(want));
    for (size_t i = 0; i < n; i++)
        ck_assert_text(models[i]->slug, want[i]);
    ck_assert_uint_eq(models[3]->n_offers, 0);
    snapshot_unref(s);
}
END_TEST

START_TEST(a_provider_with_an_unknown_word_is_not_served)
{
    static const struct {
        const char *field, *value, *why; /* why NULL: served */
        bool quiet;
    } cases[] = {
        {"dialect", "klingon", "dialect", true},
        {"framing", "telegraph", "framing", true},
        {"signer", "sigv4 | bearer", NULL, false},
        {"signer", "sigv4|header:x-key", NULL, false},
        {"signer", "gcp-service-account", NULL, false},
        {"signer", "", "signer", true},
        {"signer", "sigv4 |", "signer", true},
        {"signer", "sigv4 | sigv4", "signer", true},
        {"signer", "sigv4 | gcp-service-account", "signer", true},
        {"signer", "bearer | header:x-key", "signer", true},
        {"signer", "bearer | klingon", "signer", true},
        {"signer", "header:", "signer", true},
        {"signer", "header:X-Key", "signer", true},
        {"signer", "header:x key", "signer", true},
        {"signer", "header:x-key", NULL, false},
        {"base_url", "ftp://a/b", "http", false},
        {"base_url", "", "http", false},
        {"base_url", "https://", "host", false},
        {"base_url", "https:///v1", "host", false},
        {"base_url", "https://u:p@a/v1", "user", false},
        {"base_url", "https://a/v1?x=1", "path", false},
        {"base_url", "https://a?x=1", "host", false},
        {"base_url", "https://a/v1#x", "path", false},
        {"base_url", "https://a/v 1", "path", false},
        {"base_url", "https://a/{evil}", "path", false},
        {"base_url", "https://a:0/v1", "host", false},
        {"base_url", "https://a:65536/v1", "host", false},
        {"base_url", "https://a\\b/v1", "host", false},
        {"base_url", "https://{region}.a.test/{project}", NULL, false},
        {"base_url", "http://[::1]:11434/v1", NULL, false},
        {"base_url", "http://127.0.0.1:11434", NULL, false},
        {"chat_path", "chat", "slash", false},
        {"chat_path", "/a b", "slash", false},
        {"chat_path", "/models/x:chat?alt=sse", NULL, false},
        {"chat_path", "/models/{model}:chat | :stream?alt=sse", NULL, false},
        {"chat_path", "/models/{model}:chat | stream", "replaces", false},
        {"chat_path", "/models/{model}:chat |", "replaces", false},
        {"chat_path", "/chat?v={api_version}", NULL, false},
        {"chat_path", "/chat?v={model}", "slash", false},
        {"base_url", "https://{deployment}.a.test", "host", false},
        {"base_url", "https://a.test/{deployment}/v1", NULL, false},
        {"base_url", "https://a.test/{model}", "path", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_rows r = rows_new();
        ROWS(&r, providers, provider_row(1, "p"), provider_row(2, "q"));
        struct provider_row *p = &r.providers[0];
        struct str *field = strcmp(cases[i].field, "dialect") == 0    ? &p->dialect
                            : strcmp(cases[i].field, "framing") == 0  ? &p->framing
                            : strcmp(cases[i].field, "signer") == 0   ? &p->signer
                            : strcmp(cases[i].field, "base_url") == 0 ? &p->base_url
                                                                      : &p->chat_path;
        *field = str_of(cases[i].value);
        struct image *img = image_of(&r, NULL);
        const char *why = cases[i].why;
        ck_assert_msg(!why == (map_get(&img->providers, STR("p")) != NULL), "%s", cases[i].value);
        ck_assert_msg(!why || has_problem(img, "provider p", why), "%s", cases[i].value);
        ck_assert_uint_eq(img->problems.len, why ? 1 : 0);
        map_for_each (&img->problems, slot)
            ck_assert_int_eq(((struct problem *)slot->value)->quiet, cases[i].quiet);
        ck_assert_ptr_nonnull(map_get(&img->providers, STR("q"))); /* the rest is served */
        image_unref(img);
    }
}
END_TEST

/* Of two signers, the one that the credential has the form of. */
START_TEST(a_credentials_form_tells_its_signer)
{
    static const struct {
        const char *words, *credential;
        enum signer_kind want;
    } cases[] = {
        {"bearer", "sk-1", SIGNER_BEARER},
        {"bearer", "{\"a\":1}", SIGNER_BEARER},
        {"header:x-key", "sk-1", SIGNER_HEADER},
        {"sigv4 | bearer", "ABSK1", SIGNER_BEARER},
        {"sigv4 | bearer", " {\"access_key_id\":\"a\"}", SIGNER_SIGV4},
        {"bearer|sigv4", "{}", SIGNER_SIGV4},
        {"sigv4", "ABSK1", SIGNER_SIGV4},
        {"gcp-service-account", "{}", SIGNER_GCP},
        {"gcp-service-account", "ya29", SIGNER_GCP},
        {"header:x-key | gcp-service-account", "AIza", SIGNER_HEADER},
        {"header:x-key | gcp-service-account", "{}", SIGNER_GCP},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_rows r = rows_new();
        ROWS(&r, providers, provider_row(1, "p"));
        r.providers[0].signer = str_of(cases[i].words);
        struct snapshot *s = snapshot_over(image_of(&r, NULL));
        const struct snap_provider *p = snapshot_provider(s, STR("p"));
        ck_assert_msg(p != NULL, "%s", cases[i].words);
        ck_assert_msg(snap_provider_signer(p, str_of(cases[i].credential)) == cases[i].want,
                      "%s: %s", cases[i].words, cases[i].credential);
        snapshot_unref(s);
    }
}
END_TEST

START_TEST(options_of_keys_and_paths_for_streams)
{
    struct config_rows r = rows_new();
    ROWS(&r, providers, provider_row(1, "p"));
    r.providers[0].base_url = STR("https://{resource}.a.test/d/{deployment}");
    r.providers[0].chat_path = STR("/{model}/chat?v={api_version} | /stream?v={api_version}");
    ROWS(&r, provider_keys, provider_key(&r, 1, 1, 1, "one"), provider_key(&r, 1, 2, 1, "two"),
         provider_key(&r, 1, 3, 1, "three"), provider_key(&r, 1, 4, 1, "four"));
    r.provider_keys[0].options = STR(
        "{\"resource\":\"r\",\"deployment\":\"D.1\",\"api_version\":\"2024-10-21\"}");
    r.provider_keys[1].options = STR("{\"resource\":\"r\",\"deployment\":\"D.1\"}");
    r.provider_keys[2].options = STR("{\"resource\":\"r\",\"api_version\":\"v1\"}");
    r.provider_keys[2].base_url = STR("https://{resource}.b.test/");
    r.provider_keys[3].options = STR("{\"api_version\":\"v1\"}");
    r.provider_keys[3].base_url = STR("https://{resource}.b.test/");
    struct image *img = image_of(&r, NULL);
    ck_assert_uint_eq(img->problems.len, 2);
    ck_assert(has_problem(img, "provider key 05000000-0000-7000-8000-000000000002", "missing"));
    ck_assert(has_problem(img, "provider key 05000000-0000-7000-8000-000000000004", "missing"));
    struct snapshot *s = snapshot_over(img);
    const struct snap_provider *p = snapshot_provider(s, STR("p"));
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         1, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_text(keys[0]->deployment, "D.1");
    ck_assert_text(keys[0]->api_version, "2024-10-21");
    ck_assert_text(keys[0]->base_url, "");
    ck_assert_text(keys[1]->base_url, "https://r.b.test");
    ck_assert_text(p->chat_path, "/{model}/chat?v={api_version}");
    ck_assert_text(p->stream_path, "/{model}/stream?v={api_version}");
    snapshot_unref(s);
}
END_TEST

START_TEST(an_offer_without_readable_prices_is_not_served)
{
    struct config_rows r = catalogue();
    ROWS(&r, prices, PRICE(10, 0, "{\"input\":\"cheap\"}"), /* over, and unreadable */
         PRICE(10, NOW_US - 1, "{\"input\":\"2e-6\"}"),
         PRICE(10, NOW_US + 1, "{\"input\":\"3e-6\"}"), PRICE(11, 5, "{\"input\":\"cheap\"}"),
         PRICE(12, 5, "{\"input\":\"0\"}"), PRICE(12, NOW_US + 1, "{}"),
         PRICE(99, 0, "{\"input\":\"1\"}"));
    struct snapshot *s = snapshot_over(image_of(&r, NULL));
    const struct snap_offer *o = offer(s, "openai", "gpt-5.2", "");
    ck_assert_uint_eq(o->n_prices, 2);
    ck_assert_ptr_null(snap_offer_prices(o, NOW_US - 2));
    ck_assert_int_eq(snap_offer_prices(o, NOW_US)->tier[0].price[PRICE_INPUT].femto, 2000000000);
    ck_assert_int_eq(snap_offer_prices(o, NOW_US + 1)->tier[0].price[PRICE_INPUT].femto,
                     3000000000);
    ck_assert_ptr_null(offer(s, "openai", "gpt-5.2-mini", ""));
    ck_assert_ptr_null(offer(s, "together-ai", "gpt-5.2", "us"));
    o = offer(s, "together-ai", "gpt-5.2", ""); /* no rows at all */
    ck_assert_uint_eq(o->n_prices, 0);
    ck_assert_ptr_null(snap_offer_prices(o, NOW_US));
    snapshot_unref(s);

    r = catalogue();
    ROWS(&r, prices, PRICE(11, 5, "{\"input\":\"cheap\"}"), PRICE(13, 5, "{\"per_page\":\"1\"}"));
    struct image *img = image_of(&r, NULL);
    ck_assert_uint_eq(img->problems.len, 2);
    ck_assert(has_problem(img, "offer openai/gpt-5.2-mini", "input: not a price"));
    ck_assert(has_problem(img, "offer together-ai/claude-sonnet-4-5", prices_none_known));
    map_for_each (&img->problems, slot) { /* a mistake is told louder than a gap of ours */
        const struct problem *p = slot->value;
        ck_assert_int_eq(p->quiet, str_find_str(p->why, str_of(prices_none_known)) >= 0);
    }
    image_unref(img);
}
END_TEST

START_TEST(projects_know_their_organisation)
{
    struct config_rows rows = rows_new();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    static const struct {
        uint32_t org, project;
        enum project_mode mode;
        uint16_t days;
        bool active;
    } want[] = {{1, 1, MODE_API_KEYS, 90, true},
                {1, 2, MODE_CREDITS, 90, false},
                {2, 3, MODE_HYBRID, 7, false}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct snap_project *p = snapshot_project(s, id_of(ORGANISATION, want[i].org),
                                                        id_of(PROJECT, want[i].project));
        ck_assert_int_eq(p->mode, want[i].mode);
        ck_assert_uint_eq(p->retention_days, want[i].days);
        ck_assert_int_eq(p->active, want[i].active);
    }
    ck_assert_ptr_null(snapshot_project(s, id_of(ORGANISATION, 2), id_of(PROJECT, 1)));
    snapshot_unref(s);
}
END_TEST

START_TEST(provider_keys_of_an_organisation_in_their_order)
{
    struct config_rows r = catalogue();
    ROWS(&r, provider_keys, provider_key(&r, 1, 1, 1, "sk-one"),
         provider_key(&r, 1, 2, 1, "sk-two"), provider_key(&r, 1, 3, 3, "no region"),
         provider_key(&r, 1, 4, 3, "sk-eu"), provider_key(&r, 1, 5, 3, "bad region"),
         provider_key(&r, 1, 6, 3, "own host"), provider_key(&r, 1, 7, 1, "bad host"),
         provider_key(&r, 1, 8, 1, "bad options"), provider_key(&r, 1, 9, 99, "no provider"),
         provider_key(&r, 2, 10, 1, "archived"));
    r.provider_keys[3].options = STR("{\"region\":\"eu\",\"project\":\"p-1\",\"more\":[1]}");
    r.provider_keys[4].options = STR("{\"region\":\"eu.evil.test/\"}");
    r.provider_keys[5].base_url = STR("http://10.0.0.1/v1/");
    r.provider_keys[6].base_url = STR("http://a@b/");
    r.provider_keys[7].options = STR("[]");
    struct image *img = image_of(&r, NULL);
    ck_assert_uint_eq(img->problems.len, 4);
    ck_assert(has_problem(img, "provider key 05000000-0000-7000-8000-000000000003", "missing"));
    ck_assert(has_problem(img, "provider key 05000000-0000-7000-8000-000000000005", "letters"));
    ck_assert(has_problem(img, "provider key 05000000-0000-7000-8000-000000000007", "user"));
    ck_assert(has_problem(img, "provider key 05000000-0000-7000-8000-000000000008", "object"));
    struct snapshot *s = snapshot_over(img);
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         1, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert(uuid_eq(keys[0]->id, id_of(PROVIDER_KEY, 1)));
    ck_assert(uuid_eq(keys[1]->id, id_of(PROVIDER_KEY, 2)));
    ck_assert_text(secret_view(snapshot_credential(s, keys[1])), "sk-two");
    keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1), 3, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_text(keys[0]->region, "eu");
    ck_assert_text(keys[0]->project, "p-1");
    ck_assert_text(keys[0]->resource, "");
    ck_assert_text(keys[1]->base_url, "http://10.0.0.1/v1");
    ck_assert_ptr_null(snapshot_provider_keys(s, id_of(ORGANISATION, 2), 1, &n));
    ck_assert_uint_eq(n, 0);
    snapshot_unref(s);
}
END_TEST

START_TEST(an_opened_credential_is_shared_while_its_row_stays)
{
    struct config_rows r = catalogue();
    ROWS(&r, provider_keys, provider_key(&r, 1, 1, 1, "sk-one"),
         provider_key(&r, 1, 2, 1, "sk-two"));
    struct str sealed[2]; /* beyond the first image's life */
    struct arena *a = arena_new(1024);
    struct organisation_row org = r.organisations[0];
    org.data_key_sealed = arena_str(a, org.data_key_sealed);
    for (int i = 0; i < 2; i++)
        sealed[i] = arena_str(a, r.provider_keys[i].sealed);
    struct image *first = image_of(&r, NULL);
    struct snapshot *s = snapshot_over(image_ref(first));
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         1, &n);
    const struct secret *one = snapshot_credential(s, keys[0]);
    ck_assert_text(secret_view(one), "sk-one");
    ck_assert_ptr_eq(snapshot_credential(s, keys[0]), one);
    const struct secret *two = snapshot_credential(s, keys[1]);

    struct config_rows later = catalogue();
    later.organisations[0] = org;
    ROWS(&later, provider_keys, provider_key(&later, 1, 1, 1, "sk-new"),
         provider_key(&later, 1, 2, 1, "sk-two"), provider_key(&later, 1, 3, 1, "sk-two"));
    later.provider_keys[1].sealed = sealed[1];
    later.provider_keys[2].sealed = sealed[1]; /* another row's: its AAD does not fit */
    struct image *second = image_of(&later, first);
    image_unref(first);
    snapshot_unref(s); /* what is shared outlives the first snapshot */
    s = snapshot_over(second);
    keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1), 1, &n);
    ck_assert_uint_eq(n, 3);
    ck_assert_text(secret_view(snapshot_credential(s, keys[0])), "sk-new");
    ck_assert_ptr_eq(snapshot_credential(s, keys[1]), two);
    ck_assert_text(secret_view(two), "sk-two");
    ck_assert_ptr_null(snapshot_credential(s, keys[2]));
    ck_assert_ptr_null(snapshot_credential(s, keys[2]));
    snapshot_unref(s);
    arena_free(a);
}
END_TEST

START_TEST(a_pepper_that_cannot_be_opened_fails_the_build)
{
    struct config_rows r = catalogue();
    char err[128] = "";
    struct image_context context = {.master = master, .now_us = NOW_US};
    r.pepper_sealed = r.organisations[0].data_key_sealed;
    ck_assert_ptr_null(image_build(&r, &context, err));
    ck_assert_ptr_nonnull(strstr(err, "DOTEB_MASTER_KEY"));
    ck_assert_ptr_null(r.arena); /* taken all the same */
}
END_TEST

START_TEST(suggests_near_names)
{
    struct config_rows r = rows_new();
    ROWS(&r, providers, provider_row(1, "p"));
    ROWS(&r, models, model_row(1, "claude-sonnet-4-5", ""), model_row(2, "claude-opus-4-6", ""),
         model_row(3, "gpt-4o", ""), model_row(4, "gpt-4o-mini", ""), model_row(5, "o3", ""),
         model_row(6, "unserved-model", ""), model_row(7, "claude-sonnet-4-6", ""));
    r.models[6].released_us = 5;
    ROWS(&r, aliases, {STR("nano banana"), 5});
    ROWS(&r, offers, offer_row(1, 1, 1, "claude-sonnet-4-5"), offer_row(2, 1, 2, "claude-opus-4-6"),
         offer_row(3, 1, 3, "gpt-4o"), offer_row(4, 1, 4, "vendor/omni-small"),
         offer_row(5, 1, 5, "o3"), offer_row(6, 1, 7, "claude-sonnet-4-6"));
    struct snapshot *s = snapshot_over(image_of(&r, NULL));
    static const struct {
        const char *name, *first;
    } cases[] = {
        {"gpt-4p", "gpt-4o"},
        {"GPT4o", "gpt-4o"},
        {"openai/gpt-4o-mni", "gpt-4o-mini"},
        {"gpt-4o-mini-2024-07-18", "gpt-4o-mini"},
        {"omni-smal", "gpt-4o-mini"},                      /* by the provider's name */
        {"nano-banana", "o3"},                             /* by alias */
        {"claude-3-sonnet-20240229", "claude-sonnet-4-6"}, /* by words, the newer first */
        {"claude-3-opus", "claude-opus-4-6"},
        {"unserved-model", NULL},
        {"zzzzzz", NULL},
        {"", NULL},
        {"/", NULL},
        {"///", NULL},
        {"-", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str out[3] = {STR_NULL, STR_NULL, STR_NULL};
        size_t n = snapshot_nearest_models(s, id_of(ORGANISATION, 1), str_of(cases[i].name), out,
                                           3);
        ck_assert_msg((n > 0) == (cases[i].first != NULL), "%s: %zu", cases[i].name, n);
        if (n)
            ck_assert_text(out[0], cases[i].first);
        for (size_t k = 1; k < n; k++)
            ck_assert(!str_eq(out[k], out[k - 1]));
    }
    struct str out[8];
    ck_assert_uint_eq(snapshot_nearest_models(s, id_of(ORGANISATION, 1), STR("gpt-4p"), out, 0), 0);
    ck_assert_uint_eq(snapshot_nearest_models(s, id_of(ORGANISATION, 1), STR("gpt-4p"), out, 1), 1);
    ck_assert_uint_le(snapshot_nearest_models(s, id_of(ORGANISATION, 1), STR("claude"), out, 8), 7);
    snapshot_unref(s);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {finds_models_providers_and_offers,
                                  lists_models_by_slug,
                                  a_provider_with_an_unknown_word_is_not_served,
                                  a_credentials_form_tells_its_signer,
                                  options_of_keys_and_paths_for_streams,
                                  an_offer_without_readable_prices_is_not_served,
                                  projects_know_their_organisation,
                                  provider_keys_of_an_organisation_in_their_order,
                                  an_opened_credential_is_shared_while_its_row_stays,
                                  a_pepper_that_cannot_be_opened_fails_the_build,
                                  suggests_near_names};
    rows_setup();
    int status = unit_run("snapshot", tests, ARRAY_LEN(tests));
    master_keys_free(master);
    return status;
}
