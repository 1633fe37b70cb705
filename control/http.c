/* Words of HTTP and problem details (RFC 9457). Any thread, each on its own reply. */
#include "control/http.h"

#include <stdarg.h>
#include <stdio.h>

struct problem_row {
    int status;
    const char *slug, *title;
};

static const struct problem_row problems[] = {
#define P(name, status, slug, title) {status, slug, title},
#include "control/problem.def"
#undef P
};
static_assert(ARRAY_LEN(problems) == P_COUNT, "one row per problem");

static const char *const headers[] = {
#define H(e, name) [HEADER_##e] = name,
    HEADER_TABLE(H)
#undef H
};

static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE", "OTHER"};
static_assert(ARRAY_LEN(methods) == METHOD_OTHER + 1, "one name per method");

enum method method_parse(const char *name)
{
    for (size_t i = 0; i < METHOD_OTHER; i++)
        if (strcmp(methods[i], name) == 0)
            return (enum method)i;
    return strcmp(name, "HEAD") == 0 ? METHOD_GET : METHOD_OTHER;
}

const char *method_name(enum method m)
{
    return methods[m];
}

enum header header_find(struct str name)
{
    for (size_t i = 0; i < HEADERS; i++)
        if (str_ieq(name, str_of(headers[i])))
            return (enum header)i;
    return HEADERS;
}

bool http_is_token(struct str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return s.len > 0;
}

void reply_init(struct reply *r)
{
    *r = (struct reply){.content_type = "application/json"};
    buf_init(&r->body, REPLY_MAX_BYTES);
}

void reply_fini(struct reply *r)
{
    buf_fini(&r->body);
}

void reply_problem(struct reply *r, enum problem p, const char *field, const char *fmt, ...)
{
    char detail[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    buf_reset(&r->body);
    r->etag[0] = '\0';
    r->status = problems[p].status;
    r->content_type = "application/problem+json";
    (void)buf_printf(&r->body, "{\"type\":\"urn:doteb:problem:%s\",\"title\":", problems[p].slug);
    (void)buf_add_json(&r->body, str_of(problems[p].title));
    (void)buf_printf(&r->body, ",\"status\":%d,\"detail\":", r->status);
    (void)buf_add_json(&r->body, str_of(detail));
    if (field) {
        (void)buf_add_lit(&r->body, ",\"field\":");
        (void)buf_add_json(&r->body, str_of(field));
    }
    (void)buf_add_lit(&r->body, "}\n");
}
