/* apikey: form, checksum and hash. The vectors were computed with Python's zlib, hashlib and hmac.
 */
#include "common/apikey.h"
#include "tests/unit/unit.h"

/* Bytes 0, 1, ... 31 in base62, and 32 zero bytes. */
#define KEY_A "sk-doteb-003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2vQXwJ"
#define KEY_0 "sk-doteb-00000000000000000000000000000000000000000003GxJtz"

START_TEST(accepts_the_known_keys)
{
    ck_assert(apikey_plausible(STR(KEY_A)));
    ck_assert(apikey_plausible(STR(KEY_0)));
}
END_TEST

START_TEST(generated_keys_are_plausible)
{
    char key[APIKEY_TEXT_LEN + 1], before[APIKEY_TEXT_LEN + 1] = "";
    for (int i = 0; i < 2000; i++) {
        apikey_generate(key);
        ck_assert_uint_eq(strlen(key), APIKEY_TEXT_LEN);
        ck_assert_msg(apikey_plausible(str_of(key)), "%s", key);
        ck_assert_str_ne(key, before);
        memcpy(before, key, sizeof key);
    }
}
END_TEST

/* CRC-32 finds every change of one character and every swap of neighbours. */
START_TEST(refuses_mistyped_keys)
{
    char key[APIKEY_TEXT_LEN + 1];
    apikey_generate(key);
    struct str s = str_of(key);
    for (size_t i = 9; i < APIKEY_TEXT_LEN; i++) {
        char was = key[i];
        for (int c = 0; c < 256; c++) {
            key[i] = (char)c;
            ck_assert_int_eq(apikey_plausible(s), key[i] == was);
        }
        key[i] = was;
        if (i + 1 < APIKEY_TEXT_LEN && key[i] != key[i + 1]) {
            key[i] = key[i + 1];
            key[i + 1] = was;
            ck_assert(!apikey_plausible(s));
            key[i + 1] = key[i];
            key[i] = was;
        }
    }
    ck_assert(apikey_plausible(s));
    ck_assert(!apikey_plausible(str_make(key, APIKEY_TEXT_LEN - 1)));
}
END_TEST

START_TEST(judges_other_texts)
{
    static char longest[APIKEY_MAX_LEN + 1];
    memset(longest, 'x', sizeof longest);
    ck_assert(apikey_plausible(STR("sk-1234567890abcdef"))); /* imported */
    ck_assert(apikey_plausible(STR("x")));
    ck_assert(!apikey_plausible(STR("")));
    ck_assert(!apikey_plausible(STR_NULL));
    ck_assert(!apikey_plausible(STR("sk-doteb-")));
    ck_assert(!apikey_plausible(STR(KEY_A "0")));
    ck_assert(!apikey_plausible(STR("sk-doteb-mgmt-1234567890"))); /* another kind of token */
    ck_assert(apikey_is_management(STR("sk-doteb-mgmt-1234567890")));
    ck_assert(!apikey_is_management(STR(KEY_A)));
    ck_assert(apikey_plausible(str_make(longest, APIKEY_MAX_LEN)));
    ck_assert(!apikey_plausible(str_make(longest, APIKEY_MAX_LEN + 1)));
}
END_TEST

static void check_hash(const struct secret *pepper, struct str key, const char *want)
{
    struct apikey_hash h = apikey_hash(pepper, key);
    char hex[2 * sizeof h.b + 1];
    for (size_t i = 0; i < sizeof h.b; i++) {
        hex[2 * i] = "0123456789abcdef"[h.b[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[h.b[i] & 15];
    }
    hex[2 * sizeof h.b] = '\0';
    ck_assert_str_eq(hex, want);
}

START_TEST(hashes_as_documented)
{
    uint8_t bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    struct secret *pepper = secret_new(bytes, sizeof bytes);
    check_hash(pepper, STR(KEY_A),
               "9d602b0267203a0739de9eb6d22f46eb83428cf865083f7b6cb743cf86597a96");
    check_hash(pepper, STR("sk-1234567890abcdef"),
               "517283ab645d6de339596b5418267953d93c1890dde99a58ba63863c7df21425");
    secret_free(pepper);
}
END_TEST

START_TEST(shows_the_end)
{
    char end[5];
    apikey_last4(STR(KEY_A), end);
    ck_assert_str_eq(end, "QXwJ");
    apikey_last4(STR("1234567"), end);
    ck_assert_str_eq(end, "????");
    apikey_last4(STR("1234ab\n\xFF"), end);
    ck_assert_str_eq(end, "ab??");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {accepts_the_known_keys, generated_keys_are_plausible,
                                  refuses_mistyped_keys,  judges_other_texts,
                                  hashes_as_documented,   shows_the_end};
    return crypto_init() ? unit_run("apikey", tests, ARRAY_LEN(tests)) : EXIT_FAILURE;
}
