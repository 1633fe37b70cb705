/* Signing keys in a snapshot: whose they are, that their secrets open only as the row they were
 * sealed for, and that images share what is open.
 */
#include "gateway/snapshot/keys.h"
#include "tests/unit/snapshot_rows.h"

/* The API keys "key 1" to "key 4" of the first organisation; takes the image. */
static struct snapshot *snapshot_with_keys(struct image *img)
{
    struct key_rows rows = {0};
    for (uint32_t i = 1; i <= 4; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "key %u", i);
        struct apikey_hash hash = hash_of(str_of(text));
        struct key_entry e = {.organisation_id = id_of(ORGANISATION, 1),
                              .id = id_of(KEY, i),
                              .project_id = id_of(PROJECT, 1),
                              .expires_at_us = INT64_MAX};
        memcpy(e.tag, hash.b, sizeof e.tag);
        key_rows_add(&rows, &e);
    }
    struct key_table *keys = key_table_new(&rows);
    struct snapshot *s = snapshot_new(1, img, keys);
    image_unref(img);
    key_table_unref(keys);
    return s;
}

START_TEST(belong_to_their_api_key)
{
    struct config_rows r = rows_new();
    ROWS(&r, signing_keys, signing_key(&r, 1, 1, "A", "key 1", "one"),
         signing_key(&r, 1, 2, "B", "key 1", "of key 2, with the hash of key 1"),
         signing_key(&r, 1, 3, "C", "no such key", "three"),
         signing_key(&r, 1, 4, "A", "key 4", "the id of the first"),
         signing_key(&r, 2, 5, "E", "key 1", "archived organisation"));
    struct image *img = image_of(&r, NULL);
    ck_assert_uint_eq(img->problems.len, 1);
    ck_assert(has_problem(img, "signing key 06000000-0000-7000-8000-000000000004", "another"));
    struct snapshot *s = snapshot_with_keys(img);
    struct snap_key key;
    const struct snap_signing_key *k = snapshot_signing_key(s, STR("A"), &key);
    ck_assert_ptr_nonnull(k);
    ck_assert(uuid_eq(key.id, id_of(KEY, 1)) && uuid_eq(k->id, id_of(SIGNING_KEY, 1)));
    ck_assert_text(secret_view(snapshot_signing_secret(k)), "one");
    static const char *const none[] = {"B", "C", "D", "E", "", "a"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        ck_assert_msg(!snapshot_signing_key(s, str_of(none[i]), &key), "%s", none[i]);
    snapshot_unref(s);
}
END_TEST

START_TEST(secrets_open_as_their_own_row_only)
{
    struct config_rows r = rows_new();
    ROWS(&r, signing_keys, signing_key(&r, 1, 1, "A", "key 1", "one"),
         signing_key(&r, 1, 2, "B", "key 2", "two"), signing_key(&r, 1, 3, "C", "key 3", "three"),
         signing_key(&r, 1, 4, "D", "key 4", "four"));
    struct uuid org = id_of(ORGANISATION, 1), other = id_of(ORGANISATION, 2);
    r.signing_keys[1].sealed = r.signing_keys[0].sealed;
    r.signing_keys[2].sealed = seal_under(r.arena, aad_signing_key(other, id_of(SIGNING_KEY, 3)),
                                          STR("of another organisation"));
    r.signing_keys[3].sealed = seal_credential(r.arena, org, id_of(SIGNING_KEY, 4),
                                               STR("a provider key's"));
    struct snapshot *s = snapshot_with_keys(image_of(&r, NULL));
    static const struct {
        const char *id;
        bool opens;
    } want[] = {{"A", true}, {"B", false}, {"C", false}, {"D", false}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        struct snap_key key;
        const struct snap_signing_key *k = snapshot_signing_key(s, str_of(want[i].id), &key);
        ck_assert_ptr_nonnull(k);
        ck_assert_msg((snapshot_signing_secret(k) != NULL) == want[i].opens, "%s", want[i].id);
    }
    snapshot_unref(s);
}
END_TEST

/* The rows of two builds, the first key pair the same to the byte, the second sealed anew. */
START_TEST(what_is_open_is_shared_while_its_row_stays)
{
    struct arena *a = arena_new(1024);
    struct config_rows r = rows_new();
    ROWS(&r, signing_keys, signing_key(&r, 1, 1, "A", "key 1", "one"),
         signing_key(&r, 1, 2, "B", "key 2", "two"));
    struct str sealed = arena_str(a, r.signing_keys[0].sealed);
    struct str data_key = arena_str(a, r.organisations[0].data_key_sealed);
    struct image *first = image_of(&r, NULL);
    struct snapshot *s = snapshot_with_keys(image_ref(first));
    struct snap_key key;
    const struct secret *one = snapshot_signing_secret(snapshot_signing_key(s, STR("A"), &key));
    ck_assert_text(secret_view(snapshot_signing_secret(snapshot_signing_key(s, STR("B"), &key))),
                   "two");

    struct config_rows later = rows_new();
    later.organisations[0].data_key_sealed = data_key;
    ROWS(&later, signing_keys, signing_key(&later, 1, 1, "A", "key 1", "one"),
         signing_key(&later, 1, 2, "B", "key 2", "other"));
    later.signing_keys[0].sealed = sealed;
    struct image *second = image_of(&later, first);
    image_unref(first);
    snapshot_unref(s);
    s = snapshot_with_keys(second);
    ck_assert_ptr_eq(snapshot_signing_secret(snapshot_signing_key(s, STR("A"), &key)), one);
    ck_assert_text(secret_view(one), "one");
    ck_assert_text(secret_view(snapshot_signing_secret(snapshot_signing_key(s, STR("B"), &key))),
                   "other");
    snapshot_unref(s);
    arena_free(a);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {belong_to_their_api_key, secrets_open_as_their_own_row_only,
                                  what_is_open_is_shared_while_its_row_stays};
    rows_setup();
    int status = unit_run("signing_keys", tests, ARRAY_LEN(tests));
    master_keys_free(master);
    return status;
}
