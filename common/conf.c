/* Bootstrap configuration: which text each row gets (environment over file over default), and
 * where. Runs once at start, before threads. Never prints a secret.
 */
#include "common/conf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/conf_priv.h"
#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"

enum { ERR_BYTES = 512, FILE_MAX = 1 << 20, SECRET_MAX = 64 << 10, LAYERS = 2 };

/* The texts of one load. Layer 0 is the environment, layer 1 the file; values are struct str *. */
struct load {
    const struct conf_row *rows;
    size_t n;
    char *target;
    char *err;
    struct arena *arena;
    struct map layers[LAYERS];
};

static void put(struct load *l, struct map *layer, struct str name, struct str value)
{
    struct str *copy = ARENA_NEW(l->arena, struct str);
    *copy = value;
    (void)map_put(layer, name, copy);
}

/* STR_NULL if it is not set or empty. */
static struct str get(const struct load *l, size_t layer, struct str name)
{
    const struct str *v = map_get(&l->layers[layer], name);
    return v && v->len ? *v : STR_NULL;
}

static bool is_known(const struct load *l, struct str name)
{
    for (size_t i = 0; i < l->n; i++) {
        struct str row = str_of(l->rows[i].name);
        if (str_eq(name, row))
            return true;
        if (l->rows[i].type == CONF_SECRET && str_starts(name, row) &&
            str_eq(str_make(name.p + row.len, name.len - row.len), STR("_FILE")))
            return true;
    }
    return false;
}

/* The row's name most like `name`, or NULL. */
static const char *nearest(const struct load *l, struct str name)
{
    unsigned best = 5;
    const char *found = NULL;
    for (size_t i = 0; i < l->n && best > 0; i++) {
        unsigned d = str_distance(name, str_of(l->rows[i].name), best - 1);
        if (d < best) {
            best = d;
            found = l->rows[i].name;
        }
    }
    return found;
}

static bool unknown_in_file(struct load *l, struct str name, int line)
{
    const char *like = nearest(l, name);
    (void)snprintf(l->err, ERR_BYTES, "DOTEB_CONFIG, line %d: there is no setting %.*s%s%s%s", line,
                   (int)(name.len < 80 ? name.len : 80), name.p, like ? "; did you mean " : "",
                   like ? like : "", like ? "?" : "");
    return false;
}

static struct str unquote(struct str v)
{
    bool quoted = v.len >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.len - 1] == v.p[0];
    return quoted ? str_make(v.p + 1, v.len - 2) : v;
}

static bool read_line(struct load *l, struct str line, int number)
{
    struct str text = str_trim(line);
    if (text.len == 0 || text.p[0] == '#')
        return true;
    struct str name = str_trim(str_cut(&text, '='));
    if (!text.p || name.len == 0) {
        (void)snprintf(l->err, ERR_BYTES, "DOTEB_CONFIG, line %d: expected NAME=value", number);
        return false;
    }
    if (str_starts(name, STR("export ")))
        name = str_trim(str_make(name.p + 7, name.len - 7));
    if (!str_starts(name, STR("DOTEB_")))
        return true;
    if (!is_known(l, name))
        return unknown_in_file(l, name, number);
    if (map_get(&l->layers[1], name)) {
        (void)snprintf(l->err, ERR_BYTES, "DOTEB_CONFIG, line %d: " STR_FMT " is given twice",
                       number, STR_ARG(name));
        return false;
    }
    put(l, &l->layers[1], name, unquote(str_trim(text)));
    return true;
}

static bool read_text(struct load *l, struct str text)
{
    if (text.len > FILE_MAX || str_find(text, '\0') >= 0) {
        (void)snprintf(l->err, ERR_BYTES,
                       "DOTEB_CONFIG: the file is over 1 MiB or holds a NUL byte");
        return false;
    }
    for (int line = 1; text.p; line++)
        if (!read_line(l, str_cut(&text, '\n'), line))
            return false;
    return true;
}

