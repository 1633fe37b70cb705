/* The gateway's configuration, from environment and file. Rows are in options.def. */
#ifndef DOTEB_GATEWAY_OPTIONS_H
#define DOTEB_GATEWAY_OPTIONS_H

#include "common/conf.h"
#include "common/defs.h"

#define CONF_C_STRING char *
#define CONF_C_SECRET char *
#define CONF_C_INT    int64_t
#define CONF_C_BOOL   bool
#define CONF_C_MS     int64_t
#define CONF_C_BYTES  int64_t

/* DOTEB_INLINE_URLS */
enum inline_policy { INLINE_OFF, INLINE_OWN_KEYS, INLINE_ON, INLINE_POLICIES };

struct options {
#define CONF(field, type, name, def, min, max, help) CONF_C_##type field;
#include "gateway/options.def"
#undef CONF
    enum inline_policy inline_policy; /* what `inline_urls` says */
};

/* Loads and checks; on failure false and the reason in `err`. */
MUST_USE bool options_load(struct options *o, char err[512]);
void options_free(struct options *o);
void options_print(const struct options *o);
void options_print_doc(void);

#endif
