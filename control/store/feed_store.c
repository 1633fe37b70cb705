/* SQL of the catalogue's feed. Any thread with a connection. */
#include "control/store/feed_store.h"

#include "control/store/sql.h"

static const struct pg_stmt get_stmt = {
    "feed.get",
    "select json_build_object('id', feed_id, 'url', url, 'schedule', schedule, 'trust', trust, "
    "'public_key', public_key, 'pin', pin, 'prune', prune, 'automatic', automatic, 'last_fetch', "
    "json_build_object('at', " SQL_TIME(
        "last_at") ", 'outcome', outcome, 'detail', detail, "
                   "'version_id', version_id, 'next_at', " SQL_TIME(
                       "next_at") "))::text, url, trust, public_key, "
                                  "pin from catalogue_feed"};
static const struct pg_stmt patch_stmt = {
    "feed.patch",
    "update catalogue_feed set url = coalesce($1, url), public_key = coalesce($2, public_key), "
    "pin = coalesce($3, pin), schedule = coalesce($4, schedule), trust = coalesce($5, trust), "
    "prune = coalesce($6, prune), automatic = coalesce($7, automatic), "
    "next_at = case when coalesce($4, schedule) <> 'off' and coalesce($1, url) <> '' "
    "  then now() end"};
static const struct pg_stmt hurry_stmt = {
    "feed.hurry", "update catalogue_feed set next_at = now() where url <> ''"};
static const struct pg_stmt tell_stmt = {"feed.tell", "select pg_notify('doteb_feed', '')"};
static const struct pg_stmt take_stmt = {
    "feed.take",
    "select f.url, f.trust, f.public_key, f.pin, f.prune, f.automatic, encode(v.sha256, 'hex'), "
    "v.version_id is not null and v.applied_at is null "
    "from catalogue_feed f left join catalogue_versions v using (version_id) "
    "where f.url <> '' and f.next_at <= now() "
    "and pg_try_advisory_xact_lock(hashtext('doteb.catalogue_feed'))"};
static const struct pg_stmt same_stmt = {
    "feed.same",
    "select 1 from catalogue_feed where url = $1 and trust = $2 and public_key = $3 and pin = $4 "
    "and prune = $5 and automatic = $6 for update"};
static const struct pg_stmt settle_stmt = {
    "feed.settle",
    "update catalogue_feed set last_at = clock_timestamp(), outcome = $1, detail = $2, "
    "version_id = coalesce($3, version_id), next_at = clock_timestamp() + case "
    "  when schedule = 'off' then null when $1 = 'failed' and schedule = 'hourly' "
    "  then interval '15 minutes' when $1 = 'failed' or schedule = 'hourly' "
    "  then interval '1 hour' else interval '1 day' end"};

enum pg_err feed_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                           struct pg_result **out)
{
    (void)organisation, (void)id;
    return pg_run(pg, &get_stmt, NULL, 0, out);
}

static struct pg_param optional(struct str s)
{
    return s.p ? pgp_text(s) : pgp_null();
}

static struct pg_param flag(const bool *b)
{
    return b ? pgp_bool(*b) : pgp_null();
}

enum pg_err feed_store_patch(struct pg *pg, const struct feed_patch *f)
{
    const struct pg_param p[] = {optional(f->url),      optional(f->public_key), optional(f->pin),
                                 pgp_cstr(f->schedule), pgp_cstr(f->trust),      flag(f->prune),
                                 flag(f->automatic)};
    enum pg_err e = pg_run(pg, &patch_stmt, p, ARRAY_LEN(p), NULL);
    return e == PG_OK ? pg_run(pg, &tell_stmt, NULL, 0, NULL) : e;
}

enum pg_err feed_store_hurry(struct pg *pg)
{
    enum pg_err e = pg_run(pg, &hurry_stmt, NULL, 0, NULL);
    return e == PG_OK ? pg_run(pg, &tell_stmt, NULL, 0, NULL) : e;
}

enum pg_err feed_store_listen(struct pg *pg)
{
    return pg_exec(pg, "LISTEN doteb_feed", NULL);
}

enum pg_err feed_store_take(struct pg *pg, struct pg_result **out)
{
    return pg_run(pg, &take_stmt, NULL, 0, out);
}

enum pg_err feed_store_same(struct pg *pg, const struct pg_result *taken, bool *same)
{
    struct pg_result *r = NULL;
    struct pg_param p[FEED_SHA256];
    for (int i = 0; i < FEED_SHA256; i++)
        p[i] = pgp_text(pg_str(taken, 0, i));
    enum pg_err e = pg_run(pg, &same_stmt, p, ARRAY_LEN(p), &r);
    *same = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err feed_store_settle(struct pg *pg, const char *outcome, struct str detail,
                              const struct uuid *version)
{
    const struct pg_param p[] = {pgp_cstr(outcome), pgp_text(detail),
                                 version ? pgp_uuid(*version) : pgp_null()};
    return pg_run(pg, &settle_stmt, p, ARRAY_LEN(p), NULL);
}
