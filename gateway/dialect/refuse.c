/* Refusals in plain words. Pure but for the arena. */
#include "gateway/dialect/refuse.h"

#include <stdio.h>

bool dialect_refuse_va(struct arena *a, struct dialect_refusal *why, enum err err, struct str field,
                       const char *fmt, va_list ap)
{
    char text[512];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    ASSERT(n >= 0);
    size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    *why = (struct dialect_refusal){.err = err,
                                    .field = arena_str(a, dialect_short(field)),
                                    .text = arena_str(a, str_make(text, len))};
    return false;
}

bool dialect_refuse(struct arena *a, struct dialect_refusal *why, enum err err, struct str field,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dialect_refuse_va(a, why, err, field, fmt, ap);
    va_end(ap);
    return false;
}

struct str dialect_short(struct str s)
{
    enum { NAME_MAX_BYTES = 128 };
    if (s.len > NAME_MAX_BYTES) {
        s.len = NAME_MAX_BYTES;
        while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xC0) == 0x80)
            s.len--;
    }
    return s;
}

static const char *token_words(enum json_token t)
{
    static const char *const words[] = {
        [JSON_ERROR] = "nothing",
        [JSON_END] = "nothing",
        [JSON_OBJECT_BEGIN] = "an object",
        [JSON_OBJECT_END] = "nothing",
        [JSON_ARRAY_BEGIN] = "an array",
        [JSON_ARRAY_END] = "nothing",
        [JSON_KEY] = "nothing",
        [JSON_STRING] = "a string",
        [JSON_NUMBER] = "a number",
        [JSON_TRUE] = "a boolean",
        [JSON_FALSE] = "a boolean",
        [JSON_NULL] = "null",
    };
    static_assert(ARRAY_LEN(words) == JSON_NULL + 1, "a word per token");
    return words[t];
}

bool dialect_refuse_type(struct arena *a, struct dialect_refusal *why, struct str field,
                         unsigned types, enum json_token got)
{
    static const enum json_token order[] = {JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_ARRAY_BEGIN,
                                            JSON_OBJECT_BEGIN};
    char wanted[80] = "";
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (!(types >> order[i] & 1))
            continue;
        int n = snprintf(wanted + len, sizeof wanted - len, "%s%s", len ? " or " : "",
                         token_words(order[i]));
        len += (size_t)n;
    }
    return dialect_refuse(a, why, E_BAD_FIELD, field, "'" STR_FMT "' must be %s, not %s.",
                          STR_ARG(dialect_short(field)), wanted, token_words(got));
}

bool dialect_refuse_syntax(struct arena *a, struct dialect_refusal *why, const struct json_scan *s)
{
    unsigned line, column;
    const char *what = "is not valid JSON";
    json_position(str_make(s->text, s->len), s->pos, &line, &column);
    switch (s->error) {
    case JSON_CUT:
        if (s->len == 0)
            return dialect_refuse(a, why, E_BAD_JSON, STR(""), "The request body is empty.");
        what = "is not valid JSON: it ends too early,";
        break;
    case JSON_TOO_DEEP:
        return dialect_refuse(a, why, E_JSON_DEPTH, STR(""),
                              "The request body is nested over %d levels deep, at line %u, "
                              "column %u.",
                              JSON_DEPTH_MAX, line, column);
    case JSON_BAD_UTF8:
        what = "is not valid UTF-8";
        break;
    case JSON_SYNTAX:
    case JSON_OK:
        break;
    }
    return dialect_refuse(a, why, E_BAD_JSON, STR(""), "The request body %s at line %u, column %u.",
                          what, line, column);
}
