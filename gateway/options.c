/* The gateway's configuration table. Start-up only. */
#include "gateway/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/pg.h"

static const struct conf_row rows[] = {
#define CONF(field, t, n, d, lo, hi, h)                                                            \
    {.name = n,                                                                                    \
     .type = CONF_##t,                                                                             \
     .offset = offsetof(struct options, field),                                                    \
     .def = d,                                                                                     \
     .min = lo,                                                                                    \
     .max = hi,                                                                                    \
     .help = h},
#include "gateway/options.def"
#undef CONF
};

static bool read_policy(struct options *o)
{
    static const char *const words[] = {
        [INLINE_OFF] = "off", [INLINE_OWN_KEYS] = "own-keys", [INLINE_ON] = "on"};
    static_assert(ARRAY_LEN(words) == INLINE_POLICIES, "a word per policy");
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(o->inline_urls, words[i]) == 0) {
            o->inline_policy = (enum inline_policy)i;
            return true;
        }
    return false;
}

/* Origins are compared as browsers write them: a scheme and a host in small letters, a port, no
 * more. */
static bool is_origin(struct str s)
{
    if (str_eq(s, STR("*")))
        return true;
    struct str scheme = str_cut(&s, ':');
    bool right = scheme.len > 0 && s.len > 2 && s.p[0] == '/' && s.p[1] == '/';
    for (size_t i = 2; i < s.len && right; i++)
        right = s.p[i] > ' ' && s.p[i] < 0x7f && !strchr("/?#*@ABCDEFGHIJKLMNOPQRSTUVWXYZ", s.p[i]);
    return right;
}

/* The first of the list that is no origin, or STR_NULL. */
static struct str wrong_origin(struct str list)
{
    while (list.len) {
        struct str one = str_trim(str_cut(&list, ','));
        if (!is_origin(one))
            return one;
    }
    return STR_NULL;
}

/* What needs more than a type. False with what is wrong in `err`. */
static bool is_sound(struct options *o, char err[512])
{
    struct str odd = wrong_origin(str_of(o->cors_origins));
    if (odd.p)
        (void)snprintf(err, 512,
                       "DOTEB_CORS_ORIGINS: '%.*s' is no origin; give https://host[:port] in small "
                       "letters, nothing after it",
                       (int)(odd.len < 80 ? odd.len : 80), odd.p);
    else if (!read_policy(o))
        (void)snprintf(err, 512, "DOTEB_INLINE_URLS: '%.40s' is not off, own-keys or on",
                       o->inline_urls);
    else if (!pg_is_url(o->database_url))
        (void)snprintf(
            err, 512,
            "DOTEB_DATABASE_URL: not a PostgreSQL URL (postgresql://user@host:port/name)");
    else if (!conf_may_read(o->ca_file))
        (void)snprintf(err, 512, "DOTEB_CA_FILE: %.200s cannot be read", o->ca_file);
    else
        return true;
    return false;
}

bool options_load(struct options *o, char err[512])
{
    *o = (struct options){0};
    if (!conf_load(rows, ARRAY_LEN(rows), o, err))
        return false;
    if (!is_sound(o, err)) {
        options_free(o);
        return false;
    }
    if (o->workers == 0)
        o->workers = sysconf(_SC_NPROCESSORS_ONLN);
    if (o->workers < 1)
        o->workers = 1;
    if (o->bodies_max == 0)
        o->bodies_max = sysconf(_SC_PHYS_PAGES) / 4 * sysconf(_SC_PAGESIZE);
    return true;
}

void options_free(struct options *o)
{
    conf_free(rows, ARRAY_LEN(rows), o);
}

void options_print(const struct options *o)
{
    conf_print(rows, ARRAY_LEN(rows), o);
}

void options_print_doc(void)
{
    conf_print_doc(rows, ARRAY_LEN(rows));
}
