/* conf: which layer wins, what each type accepts, and what the errors say. */
#include "common/conf.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

struct settings {
    char *host, *secret;
    int64_t port, wait_ms, size;
    bool debug;
};

#define AT(field) offsetof(struct settings, field)
static const struct conf_row rows[] = {
    {"DOTEB_HOST", CONF_STRING, AT(host), "127.0.0.1", 0, 0, "Where to listen."},
    {"DOTEB_PORT", CONF_INT, AT(port), "4000", 1, 65535, "Port | of it."},
    {"DOTEB_WAIT", CONF_MS, AT(wait_ms), "5s", 0, 3600000, "How long."},
    {"DOTEB_SIZE", CONF_BYTES, AT(size), "64MB", 0, 0, "How much."},
    {"DOTEB_DEBUG", CONF_BOOL, AT(debug), "off", 0, 0, "More words."},
    {"DOTEB_SECRET", CONF_SECRET, AT(secret), NULL, 0, 0, "The key."},
};
enum { N = ARRAY_LEN(rows) };

static struct settings set;
static char err[512];

static bool load(const char *file, char *const *env)
{
    err[0] = '\0';
    return conf_load_from(rows, N, str_of(file), env, &set, err);
}

static void done(void)
{
    conf_free(rows, N, &set);
    ck_assert(!set.host && !set.secret);
}

START_TEST(defaults_file_environment)
{
    char *const bare[] = {"DOTEB_SECRET=s", NULL};
    ck_assert_msg(load("", bare), "%s", err);
    ck_assert_str_eq(set.host, "127.0.0.1");
    ck_assert_int_eq(set.port, 4000);
    ck_assert_int_eq(set.wait_ms, 5000);
    ck_assert_int_eq(set.size, 64 << 20);
    ck_assert(!set.debug);
    done();

    char *const env[] = {"PATH=/bin", "DOTEB_PORT=1", "DOTEB_HOST=", "DOTEB_OTHER=1", "junk", NULL};
    ck_assert_msg(load("# comment\r\n\r\n DOTEB_PORT = 2 \r\nDOTEB_HOST='::1'\n"
                       "DOTEB_SECRET=a=b #c\nDOTEB_DEBUG=YES\nOTHER=x\nDOTEB_SIZE=",
                       env),
                  "%s", err);
    ck_assert_int_eq(set.port, 1);          /* environment over file */
    ck_assert_str_eq(set.host, "::1");      /* empty counts as not set */
    ck_assert_str_eq(set.secret, "a=b #c"); /* a value may hold = and # */
    ck_assert(set.debug);
    ck_assert_int_eq(set.size, 64 << 20);
    done();
}
END_TEST

