/* Runs the golden cases: folders <dialect>/<case>/ with the bytes that a client sends, that the
 * provider must get, that it answers and that the client must get. A new case is a new folder.
 * Single-threaded.
 *
 *   test_golden FOLDER   FOLDER is a tree of cases or one case
 *
 * case.json: `stands_for` (SDK type or observed request), `provider_model`, `metadata` (JSON text
 * to be spliced in; without it nothing is), `learned` (facts that the dialect must have found), and
 * the fields that mutate.py drops.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/arena.h"
#include "common/buf.h"
#include "gateway/dialect/dialect.h"
#include "gateway/wire/sse.h"

enum { FILE_MAX = 4 << 20, PATH_BYTES = 4096 };

struct golden {
    const char *folder;
    const struct dialect *dialect;
    json_t *conf;
    struct arena *arena;
    struct dialect_request request;
    struct dialect_answer answer; /* merged over a stream */
    int64_t events, first_content;
    bool ok;
};

static void complain(struct golden *g, const char *what, struct str got, struct str want)
{
    size_t at = 0;
    while (at < got.len && at < want.len && got.p[at] == want.p[at])
        at++;
    g->ok = false;
    printf("%s: %s differs at byte %zu\n--- got\n" STR_FMT "\n--- expected\n" STR_FMT "\n",
           g->folder, what, at, STR_ARG(got), STR_ARG(want));
}

static void compare(struct golden *g, const char *what, struct str got, struct str want)
{
    if (!str_eq(got, want))
        complain(g, what, got, want);
}

