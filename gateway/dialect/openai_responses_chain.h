/* Chains of answers: what a request means that names the answer before it.
 *
 * Providers are told to keep nothing, so the gateway puts the earlier items itself before those of
 * the request. Pure: the store is the caller's. Items go through byte for byte. Lists of items are
 * elements of a JSON array joined by commas, without the brackets; "" is an empty one.
 */
#ifndef DOTEB_DIALECT_OPENAI_RESPONSES_CHAIN_H
#define DOTEB_DIALECT_OPENAI_RESPONSES_CHAIN_H

#include "common/buf.h"
#include "common/str.h"
#include "common/uuid.h"

/* Writes a request's body (which scan_request has accepted) with the items `before` put before its
 * input and without its previous_response_id; all else stays as it came. False: the buffer's cap,
 * or the body is none that scan_request accepts. */
MUST_USE bool responses_expand(struct str body, struct str before, struct buf *out);
/* Writes the items of a request's own input. A text becomes a message of the user. */
MUST_USE bool responses_items_of_request(struct str body, struct buf *out);
/* Writes the items of an answer's output as a later request's input needs them. `answer` is a
 * response object, or the event that ends a stream (response.completed, response.incomplete).
 * Reasoning that is not sealed is left out: without a store nobody could read it. */
MUST_USE bool responses_items_of_answer(struct str answer, struct buf *out);

/* ---- item_reference (openai_responses_reference.c): Vercel's AI SDK names earlier items by their
 * ids as long as `store` is not false. */

/* The ids, raw, that the input refers to: how many there are, the first `max` of them in `ids`. */
size_t responses_references(struct str body, struct str *ids, size_t max);
/* Writes the body with each reference replaced by the item of that id among `known`; others stay,
 * and are refused when the request is written for a provider. False: the buffer's cap, or no body
 * that scan_request accepts. */
MUST_USE bool responses_resolve(struct str body, struct str known, struct buf *out);
/* Which answer an item is of, if its id is one that write_stream or write_answer made: they say so.
 * Ids of passed answers are the provider's own and do not. */
MUST_USE bool responses_answer_of(struct str item_id, struct uuid *out);

/* Appends a list to another. */
bool responses_items_add(struct str items, struct buf *to);

#endif
