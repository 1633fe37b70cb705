/* Reads a request's head: method, target, headers, and what is wrong with them. The worker's
 * thread.
 *
 * libmicrohttpd is lenient: it accepts names that are no tokens, repeated lengths, and a length
 * beside chunked framing. What two parsers could read differently is refused here and the
 * connection closed (ARCHITECTURE A3). */
#include <string.h>

#include "gateway/listener_priv.h"
#include "gateway/sign/sigv4_verify.h"

enum {
    ONCE = 1,
    JOIN = 2,
    TELLS = 4, /* by it a dialect's clients are known, too; its value is of no interest there */
    NAME_MAX_BYTES = 256,
    ANSWER_HEAD_BYTES = 2048, /* the answer's head is written into what the request's has left */
    ROOM_FROM_BYTES = 8192,   /* of a body: from here its told length counts, ... */
    ROOM_GROWTH = 16,         /* ... as far as it is this much of what has come */
    FIELD_BYTES = 68,         /* what the server keeps of a field besides its text */
};

static const struct {
    struct str name;
    int flags;
} headers[] = {
#define HEADER(id, n, f) [HEADER_##id] = {.name = {.p = n, .len = sizeof(n) - 1}, .flags = f},
#include "gateway/headers.def"
#undef HEADER
};

static_assert(ARRAY_LEN(headers) == HEADER_COUNT, "one row per header");

/* Questions that the snapshot answers at once. */
static const struct question {
    const char *path; /* behind /v1 */
    enum endpoint endpoint;
} questions[] = {
    {"/models", ENDPOINT_MODELS},
    {"/v1beta/models", ENDPOINT_MODELS},
    {"/key", ENDPOINT_KEY},
};

static void refuse(struct req *r, enum err err, const char *why)
{
    if (r->in.refused)
        return;
    r->in.refused = err;
    r->in.refusal = why;
}

/* RFC 9110 5.6.2 */
static bool is_token(struct str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return s.len > 0 && s.len <= NAME_MAX_BYTES;
}

static void add_metadata(struct req *r, struct str name, struct str value)
{
    enum { METADATA_HEADER_MAX = 1024 };
    struct buf b;
    buf_init(&b, METADATA_HEADER_MAX);
    buf_add_str(&b, r->in.extra_metadata);
    if (b.len)
        buf_add_char(&b, ',');
    buf_add_json(&b, name);
    buf_add_char(&b, ':');
    buf_add_json(&b, value);
    if (!b.failed)
        r->in.extra_metadata = arena_str(r->arena, buf_str(&b));
    buf_fini(&b);
}

static void note_passed(struct req *r, struct str name, struct str text)
{
    int number = dialect_header_number(name);
    if (number >= 0 && !r->in.passed[number].p)
        r->in.passed[number] = arena_str(r->arena, text);
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                 size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    struct req *r = cls;
    CHECK(r, REQ_MAGIC);
    struct str name = str_make(key, key_size);
    struct str text = str_make(value ? value : "", value ? value_size : 0);
    if (!is_token(name))
        refuse(r, E_BAD_HTTP, "A header name is malformed.");
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        if (headers[i].name.len != name.len || !str_ieq(headers[i].name, name))
            continue;
        if (!r->in.header[i].p)
            r->in.header[i] = arena_str(r->arena, text);
        else if (headers[i].flags & ONCE)
            refuse(r, E_BAD_HTTP, "A header that may stand only once is repeated.");
        else if (headers[i].flags & JOIN)
            r->in.header[i] = str_of(arena_printf(r->arena, STR_FMT "," STR_FMT,
                                                  STR_ARG(r->in.header[i]), STR_ARG(text)));
        if (headers[i].flags & TELLS)
            note_passed(r, name, STR(""));
        return MHD_YES;
    }
    note_passed(r, name, text);
    if (name.len > 13 && str_ieq(str_make(name.p, 13), STR("x-llmgateway-")))
        add_metadata(r, str_make(name.p + 13, name.len - 13), text);
    return MHD_YES;
}

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind, const char *key,
                                size_t key_size, const char *value, size_t value_size)
{
    (void)value;
    bool cookie = kind == MHD_HEADER_KIND && str_ieq(str_make(key, key_size), STR("cookie"));
    *(size_t *)cls += FIELD_BYTES;
    if (kind == MHD_HEADER_KIND)
        *(size_t *)cls += key_size + value_size + (cookie ? value_size : 0);
    return MHD_YES;
}

