/* The canonical form of a request, hashed piece by piece: nothing of a body or a header is copied.
 * Pure. Knows nothing of keys but the chain of HMACs that ends in a signature.
 */
#include "gateway/sign/sigv4_canonical.h"

#include <sodium.h>
#include <stdlib.h>

static_assert(SIGV4_HASH_BYTES == crypto_hash_sha256_BYTES &&
                  SIGV4_HASH_BYTES == crypto_auth_hmacsha256_BYTES,
              "one size of hash");

struct hash {
    crypto_hash_sha256_state state;
};

static void add(struct hash *h, struct str s)
{
    (void)crypto_hash_sha256_update(&h->state, (const unsigned char *)s.p, s.len);
}

static void add_char(struct hash *h, char c)
{
    add(h, str_make(&c, 1));
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* RFC 3986's percent encoding with capital digits. */
static void add_encoded(struct hash *h, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char u = (unsigned char)c;
    if (is_unreserved(c)) {
        add_char(h, c);
    } else {
        const char triple[3] = {'%', digits[u >> 4], digits[u & 15]};
        add(h, str_make(triple, 3));
    }
}

/* Writes the path without empty and dot segments, as the services see it. Returns its length. */
static size_t normalise_path(struct str path, char out[SIGV4_PATH_MAX])
{
    size_t n = 0;
    bool slash_at_end = path.len > 0 && path.p[path.len - 1] == '/';
    while (path.p) {
        struct str segment = str_cut(&path, '/');
        if (segment.len == 0 || str_eq(segment, STR(".")))
            continue;
        if (str_eq(segment, STR(".."))) {
            while (n > 0 && out[--n] != '/')
                continue;
            continue;
        }
        out[n++] = '/';
        memcpy(out + n, segment.p, segment.len);
        n += segment.len;
    }
    if (n == 0 || slash_at_end)
        out[n++] = '/';
    return n;
}

static bool add_path(struct hash *h, struct str path)
{
    char plain[SIGV4_PATH_MAX];
    if (path.len + 1 > sizeof plain)
        return false;
    size_t n = normalise_path(path.len ? path : STR("/"), plain);
    for (size_t i = 0; i < n; i++) {
        if (plain[i] == '/')
            add_char(h, '/');
        else
            add_encoded(h, plain[i]);
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte of an encoded text, decoded; `*i` moves behind it. */
static char next_decoded(struct str s, size_t *i)
{
    char c = s.p[(*i)++];
    if (c != '%' || *i + 2 > s.len)
        return c;
    int high = hex_value(s.p[*i]), low = hex_value(s.p[*i + 1]);
    if (high < 0 || low < 0)
        return c;
    *i += 2;
    return (char)(high * 16 + low);
}

/* Compares what two texts are in canonical encoding. */
static int compare_encoded(struct str a, struct str b)
{
    size_t i = 0, k = 0;
    while (i < a.len && k < b.len) {
        char x = next_decoded(a, &i), y = next_decoded(b, &k);
        if (x == y)
            continue;
        /* An encoded byte begins with '%', which is below all that stand for themselves. */
        int first = is_unreserved(x) ? x : '%', second = is_unreserved(y) ? y : '%';
        return first != second ? first - second : (unsigned char)x - (unsigned char)y;
    }
    return (i < a.len) - (k < b.len);
}

struct parameter {
    struct str name, value;
};

static int by_name_and_value(const void *a, const void *b)
{
    const struct parameter *x = a, *y = b;
    int order = compare_encoded(x->name, y->name);
    return order ? order : compare_encoded(x->value, y->value);
}

static void add_recoded(struct hash *h, struct str s)
{
    for (size_t i = 0; i < s.len;)
        add_encoded(h, next_decoded(s, &i));
}

static bool add_query(struct hash *h, struct str query)
{
    struct parameter list[SIGV4_QUERY_MAX];
    size_t n = 0;
    while (query.p) {
        struct str value = str_cut(&query, '&');
        if (value.len == 0)
            continue;
        if (n == ARRAY_LEN(list))
            return false;
        struct str name = str_cut(&value, '=');
        list[n++] = (struct parameter){name, value.p ? value : STR("")};
    }
    if (n)
        qsort(list, n, sizeof *list, by_name_and_value);
    for (size_t i = 0; i < n; i++) {
        if (i)
            add_char(h, '&');
        add_recoded(h, list[i].name);
        add_char(h, '=');
        add_recoded(h, list[i].value);
    }
    return true;
}

/* Without spaces at its ends, and one where several stand in a row. */
static void add_trimmed(struct hash *h, struct str value)
{
    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++)
        if (value.p[i] != ' ' || value.p[i - 1] != ' ')
            add_char(h, value.p[i]);
}

static bool add_header(struct hash *h, const struct sigv4_request *q, struct str name)
{
    bool found = false;
    for (size_t i = 0; i < q->n_headers; i++) {
        if (!str_ieq(q->headers[i].name, name))
            continue;
        if (found) {
            add_char(h, ',');
        } else {
            add(h, name);
            add_char(h, ':');
        }
        add_trimmed(h, q->headers[i].value);
        found = true;
    }
    add_char(h, '\n');
    return found;
}

bool sigv4_canonical_hash(const struct sigv4_request *q, struct str signed_names,
                          uint8_t out[SIGV4_HASH_BYTES])
{
    struct hash h;
    struct str names = signed_names;
    if (q->n_headers > SIGV4_HEADERS_MAX)
        return false;
    (void)crypto_hash_sha256_init(&h.state);
    add(&h, q->method);
    add_char(&h, '\n');
    if (!add_path(&h, q->path))
        return false;
    add_char(&h, '\n');
    if (!add_query(&h, q->query))
        return false;
    add_char(&h, '\n');
    for (size_t n = 0; names.p; n++)
        if (n == SIGV4_HEADERS_MAX || !add_header(&h, q, str_cut(&names, ';')))
            return false;
    add_char(&h, '\n');
    add(&h, signed_names);
    add_char(&h, '\n');
    add(&h, q->body_hash);
    (void)crypto_hash_sha256_final(&h.state, out);
    return true;
}

enum { DAY_BYTES = 8 };

struct mac {
    crypto_auth_hmacsha256_state state;
};

static void mac_init(struct mac *m, const uint8_t *key, size_t len)
{
    (void)crypto_auth_hmacsha256_init(&m->state, key, len);
}

static void mac_add(struct mac *m, struct str s)
{
    (void)crypto_auth_hmacsha256_update(&m->state, (const unsigned char *)s.p, s.len);
}

static void mac_final(struct mac *m, uint8_t out[SIGV4_HASH_BYTES])
{
    (void)crypto_auth_hmacsha256_final(&m->state, out);
    sodium_memzero(m, sizeof *m);
}

void sigv4_derive(struct str secret, struct str day, const struct sigv4_scope *scope,
                  uint8_t key[SIGV4_HASH_BYTES])
{
    const struct str links[] = {day, scope->region, scope->service, STR("aws4_request")};
    char first[4 + 256];
    struct mac m;
    ASSERT(secret.len <= sizeof first - 4);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret.p, secret.len);
    mac_init(&m, (const uint8_t *)first, 4 + secret.len);
    sodium_memzero(first, sizeof first);
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        if (i)
            mac_init(&m, key, SIGV4_HASH_BYTES);
        mac_add(&m, links[i]);
        mac_final(&m, key);
    }
}

