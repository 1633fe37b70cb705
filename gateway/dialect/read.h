/* Reading a body with the pull parser: what all dialects' readers share. Pure but for the arena.
 *
 * A reader goes on until something is wrong; then `failed` sticks, keys and elements end, and the
 * refusal (if there is one) says why. So loops need no checks of their own:
 *
 *   rd_object(r, "thinking");
 *   while (rd_key(r, &key)) {
 *       if (rd_is(key, "budget_tokens")) rd_i64(r, "thinking.budget_tokens", &n);
 *       else rd_skip(r);
 *   }
 *
 * Answers are read with the same calls and `why` NULL: what is not of the type that was expected is
 * passed over instead of refused, and only broken JSON fails.
 */
#ifndef DOTEB_DIALECT_READ_H
#define DOTEB_DIALECT_READ_H

#include "gateway/dialect/dialect.h"
#include "gateway/ir/chat.h"
#include "gateway/wire/json_scan.h"

struct reader {
    struct json_scan s;
    struct arena *a;
    struct dialect_refusal *why; /* NULL: lenient, for answers */
    bool failed;
    bool pending; /* the token in s begins a value that nobody has taken yet */
};

/* `why` NULL: lenient. Strict readers also refuse invalid UTF-8. */
void rd_init(struct reader *r, struct str body, struct arena *a, struct dialect_refusal *why);
/* A lenient one for (a part of) a body that was scanned to its end before. */
void rd_init_known(struct reader *r, struct str body, struct arena *a);

/* ---- values; each takes exactly one value, and fails or (lenient) returns "nothing" for others.
 * `null` counts as not given: the functions return false and nothing is refused. `field` is the
 * caller's name of the value, for the refusal. */

/* Enters an object (array). False: it was something else and has been passed over, or refused. */
bool rd_object(struct reader *r, const char *field);
bool rd_array(struct reader *r, const char *field);
/* The next key, decoded (arena or borrowed); its value must be taken next. False at the end. */
bool rd_key(struct reader *r, struct str *key);
/* Is there another element? Its value must be taken next. False at the end. */
bool rd_element(struct reader *r);
/* A string's raw text. */
bool rd_text(struct reader *r, const char *field, struct str *raw);
/* Raw text in which "\/" is "/", as many write slashes; still raw (arena or borrowed). */
struct str rd_slashes(struct arena *a, struct str raw);
/* A string, decoded (arena or borrowed). */
bool rd_string(struct reader *r, const char *field, struct str *decoded);
/* A whole number of any spelling that fits. */
bool rd_i64(struct reader *r, const char *field, int64_t *out);
/* A number's raw token. */
bool rd_number(struct reader *r, const char *field, struct str *raw);
bool rd_bool(struct reader *r, const char *field, bool *out);
/* Any value as it stands. False for null. */
bool rd_raw(struct reader *r, struct str *raw);
/* The last key or string token, decoded (arena or borrowed). */
struct str rd_decoded(struct reader *r);
/* Passes over a value. */
void rd_skip(struct reader *r);
/* What the value in hand begins with, without taking it: JSON_STRING, JSON_OBJECT_BEGIN, ... The
 * next rd_ call takes it all the same. */
enum json_token rd_peek(struct reader *r);
/* A scalar parameter with its name, for ir_param. */
void rd_param(struct reader *r, const char *field, struct ir_param *out);

/* ---- the whole body */

/* Enters the body's object; refuses what is none. */
bool rd_body(struct reader *r);
/* The body's end: true if all of it was well-formed and nothing was refused. Fills the refusal for
 * broken JSON. */
MUST_USE bool rd_done(struct reader *r);

/* Refuses: fills why (unless something was refused before), fails. Returns false. */
PRINTF_LIKE(4, 5)
bool rd_refuse(struct reader *r, enum err err, struct str field, const char *fmt, ...);
/* "A required field is missing." */
bool rd_missing(struct reader *r, const char *field);

static inline bool rd_is(struct str key, const char *word)
{
    size_t n = strlen(word);
    return key.len == n && memcmp(key.p, word, n) == 0;
}

/* Top-level keys that were seen: a repeated one is refused (two parsers would read two requests).
 */
enum { RD_KEYS_MAX = 128 };
struct rd_keys {
    size_t n;
    struct str key[RD_KEYS_MAX];
};
/* False: it was there before (refused). */
bool rd_once(struct reader *r, struct rd_keys *seen, struct str key);

#endif
