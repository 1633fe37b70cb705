/* Step 2: the request's body. Waits until the listener has it whole, then lets the client's dialect
 * read it. A question for a prompt's tokens ends here. Writes r->want; of a signed request also
 * r->who. */
#include "gateway/dialect/bounded.h"
#include "gateway/ir/estimate.h"
#include "gateway/request.h"
#include "gateway/steps/chain.h"
#include "gateway/steps/client_signature.h"
#include "gateway/wire/multipart.h"
#include "gateway/wire/unpack.h"

static bool is_json(struct str content_type)
{
    struct str media = str_trim(str_cut(&content_type, ';'));
    return str_ieq(media, STR("application/json")) || str_ends(media, STR("+json"));
}

static bool check_media(struct req *r)
{
    static const char *const wants[] = {
        [FORM_NO] = "Send Content-Type: application/json.",
        [FORM_MAY] = "Send Content-Type: application/json, or multipart/form-data with a boundary.",
        [FORM_MUST] = "Send Content-Type: multipart/form-data with a boundary.",
    };
    struct str type = r->in.header[HEADER_CONTENT_TYPE];
    enum dialect_form form = r->in.dialect->form;
    bool is_form = multipart_boundary(type).p != NULL;
    r->in.call.content_type = type.p ? type : STR("");
    if (is_form ? form != FORM_NO : form != FORM_MUST && (type.len == 0 || is_json(type)))
        return true;
    req_fail(r, E_MEDIA_TYPE, STR("content-type"), "%s", wants[form]);
    return false;
}

static bool grant(void *arg, size_t bytes)
{
    struct req *r = arg;
    return req_charge(r, &r->in.body_charged, bytes);
}

static void no_room(struct req *r)
{
    req_fail(r, E_OVERLOADED, STR_NULL, "Too many large requests are in memory at the moment.");
}

/* A compressed body is unpacked in place; its size counts unpacked. */
static bool unpack(struct req *r)
{
    enum unpack_coding coding;
    struct buf plain;
    if (!unpack_find(r->in.header[HEADER_CONTENT_ENCODING], &coding)) {
        req_fail(r, E_MEDIA_TYPE, STR("content-encoding"),
                 "This Content-Encoding is not supported; send gzip, zstd, or the body as it is.");
        return false;
    }
    if (coding == UNPACK_NONE)
        return true;
    buf_init(&plain, (size_t)r->engine->conf->body_max);
    enum unpack_result result = unpack_all(coding, buf_str(&r->in.body), &plain, grant, r);
    buf_fini(&r->in.body);
    r->in.body = plain;
    switch (result) {
    case UNPACK_OK:
        return true;
    case UNPACK_BROKEN:
        req_fail(r, E_BAD_JSON, STR("content-encoding"),
                 "The request body is not valid in its Content-Encoding.");
        return false;
    case UNPACK_TOO_BIG:
        req_fail(r, E_BODY_TOO_LARGE, STR_NULL,
                 "The unpacked request body is larger than this gateway takes.");
        return false;
    case UNPACK_NO_ROOM:
        break;
    }
    no_room(r);
    return false;
}

/* A fair guess: no provider is asked. */
static void answer_count(struct req *r)
{
    r->out.status = 200;
    r->out.content_type = "application/json";
    r->in.dialect->write_count(estimate_mean((int64_t)r->in.body.len), &r->out.tail);
}

/* Unpacks and reads. A failure is in r->fail. */
static void read_body(struct req *r)
{
    struct dialect_refusal why = {0};
    if (!unpack(r))
        return;
    enum err err = bounded_scan(r->in.dialect, buf_str(&r->in.body), &r->in.call, r->arena,
                                &r->want.scan, &why);
    if (err)
        req_fail(r, err, why.field, STR_FMT, STR_ARG(why.text));
}

/* Nobody knows what a compressed body becomes. */
static size_t weight(const struct req *r)
{
    return r->in.header[HEADER_CONTENT_ENCODING].len ? SIZE_MAX : r->in.body.len;
}

/* What can be said before the body is read. */
static bool begin(struct req *r)
{
    if (r->who.claimed && !client_signature_prove(r))
        return false;
    struct str metadata = r->in.header[HEADER_X_DOTEB_METADATA];
    r->want.metadata_wanted = r->in.dialect->metadata_unasked ? !str_ieq(metadata, STR("false"))
                                                              : str_ieq(metadata, STR("true"));
    return check_media(r);
}

enum step_rc step_receive(struct req *r)
{
    if (r->in.refused) {
        req_fail(r, r->in.refused, STR_NULL, "%s", r->in.refusal);
        return STEP_FAIL;
    }
    if (!r->in.body_done)
        return STEP_WAIT;
    if (r->archive.phase != CHAIN_NONE)
        return chain_before(r);
    if (!r->work.fn && !begin(r))
        return STEP_FAIL;
    if (req_work(r, weight(r), read_body) == STEP_WAIT)
        return STEP_WAIT;
    if (!r->fail.err && !req_charge_arena(r))
        no_room(r);
    if (r->fail.err)
        return STEP_FAIL;
    if (r->in.route->ask == ASK_CHAT)
        return chain_before(r);
    answer_count(r);
    r->run.jump = STEP_done;
    return STEP_JUMP;
}
