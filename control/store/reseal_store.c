/* SQL of re-sealing. The command line. */
#include "control/store/reseal_store.h"

static struct crypto_aad pepper_aad(struct uuid row)
{
    (void)row;
    return aad_pepper();
}

/* clang-format off */
#define BATCH(name, id, column, table) \
    {"reseal.batch_" name, "select " id ", " column " from " table " where " \
     "substring(" column " from 2 for 8) <> $1 and ($2::uuid is null or " id " > $2) " \
     "order by " id " limit 100 for no key update"}
#define PUT(name, id, column, table) \
    {"reseal.put_" name, "update " table " set " column " = $2 where " id " = $1"}
#define KIND(words, aad_of, name, id, column, table) \
    {words, aad_of, BATCH(name, id, column, table), PUT(name, id, column, table)}

const struct sealed_kind sealed_kinds[] = {
    KIND("the instance's pepper", pepper_aad, "pepper",
         "'00000000-0000-0000-0000-000000000000'::uuid", "pepper_sealed", "instance"),
    KIND("data keys of organisations", aad_data_key, "data_keys",
         "organisation_id", "data_key_sealed", "organisations"),
    KIND("second factors", aad_second_factor, "second_factors",
         "user_id", "secret_sealed", "second_factors"),
    KIND("mail that waits", aad_mail, "mail", "mail_id", "text_sealed", "outbox"),
};
/* clang-format on */
const size_t sealed_kinds_len = ARRAY_LEN(sealed_kinds);
static_assert(RESEAL_BATCH == 100, "the statements' limit");

enum pg_err reseal_store_batch(struct pg *pg, const struct sealed_kind *kind,
                               const uint8_t id[CRYPTO_MASTER_ID_BYTES], const struct uuid *after,
                               struct pg_result **out)
{
    const struct pg_param p[] = {pgp_bytes(id, CRYPTO_MASTER_ID_BYTES),
                                 after ? pgp_uuid(*after) : pgp_null()};
    return pg_run(pg, &kind->batch, p, ARRAY_LEN(p), out);
}

enum pg_err reseal_store_put(struct pg *pg, const struct sealed_kind *kind, struct uuid row,
                             struct str sealed)
{
    const struct pg_param p[] = {pgp_uuid(row), pgp_bytes(sealed.p, sealed.len)};
    return pg_run(pg, &kind->put, p, ARRAY_LEN(p), NULL);
}
