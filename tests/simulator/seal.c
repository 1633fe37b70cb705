/* seal.h: base64 of a hash of the text and a keyed hash of that hash. Pure. */
#include "tests/simulator/seal.h"

#include "tests/simulator/base64.h"

static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9U;
    v = (v ^ v >> 27) * 0x94d049bb133111ebU;
    return v ^ v >> 31;
}

static uint64_t hash_text(struct str text)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < text.len; i++) {
        h = (h ^ (unsigned char)text.p[i]) * 1099511628211U;
    }
    return mix(h ^ text.len);
}

static void put(unsigned char *to, uint64_t v)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)(v >> (8 * i) & 255);
    }
}

static struct seal seal_hash(enum seal_maker maker, uint64_t hash)
{
    struct seal s;
    unsigned char bytes[24];
    uint64_t keyed = mix(hash ^ 0x646f7465622d7369U * (uint64_t)maker);
    put(bytes, keyed);
    put(bytes + 8, hash);
    put(bytes + 16, mix(keyed + hash));
    *base64_write(s.text, bytes, sizeof(bytes)) = 0;
    return s;
}

struct seal seal_make(enum seal_maker maker, struct str text)
{
    return seal_hash(maker, hash_text(text));
}

bool seal_is_ours(enum seal_maker maker, struct str seal)
{
    unsigned char bytes[24];
    uint64_t hash = 0;
    if (seal.len != SEAL_LEN || !base64_read(bytes, sizeof(bytes), seal)) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        hash |= (uint64_t)bytes[8 + i] << (8 * i);
    }
    unsigned char want[24];
    struct seal s = seal_hash(maker, hash);
    return base64_read(want, sizeof(want), str_of(s.text)) &&
           memcmp(want, bytes, sizeof(want)) == 0;
}

bool seal_fits(enum seal_maker maker, struct str seal, struct str text)
{
    struct seal s = seal_make(maker, text);
    unsigned char want[24];
    unsigned char bytes[24];
    return seal.len == SEAL_LEN && base64_read(bytes, sizeof(bytes), seal) &&
           base64_read(want, sizeof(want), str_of(s.text)) &&
           memcmp(want, bytes, sizeof(want)) == 0;
}
