/* What management tokens may do: scopes.def. */
#ifndef DOTEB_CONTROL_SCOPE_H
#define DOTEB_CONTROL_SCOPE_H

#include "control/http.h"

enum scope {
#define SCOPE(name, word, what) SCOPE_##name,
#define ALLOW(method, path, name)
#include "control/scopes.def"
#undef ALLOW
#undef SCOPE
    SCOPES, /* also: none */
};

const char *scope_name(enum scope s);
/* SCOPES for any other word. */
enum scope scope_parse(struct str word);
/* The scope that opens the route; SCOPES: tokens never do. */
enum scope scope_of(enum method method, const char *path);
/* Those scopes of a list of words with commas between them, as bits; unknown words give nothing. */
unsigned scope_bits(struct str words);

#endif
