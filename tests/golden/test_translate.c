/* Golden cases of translations: folders translate/<case>/ with what a client of one dialect sends,
 * what a provider of another must get, what that answers, and what the client must get. A new case
 * is a new folder, no C. Single-threaded.
 *
 *   test_translate [--write] FOLDER   FOLDER is a tree of cases or one case
 *
 * case.json: `client` and `provider` (names of dialects), `stands_for` (SDK type or observed
 * request), and, where they matter: `model` (the provider's name for it), `path_model`,
 * `path_stream`, `query`, `caps` and `efforts` (lists of words), `quirks`, `max_output`,
 * `supported_parameters` (words separated by commas), `max_stops`, `max_temperature_milli`,
 * `stripped` (names that must be in the loss), `refused` (the field that cannot be expressed),
 * `usage` (counts that must have been read), `metadata` (spliced in). Files: request.json;
 * upstream_request.json; upstream_response.json or upstream_response.sse or, for frames of AWS,
 * upstream_response.frames (lines "type payload", exceptions "!type payload");
 * client_response.json, .sse or .frames. Requests for vectors are recognised by the client's
 * dialect. Streams are fed whole, byte by byte and at every cut.
 * --write writes the expected files anew from what came out: read them before you keep them.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/arena.h"
#include "common/buf.h"
#include "gateway/dialect/flow.h"
#include "gateway/dialect/params.h"
#include "tests/golden/frames.h"

enum { FILE_MAX = 4 << 20, PATH_BYTES = 4096 };

struct golden {
    const char *folder;
    bool write, ok, wrapped;
    json_t *conf;
    struct arena *arena;
    const struct dialect *client, *provider;
    struct dialect_request scan;
    struct ir_chat chat;
    struct dialect_writing writing;
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

static const char *path_of(struct golden *g, const char *name)
{
    return arena_printf(g->arena, "%s/%s", g->folder, name);
}

static struct str read_file(struct golden *g, const char *name)
{
    char piece[4096];
    struct buf b;
    size_t n;
    FILE *f = fopen(path_of(g, name), "rb");
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

static void compare(struct golden *g, const char *name, struct str got)
{
    struct str want = read_file(g, name);
    if (g->write && !(want.p && str_eq(got, want))) {
        FILE *f = fopen(path_of(g, name), "wb");
        ASSERT(f && fwrite(got.p, 1, got.len, f) == got.len && fclose(f) == 0);
    } else if (!want.p || !str_eq(got, want)) {
        complain(g, name, got, want.p ? want : STR("(no such file)"));
    }
}

static struct str word(const struct golden *g, const char *name)
{
    const char *text = json_string_value(json_object_get(g->conf, name));
    return str_of(text ? text : "");
}

static int64_t number(const struct golden *g, const char *name, int64_t otherwise)
{
    json_t *v = json_object_get(g->conf, name);
    return v ? json_integer_value(v) : otherwise;
}

static uint32_t set_of(const struct golden *g, const char *name, uint32_t (*find)(struct str))
{
    uint32_t set = 0;
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(g->conf, name), i, v)
    {
        uint32_t bit = find(str_of(json_string_value(v)));
        ASSERT(bit != 0);
        set |= bit;
    }
    return set;
}

static uint32_t effort_bit(struct str w)
{
    enum ir_effort e = ir_effort_find(w);
    return e ? 1u << e : 0;
}

static uint32_t cap_bit(struct str w)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } caps[] = {{"streaming", CAP_STREAMING}, {"tools", CAP_TOOLS},
                {"vision", CAP_VISION},       {"json_output", CAP_JSON_OUTPUT},
                {"reasoning", CAP_REASONING}, {"json_output_schema", CAP_JSON_SCHEMA},
                {"audio", CAP_AUDIO},         {"web_search", CAP_WEB_SEARCH},
                {"document", CAP_DOCUMENT},   {"responses_api", CAP_RESPONSES},
                {"verbosity", CAP_VERBOSITY}};
    for (size_t i = 0; i < ARRAY_LEN(caps); i++)
        if (str_eq(w, str_of(caps[i].word)))
            return caps[i].bit;
    return 0;
}

static bool is_expected(json_t *want, struct str name)
{
    size_t i;
    json_t *v;
    json_array_foreach(want, i, v)
    {
        if (str_eq(name, str_of(json_string_value(v))))
            return true;
    }
    return false;
}

static void check_loss(struct golden *g, const struct dialect_loss *loss)
{
    size_t i;
    json_t *v, *want = json_object_get(g->conf, "stripped");
    json_array_foreach(want, i, v)
    {
        bool found = false;
        for (size_t k = 0; k < loss->n_stripped; k++)
            found = found || str_eq(loss->stripped[k], str_of(json_string_value(v)));
        if (!found)
            complain(g, "stripped", STR("(not there)"), str_of(json_string_value(v)));
    }
    for (size_t k = 0; k < loss->n_stripped; k++)
        if (!is_expected(want, loss->stripped[k]))
            complain(g, "stripped", loss->stripped[k], STR("(fewer)"));
}

/* The client's request in the internal form of chat or vectors. */
static bool read_request(struct golden *g, struct str body, const struct dialect_call *call,
                         struct dialect_refusal *why)
{
    if (g->client->scan_request(body, call, g->arena, &g->scan, why) != E_OK)
        return false;
    return g->scan.embed ||
           g->client->parse_request(body, &g->scan, g->arena, &g->chat, why) == E_OK;
}

