/* Where a list goes on that is in the order of a time and an id. */
#ifndef DOTEB_CONTROL_STORE_PLACE_H
#define DOTEB_CONTROL_STORE_PLACE_H

#include "common/pg.h"
#include "common/uuid.h"

struct place {
    bool given; /* go on after this one; else from the start */
    int64_t us;
    struct uuid id;
};

/* Its two parameters, NULL without one. */
#define PLACE_PARAMS(place)                                                                        \
    (place).given ? pgp_time_us((place).us) : pgp_null(),                                          \
        (place).given ? pgp_uuid((place).id) : pgp_null()

#endif
