/* Parameters that some offers do not take (offers.supported_parameters): what is left out, with its
 * name noted, and what makes an offer unfit. Pure.
 *
 * A list of an offer is read with care, since few are complete:
 *
 *   any list      tells of `temperature`, `top_p` and the penalties; `top_k` goes with `top_p`
 *   tools, formats  are not taken if neither the list has their word nor the offer the capability
 *   a whole one   (it names `messages`) tells of all else, too
 *   "stop:4"      bounds the number of stop sequences (0: none is taken); no part of the list
 */
#ifndef DOTEB_DIALECT_PARAMS_H
#define DOTEB_DIALECT_PARAMS_H

#include "gateway/dialect/dialect.h"

/* What an offer lacks, by its words (separated by commas; "" not stated) and capabilities: bit per
 * enum dialect_param. */
uint32_t params_lacking(struct str words, uint32_t caps);
/* The number behind "name:" among words separated by commas, -1 without: how many stop sequences an
 * offer or ("max_stops") a provider takes. */
int64_t params_bound(struct str words, const char *name);

/* `*out` becomes `c` without what `to` lacks, which is noted in `loss`. E_OK, or E_UNSUPPORTED with
 * loss->why: the meaning would change. `out` borrows from `c`. */
enum err params_fit(const struct dialect *d, const struct ir_chat *c,
                    const struct dialect_target *to, struct arena *a, struct ir_chat *out,
                    struct dialect_loss *loss);
/* The same for a body that is passed: adds edits behind `*n` of them, and puts all in order. An
 * edit of a value that is left out falls away. */
enum err params_fit_body(const struct dialect *d, const struct dialect_request *in, struct str body,
                         const struct dialect_target *to, struct arena *a,
                         struct dialect_edit edits[DIALECT_EDITS_MAX], size_t *n,
                         struct dialect_loss *loss);

#endif