/* A head that leaves no room for the answer's would be found out only when the answer is there. */
static void check_size(struct conn *c, struct req *r)
{
    size_t bytes = r->in.path.len + r->in.query.len;
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND | MHD_COOKIE_KIND,
                                on_field, &bytes);
    if (bytes + ANSWER_HEAD_BYTES > CONNECTION_MEMORY)
        refuse(r, E_BAD_HTTP, "The request's head is too large.");
}

static void check_framing(struct req *r)
{
    struct str length = r->in.header[HEADER_CONTENT_LENGTH];
    struct str coding = r->in.header[HEADER_TRANSFER_ENCODING];
    int64_t bytes = 0;
    if (length.p && coding.p)
        refuse(r, E_BAD_HTTP, "Content-Length and Transfer-Encoding exclude each other.");
    if (coding.p && !str_ieq(coding, STR("chunked")))
        refuse(r, E_BAD_HTTP, "The only Transfer-Encoding is chunked.");
    if (!length.p)
        return;
    if (!str_to_i64(length, &bytes) || bytes < 0)
        refuse(r, E_BAD_HTTP, "Content-Length is not a number.");
    else if (bytes > r->engine->conf->body_max)
        refuse(r, E_BODY_TOO_LARGE, "The request body is larger than this gateway takes.");
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 -> A; malformed escapes stay as they are. */
static struct str decode_percent(struct arena *a, struct str raw)
{
    char *out = arena_alloc(a, raw.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        bool escape = raw.p[i] == '%' && i + 2 < raw.len && hex(raw.p[i + 1]) >= 0 &&
                      hex(raw.p[i + 2]) >= 0;
        out[n++] = escape ? (char)(hex(raw.p[i + 1]) * 16 + hex(raw.p[i + 2])) : raw.p[i];
        i += escape ? 2 : 0;
    }
    out[n] = '\0';
    return str_make(out, n);
}

void listener_read_target(struct req *r, const char *uri)
{
    r->in.query = arena_str(r->arena, str_of(uri));
    r->in.path = str_cut(&r->in.query, '?');
}

/* `/v1` may be missing or doubled: LiteLLM allows the first and its library does the second. */
static struct str without_version(struct str path)
{
    for (int i = 0; i < 2; i++) {
        if (!str_starts(path, STR("/v1/")))
            break;
        path.p += 3;
        path.len -= 3;
    }
    if (path.len > 1 && path.p[path.len - 1] == '/')
        path.len--;
    return path;
}

/* A question: GET only. */
static bool find_question(struct req *r, struct str path)
{
    static const struct str models = {.p = "/models/", .len = 8};
    struct str id = path;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        if (str_eq(path, str_of(questions[i].path)))
            r->in.endpoint = questions[i].endpoint;
    if (str_starts(id, STR("/v1beta/")))
        id = str_make(id.p + 7, id.len - 7);
    if (!r->in.endpoint && !r->in.post && str_starts(id, models) && id.len > models.len) {
        r->in.endpoint = ENDPOINT_MODEL;
        r->in.call.model = decode_percent(r->arena,
                                          str_make(id.p + models.len, id.len - models.len));
    }
    if (r->in.endpoint && r->in.post)
        refuse(r, E_METHOD, "Use GET.");
    return r->in.endpoint != ENDPOINT_NONE;
}

static void find_endpoint(struct req *r)
{
    struct str path = without_version(r->in.path), model;
    const struct dialect *d = NULL;
    r->in.call = (struct dialect_call){.model = STR(""), .query = r->in.query};
    r->in.dialect = dialect_told(r->in.passed, dialect_find(STR("openai")));
    r->in.route = dialect_route_find(path, &d, &model);
    if (!r->in.route && !r->in.post && (d = dialect_chain_find(path, &model))) {
        r->in.dialect = d;
        r->in.endpoint = ENDPOINT_STORED;
        r->in.call.model = decode_percent(r->arena, model);
        return;
    }
    if (!r->in.route) {
        if (!find_question(r, path))
            refuse(r, E_NO_ROUTE,
                   "There is no such path. Chat completions are at /v1/chat/completions.");
        return;
    }
    r->in.dialect = d;
    r->in.endpoint = ENDPOINT_DIALECT;
    r->in.call.model = decode_percent(r->arena, model);
    r->in.call.stream = r->in.route->stream;
    r->in.call.counting = r->in.route->ask == ASK_COUNT;
    if (!r->in.post)
        refuse(r, E_METHOD, "Use POST.");
}

struct header_list {
    struct req *req;
    struct sigv4_header *p;
    size_t n;
};

static enum MHD_Result keep_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    struct header_list *list = cls;
    (void)kind;
    if (list->n == SIGV4_HEADERS_MAX) {
        refuse(list->req, E_BAD_HTTP, "A signed request has too many headers.");
        return MHD_NO;
    }
    list->p[list->n++] = (struct sigv4_header){
        .name = arena_str(list->req->arena, str_make(key, key_size)),
        .value = arena_str(list->req->arena, str_make(value ? value : "", value ? value_size : 0)),
    };
    return MHD_YES;
}

