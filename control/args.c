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
                          table[i].name ? table[i].name : "a word");
            return false;
        }
    return true;
}

bool args_read_stdin(const char *what, char *out, size_t max)
{
    if (!fgets(out, (int)max, stdin) || *out == '\n') {
        (void)fprintf(stderr, "doteb-control: %s was expected on stdin\n", what);
        return false;
    }
    size_t len = strlen(out);
    if (len == max - 1 && out[len - 1] != '\n') {
        (void)fprintf(stderr, "doteb-control: %s is longer than %zu bytes\n", what, max - 2);
        return false;
    }
    while (len && (out[len - 1] == '\n' || out[len - 1] == '\r'))
        out[--len] = '\0';
    return true;
}
