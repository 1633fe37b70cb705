/* SQL of mail that waits to be sent. Any thread with a connection. */
#include "control/store/mail_store.h"

static const struct pg_stmt add_stmt = {
    "mail.add", "with told as (select pg_notify('" MAIL_CHANNEL "', '')) "
                "insert into outbox (mail_id, recipient, subject, text_sealed) "
                "select $1, $2, $3, $4 from told"};
static const struct pg_stmt take_stmt = {
    "mail.take",
    "update outbox set attempts = attempts + 1, "
    "  next_try_at = clock_timestamp() + $1::int * interval '1 second' "
    "where mail_id = (select mail_id from outbox where next_try_at <= clock_timestamp() "
    "  order by next_try_at limit 1 for update skip locked) "
    "returning mail_id, recipient, subject, text_sealed, attempts, "
    "  created_at < now() - interval '1 day'"};
static const struct pg_stmt remove_stmt = {"mail.remove", "delete from outbox where mail_id = $1"};
static const struct pg_stmt failed_stmt = {
    "mail.failed",
    "update outbox set last_error = $3, next_try_at = clock_timestamp() + least(interval '1 hour', "
    "  $2::int * interval '1 second' * 4 ^ least(attempts - 1, 9)) where mail_id = $1"};
static const struct pg_stmt late_stmt = {
    "mail.late", "select exists (select from outbox where last_error <> '')"};

enum pg_err mail_store_add(struct pg *pg, const struct mail_new *m)
{
    const struct pg_param p[] = {pgp_uuid(m->id), pgp_text(m->recipient), pgp_text(m->subject),
                                 pgp_bytes(m->text_sealed.p, m->text_sealed.len)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err mail_store_listen(struct pg *pg)
{
    return pg_exec(pg, "listen " MAIL_CHANNEL, NULL);
}

enum pg_err mail_store_take(struct pg *pg, int hold_s, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_i64(hold_s)};
    return pg_run(pg, &take_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err mail_store_remove(struct pg *pg, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(id)};
    return pg_run(pg, &remove_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err mail_store_failed(struct pg *pg, struct uuid id, int retry_s, const char *why)
{
    const struct pg_param p[] = {pgp_uuid(id), pgp_i64(retry_s), pgp_cstr(why)};
    return pg_run(pg, &failed_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err mail_store_late(struct pg *pg, bool *late)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &late_stmt, NULL, 0, &r);
    *late = e == PG_OK && pg_bool(r, 0, 0);
    pg_result_free(r);
    return e;
}
