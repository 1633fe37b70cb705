/* Reads a command's words by a table. Start-up only, main thread. Never prints a value. */
#include "control/args.h"

#include <stdio.h>
#include <string.h>

static const struct arg *find(const struct arg *table, size_t n, const char *word, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].name && strlen(table[i].name) == len && strncmp(table[i].name, word, len) == 0)
            return &table[i];
    return NULL;
}

static bool take_positional(const struct arg *table, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (!table[i].name && !*table[i].value) {
            *table[i].value = word;
            return true;
        }
    (void)fprintf(stderr, "doteb-control: unexpected word `%s`\n", word);
    return false;
}

/* Takes argv[*i] and, for a value, perhaps the word after it. */
static bool take_option(const struct arg *table, size_t n, int argc, char *const *argv, int *i)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct arg *a = find(table, n, word, len);
    if (!a) {
        (void)fprintf(stderr, "doteb-control: there is no option %.*s here\n", (int)len, word);
        return false;
    }
    if (a->flag) {
        *a->flag = true;
        return true;
    }
    if (!equals && *i + 1 >= argc) {
        (void)fprintf(stderr, "doteb-control: %s needs a value\n", word);
        return false;
    }
    *a->value = equals ? equals + 1 : argv[++*i];
    return true;
}

bool args_parse(int argc, char *const *argv, const struct arg *table, size_t n)
{
    for (int i = 0; i < argc; i++) {
        bool option = strncmp(argv[i], "--", 2) == 0;
        if (option ? !take_option(table, n, argc, argv, &i) : !take_positional(table, n, argv[i]))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (table[i].required && (!*table[i].value || !**table[i].value)) {
            (void)fprintf(stderr, "doteb-control: %s is missing\n",
                          table[i].name ? table[i].name : table[i].what);
            return false;
        }
    return true;
}

/* Cuts the line ends off; false, with words, if nothing is left or there was more than fits. */
static bool check_stdin(const char *what, char *out, size_t len, size_t max, bool whole)
{
    if (!whole) {
        (void)fprintf(stderr, "doteb-control: %s is longer than %zu bytes\n", what, max - 2);
        return false;
    }
    while (len && (out[len - 1] == '\n' || out[len - 1] == '\r'))
        len--;
    out[len] = '\0';
    if (!len)
        (void)fprintf(stderr, "doteb-control: %s was expected on stdin\n", what);
    return len > 0;
}

bool args_read_line(const char *what, char *out, size_t max)
{
    if (!fgets(out, (int)max, stdin))
        *out = '\0';
    size_t len = strlen(out);
    return check_stdin(what, out, len, max, len < max - 1 || out[len - 1] == '\n');
}

bool args_read_all(const char *what, char *out, size_t max)
{
    size_t len = fread(out, 1, max - 1, stdin);
    if (memchr(out, '\0', len)) {
        (void)fprintf(stderr, "doteb-control: %s holds a zero byte\n", what);
        return false;
    }
    return check_stdin(what, out, len, max, len < max - 1);
}
