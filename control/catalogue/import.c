/* Runs an import: stage, resolve, apply, commit or roll back, and the summary. Any thread with a
 * connection.
 */
#include "control/catalogue/import.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/mem.h"
#include "control/catalogue/decimal_json.h"

enum { ERR_BYTES = 512, FILES_MAX = 1000, DEPTH_MAX = 4, DIGEST_BYTES = 32 };

static bool fail(char *err, const char *what, const char *why)
{
    (void)snprintf(err, ERR_BYTES, "%s: %.400s", what, why);
    return false;
}

static enum pg_err stage(struct pg *pg, const struct document *d)
{
    char *texts[4];
    const json_t *lists[4] = {d->providers, d->models, d->aliases, d->offers};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        texts[i] = json_dumps(lists[i], JSON_COMPACT);
    enum pg_err e = import_store_stage(pg, str_of(texts[0]), str_of(texts[1]), str_of(texts[2]),
                                       str_of(texts[3]));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        xfree(texts[i]);
    return e;
}

static enum pg_err resolve(struct pg *pg, struct document *d)
{
    struct pg_result *r = NULL;
    enum pg_err e = import_store_resolve(pg, &r);
    for (size_t i = 0; e == PG_OK && i < pg_rows(r); i++) {
        d->n_refused++;
        (void)buf_printf(&d->refused, "  " STR_FMT ": " STR_FMT "\n", STR_ARG(pg_str(r, i, 0)),
                         STR_ARG(pg_str(r, i, 1)));
    }
    pg_result_free(r);
    return e;
}

static void count_line(struct buf *out, const char *what, const struct import_count *c)
{
    (void)buf_printf(out, "%-10s %6lld added %6lld changed %6lld unchanged %6lld disabled\n", what,
                     (long long)c->added, (long long)c->changed, (long long)c->unchanged,
                     (long long)c->disabled);
}

static void summarise(const struct document *d, const struct import_counts *c, struct buf *out)
{
    count_line(out, "providers", &c->providers);
    count_line(out, "models", &c->models);
    count_line(out, "aliases", &c->aliases);
    count_line(out, "offers", &c->offers);
    (void)buf_printf(out, "%-10s %6lld added\n", "prices", (long long)c->prices);
    (void)buf_printf(out, "%-10s %6lld rows\n", "refused", (long long)d->n_refused);
    (void)buf_add_str(out, buf_str(&d->refused));
}

enum pg_err import_apply(struct pg *pg, struct document *d, int64_t effective_us, bool prune,
                         struct import_counts *counts)
{
    enum pg_err e = import_store_begin(pg);
    if (e == PG_OK)
        e = stage(pg, d);
    if (e == PG_OK)
        e = resolve(pg, d);
    return e == PG_OK ? import_store_apply(pg, effective_us, prune, counts) : e;
}

bool import_document(struct pg *pg, struct document *d, const struct import_options *o,
                     struct buf *out, char err[512])
{
    struct import_counts counts;
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = import_apply(pg, d, o->effective_us, o->prune, &counts);
    if (e == PG_OK && o->note)
        e = o->note(pg, o->file);
    if (e == PG_OK && !o->dry_run)
        e = pg_commit(pg);
    if (e != PG_OK)
        (void)fail(err, "the database refused the import", pg_error(pg));
    if (e != PG_OK || o->dry_run)
        pg_rollback(pg);
    if (e != PG_OK)
        return false;
    summarise(d, &counts, out);
    if (o->dry_run)
        (void)buf_add_lit(out, "dry run: nothing was changed\n");
    return true;
}

bool import_read_file(const char *path, struct buf *out, char err[512])
{
    char *room;
    size_t n = 0;
    FILE *f = fopen(path, "rb");
    buf_init(out, DECIMAL_JSON_MAX_BYTES);
    if (!f)
        return fail(err, path, strerror(errno));
    while ((room = buf_room(out, 64 << 10)) && (n = fread(room, 1, 64 << 10, f)) > 0)
        buf_grew(out, n);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (!room)
        return fail(err, path, "the file is over 64 MB");
    return !bad || fail(err, path, "it cannot be read");
}

