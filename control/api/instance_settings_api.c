/* /instance/settings: what the operator sets at run time. /instance/state: how the instance was
 * started and what is seen of it, to look at. No secret is shown, only whether there is one.
 */
#include <sodium.h>
#include <string.h>

#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/mail.h"
#include "control/store/instance_store.h"

static const char *const sign_up_words[] = {"open", "invite", "closed", "environment", NULL};

static enum pg_err read_settings(struct call *c, struct str *item)
{
    struct pg_result *r = NULL;
    enum pg_err e = instance_store_settings(c->pg, c->app->opt.sign_up, &r);
    *item = e == PG_OK && pg_rows(r) > 0 ? arena_str(c->arena, pg_str(r, 0, 0)) : STR("{}");
    pg_result_free(r);
    return e;
}

void api_instance_settings_get(struct call *c)
{
    struct str item;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = read_settings(c, &item);
    if (e == PG_OK)
        (void)buf_add_str(call_json(c, 200), item);
    else
        (void)call_failed(c, e);
}

void api_instance_settings_update(struct call *c)
{
    struct str announcement = STR_NULL, before, after;
    int word = -1;
    bool lend = false, set_lend = false;
    const struct input_row rows[] = {
        {.name = "sign_up", .kind = INPUT_WORD, .words = sign_up_words, .to = &word},
        {.name = "announcement", .kind = INPUT_TEXT, .max = 500, .to = &announcement},
        {.name = "lend_to_new", .kind = INPUT_BOOL, .to = &lend, .given = &set_lend},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    if (word < 0 && !announcement.p && !set_lend) {
        reply_problem(&c->reply, P_INVALID, NULL, "Give sign_up, announcement or lend_to_new.");
        return;
    }
    enum pg_err e = read_settings(c, &before);
    if (e == PG_OK && word >= 0)
        e = instance_store_set_sign_up(
            c->pg, strcmp(sign_up_words[word], "environment") == 0 ? NULL : sign_up_words[word]);
    if (e == PG_OK && announcement.p)
        e = instance_store_set_announcement(c->pg, announcement);
    if (e == PG_OK && set_lend)
        e = instance_store_set_lend_to_new(c->pg, lend);
    if (e == PG_OK)
        e = read_settings(c, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, (struct uuid){.b = {0}}, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

static void add_number(struct buf *out, int64_t n)
{
    (void)buf_printf(out, "\"%lld\"", (long long)n);
}

#define ADD_STRING(value) (void)buf_add_json(out, str_of(value))
#define ADD_SECRET(value) (void)buf_add_str(out, *(value) ? STR("\"set\"") : STR("\"\""))
#define ADD_INT(value)    add_number(out, value)
#define ADD_BOOL(value)   (void)buf_add_str(out, (value) ? STR("\"true\"") : STR("\"false\""))
#define ADD_MS(value)     add_number(out, value)

/* Every setting of options.def with its value; of a secret only that it is set. */
static void add_environment(const struct options *o, struct buf *out)
{
    size_t n = 0;
#define CONF(field, type, env, def, lo, hi, what)                                                  \
    (void)buf_printf(out, "%s{\"name\":\"%s\",\"value\":", n++ ? "," : "", env);                   \
    ADD_##type(o->field);                                                                          \
    (void)buf_add_lit(out, ",\"help\":");                                                          \
    (void)buf_add_json(out, STR(what));                                                            \
    (void)buf_add_char(out, '}');
#include "control/options.def"
#undef CONF
}

void api_instance_state_get(struct call *c)
{
    char id[2 * CRYPTO_MASTER_ID_BYTES + 1];
    uint8_t raw[CRYPTO_MASTER_ID_BYTES];
    struct pg_result *r = NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = instance_store_state(c->pg, &r);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    master_keys_id(c->app->master, raw);
    (void)sodium_bin2hex(id, sizeof id, raw, sizeof raw);
    struct buf *out = call_json(c, 200);
    struct str state = pg_str(r, 0, 0);
    (void)buf_add(out, state.p, state.len - 1);
    (void)buf_printf(out,
                     ",\"version\":\"%s\",\"mail\":%s,\"sealing_key\":\"%s\",\"environment\":[",
                     DOTEB_VERSION, mail_possible(c->app) ? "true" : "false", id);
    add_environment(&c->app->opt, out);
    (void)buf_add_lit(out, "]}\n");
    pg_result_free(r);
}
