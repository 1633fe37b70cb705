/* Argon2id with libsodium's moderate cost; the interactive cost in sanitizer builds, which are
 * several times slower. A hash carries its own cost, so both verify both.
 */
#include "control/password.h"

#include <sodium.h>

#include "control/password_common.h"

#ifdef DOTEB_SANITIZED
#define OPSLIMIT crypto_pwhash_OPSLIMIT_INTERACTIVE
#define MEMLIMIT crypto_pwhash_MEMLIMIT_INTERACTIVE
#else
#define OPSLIMIT crypto_pwhash_OPSLIMIT_MODERATE
#define MEMLIMIT crypto_pwhash_MEMLIMIT_MODERATE
#endif

static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "libsodium's string form");

const char *password_fault(struct str password)
{
    static_assert(PASSWORD_MIN == 8, "the text and the list say it");
    if (password.len < PASSWORD_MIN || !str_is_utf8(password))
        return "give at least 8 characters.";
    if (common_password(password))
        return "this is one of the most common passwords, and the first to be guessed; choose another.";
    return NULL;
}

bool password_hash(struct str password, char out[PASSWORD_HASH_BYTES])
{
    return crypto_pwhash_str(out, password.p, password.len, OPSLIMIT, MEMLIMIT) == 0;
}

bool password_verify(const char hash[PASSWORD_HASH_BYTES], struct str password)
{
    return crypto_pwhash_str_verify(hash, password.p, password.len) == 0;
}

bool password_nobody(char out[PASSWORD_HASH_BYTES])
{
    char text[PASSWORD_MADE_LEN + 1];
    password_make(text);
    bool ok = password_hash(str_make(text, PASSWORD_MADE_LEN), out);
    sodium_memzero(text, sizeof text);
    return ok;
}

void password_make(char out[PASSWORD_MADE_LEN + 1])
{
    /* No look-alikes; 54 letters, 24 of them: 138 bits. */
    static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    for (size_t i = 0; i < PASSWORD_MADE_LEN; i++)
        out[i] = letters[randombytes_uniform(sizeof letters - 1)];
    out[PASSWORD_MADE_LEN] = '\0';
}