struct file_list {
    struct arena *arena;
    const char *path[FILES_MAX];
    size_t n;
};

/* The *.json files below `dir`. False: too many, or it cannot be read. */
static bool list_files(struct file_list *l, const char *dir, int depth, char *err)
{
    struct dirent *entry;
    bool ok = true;
    DIR *d = opendir(dir);
    if (!d)
        return fail(err, dir, strerror(errno));
    while (ok && (entry = readdir(d))) {
        struct str name = str_of(entry->d_name);
        const char *path = arena_printf(l->arena, "%s/%s", dir, entry->d_name);
        if (name.p[0] == '.')
            continue;
        if (entry->d_type == DT_DIR)
            ok = depth < DEPTH_MAX && list_files(l, path, depth + 1, err);
        else if (str_ends(name, STR(".json")) && l->n == FILES_MAX)
            ok = fail(err, dir, "it has over 1,000 files");
        else if (str_ends(name, STR(".json")))
            l->path[l->n++] = path;
    }
    (void)closedir(d);
    return ok;
}

/* In the order of their names: readdir's changes from machine to machine. */
static void sort_files(struct file_list *l)
{
    for (size_t i = 1; i < l->n; i++) {
        const char *p = l->path[i];
        size_t at = i;
        for (; at > 0 && strcmp(l->path[at - 1], p) > 0; at--)
            l->path[at] = l->path[at - 1];
        l->path[at] = p;
    }
}

/* Reads all files into the document, and their digest. */
static bool read_files(const struct file_list *l, size_t dir_len, struct document *d,
                       uint8_t digest[DIGEST_BYTES], char *err)
{
    crypto_generichash_state state;
    char why[256];
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    for (size_t i = 0; i < l->n; i++) {
        struct buf text;
        const char *name = l->path[i] + dir_len;
        bool ok = import_read_file(l->path[i], &text, err);
        if (ok && !doteb_format_read(d, buf_str(&text), why))
            ok = fail(err, l->path[i], why);
        (void)crypto_generichash_update(&state, (const uint8_t *)name, strlen(name) + 1);
        if (text.len)
            (void)crypto_generichash_update(&state, (const uint8_t *)text.p, text.len);
        buf_fini(&text);
        if (!ok)
            return false;
    }
    (void)crypto_generichash_final(&state, digest, DIGEST_BYTES);
    return true;
}

/* The document, unless the digest is that of the last time. */
static bool load_changed(struct pg *pg, struct document *d, const uint8_t digest[DIGEST_BYTES],
                         struct buf *out, char *err)
{
    uint8_t before[DIGEST_BYTES];
    size_t len;
    const struct import_options o = {0};
    struct str source = STR("shipped");
    if (import_store_digest(pg, source, before, sizeof before, &len) != PG_OK)
        return fail(err, "catalogue_imports", pg_error(pg));
    if (len == DIGEST_BYTES && memcmp(before, digest, DIGEST_BYTES) == 0) {
        (void)buf_add_lit(out, "catalogue: unchanged since it was loaded\n");
        return true;
    }
    if (d->n_refused > 0) {
        (void)buf_add_str(out, buf_str(&d->refused));
        return fail(err, "bad rows", "mend them, or name another folder");
    }
    if (!import_document(pg, d, &o, out, err))
        return false;
    return import_store_set_digest(pg, source, str_make((const char *)digest, DIGEST_BYTES)) ==
               PG_OK ||
           fail(err, "catalogue_imports", pg_error(pg));
}

bool import_directory(struct pg *pg, const char *dir, struct buf *out, char err[512])
{
    struct document d;
    uint8_t digest[DIGEST_BYTES];
    struct file_list *l = xcalloc(1, sizeof *l);
    l->arena = arena_new(16 << 10);
    document_init(&d);
    bool ok = list_files(l, dir, 0, err);
    sort_files(l);
    ok = ok && read_files(l, strlen(dir), &d, digest, err) &&
         load_changed(pg, &d, digest, out, err);
    document_fini(&d);
    arena_free(l->arena);
    xfree(l);
    return ok;
}
