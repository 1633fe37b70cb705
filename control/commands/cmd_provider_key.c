/* `doteb-control provider-key add`: a provider's secret, read from stdin, sealed and stored. The
 * operator at the command line may name any base URL.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/provider_option.h"
#include "control/args.h"
#include "control/base_url.h"
#include "control/commands/cli_audit.h"
#include "control/commands/commands.h"
#include "control/provider_key.h"
#include "control/store/catalogue_store.h"
#include "control/store/organisation_store.h"
#include "control/store/provider_key_store.h"

enum { PROVIDERS_MAX = 1000 };

struct provider_key_args {
    const char *provider, *label, *base_url, *organisation;
    const char *option[OPTION_COUNT];
    bool secret_stdin, if_missing;
    char secret[PROVIDER_SECRET_MAX + 2];
};

static bool complain(const char *what, const char *text)
{
    (void)fprintf(stderr, "doteb-control: %s%s\n", what, text);
    return false;
}

/* Names the catalogue's provider whose name is most like it. */
static bool complain_provider(struct pg *pg, const char *name)
{
    struct pg_result *r = NULL;
    struct str near = STR_NULL;
    unsigned best = 4;
    if (catalogue_store_providers(pg, STR_NULL, PROVIDERS_MAX, &r) != PG_OK)
        return complain("", pg_error(pg));
    for (size_t i = 0; i < pg_rows(r) && best > 0; i++) {
        unsigned d = str_distance(str_of(name), pg_str(r, i, 1), best - 1);
        if (d < best) {
            best = d;
            near = pg_str(r, i, 1);
        }
    }
    (void)fprintf(stderr,
                  "doteb-control: --provider: the catalogue has no provider %s%s" STR_FMT "%s\n",
                  name, near.len ? "; did you mean " : "", STR_ARG(near), near.len ? "?" : "");
    pg_result_free(r);
    return false;
}

/* Without what its address is made of the key would lead nowhere. */
static bool has_options(const struct provider_key_args *a, const struct provider_row *provider)
{
    for (enum provider_option o = 0; o < OPTION_COUNT; o++) {
        char hole[32];
        (void)snprintf(hole, sizeof hole, "{%s}", provider_option_name(o));
        bool needed = strstr(provider->chat_path, hole) ||
                      (!a->base_url && strstr(provider->base_url, hole));
        if (needed && !a->option[o]) {
            (void)fprintf(stderr, "doteb-control: --%s is missing: %s's address needs it\n",
                          provider_option_name(o), a->provider);
            return false;
        }
    }
    return true;
}

/* Fills ids of `k` from names; the options are written to `options`. */
static bool look_up(struct pg *pg, const struct provider_key_args *a, struct provider_key_new *k)
{
    size_t n;
    struct provider_row provider;
    if (organisation_store_by_name(pg, a->organisation, &k->organisation, &n) != PG_OK ||
        catalogue_store_provider(pg, k->organisation, str_of(a->provider), &provider) != PG_OK)
        return complain("", pg_error(pg));
    if (n != 1)
        return complain("--organisation: ",
                        n ? "there are several of that name" : "there is no such organisation");
    if (!provider.found)
        return complain_provider(pg, a->provider);
    if (!has_options(a, &provider))
        return false;
    const char *why = provider_key_secret_complaint(str_of(provider.signer), k->secret);
    if (*why)
        return complain("the secret: ", why);
    k->provider_id = provider.id;
    return true;
}

static void write_options(const struct provider_key_args *a, struct buf *out)
{
    (void)buf_add_char(out, '{');
    for (enum provider_option o = 0; o < OPTION_COUNT; o++)
        if (a->option[o]) {
            (void)buf_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", provider_option_name(o));
            (void)buf_add_json(out, str_of(a->option[o]));
        }
    (void)buf_add_char(out, '}');
}

/* The key and its row in the audit log. */
static enum pg_err add_one(struct app *app, struct pg *pg, const struct provider_key_new *k)
{
    struct uuid id;
    struct cli_change change = {.organisation = k->organisation,
                                .action = "provider_key.create",
                                .target = &id,
                                .get = provider_key_store_get};
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = provider_key_add(app, pg, k, &id);
    if (e == PG_OK)
        e = cli_audit(pg, &change);
    if (e == PG_OK)
        e = pg_commit(pg);
    if (e != PG_OK)
        pg_rollback(pg);
    return e;
}

static bool add(struct app *app, struct pg *pg, const struct provider_key_args *a)
{
    bool exists = false;
    struct buf options;
    struct provider_key_new k = {.label = str_of(a->label ? a->label : ""),
                                 .secret = str_of(a->secret),
                                 .base_url = str_of(a->base_url)};
    if (!look_up(pg, a, &k))
        return false;
    if (a->if_missing &&
        provider_key_store_exists(pg, k.organisation, k.provider_id, k.label, &exists) != PG_OK)
        return complain("", pg_error(pg));
    if (exists) {
        (void)printf("%s: there is a key with this label; nothing was changed\n", a->provider);
        return true;
    }
    buf_init(&options, 1024);
    write_options(a, &options);
    k.options = buf_str(&options);
    bool ok = add_one(app, pg, &k) == PG_OK || complain("", pg_error(pg));
    if (ok)
        (void)printf("%s: the key is stored, unchecked; the dashboard can check it\n", a->provider);
    buf_fini(&options);
    return ok;
}

static bool take_secret(struct provider_key_args *a)
{
    if (!a->secret_stdin)
        return complain("give the secret on stdin, with --secret-stdin", "");
    if (!args_read_all("the secret", a->secret, sizeof a->secret))
        return false;
    return provider_key_secret_fits(str_of(a->secret)) ||
           complain("the secret must be printable ASCII without spaces at its ends", "");
}

int cmd_provider_key_add(struct app *app, int argc, char *const *argv)
{
    struct provider_key_args a = {0};
    const struct arg table[] = {
        {.name = "--provider", .value = &a.provider, .required = true},
        {.name = "--label", .value = &a.label},
        {.name = "--base-url", .value = &a.base_url},
        {.name = "--organisation", .value = &a.organisation},
        {.name = "--region", .value = &a.option[OPTION_REGION]},
        {.name = "--project", .value = &a.option[OPTION_PROJECT]},
        {.name = "--resource", .value = &a.option[OPTION_RESOURCE]},
        {.name = "--deployment", .value = &a.option[OPTION_DEPLOYMENT]},
        {.name = "--api-version", .value = &a.option[OPTION_API_VERSION]},
        {.name = "--secret-stdin", .flag = &a.secret_stdin},
        {.name = "--if-missing", .flag = &a.if_missing},
    };
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    const char *why = a.base_url ? base_url_complaint(str_of(a.base_url), NULL) : "";
    if (*why) {
        (void)complain("--base-url: ", why);
        return 2;
    }
    for (enum provider_option o = 0; o < OPTION_COUNT; o++)
        if (a.option[o] && !provider_option_fits(o, str_of(a.option[o]))) {
            (void)fprintf(stderr, "doteb-control: %s: %s\n", provider_option_name(o),
                          provider_option_rule(o));
            return 2;
        }
    struct pg *pg = NULL;
    bool ok = take_secret(&a) && app_open_master(app) && (pg = app_connect_migrated(app)) &&
              add(app, pg, &a);
    pg_close(pg);
    sodium_memzero(a.secret, sizeof a.secret);
    return ok ? 0 : 1;
}
