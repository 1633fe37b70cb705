/* Opaque state of one provider on its way through a client that speaks another's dialect.
 *
 * A signature goes to the client of its own dialect as it is. For all others it is wrapped: one
 * word of [A-Za-z0-9_-] that begins with SIGNATURE_MARK, a multiple of four long (so that it is
 * also valid base64, as Google's SDKs ask), which says whose it is and holds its bytes. A client
 * that drops unknown fields keeps at least the ids of calls: there a wrapped one may be appended.
 * Whoever reads a request unwraps both; what is wrapped never reaches a provider. Pure.
 */
#ifndef DOTEB_DIALECT_SIGNATURE_H
#define DOTEB_DIALECT_SIGNATURE_H

#include "common/arena.h"
#include "common/buf.h"
#include "gateway/ir/chat.h"

#define SIGNATURE_MARK "dotebsig"

/* Writes `s` wrapped (no quotes). */
bool signature_wrap(const struct ir_signature *s, struct buf *out);
/* Fills `out` from a raw text: unwrapped (arena) if it was wrapped, else data = text and origin =
 * `own`, the dialect's whose field it was found in. */
void signature_unwrap(struct str text, enum ir_origin own, struct arena *a,
                      struct ir_signature *out);
/* Writes a call's id with its signature appended ("call_1_dotebsig..."), or the bare id if there is
 * none. */
bool signature_id_write(struct str id, const struct ir_signature *s, struct buf *out);
/* Cuts an appended signature off a call's id: returns the bare id, fills `out` if there was one. */
struct str signature_id_read(struct str id, struct arena *a, struct ir_signature *out);
/* Does a body hold anything wrapped? Then it must not pass to a provider as it is. */
bool signature_present(struct str body);

#endif
