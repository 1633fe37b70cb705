/* `doteb-control catalogue import FILE`: updates the catalogue at run time; the gateways take it up
 * with the next request.
 */
#include <stdio.h>

#include "common/clock.h"
#include "control/args.h"
#include "control/catalogue/import.h"
#include "control/commands/cli_audit.h"
#include "control/commands/commands.h"
#include "control/store/organisation_store.h"
#include "control/text_time.h"

struct catalogue_args {
    const char *file, *format, *effective_from;
    bool dry_run, prune;
};

static bool complain(const char *what, const char *text)
{
    (void)fprintf(stderr, "doteb-control: %s%s\n", what, text);
    return false;
}

static bool read_document(const struct catalogue_args *a, struct document *d, char err[512])
{
    struct buf text;
    char why[256];
    bool models_dev = a->format && strcmp(a->format, "models.dev") == 0;
    bool ok = import_read_file(a->file, &text, err);
    if (ok && !a->format)
        models_dev = models_dev_looks_like(buf_str(&text));
    if (ok && !(models_dev ? models_dev_read(d, buf_str(&text), why)
                           : doteb_format_read(d, buf_str(&text), why))) {
        (void)snprintf(err, 512, "%.200s: %s", a->file, why);
        ok = false;
    }
    buf_fini(&text);
    return ok;
}

static bool import(struct app *app, const struct catalogue_args *a, const struct import_options *o)
{
    struct document d;
    struct buf out;
    char err[512];
    buf_init(&out, 8 << 20);
    document_init(&d);
    struct pg *pg = NULL;
    bool ok = read_document(a, &d, err);
    if (!ok)
        (void)complain("", err);
    else if (!(pg = app_connect_migrated(app)))
        ok = false;
    else if (!(ok = import_document(pg, &d, o, &out, err)))
        (void)complain("", err);
    if (out.len)
        (void)fwrite(out.p, 1, out.len, stdout);
    if (ok && d.n_refused > 0 && json_array_size(d.offers) + json_array_size(d.providers) == 0)
        ok = complain("no row of the file could be used", "");
    pg_close(pg);
    document_fini(&d);
    buf_fini(&out);
    return ok;
}

/* The catalogue is everybody's: the row goes to the operator's organisation, if there is one yet.
 */
static enum pg_err audit(struct pg *pg, const char *file)
{
    bool found;
    struct buf after;
    struct cli_change change = {.action = "catalogue.import"};
    enum pg_err e = organisation_store_operator(pg, &change.organisation, &found);
    if (e != PG_OK || !found)
        return e;
    buf_init(&after, 64 << 10);
    (void)buf_add_lit(&after, "{\"file\":");
    (void)buf_add_json(&after, str_of(file));
    (void)buf_add_lit(&after, "}");
    change.after = buf_str(&after);
    e = cli_audit(pg, &change);
    buf_fini(&after);
    return e;
}

int cmd_catalogue_import(struct app *app, int argc, char *const *argv)
{
    struct catalogue_args a = {0};
    struct import_options o = {0};
    const struct arg table[] = {
        {.name = NULL, .what = "FILE", .value = &a.file, .required = true},
        {.name = "--format", .value = &a.format},
        {.name = "--effective-from", .value = &a.effective_from},
        {.name = "--dry-run", .flag = &a.dry_run},
        {.name = "--prune", .flag = &a.prune},
    };
    if (!args_parse(argc, argv, table, ARRAY_LEN(table)))
        return 2;
    if (a.format && strcmp(a.format, "doteb") != 0 && strcmp(a.format, "models.dev") != 0) {
        (void)complain("--format: give doteb or models.dev", "");
        return 2;
    }
    if (a.effective_from && (!text_time_parse(str_of(a.effective_from), &o.effective_us) ||
                             o.effective_us <= clock_wall_us())) {
        (void)complain("--effective-from: give a time in the future, as 2027-01-01T00:00:00Z; ",
                       "the past is not rewritten");
        return 2;
    }
    o.note = audit;
    o.file = a.file;
    o.dry_run = a.dry_run;
    o.prune = a.prune;
    return import(app, &a, &o) ? 0 : 1;
}
