/* Incremental, strict reader of forms (multipart/form-data, RFC 7578): bytes in any cuts, parts
 * out, each with the place of its content. Content is never kept or copied.
 *
 * Strict, so that no other reader sees other parts: nothing before the first boundary, only CRLF
 * behind the last, line ends are CRLF, every part has one Content-Disposition `form-data` with one
 * `name`, no transfer encoding but the identity, no quoted pair that some take for the quote's end.
 * Heads, names and the number of parts are capped. Pure; memory is the struct alone.
 */
#ifndef DOTEB_WIRE_MULTIPART_H
#define DOTEB_WIRE_MULTIPART_H

#include "common/defs.h"
#include "common/str.h"

enum {
    MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046, 5.1.1 */
    MULTIPART_HEAD_MAX = 4096,   /* all header lines of a part */
    MULTIPART_PARTS_MAX = 256,
};

struct multipart_part {
    struct str name;     /* as it stands between the quotes; until the next call */
    bool file;           /* it has a file's name */
    size_t begin, end;   /* its content, counted from the body's first byte */
    const char *problem; /* MULTIPART_BAD: what is wrong, a sentence; static */
};

enum multipart_result {
    MULTIPART_MORE, /* all bytes are read; the form goes on */
    MULTIPART_PART,
    MULTIPART_DONE, /* the last boundary was read, and all bytes */
    MULTIPART_BAD,  /* no form; stays so */
};

struct multipart {
    uint32_t magic;
    enum { MP_START, MP_MARK, MP_DASH, MP_LF, MP_HEAD, MP_BODY, MP_END, MP_END_LF, MP_BAD } state;
    char delimiter[3 + MULTIPART_BOUNDARY_MAX]; /* LF, two dashes, boundary */
    size_t delimiter_len, matched;
    bool cr;   /* the LF that was matched has a CR before it */
    char last; /* byte read of a content */
    char head[MULTIPART_HEAD_MAX];
    size_t head_len;
    size_t at; /* bytes read so far */
    size_t parts;
    struct multipart_part part; /* in hand */
    const char *problem;
};

/* The boundary that a Content-Type names, if it is a form's and sound; else .p NULL. */
struct str multipart_boundary(struct str content_type);
/* `boundary` is copied: 1 to MULTIPART_BOUNDARY_MAX bytes, as multipart_boundary gives them. */
void multipart_init(struct multipart *m, struct str boundary);
/* Takes bytes off the front of `*bytes`, up to the end of the next part. */
enum multipart_result multipart_next(struct multipart *m, struct str *bytes,
                                     struct multipart_part *part);

#endif
