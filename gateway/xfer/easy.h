/* A curl easy handle with the options that every transfer of the gateway has. Only for this folder.
 */
#ifndef DOTEB_XFER_EASY_H
#define DOTEB_XFER_EASY_H

#include <curl/curl.h>

#include "common/defs.h"
#include "common/err.h"

/* Returns owned: a POST without redirects, without a proxy from the environment, over HTTP/1.1;
 * certificates are checked against `ca_file` (NULL: the system's; borrowed). `connect_ms` is for
 * name, TCP and TLS together. */
CURL *easy_new(const char *ca_file, int64_t connect_ms);
/* What a CURLcode means to a request. `early`: nothing of the answer had come. `refused`: the guard
 * refused the address. */
enum err easy_judge(CURLcode code, bool early, bool refused);

#endif
