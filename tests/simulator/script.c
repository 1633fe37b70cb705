/* The table of directives and their readers (script.h). */
#include "tests/simulator/script.h"

#include <stdio.h>

enum key_kind { KEY_NUMBER, KEY_WORD, KEY_TEXT, KEY_FAIL };

struct key_def {
    const char *name;
    enum key_kind kind;
    size_t at;
    int64_t min, max;         /* KEY_NUMBER */
    const char *const *words; /* KEY_WORD: NULL-terminated, index is the enum's value */
};

static const char *const USAGE_WORDS[] = {"normal", "none",    "final", "every",
                                          "null",   "partial", NULL};
static const char *const BODY_WORDS[] = {"openai", "html", "empty", "plain", "json", NULL};
static const char *const HANG_WORDS[] = {"no", "headers", "body", NULL};
static const char *const FRAMING_WORDS[] = {"default", "length", "chunked", "close", NULL};
static const char *const FINISH_WORDS[] = {
    "default",        "stop",       "length",     "tool_calls",
    "content_filter", "refusal",    "pause_turn", "stop_sequence",
    "context_window", "recitation", "malformed",  "blocked",
    "failed",         NULL};
static_assert(ARRAY_LEN(FINISH_WORDS) == FINISH_COUNT + 1, "a word for each");

#define NUMBER(name, min, max)                                                                     \
    {                                                                                              \
#name, KEY_NUMBER, offsetof(struct script, name), min, max, NULL                           \
    }
#define FLAG(name) NUMBER(name, 0, 1)
#define WORD(name, words)                                                                          \
    {                                                                                              \
#name, KEY_WORD, offsetof(struct script, name), 0, 0, words                                \
    }
#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, KEY_TEXT, offsetof(struct script, name), 0, 0, NULL                                 \
    }
#define TEN_MINUTES_MS 600000
#define TOKENS_MAX     1000000000

static const struct key_def KEYS[] = {
    NUMBER(ttfb_ms, 0, TEN_MINUTES_MS),
    NUMBER(first_ms, 0, TEN_MINUTES_MS),
    NUMBER(gap_ms, 0, TEN_MINUTES_MS),
    NUMBER(gap_us, 0, TEN_MINUTES_MS * 1000LL),
    NUMBER(drip_us, 1, 10000000),
    TEXT(text),
    NUMBER(chunks, 0, 10000000),
    NUMBER(chunk_bytes, 1, 1 << 20),
    NUMBER(tools, 0, 64),
    NUMBER(long_line, 1, 32 << 20),
    WORD(finish, FINISH_WORDS),
    TEXT(thinking),
    FLAG(redacted),
    FLAG(cite),
    FLAG(image),
    TEXT(call),
    TEXT(args),
    TEXT(call2),
    TEXT(args2),
    TEXT(call3),
    TEXT(args3),
    WORD(usage, USAGE_WORDS),
    NUMBER(tokens_in, 0, TOKENS_MAX),
    NUMBER(tokens_out, 0, TOKENS_MAX),
    NUMBER(cached, 0, TOKENS_MAX),
    NUMBER(cache_write, 0, TOKENS_MAX),
    NUMBER(cache_write_1h, 0, TOKENS_MAX),
    NUMBER(reasoning, 0, TOKENS_MAX),
    NUMBER(audio_in, 0, TOKENS_MAX),
    NUMBER(audio_out, 0, TOKENS_MAX),
    NUMBER(tool_prompt, 0, TOKENS_MAX),
    NUMBER(status, 200, 599),
    WORD(body, BODY_WORDS),
    TEXT(code),
    NUMBER(retry_after, 0, 86400),
    NUMBER(retry_after_ms, 0, 86400000),
    {"fail_first", KEY_FAIL, 0, 0, 0, NULL},
    TEXT(tag),
    NUMBER(cut_chunk, 0, 10000000),
    NUMBER(cut_byte, 0, 1 << 30),
    NUMBER(error_chunk, 0, 10000000),
    NUMBER(hang_chunk, 0, 10000000),
    WORD(hang, HANG_WORDS),
    FLAG(reset),
    FLAG(error_in_200),
    FLAG(close),
    FLAG(drop),
    WORD(framing, FRAMING_WORDS),
    NUMBER(head_pad, 1, 1 << 20),
    FLAG(json_type),
    FLAG(bad_utf8),
    FLAG(lone_surrogate),
    FLAG(crlf),
    FLAG(comment),
    FLAG(no_done),
    NUMBER(split, 1, 1 << 20),
    FLAG(flush),
    NUMBER(bad_crc, 1, 1000000),
};

const struct script SCRIPT_DEFAULT = {
    .chunks = SCRIPT_UNSET,
    .chunk_bytes = SCRIPT_UNSET,
    .tools = SCRIPT_UNSET,
    .tokens_in = SCRIPT_UNSET,
    .tokens_out = SCRIPT_UNSET,
    .cache_write = SCRIPT_UNSET,
    .retry_after = SCRIPT_UNSET,
    .retry_after_ms = SCRIPT_UNSET,
    .cut_chunk = SCRIPT_UNSET,
    .cut_byte = SCRIPT_UNSET,
    .error_chunk = SCRIPT_UNSET,
    .hang_chunk = SCRIPT_UNSET,
};