/* The file's text in the arena; .p is NULL if there is no such file. */
static struct str read_file(struct golden *g, const char *name)
{
    char path[PATH_BYTES], piece[4096];
    struct buf b;
    size_t n;
    (void)snprintf(path, sizeof path, "%s/%s", g->folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return STR_NULL;
    buf_init(&b, FILE_MAX);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        (void)buf_add(&b, piece, n);
    (void)fclose(f);
    struct str text = arena_str(g->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* USD 2.5, 1.25 (cached) and 10 (output) per million tokens: the expected costs are by these. */
static void price(const struct usage *u, struct cost *cost)
{
    struct price_list list = {.n_tiers = 1};
    list.tier[0].up_to_tokens = INT64_MAX;
    list.tier[0].set = 1u << PRICE_INPUT | 1u << PRICE_CACHED_INPUT | 1u << PRICE_OUTPUT;
    list.tier[0].price[PRICE_INPUT].femto = INT64_C(2500000000);
    list.tier[0].price[PRICE_CACHED_INPUT].femto = INT64_C(1250000000);
    list.tier[0].price[PRICE_OUTPUT].femto = INT64_C(10000000000);
    cost_compute(&list, u, STR(""), 0, cost);
}

static const char *text_of(const struct golden *g, const char *name)
{
    const char *text = json_string_value(json_object_get(g->conf, name));
    return text ? text : "";
}

static void fill_extra(const struct golden *g, const struct cost *cost, struct dialect_extra *extra)
{
    struct str metadata = str_of(text_of(g, "metadata"));
    *extra = (struct dialect_extra){.cost = metadata.len ? cost : NULL, .metadata = metadata};
}

static void run_request(struct golden *g)
{
    struct dialect_refusal why;
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct str body = read_file(g, "request.json");
    struct buf out;
    if (g->dialect->scan_request(body, &(struct dialect_call){0}, g->arena, &g->request, &why) !=
        E_OK) {
        complain(g, "request", why.text, STR("accepted"));
        return;
    }
    const struct dialect_target to = {.model = str_of(text_of(g, "provider_model")),
                                      .max_output = -1,
                                      .max_temperature_milli = -1};
    size_t n = g->dialect->edit_request(&g->request, &to, g->arena, edits);
    buf_init(&out, FILE_MAX);
    (void)dialect_apply(body, edits, n, &out);
    compare(g, "upstream_request", buf_str(&out), read_file(g, "upstream_request.json"));
    struct str pieces[2 * DIALECT_EDITS_MAX + 1];
    size_t n_pieces = dialect_cut(body, edits, n, pieces);
    buf_reset(&out);
    for (size_t i = 0; i < n_pieces; i++)
        (void)buf_add_str(&out, pieces[i]);
    compare(g, "upstream_request in pieces", buf_str(&out), read_file(g, "upstream_request.json"));
    buf_fini(&out);
}

static void run_answer(struct golden *g, struct str body)
{
    struct cost cost;
    struct dialect_extra extra;
    struct buf out;
    if (!g->dialect->scan_answer(body, g->arena, &g->answer)) {
        complain(g, "upstream_response", STR("refused"), STR("accepted"));
        return;
    }
    price(&g->answer.usage, &cost);
    fill_extra(g, &cost, &extra);
    buf_init(&out, FILE_MAX);
    (void)g->dialect->splice_answer(body, &g->answer, &extra, &out);
    compare(g, "client_response", buf_str(&out), read_file(g, "client_response.json"));
    buf_fini(&out);
}

static void merge(struct golden *g, const struct dialect_answer *an)
{
    struct dialect_answer *all = &g->answer;
    struct usage usage = all->usage;
    size_t bytes = all->content_bytes + an->content_bytes;
    uint8_t finish = an->finish ? an->finish : all->finish;
    if (an->has_content && g->first_content < 0)
        g->first_content = g->events;
    g->events++;
    usage_merge(&usage, &an->usage);
    if (an->is_error || !all->is_error)
        *all = *an;
    all->usage = usage;
    all->content_bytes = bytes;
    all->finish = finish;
}

/* What the stream step does with an event. False: the stream has ended. */
static bool take_event(struct golden *g, const struct sse_event *e, struct str *last, bool *sent,
                       struct buf *out)
{
    const struct dialect *d = g->dialect;
    struct dialect_answer an;
    struct cost cost;
    struct dialect_extra extra;
    if (!d->scan_event(&(struct frame){.type = e->type, .data = e->data}, g->arena, &an))
        return false;
    if (an.is_done) {
        price(&g->answer.usage, &cost);
        fill_extra(g, &cost, &extra);
        if (g->request.client_wants_usage && !*sent)
            (void)d->write_usage_event(*last, &g->answer.usage, &extra, out);
        (void)d->write_done(out);
        return false;
    }
    merge(g, &an);
    price(&g->answer.usage, &cost);
    fill_extra(g, &cost, &extra);
    bool asked = g->request.client_wants_usage, here = an.usage_end > 0;
    extra.strip_usage = here && !asked;
    *last = arena_str(g->arena, e->data);
    *sent |= here && (an.only_usage || an.finish);
    if (an.only_usage && !asked)
        return true;
    bool plain = !here || (asked && !an.only_usage && !an.finish);
    struct dialect_extra strip = {.strip_usage = true};
    (void)d->write_event(&an, &(struct frame){.type = e->type, .data = e->data},
                         plain   ? NULL
                         : asked ? &extra
                                 : &strip,
                         out);
    return !an.is_error;
}

static void run_stream(struct golden *g, struct str bytes, size_t step)
{
    struct sse sse;
    struct sse_event e;
    struct str last = STR("");
    struct buf out;
    bool more = true, sent = false;
    g->answer = (struct dialect_answer){0};
    usage_clear(&g->answer.usage);
    g->events = 0;
    g->first_content = -1;
    sse_init(&sse, FILE_MAX);
    buf_init(&out, FILE_MAX);
    for (size_t at = 0; at < bytes.len && more; at += step) {
        size_t n = bytes.len - at < step ? bytes.len - at : step;
        more = sse_feed(&sse, str_make(bytes.p + at, n));
        while (more && sse_next(&sse, &e))
            more = take_event(g, &e, &last, &sent, &out);
    }
    compare(g, "client_response", buf_str(&out), read_file(g, "client_response.sse"));
    buf_fini(&out);
    sse_fini(&sse);
}

static json_t *fact(const struct golden *g, const char *name)
{
    static const char *const finishes[] = {"",           "stop",           "length",
                                           "tool_calls", "content_filter", "error"};
    const struct dialect_request *q = &g->request;
    const struct dialect_answer *an = &g->answer;
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {{"input", an->usage.input},
                   {"output", an->usage.output},
                   {"cached", an->usage.cached},
                   {"reasoning", an->usage.reasoning},
                   {"content_bytes", (int64_t)an->content_bytes},
                   {"first_content", g->first_content},
                   {"is_error", an->is_error},
                   {"error_status", an->error_status},
                   {"has_tools", q->has_tools},
                   {"has_images", q->has_images},
                   {"wants_json_schema", q->wants_json_schema},
                   {"wants_reasoning", q->wants_reasoning},
                   {"max_output", q->max_output}};
    const struct {
        const char *name;
        struct str value;
    } texts[] = {{"finish", str_of(finishes[an->finish])},
                 {"model", an->model},
                 {"id", an->id},
                 {"service_tier", an->service_tier},
                 {"error_text", an->error_text},
                 {"end_user", q->end_user},
                 {"metadata", q->metadata}};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (strcmp(name, numbers[i].name) == 0)
            return json_integer(numbers[i].value);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(name, texts[i].name) == 0)
            return json_stringn(texts[i].value.p ? texts[i].value.p : "", texts[i].value.len);
    return NULL; /* an unknown fact equals nothing */
}

static void check_learned(struct golden *g)
{
    const char *name;
    json_t *want;
    json_object_foreach(json_object_get(g->conf, "learned"), name, want)
    {
        json_t *got = fact(g, name);
        if (!json_equal(got, want)) {
            char *a = json_dumps(got, JSON_ENCODE_ANY), *b = json_dumps(want, JSON_ENCODE_ANY);
            complain(g, name, str_of(a ? a : "nothing"), str_of(b));
            free(a);
            free(b);
        }
        json_decref(got);
    }
}

static bool run_case(const char *folder, const char *dialect)
{
    char path[PATH_BYTES];
    struct golden g = {.folder = folder, .ok = true, .first_content = -1};
    g.dialect = dialect_find(str_of(dialect));
    (void)snprintf(path, sizeof path, "%s/case.json", folder);
    g.conf = json_load_file(path, 0, NULL);
    if (!g.dialect || !g.conf || !text_of(&g, "stands_for")[0]) {
        printf("%s: no such dialect, no case.json, or it does not say what it stands for\n",
               folder);
        json_decref(g.conf);
        return false;
    }
    g.arena = arena_new(65536);
    run_request(&g);
    struct str body = read_file(&g, "upstream_response.json");
    struct str stream = read_file(&g, "upstream_response.sse");
    if (body.p)
        run_answer(&g, body);
    for (size_t step = 1; stream.p && step <= stream.len && g.ok;
         step += step < 64 ? 1 : stream.len)
        run_stream(&g, stream, step);
    if (!body.p == !stream.p)
        complain(&g, "upstream_response", STR("none or two"), STR("one of .json and .sse"));
    if (g.ok)
        check_learned(&g);
    arena_free(g.arena);
    json_decref(g.conf);
    return g.ok;
}

static bool is_case(const char *folder)
{
    char path[PATH_BYTES];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/case.json", folder);
    return stat(path, &st) == 0;
}

/* Counts of cases and failures below `folder`, whose own name is `name`: the dialect, for cases.
 * Translations have a runner of their own. */
static void walk(const char *folder, const char *name, int *cases, int *failed)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    while (dir && (entry = readdir(dir)) != NULL) {
        char path[PATH_BYTES / 2]; /* leaves room for the files in it */
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || n >= (int)sizeof path || stat(path, &st) ||
            !S_ISDIR(st.st_mode) || strcmp(entry->d_name, "translate") == 0)
            continue;
        if (!is_case(path)) {
            walk(path, entry->d_name, cases, failed);
            continue;
        }
        ++*cases;
        *failed += !run_case(path, name);
    }
    if (dir)
        (void)closedir(dir);
}

int main(int argc, char **argv)
{
    int cases = 0, failed = 0;
    if (argc != 2)
        return 2;
    walk(argv[1], "", &cases, &failed);
    printf("%d cases, %d failed\n", cases, failed);
    return cases > 0 && failed == 0 ? 0 : 1;
}
