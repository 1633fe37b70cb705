/* Step 1: who calls. Judges the credentials from the request's head, before a byte of the body is
 * taken. Writes r->who. Never touches PostgreSQL: keys come from the snapshot. */
#include "gateway/steps/auth.h"
#include "common/apikey.h"
#include "gateway/query.h"
#include "gateway/request.h"
#include "gateway/steps/chain.h"
#include "gateway/steps/client_signature.h"

/* Every place that a client of some dialect puts its key. */
static const enum header_id places[] = {
    HEADER_AUTHORIZATION,
    HEADER_X_API_KEY,
    HEADER_API_KEY,
    HEADER_X_GOOG_API_KEY,
};

static struct str key_in(struct str header, enum header_id place)
{
    struct str value = str_trim(header);
    if (place != HEADER_AUTHORIZATION)
        return value;
    struct str rest = value;
    struct str scheme = str_cut(&rest, ' ');
    return str_ieq(scheme, STR("bearer")) && rest.p ? str_trim(rest) : STR("");
}

static enum err find_credential(struct req *r, struct str *out)
{
    *out = STR_NULL;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct str header = r->in.header[places[i]];
        if (!header.p)
            continue;
        struct str key = key_in(header, places[i]);
        if (key.len == 0)
            continue;
        if (out->p && !str_eq(*out, key))
            return E_KEY_CONFLICT;
        *out = key;
    }
    return out->p ? E_OK : E_NO_KEY;
}

/* `mistyped`: it cannot be a key at all, whoever has keys. */
static bool find_key(struct req *r, struct str credential, bool *mistyped)
{
    struct apikey_hash hash;
    if (key_memo_get(r->engine->memo, credential, &hash) &&
        snapshot_find_hash(r->snap, &hash, &r->who.key))
        return true;
    *mistyped = !apikey_plausible(credential);
    if (*mistyped)
        return false;
    hash = snapshot_hash_key(r->snap, credential);
    if (!snapshot_find_hash(r->snap, &hash, &r->who.key))
        return false;
    key_memo_put(r->engine->memo, credential, &hash);
    return true;
}

/* The wall time of the request's start judges expiry: a request that began in time may finish. */
enum err auth_judge(const struct req *r, const struct snap_key *key,
                    const struct snap_project *project)
{
    if (key->revoked || !project->active)
        return E_KEY_REVOKED;
    if (project->suspended)
        return E_ORGANISATION_SUSPENDED;
    if (key->disabled)
        return E_KEY_DISABLED;
    if (key->expires_at_us <= r->in.created_us)
        return E_KEY_EXPIRED;
    const struct key_restrictions *k = key->restrictions;
    return !k || restrictions_address(k, r->in.client_ip) ? E_OK : E_IP_DENIED;
}

static enum err judge_key(struct req *r, struct str credential, bool *mistyped)
{
    if (!r->snap)
        return E_NOT_READY;
    if (!find_key(r, credential, mistyped))
        return apikey_is_management(credential) ? E_MANAGEMENT_TOKEN : E_BAD_KEY;
    r->who.project = snapshot_project(r->snap, r->who.key.organisation_id, r->who.key.project_id);
    if (!r->who.project)
        return E_BAD_KEY;
    r->who.known = true;
    r->who.permit = permit_new(r->snap, &r->who.key, r->arena);
    return auth_judge(r, &r->who.key, r->who.project);
}

/* As examples of Google's API give it. */
static bool key_in_url(struct str query)
{
    while (query.len)
        if (str_starts(str_cut(&query, '&'), STR("key=")))
            return true;
    return false;
}

enum step_rc step_auth(struct req *r)
{
    struct str credential;
    bool mistyped = false;
    enum err err = r->in.refused;
    if (err && err != E_BODY_TOO_LARGE) { /* that one is judged in receive: its row has an owner */
        req_fail(r, err, STR_NULL, "%s", r->in.refusal);
        return STEP_FAIL;
    }
    err = find_credential(r, &credential);
    if (r->in.all && err == E_NO_KEY)
        return client_signature_find(r) ? STEP_NEXT : STEP_FAIL;
    if (r->in.all)
        err = E_KEY_CONFLICT;
    if (!err)
        err = judge_key(r, credential, &mistyped);
    if (!err && r->in.endpoint == ENDPOINT_STORED)
        return chain_query(r);
    if (!err && r->in.endpoint != ENDPOINT_DIALECT) {
        query_answer(r);
        r->run.jump = STEP_done;
        return STEP_JUMP;
    }
    if (!err)
        return STEP_NEXT;
    if (err == E_NO_KEY && key_in_url(r->in.query))
        req_fail(
            r, err, STR_NULL,
            "A key in the URL (?key=) is not taken: URLs end up in logs. Send it in the header "
            "x-goog-api-key, or as \"Authorization: Bearer sk-doteb-...\".");
    else if (err == E_NO_KEY)
        req_fail(r, err, STR_NULL,
                 "No API key was given. Send it as \"Authorization: Bearer sk-doteb-...\", or in "
                 "the header x-api-key, api-key or x-goog-api-key.");
    else if (err == E_BAD_KEY && mistyped)
        req_fail(r, err, STR_NULL, "The API key is not valid: it is mistyped, or cut short.");
    else
        req_fail(r, err, STR_NULL, NULL);
    return STEP_FAIL;
}
