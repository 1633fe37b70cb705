/* The control daemon's configuration, from options.def. Read once at start, then const. */
#ifndef DOTEB_CONTROL_OPTIONS_H
#define DOTEB_CONTROL_OPTIONS_H

#include "common/conf.h"

#define CONF_C_STRING char *
#define CONF_C_SECRET char *
#define CONF_C_INT    int64_t
#define CONF_C_BOOL   bool
#define CONF_C_MS     int64_t
#define CONF_C_BYTES  int64_t

struct options {
#define CONF(field, type, name, def, min, max, help) CONF_C_##type field;
#include "control/options.def"
#undef CONF
};

/* False with a message naming the setting in `err`. */
MUST_USE bool options_load(struct options *o, char err[512]);
/* May mail, and the links in it, go to another machine in clear text, or to whoever says that he is
 * it? */
bool options_mail_is_open(const struct options *o);
void options_free(struct options *o);
void options_print(const struct options *o);
void options_print_doc(void);

#endif
