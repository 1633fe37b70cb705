/* doteb-control: the control plane. This file maps the command line's verbs to commands/; nothing
 * else happens here.
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "control/commands/commands.h"
#include "control/route.h"

struct verb {
    const char *words[2]; /* the second may be NULL */
    int (*run)(struct app *app, int argc, char *const *argv);
    const char *takes, *help; /* lines of them end within 80 columns, behind their indentation */
};

static const struct verb verbs[] = {
    {{"serve", NULL}, cmd_serve, "", "run the daemon: the control API and the dashboard"},
    {{"migrate", NULL}, cmd_migrate, "", "bring schema and shipped catalogue up to date"},
    {{"catalogue", "import"},
     cmd_catalogue_import,
     " FILE [--format doteb|models.dev] [--dry-run]\n"
     "                [--prune] [--effective-from TIME]",
     "take up models, providers and prices from a file"},
    {{"catalogue", "sign"},
     cmd_catalogue_sign,
     " --key KEY.pem FILE",
     "sign a file for the catalogue's feed: writes FILE.sig, prints the public\n"
     "      key"},
    {{"admin", "create"},
     cmd_admin_create,
     " --email E [--name N] [--organisation NAME]\n"
     "                [--password-stdin] [--if-missing]",
     "make an operator account; prints its password if it made one"},
    {{"admin", "recover"},
     cmd_admin_recover,
     " --email E [--password-stdin]",
     "let somebody in again: removes the second factor, ends all sessions, and\n"
     "      prints a link to choose a password (or sets the one on stdin)"},
    {{"mail", "test"},
     cmd_mail_test,
     " ADDRESS",
     "send a mail there now, and show what the mail server says to it"},
    {{"master-key", "rotate"},
     cmd_master_key_rotate,
     "",
     "seal everything under the first key of DOTEB_MASTER_KEY"},
    {{"key", "create"},
     cmd_key_create,
     " --project NAME --name N [--organisation NAME]",
     "make an API key; prints it, this once"},
    {{"provider-key", "add"},
     cmd_provider_key_add,
     " --provider SLUG --secret-stdin [--label L]\n"
     "                [--base-url URL] [--region R] [--project P] [--resource R]\n"
     "                [--deployment D] [--api-version V] [--organisation NAME]\n"
     "                [--if-missing]",
     "seal a provider's secret for an organisation"},
};

static void print_verb(FILE *to, const struct verb *v)
{
    const char *second = v->words[1] ? v->words[1] : "";
    (void)fprintf(to, "  doteb-control %s%s%s%s\n      %s\n", v->words[0], *second ? " " : "",
                  second, v->takes, v->help);
}

static void help(void)
{
    (void)printf("doteb-control %s\n\n", DOTEB_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        print_verb(stdout, &verbs[i]);
    (void)printf("\n  doteb-control --print-config | --print-config-doc | --print-routes |\n"
                 "                --print-roles | --version | --help\n\n"
                 "Settings come from the environment or from the file DOTEB_CONFIG names; see\n"
                 "docs/configuration.md.\n");
}

static const struct verb *find_verb(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        const char *second = verbs[i].words[1];
        if (strcmp(argv[1], verbs[i].words[0]) == 0 &&
            (!second || (argc > 2 && strcmp(argv[2], second) == 0)))
            return &verbs[i];
    }
    return NULL;
}

/* What is wrong with words that are no verb, and the verbs that begin with the first of them. */
static int no_verb(int argc, char **argv)
{
    bool begins = false;
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++)
        begins |= strcmp(argv[1], verbs[i].words[0]) == 0;
    (void)fprintf(stderr, "doteb-control: ");
    if (argc == 1)
        (void)fprintf(stderr, "expected a verb; see doteb-control --help\n");
    else if (!begins)
        (void)fprintf(stderr, "there is no verb `%s`; see doteb-control --help\n", argv[1]);
    else if (argc == 2)
        (void)fprintf(stderr, "`%s` wants a second word:\n", argv[1]);
    else
        (void)fprintf(stderr, "there is no verb `%s %s`, but:\n", argv[1], argv[2]);
    for (size_t i = 0; begins && i < ARRAY_LEN(verbs); i++)
        if (strcmp(argv[1], verbs[i].words[0]) == 0)
            print_verb(stderr, &verbs[i]);
    return 2;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* The words that need no database; -1: none of them. */
static int print_word(const char *word)
{
    struct options o;
    char err[512];
    if (is_help(word) || strcmp(word, "help") == 0) {
        help();
    } else if (strcmp(word, "--version") == 0) {
        (void)printf("doteb-control %s\n", DOTEB_VERSION);
    } else if (strcmp(word, "--print-config-doc") == 0) {
        options_print_doc();
    } else if (strcmp(word, "--print-routes") == 0) {
        routes_print();
    } else if (strcmp(word, "--print-roles") == 0) {
        routes_print_roles();
    } else if (strcmp(word, "--print-config") == 0) {
        if (!options_load(&o, err)) {
            (void)fprintf(stderr, "doteb-control: %s\n", err);
            return 1;
        }
        options_print(&o);
        options_free(&o);
    } else {
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    log_set_program("doteb-control");
    const struct verb *verb = argc > 1 ? find_verb(argc, argv) : NULL;
    int code = argc > 1 && !verb ? print_word(argv[1]) : -1;
    if (code >= 0)
        return code;
    if (!verb)
        return no_verb(argc, argv);
    for (int i = 2; i < argc; i++)
        if (is_help(argv[i]))
            return print_verb(stdout, verb), 0;
    struct app app;
    int skip = verb->words[1] ? 3 : 2;
    if (verb->run == cmd_catalogue_sign) /* on any machine: it needs no configuration */
        return crypto_init() ? verb->run(NULL, argc - skip, argv + skip) : 1;
    if (!app_init(&app))
        return 1;
    code = verb->run(&app, argc - skip, argv + skip);
    app_fini(&app);
    return code;
}
