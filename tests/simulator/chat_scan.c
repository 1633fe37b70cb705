/* One pass over a plain chat request: string contents without escapes, ASCII, no directive, no
 * tools, only the common scalar fields. Whatever it does not know by heart it leaves to
 * chat_parse.c, so it never has to explain an error. Pure.
 */
#include "tests/simulator/chat.h"

struct scan {
    const char *p, *end;
};

static void space(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r')) {
        s->p++;
    }
}

/* The next byte that is no space, consumed; 0 at the end. */
static char next(struct scan *s)
{
    space(s);
    return s->p < s->end ? *s->p++ : 0;
}

static bool word(struct scan *s, struct str w)
{
    if ((size_t)(s->end - s->p) < w.len || memcmp(s->p, w.p, w.len) != 0) {
        return false;
    }
    s->p += w.len;
    return true;
}

/* A string of plain ASCII. */
static bool string(struct scan *s, struct str *out)
{
    if (next(s) != '"') {
        return false;
    }
    const char *from = s->p;
    for (; s->p < s->end; s->p++) {
        unsigned char c = (unsigned char)*s->p;
        if (c == '"') {
            *out = str_make(from, (size_t)(s->p - from));
            s->p++;
            return true;
        }
        if (c == '\\' || c < 0x20 || c >= 0x80) {
            return false;
        }
    }
    return false;
}

static bool boolean(struct scan *s, bool *out)
{
    space(s);
    *out = s->p < s->end && *s->p == 't';
    return word(s, *out ? STR("true") : STR("false"));
}

/* A small positive integer. */
static bool count(struct scan *s, uint32_t *out)
{
    space(s);
    uint32_t n = 0;
    const char *from = s->p;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9' && s->p - from < 8; s->p++) {
        n = n * 10 + (uint32_t)(*s->p - '0');
    }
    *out = n;
    return n > 0 && *from != '0' && s->p < s->end && (*s->p == ',' || *s->p == '}' || *s->p == ' ');
}

/* 0, 1 or 0.ddd: the temperatures and the like that people send. */
static bool fraction(struct scan *s)
{
    space(s);
    if (s->p == s->end || (*s->p != '0' && *s->p != '1')) {
        return false;
    }
    bool zero = *s->p++ == '0';
    if (s->p < s->end && *s->p == '.') {
        const char *from = ++s->p;
        while (s->p < s->end && *s->p >= '0' && *s->p <= (zero ? '9' : '0')) {
            s->p++;
        }
        if (s->p == from) {
            return false;
        }
    }
    return s->p < s->end && (*s->p == ',' || *s->p == '}' || *s->p == ' ');
}

/* Role and content of a message that has nothing else. */
static bool members(struct scan *s, struct str *role, struct str *content)
{
    char sep = next(s) == '{' ? ',' : 0;
    while (sep == ',') {
        struct str key;
        if (!string(s, &key) || next(s) != ':') {
            return false;
        }
        struct str *to = str_eq(key, STR("role")) && !role->p         ? role
                         : str_eq(key, STR("content")) && !content->p ? content
                                                                      : NULL;
        if (!to || !string(s, to)) {
            return false;
        }
        sep = next(s);
    }
    return sep == '}' && role->p && content->p;
}

static bool message(struct scan *s, struct chat_request *c)
{
    struct str role = STR_NULL;
    struct str content = STR_NULL;
    if (!members(s, &role, &content)) {
        return false;
    }
    bool user = str_eq(role, STR("user"));
    bool assistant = str_eq(role, STR("assistant"));
    if (!user && !assistant && !str_eq(role, STR("system")) && !str_eq(role, STR("developer"))) {
        return false;
    }
    if (user && c->in_turn && str_find_str(c->last_user, STR("[sim ")) >= 0) {
        return false; /* a directive before this turn's last message */
    }
    c->content_bytes += content.len;
    c->last_user = user ? content : c->last_user;
    c->in_turn = user || (c->in_turn && !assistant);
    return true;
}

static bool messages(struct scan *s, struct chat_request *c)
{
    char sep = next(s) == '[' ? ',' : 0;
    while (sep == ',') {
        if (!message(s, c)) {
            return false;
        }
        sep = next(s);
    }
    return sep == ']';
}

static bool stream_options(struct scan *s, struct chat_request *c)
{
    struct str key;
    return next(s) == '{' && string(s, &key) && str_eq(key, STR("include_usage")) &&
           next(s) == ':' && boolean(s, &c->include_usage) && next(s) == '}';
}

enum { SEEN_MODEL = 1, SEEN_MESSAGES = 2, SEEN_STREAM = 4, SEEN_OPTIONS = 8, SEEN_MAX = 16 };

static bool first(unsigned *seen, unsigned bit)
{
    bool is_first = !(*seen & bit);
    *seen |= bit;
    return is_first;
}

static bool field(struct scan *s, struct chat_request *c, unsigned *seen)
{
    struct str key;
    if (!string(s, &key) || next(s) != ':') {
        return false;
    }
    if (str_eq(key, STR("model"))) {
        return first(seen, SEEN_MODEL) && string(s, &c->model);
    }
    if (str_eq(key, STR("messages"))) {
        return first(seen, SEEN_MESSAGES) && messages(s, c);
    }
    if (str_eq(key, STR("stream"))) {
        return first(seen, SEEN_STREAM) && boolean(s, &c->stream);
    }
    if (str_eq(key, STR("stream_options"))) {
        return first(seen, SEEN_OPTIONS) && stream_options(s, c);
    }
    if (str_eq(key, STR("max_tokens")) || str_eq(key, STR("max_completion_tokens"))) {
        return first(seen, SEEN_MAX) && count(s, &c->max_tokens);
    }
    if (str_eq(key, STR("temperature")) || str_eq(key, STR("top_p"))) {
        return fraction(s);
    }
    return false;
}

bool chat_scan(struct chat_request *c, struct str body)
{
    struct scan s = {body.p, body.p + body.len};
    unsigned seen = 0;
    char sep = next(&s) == '{' ? ',' : 0;
    while (sep == ',') {
        if (!field(&s, c, &seen)) {
            return false;
        }
        sep = next(&s);
    }
    space(&s);
    return sep == '}' && s.p == s.end && (seen & 3) == 3 && c->model.len > 0 &&
           (!(seen & SEEN_OPTIONS) || c->stream) && !str_starts(c->model, STR("sim")) &&
           str_find_str(c->last_user, STR("[sim ")) < 0;
}
