/* Judges requests that are signed. The worker's thread; the secret is in clear only in guarded
 * memory.
 *
 * Nothing is believed before the signature is: the API key of a claim is not in r->who until then.
 */
#include "gateway/steps/client_signature.h"

#include "gateway/sign/sigv4_verify.h"
#include "gateway/steps/auth.h"

struct client_signature {
    struct sigv4_claim claim;
    struct snap_key key;
    const struct snap_project *project;
    const struct snap_signing_key *pair;
};

static bool has_header(const struct req *r, struct str name)
{
    for (size_t i = 0; i < r->in.n_all; i++)
        if (str_ieq(r->in.all[i].name, name))
            return true;
    return false;
}

static bool refuse(struct req *r, enum err err, const char *why)
{
    req_fail(r, err, STR_NULL, why ? "%s" : NULL, why);
    return false;
}

bool client_signature_find(struct req *r)
{
    struct client_signature *c = ARENA_NEW(r->arena, struct client_signature);
    if (!r->snap)
        return refuse(r, E_NOT_READY, NULL);
    if (!sigv4_parse(r->in.header[HEADER_AUTHORIZATION], &c->claim))
        return refuse(r, E_SIGNATURE_MALFORMED, NULL);
    if (has_header(r, STR("x-amz-security-token")))
        return refuse(r, E_SIGNER_UNKNOWN, "Session tokens are not issued here: send none.");
    c->pair = snapshot_signing_key(r->snap, c->claim.access_key_id, &c->key);
    if (!c->pair)
        return refuse(r, E_SIGNER_UNKNOWN, NULL);
    c->project = snapshot_project(r->snap, c->key.organisation_id, c->key.project_id);
    enum err err = c->project ? auth_judge(r, &c->key, c->project) : E_BAD_KEY;
    if (err == E_IP_DENIED)
        return refuse(r, err, NULL);
    if (err)
        return refuse(r, E_SIGNER_UNKNOWN, err_text(err));
    r->who.claimed = c;
    return true;
}

static bool refuse_verdict(struct req *r, enum sigv4_verdict verdict)
{
    switch (verdict) {
    case SIGV4_UNSIGNED:
        return refuse(r, E_SIGNATURE_MALFORMED,
                      "The headers host and x-amz-date must be given once and signed.");
    case SIGV4_STALE:
        return refuse(r, E_SIGNATURE_STALE, NULL);
    case SIGV4_BODY:
        return refuse(
            r, E_SIGNATURE_WRONG,
            "x-amz-content-sha256 is not the body's hash; unsigned payloads are refused.");
    case SIGV4_WRONG:
    case SIGV4_GOOD:
        break;
    }
    return refuse(r, E_SIGNATURE_WRONG, NULL);
}

bool client_signature_prove(struct req *r)
{
    struct client_signature *c = r->who.claimed;
    const struct secret *secret = snapshot_signing_secret(c->pair);
    char body_hash[SIGV4_HEX_BYTES];
    if (!secret)
        return refuse(r, E_CREDENTIAL, "The secret of this access key id cannot be opened.");
    sigv4_hash_end(r->in.body_hash, body_hash);
    const struct sigv4_request q = {
        .method = r->in.post ? STR("POST") : STR("GET"),
        .path = r->in.path,
        .query = r->in.query.p ? r->in.query : STR(""),
        .headers = r->in.all,
        .n_headers = r->in.n_all,
        .body_hash = str_make(body_hash, SIGV4_HEX_BYTES - 1),
    };
    enum sigv4_verdict verdict = sigv4_verify(&c->claim, &q, secret_view(secret),
                                              r->engine->signers, r->in.created_us);
    if (verdict != SIGV4_GOOD)
        return refuse_verdict(r, verdict);
    r->who.key = c->key;
    r->who.project = c->project;
    r->who.permit = permit_new(r->snap, &r->who.key, r->arena);
    r->who.known = true;
    r->who.claimed = NULL; /* proved */
    return true;
}
