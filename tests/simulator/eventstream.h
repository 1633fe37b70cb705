/* Frames of application/vnd.amazon.eventstream: lengths and their CRC, headers of strings, payload,
 * CRC of it all.
 */
#ifndef DOTEB_SIM_EVENTSTREAM_H
#define DOTEB_SIM_EVENTSTREAM_H

#include "common/buf.h"

/* CRC-32 as zlib has it, going on from `crc` (0 at the start). */
uint32_t eventstream_crc(uint32_t crc, struct str bytes);
/* Begins a frame of one kind, `:message-type` event or exception; returns where it begins. Append
 * the JSON payload, then close it. */
size_t eventstream_open(struct buf *b, bool exception, struct str kind);
void eventstream_close(struct buf *b, size_t at);

#endif
