/* Addresses of providers as configured: `{region}`, `{project}`, `{resource}`, `{deployment}` and
 * `{api_version}` are filled from a provider key's options, `{model}` of a path by the model's
 * name. Pure; any thread. */
#ifndef DOTEB_SNAPSHOT_TEMPLATE_H
#define DOTEB_SNAPSHOT_TEMPLATE_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/defs.h"
#include "common/provider_option.h"
#include "common/str.h"

/* Is it http(s)://host[:port][/path], without user, query or fragment, with none but an option's
 * holes (in the host: region, project, resource)? `*out` is the same without trailing slashes
 * (borrowed). On false `*why` says what is wrong (static). */
MUST_USE bool template_check_url(struct str url, struct str *out, const char **why);
/* Begins with a slash and holds nothing that would end a request line or the path; `{model}` and
 * options' holes are allowed, after a question mark only the latter. */
MUST_USE bool template_check_path(struct str path);
/* A row's path, or two: "/plain | :streamed" or "/plain | /streamed". The second replaces the end
 * of the first, from the last such character on, its query included: "/models/{model}:a | :b?c=d"
 * is
 * "/models/{model}:b?c=d" for streams, "/model/{model}/a | /b" is "/model/{model}/b". One path is
 * for both. False: they make no sense, or are no paths. */
MUST_USE bool template_split_paths(struct str both, struct arena *a, struct str *plain,
                                   struct str *streamed);
/* Does the template have a hole for the option? */
bool template_needs(struct str url, enum provider_option o);

struct template_values {
    struct str option[OPTION_COUNT]; /* "" none; each fits (provider_option_fits) */
    struct str model;                /* for paths: raw, becomes one escaped segment */
};

/* Appends the template with its holes filled. False: one has no value (or a model is "." or ".."),
 * or `out` is full.
 *
 * All but RFC 3986's unreserved characters of a model's name are escaped ("a:0" is "a%3A0"), as
 * AWS's SDKs do; Google's services unescape a segment, so that it is right for both. The region
 * `global` has no host of its own: where a host begins with "{region}-", that falls away. */
MUST_USE bool template_expand(struct str template, const struct template_values *v,
                              struct buf *out);
/* Appends `?api-version=...` (or `&...`): for a key that has this option where neither its address
 * nor its path has a hole for it. False: no room. */
MUST_USE bool template_add_version(struct buf *url, struct str api_version);

#endif