static void read_environment(struct load *l, char *const *env)
{
    for (; *env; env++) {
        struct str value = str_of(*env);
        struct str name = str_cut(&value, '=');
        if (!value.p || !str_starts(name, STR("DOTEB_")) || str_eq(name, STR("DOTEB_CONFIG")))
            continue;
        put(l, &l->layers[0], name, value);
        /* Both daemons may share an environment: only what looks like a slip of the pen. */
        const char *near = is_known(l, name) ? NULL : nearest(l, name);
        if (near)
            log_event(LOG_WARN, "conf_unknown_variable", LOG_STR("name", name),
                      LOG_S("nearest", near));
    }
}

/* The contents of the file that NAME_FILE names, without the line end. */
static bool read_secret(struct load *l, const char *name, struct str path, struct buf *out)
{
    char why[160];
    buf_init(out, SECRET_MAX);
    if (!conf_read_file(arena_strdup(l->arena, path), out, why)) {
        (void)snprintf(l->err, ERR_BYTES, "%s_FILE: %s", name, why);
        return false;
    }
    while (out->len && (out->p[out->len - 1] == '\n' || out->p[out->len - 1] == '\r'))
        out->len--;
    if (str_find(buf_str(out), '\0') < 0)
        return true;
    (void)snprintf(l->err, ERR_BYTES, "%s_FILE: the file holds a NUL byte", name);
    return false;
}

static bool store_secret_file(struct load *l, const struct conf_row *row, struct str path)
{
    struct buf text;
    bool ok = read_secret(l, row->name, path, &text) &&
              conf_store(row, buf_str(&text), l->target, l->err);
    if (text.p)
        sodium_memzero(text.p, text.cap);
    buf_fini(&text);
    return ok;
}

static bool load_row(struct load *l, const struct conf_row *row)
{
    struct str name = str_of(row->name);
    for (size_t layer = 0; layer < LAYERS; layer++) {
        struct str value = get(l, layer, name), path = STR_NULL;
        if (row->type == CONF_SECRET)
            path = get(l, layer, str_of(arena_printf(l->arena, "%s_FILE", row->name)));
        if (value.p && path.p) {
            (void)snprintf(l->err, ERR_BYTES, "%s and %s_FILE are both set; give one", row->name,
                           row->name);
            return false;
        }
        if (path.p)
            return store_secret_file(l, row, path);
        if (value.p)
            return conf_store(row, value, l->target, l->err);
    }
    if (row->def)
        return conf_store(row, str_of(row->def), l->target, l->err);
    (void)snprintf(l->err, ERR_BYTES, "%s is not set, and there is no default: %.300s", row->name,
                   row->help);
    return false;
}

static bool load_all(struct load *l, struct str text, char *const *env)
{
    if (!read_text(l, text))
        return false;
    read_environment(l, env);
    for (size_t i = 0; i < l->n; i++)
        if (!load_row(l, &l->rows[i]))
            return false;
    return true;
}

bool conf_load_from(const struct conf_row *rows, size_t n, struct str text, char *const *env,
                    void *target, char err[512])
{
    struct load l = {.rows = rows, .n = n, .target = target, .err = err};
    l.arena = arena_new(4096);
    map_init(&l.layers[0]);
    map_init(&l.layers[1]);
    for (size_t i = 0; i < n; i++)
        conf_field_init(&rows[i], target);
    bool ok = load_all(&l, text, env);
    if (!ok)
        conf_free(rows, n, target);
    map_fini(&l.layers[0]);
    map_fini(&l.layers[1]);
    arena_free(l.arena);
    return ok;
}

bool conf_load(const struct conf_row *rows, size_t n, void *target, char err[512])
{
    const char *path = getenv("DOTEB_CONFIG");
    char why[400];
    struct buf text;
    bool ok = true;
    buf_init(&text, FILE_MAX);
    if (path && *path && !conf_read_file(path, &text, why)) {
        (void)snprintf(err, ERR_BYTES, "DOTEB_CONFIG: %s", why);
        ok = false;
    }
    ok = ok && conf_load_from(rows, n, buf_str(&text), environ, target, err);
    if (text.p)
        sodium_memzero(text.p, text.cap);
    buf_fini(&text);
    return ok;
}

bool conf_may_read(const char *path)
{
    return !*path || access(path, R_OK) == 0;
}

void conf_free(const struct conf_row *rows, size_t n, void *target)
{
    for (size_t i = 0; i < n; i++)
        conf_field_fini(&rows[i], target);
}
