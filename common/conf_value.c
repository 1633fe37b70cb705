/* Settings as values: the forms of numbers, durations and sizes, and printing them. Runs at start.
 * Never prints a secret.
 */
#include "common/conf_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

enum { ERR_BYTES = 512, WHY_BYTES = 160, SHOWN_MAX = 100 };

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first, so that printing takes the first one that divides. */
static const struct unit ms_units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit byte_units[] = {
    {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"", 1}};

static const struct {
    const char *name;   /* for docs/configuration.md */
    const char *expect; /* for error messages */
} types[] = {
    [CONF_STRING] = {"text", "text"},
    [CONF_SECRET] = {"secret", "text"},
    [CONF_INT] = {"integer", "an integer"},
    [CONF_BOOL] = {"boolean", "true or false"},
    [CONF_MS] = {"duration", "a duration such as 250ms, 5s, 2m or 1h"},
    [CONF_BYTES] = {"size", "a size such as 4KB, 64MB, 1GB or a number of bytes"},
};

static char **string_of(const struct conf_row *row, void *target)
{
    return (char **)(void *)((char *)target + row->offset);
}

static int64_t *number_of(const struct conf_row *row, void *target)
{
    return (int64_t *)(void *)((char *)target + row->offset);
}

static bool *flag_of(const struct conf_row *row, void *target)
{
    return (bool *)(void *)((char *)target + row->offset);
}

static bool is_string(const struct conf_row *row)
{
    return row->type == CONF_STRING || row->type == CONF_SECRET;
}

void conf_field_init(const struct conf_row *row, void *target)
{
    if (is_string(row))
        *string_of(row, target) = NULL;
}

void conf_field_fini(const struct conf_row *row, void *target)
{
    if (!is_string(row))
        return;
    char **field = string_of(row, target);
    if (*field && row->type == CONF_SECRET)
        sodium_memzero(*field, strlen(*field));
    xfree(*field);
    *field = NULL;
}

static bool parse_bool(struct str s, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"1", true},  {"yes", true}, {"on", true},
                 {"false", false}, {"0", false}, {"no", false}, {"off", false}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_ieq(s, str_of(words[i].word))) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* Digits and one of the units; "0" needs none. */
static bool parse_units(struct str s, const struct unit *units, size_t n, int64_t *out)
{
    size_t digits = 0;
    int64_t v;
    while (digits < s.len && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    if (!str_to_i64(str_make(s.p, digits), &v))
        return false;
    struct str unit = str_make(s.p + digits, s.len - digits);
    if (v == 0 && unit.len == 0) {
        *out = 0;
        return true;
    }
    for (size_t i = 0; i < n; i++)
        if (str_ieq(unit, str_of(units[i].name)))
            return !__builtin_mul_overflow(v, units[i].factor, out);
    return false;
}

static void format_units(int64_t v, const struct unit *units, size_t n, char out[32])
{
    size_t i = 0;
    while (i + 1 < n && (v == 0 || v % units[i].factor != 0))
        i++;
    (void)snprintf(out, 32, "%lld%s", (long long)(v / units[i].factor), units[i].name);
}

static void format_number(const struct conf_row *row, int64_t v, char out[32])
{
    if (row->type == CONF_MS)
        format_units(v, ms_units, ARRAY_LEN(ms_units), out);
    else if (row->type == CONF_BYTES)
        format_units(v, byte_units, ARRAY_LEN(byte_units), out);
    else
        (void)snprintf(out, 32, "%lld", (long long)v);
}

static bool is_bounded(const struct conf_row *row)
{
    return row->min != 0 || row->max != 0;
}

static bool parse_number(const struct conf_row *row, struct str text, int64_t *v)
{
    bool ok = row->type == CONF_MS      ? parse_units(text, ms_units, ARRAY_LEN(ms_units), v)
              : row->type == CONF_BYTES ? parse_units(text, byte_units, ARRAY_LEN(byte_units), v)
                                        : str_to_i64(text, v);
    return ok && (!is_bounded(row) || (*v >= row->min && *v <= row->max));
}

static bool refuse(const struct conf_row *row, struct str text, char err[ERR_BYTES])
{
    char bounds[96] = "", least[32], most[32];
    if (is_bounded(row)) {
        format_number(row, row->min, least);
        format_number(row, row->max, most);
        (void)snprintf(bounds, sizeof bounds, " (%s to %s)", least, most);
    }
    (void)snprintf(err, ERR_BYTES, "%s: expected %s%s, not \"%.*s\"", row->name,
                   types[row->type].expect, bounds,
                   (int)(text.len < SHOWN_MAX ? text.len : SHOWN_MAX), text.p);
    return false;
}

bool conf_store(const struct conf_row *row, struct str text, void *target, char err[512])
{
    bool flag = false;
    int64_t number = 0;
    switch (row->type) {
    case CONF_STRING:
    case CONF_SECRET:
        conf_field_fini(row, target);
        *string_of(row, target) = xstrndup(text.p, text.len);
        return true;
    case CONF_BOOL:
        if (!parse_bool(text, &flag))
            return refuse(row, text, err);
        *flag_of(row, target) = flag;
        return true;
    case CONF_INT:
    case CONF_MS:
    case CONF_BYTES:
        if (!parse_number(row, text, &number))
            return refuse(row, text, err);
        *number_of(row, target) = number;
        return true;
    }
    return false;
}

static bool read_all(int fd, struct buf *out)
{
    for (;;) {
        char piece[4096];
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0 && !buf_add(out, piece, (size_t)n))
            n = -1;
        sodium_memzero(piece, sizeof piece);
        if (n <= 0)
            return n == 0;
    }
}

bool conf_read_file(const char *path, struct buf *out, char *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool opened = fd >= 0;
    bool regular = opened && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    bool ok = regular && read_all(fd, out);
    if (!ok)
        (void)snprintf(why, WHY_BYTES, "%s %.100s",
                       !opened    ? "cannot open"
                       : !regular ? "not a regular file:"
                                  : "cannot read, or too large:",
                       path);
    if (opened)
        (void)close(fd);
    return ok;
}

void conf_print(const struct conf_row *rows, size_t n, const void *target)
{
    for (size_t i = 0; i < n; i++) {
        const struct conf_row *row = &rows[i];
        void *fields = (void *)(uintptr_t)target;
        char number[32];
        const char *text = number;
        if (row->type == CONF_STRING)
            text = *string_of(row, fields);
        else if (row->type == CONF_SECRET)
            text = **string_of(row, fields) ? "(set)" : "(not set)";
        else if (row->type == CONF_BOOL)
            text = *flag_of(row, fields) ? "true" : "false";
        else
            format_number(row, *number_of(row, fields), number);
        printf("%s=%s\n", row->name, text);
    }
}

/* A cell of a Markdown table. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static void print_doc_row(const struct conf_row *row)
{
    char least[32], most[32];
    printf("| `%s` | %s", row->name, types[row->type].name);
    if (is_bounded(row)) {
        format_number(row, row->min, least);
        format_number(row, row->max, most);
        printf(", %s to %s", least, most);
    }
    printf(row->def && *row->def ? " | `" : " | ");
    print_cell(!row->def ? "required" : *row->def ? row->def : "empty");
    printf(row->def && *row->def ? "` | " : " | ");
    print_cell(row->help);
    if (row->type == CONF_SECRET)
        printf(" `%s_FILE` names a file to read it from.", row->name);
    printf(" |\n");
}

void conf_print_doc(const struct conf_row *rows, size_t n)
{
    printf("| Name | Type | Default | Meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        print_doc_row(&rows[i]);
}
