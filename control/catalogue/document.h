/* A catalogue file in the form that the import works on: rows as JSON arrays whose members are the
 * columns of import_store.c's staging tables. Both file formats are read into it.
 */
#ifndef DOTEB_CONTROL_DOCUMENT_H
#define DOTEB_CONTROL_DOCUMENT_H

#include <jansson.h>

#include "common/buf.h"

struct document {
    json_t *providers, *models, *aliases, *offers; /* arrays, owned */
    struct buf refused;                            /* "  where: why\n" lines of rows left out */
    int64_t n_refused;
};

void document_init(struct document *d);
void document_fini(struct document *d);
/* Notes a row that is left out. Always false. */
bool document_refuse(struct document *d, const char *where, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Reads a file of the project's own format (catalogue/README.md) into the document, beside what is
 * there. False with the reason in `err` if it is no such file at all; single bad rows are refused.
 */
MUST_USE bool doteb_format_read(struct document *d, struct str text, char err[256]);
/* The same for models.dev's api.json. */
MUST_USE bool models_dev_read(struct document *d, struct str text, char err[256]);
/* Which of the two is it? By its members: "models.dev" if every member is an object with "models".
 */
bool models_dev_looks_like(struct str text);

/* Words of slugs: providers `^[a-z0-9][a-z0-9-]{0,62}$`, models also dots and underscores, to 200.
 */
bool slug_is_provider(struct str s);
bool slug_is_model(struct str s);
/* A price of any catalogue text (a decimal string, or a marked number) as the shortest decimal,
 * owned string; NULL if it is none. `exponent` is added to it (models.dev: -6). */
json_t *price_json(struct str decimal, int exponent);

#endif