START_TEST(values_of_each_type)
{
    static const struct {
        const char *line;
        int64_t want; /* -1: refused */
        int64_t *field;
    } cases[] = {
        {"DOTEB_PORT=65535", 65535, &set.port},
        {"export DOTEB_PORT=65534", 65534, &set.port},
        {"DOTEB_PORT=65536", -1, &set.port},
        {"DOTEB_PORT=0", -1, &set.port},
        {"DOTEB_PORT=80x", -1, &set.port},
        {"DOTEB_WAIT=250ms", 250, &set.wait_ms},
        {"DOTEB_WAIT=2m", 120000, &set.wait_ms},
        {"DOTEB_WAIT=1h", 3600000, &set.wait_ms},
        {"DOTEB_WAIT=2h", -1, &set.wait_ms},
        {"DOTEB_WAIT=0", 0, &set.wait_ms},
        {"DOTEB_WAIT=5", -1, &set.wait_ms},
        {"DOTEB_WAIT=-5s", -1, &set.wait_ms},
        {"DOTEB_WAIT=5 s", -1, &set.wait_ms},
        {"DOTEB_WAIT=s", -1, &set.wait_ms},
        {"DOTEB_WAIT=9223372036854775807h", -1, &set.wait_ms},
        {"DOTEB_SIZE=4KB", 4096, &set.size},
        {"DOTEB_SIZE=1gb", 1 << 30, &set.size},
        {"DOTEB_SIZE=77", 77, &set.size},
        {"DOTEB_SIZE=9999999999GB", -1, &set.size},
        {"DOTEB_SIZE=4KiB", -1, &set.size},
    };
    char *const env[] = {"DOTEB_SECRET=s", NULL};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool ok = load(cases[i].line, env);
        ck_assert_msg(ok == (cases[i].want >= 0), "%s: %s", cases[i].line, err);
        if (ok)
            ck_assert_int_eq(*cases[i].field, cases[i].want);
        else /* names the variable and shows the value */
            ck_assert(strncmp(err, cases[i].line, 10) == 0 &&
                      strstr(err, strchr(cases[i].line, '=') + 1));
        if (ok)
            done();
    }
    static const char *const words[] = {"off", "on", "0", "1", "No", "yes", "FALSE", "true"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char line[40];
        snprintf(line, sizeof line, "DOTEB_DEBUG=%s", words[i]);
        ck_assert(load(line, env));
        ck_assert_int_eq(set.debug, i % 2);
        done();
    }
    ck_assert(!load("DOTEB_DEBUG=maybe", env));
}
END_TEST

START_TEST(errors_say_what_to_do)
{
    static const struct {
        const char *file, *says;
    } cases[] = {
        {"", "DOTEB_SECRET is not set, and there is no default: The key."},
        {"\n\nDOTEB_PROT=1",
         "DOTEB_CONFIG, line 3: there is no setting DOTEB_PROT; did you mean DOTEB_PORT?"},
        {"export DOTEB_PROT=1",
         "DOTEB_CONFIG, line 1: there is no setting DOTEB_PROT; did you mean DOTEB_PORT?"},
        {"DOTEB_COMPLETELY_OTHER=1",
         "DOTEB_CONFIG, line 1: there is no setting DOTEB_COMPLETELY_OTHER"},
        {"DOTEB_HOST_FILE=/x", "DOTEB_CONFIG, line 1: there is no setting DOTEB_HOST_FILE"},
        {"DOTEB_port=1",
         "DOTEB_CONFIG, line 1: there is no setting DOTEB_port; did you mean DOTEB_PORT?"},
        {"DOTEB_PORT=1\nDOTEB_PORT=1", "DOTEB_CONFIG, line 2: DOTEB_PORT is given twice"},
        {"DOTEB_PORT", "DOTEB_CONFIG, line 1: expected NAME=value"},
        {"=1", "DOTEB_CONFIG, line 1: expected NAME=value"},
        {"DOTEB_PORT=70000", "DOTEB_PORT: expected an integer (1 to 65535), not \"70000\""},
        {"DOTEB_WAIT=7d",
         "DOTEB_WAIT: expected a duration such as 250ms, 5s, 2m or 1h (0ms to 1h), not \"7d\""},
        {"DOTEB_SECRET=x\nDOTEB_SECRET_FILE=/y",
         "DOTEB_SECRET and DOTEB_SECRET_FILE are both set; give one"},
        {"DOTEB_SECRET_FILE=/nowhere/at/all", "DOTEB_SECRET_FILE: cannot open /nowhere/at/all"},
        {"DOTEB_SECRET_FILE=/dev/zero", "DOTEB_SECRET_FILE: not a regular file: /dev/zero"},
    };
    char *const env[] = {NULL};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert(!load(cases[i].file, env));
        ck_assert_str_eq(err, cases[i].says);
        ck_assert(!set.host && !set.secret);
    }
    ck_assert(!conf_load_from(rows, N, STR("DOTEB_SECRET=a\0b"), env, &set, err));
}
END_TEST

