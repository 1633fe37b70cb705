/* snapshot: what organisations have of their own (custom providers): who sees it, by which names,
 * with which keys, and what a restricted key may call of it.
 */
#include "gateway/snapshot/permit.h"
#include "gateway/snapshot/restrictions.h"
#include "gateway/snapshot/snapshot.h"
#include "tests/unit/snapshot_rows.h"

enum { OWN = 1000000000, THEIRS = 1000000001, NAMESAKE = 1000000002, MISPLACED = 1000000003 };

static struct owner org(uint32_t n)
{
    return (struct owner){.organisation_id = id_of(ORGANISATION, n), .is_set = true};
}

/* Organisation 1 has "lab", organisation 3 a "lab" as well, and "shed"; everybody has "openai". */
static struct config_rows tenants(void)
{
    struct config_rows r = rows_new();
    ROWS(&r, providers, provider_row(1, "openai"), provider_row(OWN, "lab"),
         provider_row(THEIRS, "shed"), provider_row(NAMESAKE, "lab"));
    r.providers[1].owner = org(1);
    r.providers[1].keyless = true;
    r.providers[2].owner = r.providers[3].owner = org(3);
    ROWS(&r, models, model_row(1, "gpt-5.2", "openai"), model_row(OWN, "lab/llama", ""),
         model_row(THEIRS, "shed/llama", ""), model_row(NAMESAKE, "lab/llama", ""),
         model_row(MISPLACED, "lab/stolen", ""));
    r.models[1].owner = org(1);
    r.models[2].owner = r.models[3].owner = r.models[4].owner = org(3);
    ROWS(&r, offers, offer_row(10, 1, 1, "gpt-5.2"), offer_row(OWN, OWN, OWN, "meta/llama:8b"),
         offer_row(THEIRS, THEIRS, THEIRS, "llama"), offer_row(NAMESAKE, NAMESAKE, NAMESAKE, "l"),
         offer_row(MISPLACED, OWN, MISPLACED, "l"));
    ROWS(&r, provider_keys, provider_key(&r, 1, 1, THEIRS, "sk-crossing"),
         provider_key(&r, 1, 2, 1, "sk-one"));
    return r;
}

START_TEST(an_organisation_sees_its_own_and_nobody_elses)
{
    static const struct {
        uint32_t org;
        const char *model;
        int32_t id;
    } models[] = {
        {1, "lab/llama", OWN}, {1, "gpt-5.2", 1},          {1, "shed/llama", 0},
        {1, "llama", 0},       {3, "lab/llama", NAMESAKE}, {3, "shed/llama", THEIRS},
        {2, "lab/llama", 0},   {2, "gpt-5.2", 1},
    };
    static const struct {
        uint32_t org;
        const char *provider;
        int32_t id;
    } providers[] = {
        {1, "lab", OWN},      {1, "shed", 0},      {1, "openai", 1},
        {3, "lab", NAMESAKE}, {3, "shed", THEIRS}, {2, "lab", 0},
    };
    struct config_rows rows = tenants();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        const struct snap_model *m = snapshot_model_for(s, id_of(ORGANISATION, models[i].org),
                                                        str_of(models[i].model));
        ck_assert_msg((m ? m->id : 0) == models[i].id, "%u %s", models[i].org, models[i].model);
    }
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        const struct snap_provider *p = snapshot_provider_for(
            s, id_of(ORGANISATION, providers[i].org), str_of(providers[i].provider));
        ck_assert_msg((p ? p->id : 0) == providers[i].id, "%u %s", providers[i].org,
                      providers[i].provider);
        ck_assert(!p || p->own == (p->id != 1));
    }
    ck_assert_ptr_null(snapshot_model(s, STR("lab/llama")));
    ck_assert_ptr_null(snapshot_provider(s, STR("lab")));
    snapshot_unref(s);
}
END_TEST

START_TEST(lists_and_suggestions_are_each_organisations)
{
    struct config_rows rows = tenants();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    size_t n;
    struct str near[3];
    ck_assert_text(snapshot_models(s, &n)[0]->slug, "gpt-5.2");
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(snapshot_own_models(s, id_of(ORGANISATION, 1), &n)[0]->id, OWN);
    ck_assert_uint_eq(n, 1);
    const struct snap_model *const *theirs = snapshot_own_models(s, id_of(ORGANISATION, 3), &n);
    ck_assert_uint_eq(n, 3);
    ck_assert_text(theirs[0]->slug, "lab/llama");
    ck_assert_text(theirs[2]->slug, "shed/llama");
    (void)snapshot_own_models(s, id_of(ORGANISATION, 2), &n);
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq(
        snapshot_nearest_models(s, id_of(ORGANISATION, 2), STR("lab/llamas"), near, 3), 0);
    ck_assert_uint_eq(
        snapshot_nearest_models(s, id_of(ORGANISATION, 1), STR("lab/llamas"), near, 3), 1);
    ck_assert_text(near[0], "lab/llama");
    ck_assert_uint_ge(snapshot_nearest_models(s, id_of(ORGANISATION, 3), STR("llamas"), near, 3),
                      2);
    snapshot_unref(s);
}
END_TEST

