/* All API keys: a sealed base, and beside it an overlay that only grows (ARCHITECTURE A6.2).
 *
 * One thread writes (the loader), any number read without waiting. A reader holds a mark: how many
 * of the overlay's entries existed when its snapshot was made; later ones do not exist for it. So
 * a change costs one entry, whatever the number of keys or of snapshots still held. When the
 * overlay is full its owner makes a new table out of both (key_table_merge).
 */
#ifndef DOTEB_SNAPSHOT_KEYS_H
#define DOTEB_SNAPSHOT_KEYS_H

#include "common/apikey.h"
#include "common/defs.h"
#include "gateway/snapshot/restrictions.h"
#include "gateway/snapshot/snapshot.h"

/* A row, compactly. Of the keyed hash the first 128 bits are kept: who can hit one of a million by
 * chance needs 2^108 requests, and without the pepper chance is all there is. */
enum { KEY_TAG_BYTES = 16 };

struct key_entry {
    uint8_t tag[KEY_TAG_BYTES];
    struct uuid organisation_id, id, project_id, owner_id;
    int64_t expires_at_us; /* or one of those below */
    bool previous;         /* the secret before the row's present one: a state of its own */
    uint32_t restrictions; /* number in the table's pool, 0 none; in what was padding */
};
#define KEY_REVOKED  INT64_MIN
#define KEY_DISABLED (INT64_MIN + 1)

enum { KEY_OVERLAY_MAX = 16384 };

struct key_table;

/* Rows on their way into a base. Zeroed is empty. */
struct key_rows {
    struct key_entry *p;
    size_t n, cap;
    struct restriction_pool *pool; /* NULL: nothing in it */
};
/* The text (restrictions.h) becomes the entry's; before it is added. */
void key_rows_restrict(struct key_rows *rows, struct str text, struct key_entry *e);
void key_rows_add(struct key_rows *rows, const struct key_entry *e);
void key_rows_fini(struct key_rows *rows);

/* Returns owned; takes the rows (each row's id once). */
struct key_table *key_table_new(struct key_rows *rows);
struct key_table *key_table_ref(struct key_table *t);
/* Accepts NULL. */
void key_table_unref(struct key_table *t);

/* The same for an entry that is put; to be said anew to the table that a merge made. Writer only.
 */
void key_table_restrict(struct key_table *t, struct str text, struct key_entry *e);
enum key_put { KEY_SAME, KEY_PUT, KEY_FULL };
/* Adds a row or a newer state of one. KEY_SAME: known already. Writer only. */
MUST_USE enum key_put key_table_put(struct key_table *t, const struct key_entry *e);
/* The mark that sees everything put so far. Writer only. */
uint32_t key_table_mark(const struct key_table *t);
/* Returns owned: a new base out of the base and the whole overlay, with the restrictions that are
 * still in use. Writer only. */
struct key_table *key_table_merge(const struct key_table *t);
/* Rows; exact but for ids whose hash changed since the last merge. Writer only. */
size_t key_table_len(const struct key_table *t);

/* The one row with this hash. False: none, or several. */
MUST_USE bool key_table_find(const struct key_table *t, uint32_t mark,
                             const struct apikey_hash *hash, struct snap_key *out);

#endif