static char *temp_file(const char *text, size_t len)
{
    static char path[64];
    memcpy(path, "/tmp/doteb-conf.XXXXXX", 23);
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
    return path;
}

START_TEST(secrets_come_from_files)
{
    char name[128];
    char *const env[] = {name, NULL};
    char *path = temp_file("from the file\r\n\n", 16);
    snprintf(name, sizeof name, "DOTEB_SECRET_FILE=%s", path);
    ck_assert_msg(load("DOTEB_SECRET=from the text", env), "%s", err); /* environment over file */
    ck_assert_str_eq(set.secret, "from the file");
    done();
    unlink(path);

    path = temp_file("a\0b", 3);
    snprintf(name, sizeof name, "DOTEB_SECRET_FILE=%s", path);
    ck_assert(!load("", env));
    ck_assert_str_eq(err, "DOTEB_SECRET_FILE: the file holds a NUL byte");
    unlink(path);

    static char big[65537];
    memset(big, 'x', sizeof big);
    path = temp_file(big, sizeof big);
    snprintf(name, sizeof name, "DOTEB_SECRET_FILE=%s", path);
    ck_assert(!load("", env));
    ck_assert_ptr_nonnull(strstr(err, "too large"));
    unlink(path);
}
END_TEST

START_TEST(loads_the_named_file)
{
    char *path = temp_file("DOTEB_PORT=77\nDOTEB_SECRET=s\n", 29);
    setenv("DOTEB_CONFIG", path, 1);
    setenv("DOTEB_DEBUG", "1", 1);
    ck_assert_msg(conf_load(rows, N, &set, err), "%s", err);
    ck_assert(set.port == 77 && set.debug);
    done();
    unlink(path);
    ck_assert(!conf_load(rows, N, &set, err));
    ck_assert_ptr_eq(strstr(err, "DOTEB_CONFIG: cannot open /tmp/doteb-conf."), err);
    unsetenv("DOTEB_CONFIG");
    unsetenv("DOTEB_DEBUG");
}
END_TEST

/* What `print` writes to stdout. */
static const char *printed(bool doc)
{
    static char text[4096];
    char path[] = "/tmp/doteb-conf.XXXXXX";
    int fd = mkstemp(path), kept = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    if (doc)
        conf_print_doc(rows, N);
    else
        conf_print(rows, N, &set);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    ck_assert_int_gt(n, 0);
    text[n] = '\0';
    close(fd);
    unlink(path);
    return text;
}

START_TEST(prints)
{
    char *const env[] = {"DOTEB_SECRET=hidden", "DOTEB_WAIT=90s", "DOTEB_SIZE=3072", NULL};
    ck_assert(load("", env));
    ck_assert_str_eq(printed(false),
                     "DOTEB_HOST=127.0.0.1\nDOTEB_PORT=4000\nDOTEB_WAIT=90s\nDOTEB_SIZE=3KB\n"
                     "DOTEB_DEBUG=false\nDOTEB_SECRET=(set)\n");
    done();
    ck_assert_str_eq(
        printed(true),
        "| Name | Type | Default | Meaning |\n|---|---|---|---|\n"
        "| `DOTEB_HOST` | text | `127.0.0.1` | Where to listen. |\n"
        "| `DOTEB_PORT` | integer, 1 to 65535 | `4000` | Port \\| of it. |\n"
        "| `DOTEB_WAIT` | duration, 0ms to 1h | `5s` | How long. |\n"
        "| `DOTEB_SIZE` | size | `64MB` | How much. |\n"
        "| `DOTEB_DEBUG` | boolean | `off` | More words. |\n"
        "| `DOTEB_SECRET` | secret | required | The key. `DOTEB_SECRET_FILE` names a file to read "
        "it from. |\n");
}
END_TEST

UNIT_MAIN("conf", defaults_file_environment, values_of_each_type, errors_say_what_to_do,
          secrets_come_from_files, loads_the_named_file, prints)
