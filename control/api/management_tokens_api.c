/* /organisations/{org}/management-tokens: list, make (shown once), revoke. */
#include "control/management_token.h"

#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/scope.h"

void management_tokens_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct management_token_filter f = {.organisation = c->org};
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.limit = page.limit + 1;
    enum pg_err e = management_token_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

/* The words of `scopes`, each once and in the table's order. */
static bool take_scopes(struct call *c, const json_t *list, struct str *out)
{
    unsigned bits = 0;
    char *words = arena_strdup(c->arena, STR(""));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        enum scope s = json_is_string(v) ? scope_parse(str_of(json_string_value(v))) : SCOPES;
        if (s == SCOPES)
            return input_refuse(c, arena_printf(c->arena, "scopes.%zu", i),
                                "there is no such scope.");
        bits |= 1U << s;
    }
    for (enum scope s = 0; s < SCOPES; s++)
        if (bits & 1U << s)
            words = arena_printf(c->arena, "%s%s%s", words, *words ? "," : "", scope_name(s));
    *out = str_of(words);
    return true;
}

static bool read_new(struct call *c, struct management_token_new *n)
{
    int word = -1;
    const json_t *scopes = NULL;
    const struct input_row rows[] = {
        {.name = "name",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 100,
         .to = &n->name},
        {.name = "role", .kind = INPUT_WORD, .required = true, .words = ROLE_WORDS, .to = &word},
        {.name = "scopes",
         .kind = INPUT_ARRAY,
         .required = true,
         .min = 1,
         .max = SCOPES,
         .to = &scopes},
        {.name = "expires_at", .kind = INPUT_TIME, .nullable = true, .to = &n->expires_us},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !take_scopes(c, scopes, &n->scopes))
        return false;
    if (n->expires_us && n->expires_us <= clock_wall_us())
        return input_refuse(c, "expires_at", "give a time in the future.");
    n->role = (enum role)(word + ROLE_VIEWER);
    return call_may_give(c, n->role);
}

void management_tokens_create(struct call *c)
{
    char token[MANAGEMENT_TOKEN_LEN + 1], last4[5];
    bool added = false;
    struct str item = STR_NULL;
    struct management_token_new n = {.organisation = c->org,
                                     .id = uuid_v7(clock_wall_us()),
                                     .created_by = c->session.user,
                                     .last4 = last4};
    if (!read_new(c, &n))
        return;
    management_token_make(token);
    apikey_last4(str_of(token), last4);
    n.hash = apikey_hash(c->app->pepper, str_of(token));
    enum pg_err e = management_token_store_add(c->pg, &n, &added);
    if (e == PG_OK && added)
        e = call_item(c, management_token_store_get, n.id, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
    } else if (!added) {
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "There are %d management tokens; revoke some first.", MANAGEMENT_TOKENS_MAX);
    } else {
        audit_note(c, n.id, STR_NULL, item);
        call_item_with(c, 201, item, "token", token);
    }
    sodium_memzero(token, sizeof token);
}

void management_tokens_revoke(struct call *c)
{
    bool changed = false;
    struct str before = STR_NULL, after = STR_NULL;
    enum pg_err e = call_item(c, management_token_store_get, c->id, &before);
    if (e == PG_OK && before.p)
        e = management_token_store_revoke(c->pg, c->org, c->id, &changed);
    if (e == PG_OK)
        e = call_item(c, management_token_store_get, c->id, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!before.p) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such management token.");
        return;
    }
    if (changed)
        audit_note(c, c->id, before, after);
    else
        audit_nothing(c);
    call_no_content(c);
}