static void free_hash(void *h)
{
    sigv4_hash_free(h);
}

/* A signature is of the head as it came, and of the body, which is hashed as it comes. */
static void read_signed(struct conn *c, struct req *r)
{
    struct header_list list = {.req = r};
    if (!r->in.route || !r->in.dialect->takes_signatures ||
        !sigv4_is_claim(r->in.header[HEADER_AUTHORIZATION]))
        return;
    list.p = arena_calloc(r->arena, SIGV4_HEADERS_MAX, sizeof *list.p);
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, keep_header, &list);
    r->in.all = list.p;
    r->in.n_all = list.n;
    r->in.body_hash = sigv4_hash_new();
    arena_defer(r->arena, free_hash, r->in.body_hash);
}

bool listener_expects_body(const struct req *r)
{
    int64_t bytes = 0;
    if (r->in.header[HEADER_TRANSFER_ENCODING].p)
        return true;
    return r->in.header[HEADER_CONTENT_LENGTH].p &&
           str_to_i64(r->in.header[HEADER_CONTENT_LENGTH], &bytes) && bytes > 0;
}

void listener_read_head(struct conn *c, struct req *r, const char *method)
{
    memcpy(r->in.client_ip, c->client_ip, sizeof r->in.client_ip);
    r->in.post = strcmp(method, "POST") == 0;
    r->in.delete = strcmp(method, "DELETE") == 0;
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, on_header, r);
    address_forwarded(r->engine->proxies, r->in.header[HEADER_X_FORWARDED_FOR], r->in.client_ip);
    check_size(c, r);
    check_framing(r);
    if (r->in.header[HEADER_UPGRADE].p &&
        str_ieq(str_trim(r->in.header[HEADER_UPGRADE]), STR("websocket")))
        refuse(r, E_UPGRADE_REQUIRED, "WebSocket is not served here; use HTTP.");
    if (r->in.header[HEADER_X_DOTEB_HOP].p &&
        str_eq(r->in.header[HEADER_X_DOTEB_HOP], r->engine->hop))
        refuse(r, E_LOOP, "The request came back to the gateway that sent it.");
    find_endpoint(r);
    bool deletes = r->in.delete &&r->in.endpoint == ENDPOINT_STORED;
    if (!r->in.post && !deletes && strcmp(method, "GET") != 0 && r->in.endpoint != ENDPOINT_NONE)
        refuse(r, E_METHOD, "Use GET.");
    if (r->engine->draining)
        refuse(r, E_DRAINING, "The gateway is shutting down.");
    read_signed(c, r);
}

/* The told length counts as soon as the body begins: of many large bodies that arrive side by side
 * some are served and the others hear at once that there is no room, instead of filling it together
 * until none finds enough. */
bool listener_charge(struct req *r, size_t more)
{
    int64_t len = (int64_t)(r->in.body.len + more), told = 0;
    if (len <= r->in.body_charged)
        return true;
    if (str_to_i64(r->in.header[HEADER_CONTENT_LENGTH], &told) && told > len)
        len = told;
    return req_charge(r, &r->in.body_charged, (size_t)(len - r->in.body_charged));
}

void listener_make_room(struct req *r, size_t more)
{
    struct buf *b = &r->in.body;
    size_t len = b->len + more;
    int64_t told = 0;
    if (len <= b->cap || len < ROOM_FROM_BYTES ||
        !str_to_i64(r->in.header[HEADER_CONTENT_LENGTH], &told) || told < (int64_t)len)
        return;
    size_t room = (size_t)told < len * ROOM_GROWTH ? (size_t)told : len * ROOM_GROWTH;
    buf_reserve(b, room);
}
