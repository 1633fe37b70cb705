/* What both readers of catalogue files share. Command line only. */
#include "control/catalogue/document.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/money.h"

enum { REFUSED_MAX_BYTES = 4 << 20 };

void document_init(struct document *d)
{
    *d = (struct document){.providers = json_array(),
                           .models = json_array(),
                           .aliases = json_array(),
                           .offers = json_array()};
    buf_init(&d->refused, REFUSED_MAX_BYTES);
}

void document_fini(struct document *d)
{
    json_decref(d->providers);
    json_decref(d->models);
    json_decref(d->aliases);
    json_decref(d->offers);
    buf_fini(&d->refused);
}

bool document_refuse(struct document *d, const char *where, const char *fmt, ...)
{
    char why[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    d->n_refused++;
    (void)buf_printf(&d->refused, "  %s: %s\n", where, why);
    return false;
}

static bool is_slug(struct str s, size_t max, const char *others)
{
    if (s.len == 0 || s.len > max)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && (i == 0 || c == '\0' || !strchr(others, c)))
            return false;
    }
    return true;
}

bool slug_is_provider(struct str s)
{
    return is_slug(s, 63, "-");
}

bool slug_is_model(struct str s)
{
    return is_slug(s, 200, "-._");
}

/* "1.5e3" and -6 to "1.5e-3". */
static bool shift(struct str decimal, int exponent, char out[64])
{
    int64_t own = 0;
    size_t e = 0;
    while (e < decimal.len && decimal.p[e] != 'e' && decimal.p[e] != 'E')
        e++;
    if (e < decimal.len) {
        struct str digits = str_make(decimal.p + e + 1, decimal.len - e - 1);
        if (digits.len && digits.p[0] == '+')
            digits = str_make(digits.p + 1, digits.len - 1);
        if (!str_to_i64(digits, &own) || own < -30 || own > 30)
            return false;
    }
    int n = snprintf(out, 64, "%.*se%lld", (int)e, decimal.p, (long long)(own + exponent));
    return e < 48 && n > 0 && n < 64;
}

json_t *price_json(struct str decimal, int exponent)
{
    char text[64];
    struct price p;
    struct buf b;
    if (!decimal.p || decimal.len > 40 || !shift(decimal, exponent, text) ||
        !price_parse(str_of(text), &p))
        return NULL;
    buf_init(&b, 64);
    price_format(p, &b);
    json_t *v = json_stringn(b.p, b.len);
    buf_fini(&b);
    return v;
}
