/* tokens: one question a credential whoever asks, renewal ahead of time, failures remembered,
 * waiters woken or forgotten; over a real transfer to a token service of the test's own.
 */
#include "gateway/tokens.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "gateway/xfer/fetch.h"
#include "gateway/xfer/xfer.h"
#include "tests/unit/token_stub.h"
#include "tests/unit/unit.h"

static struct token_stub stub;

/* What a worker has. */
struct place {
    struct loop *loop;
    struct pool_port port;
    struct token_cache *cache;
};

/* A request that waits. */
struct asker {
    struct token_waiter waiter;
    int woken;
};

static void place_init(struct place *p, struct tokens *t)
{
    p->loop = loop_new();
    pool_port_init(&p->port, p->loop);
    p->cache = token_cache_new(t, &p->port);
}

static void place_fini(struct place *p)
{
    pool_port_fini(&p->port, p->loop);
    token_cache_free(p->cache);
    loop_free(p->loop);
}

static void on_wake(struct token_waiter *w)
{
    container_of(w, struct asker, waiter)->woken++;
}

static struct tokens *service(const char *url)
{
    const struct tokens_options o = {.url = url, .connect_ms = 2000};
    return tokens_new(&o);
}

static const struct uuid organisation = {{1}}, key_id = {{2}};

static enum token_state ask(struct place *p, const char *account, struct asker *a,
                            struct token_answer *out)
{
    a->waiter.wake = on_wake;
    return tokens_ask(p->cache, organisation, key_id, str_of(account), &a->waiter, out);
}

/* Asks until there is an answer. */
static enum token_state ask_on(struct place *p, const char *account, struct token_answer *out)
{
    struct asker a = {.woken = 0};
    enum token_state s;
    while ((s = ask(p, account, &a, out)) == TOKEN_WAIT) {
        a.woken = 0;
        for (int64_t end = clock_mono_us() + 20000000; !a.woken && clock_mono_us() < end;)
            (void)loop_turn(p->loop, 100000);
        ck_assert_int_eq(a.woken, 1);
    }
    return s;
}

static void nap(int ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static void stub_is(int status, int lifetime_s, int delay_ms, const char *body)
{
    atomic_store(&stub.requests, 0);
    atomic_store(&stub.status, status);
    atomic_store(&stub.lifetime_s, lifetime_s);
    atomic_store(&stub.delay_ms, delay_ms);
    atomic_store(&stub.body, body);
}

START_TEST(many_waiters_one_question)
{
    enum { WORKERS = 3, WAITERS = 5 };
    struct tokens *t = service(stub.url);
    struct place p[WORKERS];
    struct asker a[WORKERS][WAITERS] = {{{.woken = 0}}};
    struct token_answer answer;
    stub_is(200, 3600, 50, NULL);
    for (size_t i = 0; i < WORKERS; i++) {
        place_init(&p[i], t);
        for (size_t k = 0; k < WAITERS; k++)
            ck_assert_int_eq(ask(&p[i], token_stub_account(), &a[i][k], &answer), TOKEN_WAIT);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        ck_assert_int_eq(ask_on(&p[i], token_stub_account(), &answer), TOKEN_READY);
        ck_assert_text(answer.token, "token-1");
        for (size_t k = 0; k < WAITERS; k++)
            ck_assert_int_eq(a[i][k].woken, 1);
        ck_assert_int_eq(ask(&p[i], token_stub_account(), &a[i][0], &answer), TOKEN_READY);
    }
    ck_assert_int_eq(atomic_load(&stub.requests), 1);
    ck_assert(strstr(stub.last, "POST /token HTTP/1.1\r\n") == stub.last);
    ck_assert(strstr(stub.last, "application/x-www-form-urlencoded\r\n"));
    ck_assert(strstr(stub.last, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                                "&assertion=ey"));
    for (size_t i = 0; i < WORKERS; i++)
        place_fini(&p[i]);
    tokens_free(t);
}
END_TEST

START_TEST(renewed_while_the_old_one_serves)
{
    struct tokens *t = service(stub.url);
    struct place p;
    struct asker a = {.woken = 0};
    struct token_answer answer;
    stub_is(200, 4, 0, NULL);
    place_init(&p, t);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_READY);
    nap(2100); /* half of its life is over */
    atomic_store(&stub.delay_ms, 200);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(&p, token_stub_account(), &a, &answer), TOKEN_READY);
        ck_assert_text(answer.token, "token-1");
    }
    for (int i = 0; i < 50 && !str_eq(answer.token, STR("token-2")); i++) {
        (void)loop_turn(p.loop, 20000);
        ck_assert_int_eq(ask(&p, token_stub_account(), &a, &answer), TOKEN_READY);
    }
    ck_assert_text(answer.token, "token-2");
    ck_assert_int_eq(atomic_load(&stub.requests), 2);
    ck_assert_msg(a.woken == 0, "nobody waited");
    place_fini(&p);
    tokens_free(t);
}
END_TEST