void sigv4_signature_by(const uint8_t key[SIGV4_HASH_BYTES],
                        const uint8_t canonical[SIGV4_HASH_BYTES], struct str stamp,
                        const struct sigv4_scope *scope, char out[SIGV4_HEX_BYTES])
{
    uint8_t signature[SIGV4_HASH_BYTES];
    char hex[SIGV4_HEX_BYTES];
    struct mac m;
    sodium_bin2hex(hex, sizeof hex, canonical, SIGV4_HASH_BYTES);
    const struct str text[] = {
        STR("AWS4-HMAC-SHA256\n"),
        stamp,
        STR("\n"),
        str_make(stamp.p, DAY_BYTES),
        STR("/"),
        scope->region,
        STR("/"),
        scope->service,
        STR("/aws4_request\n"),
        str_make(hex, SIGV4_HEX_BYTES - 1),
    };
    mac_init(&m, key, SIGV4_HASH_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(text); i++)
        mac_add(&m, text[i]);
    mac_final(&m, signature);
    sodium_bin2hex(out, SIGV4_HEX_BYTES, signature, sizeof signature);
}

void sigv4_signature(const uint8_t canonical[SIGV4_HASH_BYTES], struct str stamp,
                     const struct sigv4_scope *scope, struct str secret, char out[SIGV4_HEX_BYTES])
{
    uint8_t key[SIGV4_HASH_BYTES];
    sigv4_derive(secret, str_make(stamp.p, DAY_BYTES), scope, key);
    sigv4_signature_by(key, canonical, stamp, scope, out);
    sodium_memzero(key, sizeof key);
}
