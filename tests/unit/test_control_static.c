/* The dashboard's files in memory: what is found under which path, and what never is. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/static.h"
#include "tests/unit/unit.h"

static char dir[64];

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static void drop(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    (void)remove(path);
}

static void make_dir(void)
{
    char path[256];
    (void)snprintf(dir, sizeof dir, "/tmp/doteb-static-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/assets", dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

START_TEST(finds_files_and_the_application)
{
    static const struct {
        const char *path, *body; /* NULL: not found */
    } rows[] = {
        {"/", "index"},
        {"/index.html", "index"},
        {"/keys", "index"},
        {"/projects/1.5/keys", "index"},
        {"", "index"},
        {"/assets/a.js", "script"},
        {"/assets/b.js", NULL},
        {"/assets/only.js", NULL}, /* a compressed form without its file */
        {"/assets/a.js.gz", NULL},
        {"/.hidden", NULL},
        {"/assets/../index.html", NULL},
        {"/index.html/", "index"},
        {"//index.html", NULL},
    };
    make_dir();
    put("index.html", "index");
    put("assets/a.js", "script");
    put("assets/a.js.gz", "gz");
    put("assets/only.js.gz", "gz");
    put(".hidden", "x");
    struct static_set *s = static_load(dir);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct static_file *f = static_find(s, str_of(rows[i].path));
        ck_assert_msg((f != NULL) == (rows[i].body != NULL), "%s", rows[i].path);
        if (f)
            ck_assert_text(f->body, rows[i].body);
    }
    const struct static_file *a = static_find(s, STR("/assets/a.js"));
    ck_assert(a->immutable && a->gzip.len == 2 && !a->brotli.p);
    ck_assert_str_eq(a->type, "text/javascript; charset=utf-8");
    ck_assert(!static_find(s, STR("/"))->immutable);
    static_unref(static_ref(s));
    static_unref(s);
    drop("index.html");
    drop("assets/a.js");
    drop("assets/a.js.gz");
    drop("assets/only.js.gz");
    drop(".hidden");
    drop("assets");
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(no_folder_is_an_empty_set)
{
    struct static_set *s = static_load("/nonexistent/dist");
    ck_assert_ptr_null(static_find(s, STR("/")));
    ck_assert_int_eq(static_stamp("/nonexistent/dist"), 0);
    static_unref(s);
    static_unref(NULL);
}
END_TEST

UNIT_MAIN("control_static", finds_files_and_the_application, no_folder_is_an_empty_set)