/* A renewal that fails leaves the old token in use to its end; then there is none. */
START_TEST(a_failed_renewal)
{
    struct tokens *t = service(stub.url);
    struct place p;
    struct asker a = {.woken = 0};
    struct token_answer answer;
    stub_is(200, 2, 0, NULL);
    place_init(&p, t);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_READY);
    atomic_store(&stub.status, 500);
    nap(1050);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(ask(&p, token_stub_account(), &a, &answer), TOKEN_READY);
        ck_assert_text(answer.token, "token-1");
        (void)loop_turn(p.loop, 20000);
    }
    nap(900);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_FAILED);
    ck_assert_int_eq(answer.err, E_UPSTREAM_STATUS);
    ck_assert_int_eq(atomic_load(&stub.requests), 2);
    place_fini(&p);
    tokens_free(t);
}
END_TEST

START_TEST(failures_are_told_and_remembered)
{
    static const struct {
        int status;
        const char *body;
        enum err err;
        const char *why;
    } rows[] = {
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"x\"}", E_CREDENTIAL,
         "invalid_grant"},
        {401, "{}", E_CREDENTIAL, "401"},
        {503, "", E_UPSTREAM_STATUS, "503"},
        {302, "", E_UPSTREAM_STATUS, "302"},
        {200, "<html>", E_UPSTREAM_BAD_ANSWER, "no sense"},
        {200, "{\"access_token\":\"a b\",\"expires_in\":5}", E_UPSTREAM_BAD_ANSWER, "no sense"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tokens *t = service(stub.url);
        struct place p, q;
        struct token_answer answer;
        stub_is(rows[i].status, 3600, 0, rows[i].body);
        place_init(&p, t);
        place_init(&q, t);
        for (int k = 0; k < 3; k++) {
            ck_assert_int_eq(ask_on(k == 1 ? &q : &p, token_stub_account(), &answer), TOKEN_FAILED);
            ck_assert_int_eq(answer.err, rows[i].err);
            ck_assert_msg(strstr(answer.why, rows[i].why), "%s", answer.why);
        }
        ck_assert_int_eq(atomic_load(&stub.requests), 1);
        place_fini(&p);
        place_fini(&q);
        tokens_free(t);
    }
}
END_TEST

START_TEST(a_failure_is_not_for_ever)
{
    struct tokens *t = service(stub.url);
    struct place p;
    struct token_answer answer;
    stub_is(500, 3600, 0, NULL);
    place_init(&p, t);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_FAILED);
    atomic_store(&stub.status, 200);
    nap(5050);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_READY);
    place_fini(&p);
    tokens_free(t);
}
END_TEST

START_TEST(another_credential_is_another_question)
{
    struct tokens *t = service(stub.url);
    struct place p;
    struct token_answer answer;
    char other[8192];
    token_stub_account_of(7, other);
    stub_is(200, 3600, 0, NULL);
    place_init(&p, t);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_READY);
    ck_assert_text(answer.token, "token-1");
    ck_assert_int_eq(ask_on(&p, other, &answer), TOKEN_READY);
    ck_assert_text(answer.token, "token-2");
    ck_assert_int_eq(ask_on(&p, "{\"type\":\"authorized_user\"}", &answer), TOKEN_FAILED);
    ck_assert_int_eq(answer.err, E_CREDENTIAL);
    ck_assert_int_eq(atomic_load(&stub.requests), 2);
    place_fini(&p);
    tokens_free(t);
}
END_TEST

START_TEST(who_is_forgotten_is_not_woken)
{
    struct tokens *t = service(stub.url);
    struct place p;
    struct asker a[3] = {{.woken = 0}};
    struct token_answer answer;
    stub_is(200, 3600, 50, NULL);
    place_init(&p, t);
    for (size_t i = 0; i < ARRAY_LEN(a); i++)
        ck_assert_int_eq(ask(&p, token_stub_account(), &a[i], &answer), TOKEN_WAIT);
    tokens_forget_waiter(&a[1].waiter);
    tokens_forget_waiter(&a[1].waiter);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_READY);
    ck_assert(a[0].woken == 1 && a[1].woken == 0 && a[2].woken == 1);
    place_fini(&p);
    tokens_free(t);
}
END_TEST

