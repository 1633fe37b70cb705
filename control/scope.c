/* The table of scopes. Const data; any thread. */
#include "control/scope.h"

#include <string.h>

static const char *const names[] = {
#define SCOPE(name, word, what) word,
#define ALLOW(method, path, name)
#include "control/scopes.def"
#undef ALLOW
#undef SCOPE
};
static_assert(ARRAY_LEN(names) == SCOPES && SCOPES <= 32, "one bit per scope");

static const struct {
    enum method method;
    const char *path;
    enum scope scope;
} rows[] = {
#define SCOPE(name, word, what)
#define ALLOW(m, p, name) {METHOD_##m, p, SCOPE_##name},
#include "control/scopes.def"
#undef ALLOW
#undef SCOPE
};

const char *scope_name(enum scope s)
{
    return names[s];
}

enum scope scope_parse(struct str word)
{
    enum scope s = 0;
    while (s < SCOPES && !str_eq(word, str_of(names[s])))
        s++;
    return s;
}

enum scope scope_of(enum method method, const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].method == method && strcmp(rows[i].path, path) == 0)
            return rows[i].scope;
    return SCOPES;
}

unsigned scope_bits(struct str words)
{
    unsigned bits = 0;
    while (words.p) {
        enum scope s = scope_parse(str_cut(&words, ','));
        if (s < SCOPES)
            bits |= 1U << s;
    }
    return bits;
}
