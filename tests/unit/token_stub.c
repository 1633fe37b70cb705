/* The token service's thread, and the account. */
#include "tests/unit/token_stub.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"

static pthread_t thread;

static bool request_done(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "content-length:");
    return end && length &&
           len >= (size_t)(end + 4 - text) + (size_t)strtoul(length + 15, NULL, 10);
}

static void serve(struct token_stub *s, int fd)
{
    char body[256], head[256];
    size_t len = 0;
    ssize_t n;
    while (len + 1 < sizeof s->last &&
           (n = read(fd, s->last + len, sizeof s->last - len - 1)) > 0) {
        len += (size_t)n;
        s->last[len] = '\0';
        if (request_done(s->last, len))
            break;
    }
    int number = atomic_fetch_add(&s->requests, 1) + 1;
    int delay_ms = atomic_load(&s->delay_ms);
    const struct timespec nap = {delay_ms / 1000, delay_ms % 1000 * 1000000L};
    nanosleep(&nap, NULL);
    (void)snprintf(body, sizeof body, "{\"access_token\":\"token-%d\",\"expires_in\":%d}", number,
                   atomic_load(&s->lifetime_s));
    const char *text = atomic_load(&s->body) ? atomic_load(&s->body) : body;
    int head_len = snprintf(head, sizeof head,
                            "HTTP/1.1 %d X\r\ncontent-length: %zu\r\nconnection: close\r\n\r\n",
                            atomic_load(&s->status), strlen(text));
    if (send(fd, head, (size_t)head_len, MSG_NOSIGNAL) < 0 ||
        send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return; /* the client left */
}

static void *run(void *arg)
{
    struct token_stub *s = arg;
    for (int fd; (fd = accept(s->listen_fd, NULL, NULL)) >= 0; close(fd))
        serve(s, fd);
    return NULL;
}

void token_stub_start(struct token_stub *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *s = (struct token_stub){.status = 200, .lifetime_s = 3600};
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(bind(s->listen_fd, (const struct sockaddr *)&a, len) == 0);
    ASSERT(listen(s->listen_fd, 64) == 0);
    ASSERT(getsockname(s->listen_fd, (struct sockaddr *)&a, &len) == 0);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/token", ntohs(a.sin_port));
    ASSERT(pthread_create(&thread, NULL, run, s) == 0);
}

void token_stub_stop(struct token_stub *s)
{
    (void)shutdown(s->listen_fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(s->listen_fd);
}

static const char *private_key(void)
{
    static char pem[4096];
    if (pem[0])
        return pem;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    ASSERT(key && bio);
    ASSERT(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    int n = BIO_read(bio, pem, sizeof pem - 1);
    ASSERT(n > 0);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

void token_stub_account_of(int n, char out[8192])
{
    struct buf b;
    buf_init(&b, 8191);
    (void)buf_printf(&b,
                     "{\"type\":\"service_account\",\"client_email\":\"robot-%d@x\","
                     "\"private_key\":",
                     n);
    (void)buf_add_json(&b, str_of(private_key()));
    ASSERT(buf_add_char(&b, '}'));
    memcpy(out, b.p, b.len);
    out[b.len] = '\0';
    buf_fini(&b);
}

const char *token_stub_account(void)
{
    static char text[8192];
    if (!text[0])
        token_stub_account_of(0, text);
    return text;
}
