/* What a restricted API key may call, as of one snapshot: its lists resolved to providers and
 * models. Lives in an arena; a key without such restrictions has none (NULL permits everything).
 *
 * A model's entry permits offers, not only names: "gpt-5" every offer of that model, whoever makes
 * it, "openai/gpt-5" that provider's only. With a trailing `*` it permits the offers whose model's
 * id, or whose "provider/model", begins with what stands before it. Aliases and LiteLLM's spellings
 * are understood as they are in requests. An entry that names nothing permits nothing.
 */
#ifndef DOTEB_SNAPSHOT_PERMIT_H
#define DOTEB_SNAPSHOT_PERMIT_H

#include "common/arena.h"
#include "gateway/snapshot/restrictions.h"
#include "gateway/snapshot/snapshot.h"

struct permit;

/* Borrows the snapshot and the restrictions. NULL if neither models nor providers are restricted.
 */
const struct permit *permit_new(const struct snapshot *s, const struct snap_key *key,
                                struct arena *a);
bool permit_offer(const struct permit *p, const struct snap_offer *o);
/* Any offer of it. */
bool permit_model(const struct permit *p, const struct snap_model *m);

#endif