static bool run_request(struct golden *g)
{
    struct dialect_refusal why = {0};
    struct dialect_loss loss = {0};
    struct str body = read_file(g, "request.json");
    const struct dialect_call call = {
        .model = word(g, "path_model"),
        .stream = json_is_true(json_object_get(g->conf, "path_stream")),
        .query = word(g, "query")};
    if (!read_request(g, body, &call, &why)) {
        complain(g, "request", why.text, STR("accepted"));
        return false;
    }
    const struct dialect_target to = {
        .model = word(g, "model").len ? word(g, "model") : STR("upstream-model"),
        .stream = g->scan.stream,
        .caps = set_of(g, "caps", cap_bit),
        .efforts = set_of(g, "efforts", effort_bit),
        .quirks = set_of(g, "quirks", dialect_quirk_find),
        .max_output = number(g, "max_output", -1),
        .max_temperature_milli = number(g, "max_temperature_milli", -1),
        .lacks = params_lacking(word(g, "supported_parameters"), set_of(g, "caps", cap_bit)),
        .max_stops = number(g, "max_stops", 0),
    };
    struct buf out;
    buf_init(&out, FILE_MAX);
    enum err err = g->scan.embed
                       ? g->provider->emit_embed(g->scan.embed, &to, g->arena, &out, &loss)
                       : dialect_emit(g->provider, &g->chat, &to, g->arena, &out, &loss);
    struct str refused = word(g, "refused");
    if (err != E_OK && !str_eq(loss.why.field, refused))
        complain(g, "refused", loss.why.field, refused);
    else if (err == E_OK && refused.len)
        complain(g, "refused", STR("(accepted)"), refused);
    else if (err == E_OK) {
        g->wrapped = loss.wrapped;
        compare(g, "upstream_request.json", buf_str(&out));
        check_loss(g, &loss);
    }
    buf_fini(&out);
    return err == E_OK;
}

static void check_usage(struct golden *g, const struct usage *u)
{
    const struct {
        const char *name;
        int64_t count;
    } counts[] = {{"input", u->input},
                  {"cached", u->cached},
                  {"cache_write_5m", u->cache_write_5m},
                  {"cache_write_1h", u->cache_write_1h},
                  {"output", u->output},
                  {"reasoning", u->reasoning},
                  {"web_searches", u->web_searches}};
    json_t *want = json_object_get(g->conf, "usage");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_t *v = json_object_get(want, counts[i].name);
        if (v && json_integer_value(v) != counts[i].count)
            complain(g, counts[i].name,
                     str_of(arena_printf(g->arena, "%lld", (long long)counts[i].count)),
                     str_of(arena_printf(g->arena, "%lld", (long long)json_integer_value(v))));
    }
}

/* Strict events of the whole list of loose ones. */
static void finish(struct golden *g, struct flow *f, struct ir_events *strict)
{
    struct usage usage = f->usage;
    usage.input = usage.input < 0 ? 0 : usage.input;
    usage.output = usage.output < 0 ? 0 : usage.output;
    check_usage(g, &usage);
    g->writing.model = f->model.len ? f->model : STR("upstream-model");
    g->writing.extra.metadata = word(g, "metadata");
    flow_finish(f, &usage, strict, g->arena);
}

static void run_vectors(struct golden *g, struct str body)
{
    struct ir_vectors v = {.n = 0};
    struct buf out;
    usage_clear(&v.usage);
    if (!g->provider->read_vectors(body, g->arena, &v) || v.n != g->scan.n_inputs) {
        complain(g, "upstream_response", STR("refused"), STR("accepted"));
        return;
    }
    check_usage(g, &v.usage);
    g->writing.model = v.model.len ? v.model : STR("upstream-model");
    g->writing.extra.metadata = word(g, "metadata");
    buf_init(&out, FILE_MAX);
    ASSERT(g->client->write_vectors(&g->writing, &v, &out));
    compare(g, "client_response.json", buf_str(&out));
    buf_fini(&out);
}

static void run_answer(struct golden *g, struct str body)
{
    struct ir_events loose = {0}, strict = {0};
    struct flow f;
    struct buf out;
    flow_init(&f, g->arena);
    f.unwraps = g->wrapped;
    bool good = g->provider->read_answer(body, STR("seed"), g->arena, &loose);
    dialect_settle_signers(g->provider, word(g, "model"), &loose);
    if (!good || !flow_push(&f, &loose, &strict, g->arena)) {
        complain(g, "upstream_response", STR("refused"), STR("accepted"));
        return;
    }
    finish(g, &f, &strict);
    buf_init(&out, FILE_MAX);
    ASSERT(g->client->write_answer(&g->writing, &strict, &out));
    compare(g, "client_response.json", buf_str(&out));
    buf_fini(&out);
}

