/* SQL of API keys. Any thread with a connection. Never sees a key itself, only its hash. */
#include "control/store/api_key_store.h"

static const struct pg_stmt add_stmt = {
    "api_key.add", "insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, "
                   "hash, last4, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)"};

enum pg_err api_key_store_add(struct pg *pg, const struct api_key_new *k)
{
    const struct pg_param p[] = {
        pgp_uuid(k->organisation), pgp_uuid(k->id),
        pgp_uuid(k->project),      pgp_uuid(k->owner),
        pgp_text(k->name),         pgp_bytes(k->hash.b, sizeof k->hash.b),
        pgp_cstr(k->last4),        k->expires_us ? pgp_time_us(k->expires_us) : pgp_null(),
    };
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}
