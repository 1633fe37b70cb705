/* Lets a test in another language use sigv4: reads one request a line from stdin, answers one line.
 * Fields are separated by tabs, all but the first in hexadecimal (so that any byte may stand in
 * them): WORD method path query body region service id secret token micros [name value]...
 *   sign    -> authorization, x-amz-date and x-amz-security-token, one header line a field
 *   verify  -> good | unsigned | stale | body | wrong | malformed
 */
#include <sodium.h>
#include <stdio.h>

#include "common/crypto.h"
#include "common/mem.h"
#include "gateway/sign/sigv4_verify.h"

enum { LINE_MAX_BYTES = 1 << 20, FIELDS_MAX = 11 + 2 * SIGV4_HEADERS_MAX };

struct probe {
    struct str field[FIELDS_MAX];
    size_t n;
    struct sigv4_header header[SIGV4_HEADERS_MAX];
    char body_hash[SIGV4_HEX_BYTES];
    struct sigv4_request q;
    struct arena *arena;
    struct sigv4_memo *memo; /* of the whole run: what is remembered must change no verdict */
};

enum { WORD, METHOD, PATH, QUERY, BODY, REGION, SERVICE, ID, KEY, TOKEN, MICROS, FIRST_HEADER };

static struct str decoded(struct str hex, struct arena *a)
{
    unsigned char *out = arena_alloc(a, hex.len / 2 + 1);
    size_t len = 0;
    int rc = sodium_hex2bin(out, hex.len / 2 + 1, hex.p, hex.len, NULL, &len, NULL);
    ASSERT(rc == 0);
    return str_make((const char *)out, len);
}

static void read_fields(struct probe *p, struct str line)
{
    for (p->n = 0; line.p; p->n++) {
        ASSERT(p->n < FIELDS_MAX);
        struct str field = str_cut(&line, '\t');
        p->field[p->n] = p->n == WORD ? field : decoded(field, p->arena);
    }
    ASSERT(p->n >= FIRST_HEADER && (p->n - FIRST_HEADER) % 2 == 0);
    size_t n = 0;
    for (size_t i = FIRST_HEADER; i < p->n; i += 2)
        p->header[n++] = (struct sigv4_header){p->field[i], p->field[i + 1]};
    sigv4_body_hash(p->field[BODY], p->body_hash);
    p->q = (struct sigv4_request){
        .method = p->field[METHOD],
        .path = p->field[PATH],
        .query = p->field[QUERY],
        .headers = p->header,
        .n_headers = n,
        .body_hash = str_of(p->body_hash),
    };
}

static void sign(struct probe *p, int64_t now_us)
{
    const struct sigv4_key key = {p->field[ID], p->field[KEY], p->field[TOKEN]};
    const struct sigv4_scope scope = {p->field[REGION], p->field[SERVICE]};
    struct sigv4_lines lines;
    bool ok = sigv4_sign(&p->q, &key, &scope, now_us, false, p->arena, &lines);
    ASSERT(ok);
    printf("%s\t%s\t%s\n", lines.authorization, lines.date,
           lines.security_token ? lines.security_token : "");
}

/* The verifier's way: the body comes in pieces. */
static void hash_pieces(struct probe *p)
{
    struct sigv4_hash *h = sigv4_hash_new();
    struct str rest = p->field[BODY];
    for (size_t piece = 1; rest.len > 0; piece = piece * 3 + 1) {
        size_t n = piece < rest.len ? piece : rest.len;
        sigv4_hash_add(h, str_make(rest.p, n));
        rest = str_make(rest.p + n, rest.len - n);
    }
    sigv4_hash_end(h, p->body_hash);
    sigv4_hash_free(h);
}

static const char *verify(struct probe *p, int64_t now_us)
{
    static const char *const words[] = {"good", "unsigned", "stale", "body", "wrong"};
    struct sigv4_claim claim;
    hash_pieces(p);
    for (size_t i = 0; i < p->q.n_headers; i++)
        if (str_ieq(p->header[i].name, STR("authorization")))
            return sigv4_parse(p->header[i].value, &claim)
                       ? words[sigv4_verify(&claim, &p->q, p->field[KEY], p->memo, now_us)]
                       : "malformed";
    return "malformed";
}

static bool answer(struct probe *p, char *line)
{
    int64_t now_us = 0;
    if (!fgets(line, LINE_MAX_BYTES, stdin))
        return false;
    p->arena = arena_new(4096);
    read_fields(p, str_make(line, strcspn(line, "\n")));
    ASSERT(str_to_i64(p->field[MICROS], &now_us));
    if (str_eq(p->field[WORD], STR("sign")))
        sign(p, now_us);
    else
        puts(verify(p, now_us));
    (void)fflush(stdout);
    arena_free(p->arena);
    return true;
}

int main(void)
{
    char *line = xmalloc(LINE_MAX_BYTES);
    struct probe p;
    ASSERT(crypto_init()); /* guarded memory */
    p.memo = sigv4_memo_new();
    while (answer(&p, line))
        continue;
    sigv4_memo_free(p.memo);
    xfree(line);
    return 0;
}
