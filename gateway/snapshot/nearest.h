/* Names of models near to one that is not there. Private to the folder. */
#ifndef DOTEB_SNAPSHOT_NEAREST_H
#define DOTEB_SNAPSHOT_NEAREST_H

#include "gateway/snapshot/image.h"

/* Slugs of up to `max` (at most 7) models of the catalogue or of the organisation's own, nearest
 * first; borrowed from the image. */
size_t near_names_find(const struct image *img, struct uuid organisation_id, struct str name,
                       struct str *out, size_t max);

#endif