START_TEST(a_service_that_is_not_there)
{
    struct tokens *t = service("http://127.0.0.1:1/token");
    struct place p;
    struct token_answer answer;
    place_init(&p, t);
    ck_assert_int_eq(ask_on(&p, token_stub_account(), &answer), TOKEN_FAILED);
    ck_assert_int_eq(answer.err, E_UPSTREAM_CONNECT);
    place_fini(&p);
    tokens_free(t);
}
END_TEST

/* The end of a worker does not wait for a provider's deadline. */
START_TEST(stopping_breaks_off)
{
    struct tokens *t = service(stub.url);
    struct place p;
    struct asker a = {.woken = 0};
    struct token_answer answer;
    stub_is(200, 3600, 4000, NULL);
    place_init(&p, t);
    ck_assert_int_eq(ask(&p, token_stub_account(), &a, &answer), TOKEN_WAIT);
    nap(200);
    int64_t begin = clock_mono_us();
    tokens_stop(t);
    place_fini(&p);
    tokens_free(t);
    ck_assert_int_eq(a.woken, 1);
    ck_assert_int_lt(clock_mono_us() - begin, 2000000);
    nap(4100); /* the stub is busy until then */
}
END_TEST

enum { CROWD = 4, CREDENTIALS = 8, ROUNDS = 200 };
static char accounts[CREDENTIALS][8192];

static void *crowd(void *arg)
{
    struct place p;
    struct token_answer answer;
    place_init(&p, arg);
    for (int i = 0; i < ROUNDS; i++) {
        enum token_state s = ask_on(&p, accounts[i % CREDENTIALS], &answer);
        ASSERT(s == TOKEN_READY && str_starts(answer.token, STR("token-")));
    }
    place_fini(&p);
    return NULL;
}

START_TEST(workers_at_once)
{
    struct tokens *t = service(stub.url);
    pthread_t thread[CROWD];
    stub_is(200, 3600, 1, NULL);
    for (int i = 0; i < CREDENTIALS; i++)
        token_stub_account_of(i + 1, accounts[i]);
    for (size_t i = 0; i < CROWD; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, crowd, t), 0);
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(thread[i], NULL);
    ck_assert_int_eq(atomic_load(&stub.requests), CREDENTIALS);
    tokens_free(t);
}
END_TEST

static struct fetch_answer fetch(const char *url, const struct guard *guard, size_t max,
                                 int64_t total_ms, struct buf *body)
{
    const struct fetch_request q = {.url = url,
                                    .content_type = "text/plain",
                                    .body = STR("hello"),
                                    .connect_ms = 1000,
                                    .total_ms = total_ms,
                                    .guard = guard};
    buf_init(body, max);
    return fetch_post(&q, body);
}

START_TEST(a_fetch_has_limits)
{
    struct guard guard;
    struct buf body;
    ck_assert(guard_parse(&guard, STR("")));
    stub_is(404, 3600, 0, "0123456789");
    struct fetch_answer a = fetch(stub.url, NULL, 10, 2000, &body);
    ck_assert(a.err == E_OK && a.status == 404);
    ck_assert_text(buf_str(&body), "0123456789");
    buf_fini(&body);
    a = fetch(stub.url, NULL, 9, 2000, &body);
    ck_assert(a.err == E_UPSTREAM_BAD_ANSWER && body.len == 0);
    buf_fini(&body);
    a = fetch(stub.url, &guard, 10, 2000, &body);
    ck_assert_int_eq(a.err, E_ADDRESS_REFUSED);
    buf_fini(&body);
    a = fetch("file:///etc/hostname", NULL, 100, 2000, &body);
    ck_assert(a.err != E_OK && body.len == 0);
    buf_fini(&body);
    atomic_store(&stub.delay_ms, 500);
    a = fetch(stub.url, NULL, 10, 100, &body);
    ck_assert_int_eq(a.err, E_UPSTREAM_TIMEOUT);
    buf_fini(&body);
    nap(600);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {many_waiters_one_question,
                                  renewed_while_the_old_one_serves,
                                  a_failed_renewal,
                                  failures_are_told_and_remembered,
                                  a_failure_is_not_for_ever,
                                  another_credential_is_another_question,
                                  who_is_forgotten_is_not_woken,
                                  a_service_that_is_not_there,
                                  workers_at_once,
                                  a_fetch_has_limits,
                                  stopping_breaks_off};
    ASSERT(crypto_init() && xfer_global_init());
    token_stub_start(&stub);
    int rc = unit_run("tokens", tests, ARRAY_LEN(tests));
    token_stub_stop(&stub);
    xfer_global_fini();
    return rc;
}
