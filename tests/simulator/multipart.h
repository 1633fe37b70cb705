/* The parts of a multipart/form-data body. Borrows; copies nothing. */
#ifndef DOTEB_SIM_MULTIPART_H
#define DOTEB_SIM_MULTIPART_H

#include "common/str.h"

struct multipart {
    struct str rest, boundary;
};

struct multipart_part {
    struct str name, filename, body; /* filename.p NULL: a plain field */
};

/* False: the content type is none of multipart/form-data with a boundary. */
bool multipart_init(struct multipart *m, struct str content_type, struct str body);
/* The next part; false: at the end, or at something that is no part (`*bad`). */
bool multipart_next(struct multipart *m, struct multipart_part *part, bool *bad);

#endif