static const struct key_def *find_key(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        const struct key_def *k = &KEYS[i];
        bool same = strlen(k->name) == name.len;
        for (size_t j = 0; same && j < name.len; j++) {
            same = (name.p[j] == '-' ? '_' : name.p[j]) == k->name[j]; /* headers use dashes */
        }
        if (same) {
            return k;
        }
    }
    return NULL;
}

static bool set_number(const struct key_def *k, uint32_t *field, struct str value, char *err,
                       size_t err_size)
{
    int64_t n;
    if (!str_to_i64(value, &n) || n < k->min || n > k->max) {
        snprintf(err, err_size, "sim directive '%s' wants a whole number from %lld to %lld",
                 k->name, (long long)k->min, (long long)k->max);
        return false;
    }
    *field = (uint32_t)n;
    return true;
}

static bool set_word(const struct key_def *k, uint32_t *field, struct str value, char *err,
                     size_t err_size)
{
    for (uint32_t i = 0; k->words[i]; i++) {
        if (str_eq(value, str_of(k->words[i]))) {
            *field = i;
            return true;
        }
    }
    snprintf(err, err_size, "sim directive '%s' does not know that value", k->name);
    return false;
}

/* fail_first=N or fail_first=N:status */
static bool set_fail(struct script *s, struct str value, char *err, size_t err_size)
{
    int64_t n;
    int64_t status = 503;
    struct str count = str_cut(&value, ':');
    if (!str_to_i64(count, &n) || n < 0 || n > 1000000 ||
        (value.p && (!str_to_i64(value, &status) || status < 400 || status > 599))) {
        snprintf(err, err_size, "sim directive 'fail_first' wants N or N:status (400 to 599)");
        return false;
    }
    s->fail_first = (uint32_t)n;
    s->fail_status = (uint32_t)status;
    return true;
}

bool script_set(struct script *s, struct str key, struct str value, char *err, size_t err_size)
{
    const struct key_def *k = find_key(key);
    if (!k) {
        snprintf(err, err_size, "unknown sim directive '%.*s'", (int)(key.len < 40 ? key.len : 40),
                 key.p);
        return false;
    }
    char *field = (char *)s + k->at;
    switch (k->kind) {
    case KEY_NUMBER:
        return set_number(k, (uint32_t *)(void *)field, value, err, err_size);
    case KEY_WORD:
        return set_word(k, (uint32_t *)(void *)field, value, err, err_size);
    case KEY_TEXT:
        *(struct str *)(void *)field = value;
        return true;
    case KEY_FAIL:
        break;
    }
    return set_fail(s, value, err, err_size);
}

/* The inside of a quoted value; a backslash before a quote or a backslash is dropped. */
static struct str unquote(struct str v, struct buf *spare)
{
    if (!spare || str_find(v, '\\') < 0) {
        return v;
    }
    size_t from = spare->len;
    for (size_t i = 0; i < v.len; i++) {
        bool escape = v.p[i] == '\\' && i + 1 < v.len && (v.p[i + 1] == '"' || v.p[i + 1] == '\\');
        i += escape;
        buf_add_char(spare, v.p[i]);
    }
    return str_make(spare->p + from, spare->len - from);
}

static bool set_pair(struct script *s, struct str pair, char *err, size_t err_size)
{
    ptrdiff_t eq = str_find(pair, '=');
    struct str key = eq < 0 ? pair : str_make(pair.p, (size_t)eq);
    struct str value = eq < 0 ? STR("1") /* a bare key is a flag */
                              : str_make(pair.p + eq + 1, pair.len - (size_t)eq - 1);
    if (value.len >= 2 && value.p[0] == '"' && value.p[value.len - 1] == '"') {
        value = unquote(str_make(value.p + 1, value.len - 2), s->spare);
    }
    return script_set(s, key, value, err, err_size);
}

bool script_read_model(struct script *s, struct str model, char *err, size_t err_size)
{
    if (!str_starts(model, STR("sim+"))) {
        return true;
    }
    struct str rest = str_make(model.p + 4, model.len - 4);
    while (rest.p && rest.len > 0) {
        if (!set_pair(s, str_cut(&rest, '+'), err, err_size)) {
            return false;
        }
    }
    return true;
}

/* Length of the word at `p`: up to a space or `]` outside of quotes. */
static size_t word_len(const char *p, const char *end)
{
    bool quoted = false;
    const char *at = p;
    for (; at < end && (quoted || (*at != ' ' && *at != ']')); at++) {
        bool escape = quoted && *at == '\\' && end - at > 1 && (at[1] == '"' || at[1] == '\\');
        at += escape;
        quoted ^= !escape && *at == '"';
    }
    return (size_t)(at - p);
}

bool script_read_text(struct script *s, struct str text, size_t *at, size_t *len, char *err,
                      size_t err_size)
{
    *at = *len = 0;
    ptrdiff_t start = str_find_str(text, STR("[sim "));
    if (start < 0) {
        return true;
    }
    if (s->spare) {
        buf_reset(s->spare);
        buf_reserve(s->spare, text.len - (size_t)start); /* so that it never moves */
    }
    const char *end = text.p + text.len;
    const char *p = text.p + start + 5;
    while (p < end && *p != ']') {
        size_t n = word_len(p, end);
        if (n > 0 && !set_pair(s, str_make(p, n), err, err_size)) {
            return false;
        }
        p += n > 0 ? n : 1;
    }
    if (p == end) {
        snprintf(err, err_size, "the [sim ...] directive has no closing bracket");
        return false;
    }
    *at = (size_t)start;
    *len = (size_t)(p + 1 - text.p) - *at;
    return true;
}