START_TEST(its_names_are_the_id_and_the_servers_own)
{
    static const struct {
        const char *name;
        bool found;
    } names[] = {
        {"llama", true}, {"meta/llama:8b", true}, {"lab/llama", false}, {"llama:8b", false},
        {"l", false},    {"stolen", false},       {"", false}};
    struct config_rows rows = tenants();
    struct image *img = image_of(&rows, NULL);
    ck_assert(has_problem(img, "offer 1000000003", "not of one owner"));
    struct snapshot *s = snapshot_over(img);
    const struct snap_provider *lab = snapshot_provider_for(s, id_of(ORGANISATION, 1), STR("lab"));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        ck_assert_msg((snapshot_offer(s, lab, str_of(names[i].name), STR("")) != NULL) ==
                          names[i].found,
                      "%s", names[i].name);
    snapshot_unref(s);
}
END_TEST

START_TEST(keys_of_a_keyless_server_and_of_somebody_else)
{
    struct config_rows rows = tenants();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         OWN, &n);
    ck_assert_uint_eq(n, 1);
    ck_assert(uuid_is_zero(keys[0]->id) && !keys[0]->credential);
    ck_assert_ptr_null(snapshot_credential(s, keys[0]));
    (void)snapshot_provider_keys(s, id_of(ORGANISATION, 1), THEIRS, &n);
    ck_assert_uint_eq(n, 0); /* its row is there, for a provider that is not the organisation's */
    (void)snapshot_provider_keys(s, id_of(ORGANISATION, 3), OWN, &n);
    ck_assert_uint_eq(n, 0);
    (void)snapshot_provider_keys(s, id_of(ORGANISATION, 3), NAMESAKE, &n);
    ck_assert_uint_eq(n, 0); /* not keyless */
    snapshot_unref(s);
}
END_TEST

START_TEST(restrictions_name_them_as_requests_do)
{
    static const struct {
        uint32_t org;
        const char *text;
        bool own, gpt; /* "lab/llama" of that organisation, "gpt-5.2" */
    } cases[] = {
        {1, "mlab/llama", true, false},   {1, "mlab/meta/llama:8b", true, false},
        {1, "mlab/*", true, false},       {1, "mlab/ll*", true, false},
        {1, "mlab/meta*", true, false},   {1, "mla*", true, false},
        {1, "mlab/x*", false, false},     {1, "mllama*", false, false},
        {1, "mllama", false, false},      {1, "plab", true, false},
        {1, "popenai", false, true},      {1, "mshed/llama", false, false},
        {1, "pshed", false, false},       {1, "mgpt*", false, true},
        {3, "mlab/llama", true, false},   {3, "mlab/meta*", false, false},
        {1, "plab\nmgpt*", false, false},
    };
    struct config_rows rows = tenants();
    struct snapshot *s = snapshot_over(image_of(&rows, NULL));
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct key_restrictions *k = restrictions_new(str_of(cases[i].text));
        const struct snap_key key = {.organisation_id = id_of(ORGANISATION, cases[i].org),
                                     .restrictions = k};
        const struct permit *p = permit_new(s, &key, a);
        const struct snap_model *own = snapshot_model_for(s, key.organisation_id, STR("lab/llama"));
        ck_assert_msg(permit_model(p, own) == cases[i].own, "%s own", cases[i].text);
        ck_assert_msg(permit_model(p, snapshot_model(s, STR("gpt-5.2"))) == cases[i].gpt, "%s gpt",
                      cases[i].text);
        restrictions_free(k);
    }
    arena_free(a);
    snapshot_unref(s);
}
END_TEST

START_TEST(the_platforms_keys_are_lent_by_mode_and_never_copied)
{
    static const struct {
        const char *mode;
        bool is_operator, lent;
        size_t n_own, n_platform;
    } cases[] = {
        {"hybrid", false, false, 1, 0},  {"hybrid", false, true, 1, 2},
        {"credits", false, false, 0, 0}, {"credits", false, true, 0, 2},
        {"api-keys", false, true, 1, 0}, {"hybrid", true, true, 1, 0},
        {"credits", true, false, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_rows r = rows_new();
        ROWS(&r, providers, provider_row(1, "openai"));
        r.organisations[1].archived = false;
        r.organisations[1].is_operator = !cases[i].is_operator;
        r.organisations[0].is_operator = cases[i].is_operator;
        r.organisations[0].lent = cases[i].lent;
        r.projects[0].mode = str_of(cases[i].mode);
        ROWS(&r, provider_keys, provider_key(&r, 1, 1, 1, "own"),
             provider_key(&r, 2, 2, 1, "first"), provider_key(&r, 2, 3, 1, "second"));
        struct snapshot *s = snapshot_over(image_of(&r, NULL));
        const struct snap_project *p = snapshot_project(s, id_of(ORGANISATION, 1),
                                                        id_of(PROJECT, 1));
        const struct snap_provider *at = snapshot_provider(s, STR("openai"));
        struct snap_keys k = snapshot_keys(s, p, at);
        ck_assert_uint_eq(k.n_own, cases[i].n_own);
        ck_assert_uint_eq(k.n_platform, cases[i].n_platform);
        size_t n;
        if (k.n_platform)
            ck_assert_ptr_eq(k.platform,
                             snapshot_provider_keys(s, id_of(ORGANISATION, 2), at->id, &n));
        snapshot_unref(s);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {an_organisation_sees_its_own_and_nobody_elses,
                                  lists_and_suggestions_are_each_organisations,
                                  its_names_are_the_id_and_the_servers_own,
                                  keys_of_a_keyless_server_and_of_somebody_else,
                                  restrictions_name_them_as_requests_do,
                                  the_platforms_keys_are_lent_by_mode_and_never_copied};
    rows_setup();
    int status = unit_run("own", tests, ARRAY_LEN(tests));
    master_keys_free(master);
    return status;
}