/* Reads and writes a stream fed in pieces of `step` bytes, the first one of `first`. */
static struct str stream_once(struct golden *g, struct str bytes, size_t first, size_t step)
{
    void *reader = arena_calloc(g->arena, 1, g->provider->reader_bytes + 1);
    void *writer = arena_calloc(g->arena, 1, g->client->writer_bytes + 1);
    struct golden_frames in;
    struct frame f;
    struct flow flow;
    struct buf out;
    flow_init(&flow, g->arena);
    flow.unwraps = g->wrapped;
    golden_frames_init(&in, str_eq(str_of(g->provider->name), STR("bedrock")));
    buf_init(&out, FILE_MAX);
    g->writing.model = STR("upstream-model");
    g->writing.extra = (struct dialect_extra){.metadata = STR("")};
    for (size_t at = 0; at < bytes.len;) {
        size_t n = at == 0 ? first : step;
        n = n < bytes.len - at ? n : bytes.len - at;
        golden_frames_feed(&in, str_make(bytes.p + at, n));
        at += n;
        while (golden_frames_next(&in, &f)) {
            struct ir_events loose = {0}, strict = {0};
            struct arena *scratch = arena_new(1024); /* what must stay must be copied */
            bool good = g->provider->read_event(reader, &f, STR("seed"), g->arena, scratch, &loose);
            dialect_settle_signers(g->provider, word(g, "model"), &loose);
            if (!good || !flow_push(&flow, &loose, &strict, scratch))
                complain(g, "frame", f.data, STR("accepted"));
            if (flow.model.len)
                g->writing.model = flow.model;
            ASSERT(g->client->write_stream(writer, &g->writing, &strict, &out));
            arena_free(scratch);
        }
    }
    struct ir_events strict = {0};
    finish(g, &flow, &strict);
    ASSERT(g->client->write_stream(writer, &g->writing, &strict, &out));
    golden_frames_fini(&in);
    struct str text = arena_str(g->arena, buf_str(&out));
    buf_fini(&out);
    return text;
}

static void run_stream(struct golden *g, struct str bytes)
{
    bool aws = str_eq(str_of(g->client->name), STR("bedrock"));
    struct str whole = stream_once(g, bytes, bytes.len, 1);
    struct str text = aws ? golden_frames_text(whole, g->arena) : whole;
    compare(g, aws ? "client_response.frames" : "client_response.sse", text);
    if (!str_eq(stream_once(g, bytes, 1, 1), whole))
        complain(g, "byte by byte", STR("another answer"), STR("the same"));
    for (size_t cut = 1; cut < bytes.len && cut < 4096; cut += bytes.len / 64 + 1)
        if (!str_eq(stream_once(g, bytes, cut, bytes.len), whole))
            complain(g, "a cut", STR("another answer"), STR("the same"));
}

static bool run_case(const char *folder, bool write)
{
    struct golden g = {.folder = folder, .write = write, .ok = true, .arena = arena_new(65536)};
    g.conf = json_loads(
        read_file(&g, "case.json").p ? arena_strdup(g.arena, read_file(&g, "case.json")) : "", 0,
        NULL);
    g.client = dialect_find(word(&g, "client"));
    g.provider = dialect_find(word(&g, "provider"));
    if (!g.client || !g.provider || !word(&g, "stands_for").len) {
        printf("%s: case.json lacks client, provider or stands_for\n", folder);
        g.ok = false;
    } else if (run_request(&g)) {
        struct str plain = read_file(&g, "upstream_response.json");
        struct str sse = read_file(&g, "upstream_response.sse");
        struct str frames = read_file(&g, "upstream_response.frames");
        g.writing = (struct dialect_writing){.request = &g.chat,
                                             .scan = &g.scan,
                                             .created_s = 1700000000,
                                             .extra = {.metadata = STR("")},
                                             .keep = g.arena};
        if (plain.p)
            (g.scan.embed ? run_vectors : run_answer)(&g, plain);
        if (sse.p)
            run_stream(&g, sse);
        if (frames.p)
            run_stream(&g, golden_frames_bytes(frames, g.arena));
    }
    json_decref(g.conf);
    arena_free(g.arena);
    return g.ok;
}

static void run_tree(const char *folder, bool write, unsigned *n, unsigned *bad)
{
    char path[PATH_BYTES];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/case.json", folder);
    if (stat(path, &st) == 0) {
        (*n)++;
        *bad += !run_case(folder, write);
        return;
    }
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.' && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            run_tree(path, write, n, bad);
    }
    if (d)
        (void)closedir(d);
}

int main(int argc, char **argv)
{
    unsigned n = 0, bad = 0;
    bool write = argc == 3 && strcmp(argv[1], "--write") == 0;
    if (argc != 2 && !write) {
        fprintf(stderr, "usage: test_translate [--write] FOLDER\n");
        return 2;
    }
    run_tree(argv[argc - 1], write, &n, &bad);
    printf("%u cases, %u wrong\n", n, bad);
    return n == 0 || bad > 0;
}
