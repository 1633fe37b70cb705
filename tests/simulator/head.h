/* Heads of HTTP answers, and whole small answers. */
#ifndef DOTEB_SIM_HEAD_H
#define DOTEB_SIM_HEAD_H

#include "common/buf.h"

enum { HEAD_CHUNKED = -1, HEAD_UNTIL_CLOSE = -2 };

/* Status line, date, content-type and framing; more header lines may follow, then an empty line.
 * `length` in bytes, or
 * how else the body ends. */
void head_open(struct buf *b, unsigned status, const char *type, int64_t length, bool keep_alive);
/* A whole answer. */
void head_respond(struct buf *b, unsigned status, const char *type, struct str body,
                  bool keep_alive);

#endif
