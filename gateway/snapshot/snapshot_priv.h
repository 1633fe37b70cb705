/* Making and retiring snapshots: what the loader does with them. Private to the folder. */
#ifndef DOTEB_SNAPSHOT_SNAPSHOT_PRIV_H
#define DOTEB_SNAPSHOT_SNAPSHOT_PRIV_H

#include "gateway/snapshot/image.h"
#include "gateway/snapshot/keys.h"

/* Returns owned, one reference. Takes references of its own to `img` and `keys`; sees the keys put
 * until now. */
struct snapshot *snapshot_new(uint64_t version, struct image *img, struct key_table *keys);
/* The caller's is the only reference: nobody else can get one any more if it is not current. */
bool snapshot_is_last(const struct snapshot *s);

#endif
