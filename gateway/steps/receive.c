/* Step 2: the request's body. Waits until the listener has it whole, then lets the client's dialect
 * read it. Writes r->want. */
#include "gateway/request.h"

static bool is_json(struct str content_type)
{
    struct str media = str_trim(str_cut(&content_type, ';'));
    return str_ieq(media, STR("application/json")) || str_ends(media, STR("+json"));
}

static bool check_media(struct req *r)
{
    struct str type = r->in.header[HEADER_CONTENT_TYPE];
    struct str coding = r->in.header[HEADER_CONTENT_ENCODING];
    if (coding.len && !str_ieq(coding, STR("identity"))) {
        req_fail(r, E_MEDIA_TYPE, STR("content-encoding"),
                 "Content-Encoding is not supported; send the body as it is.");
        return false;
    }
    if (type.len && !is_json(type)) {
        req_fail(r, E_MEDIA_TYPE, STR("content-type"), "Send Content-Type: application/json.");
        return false;
    }
    return true;
}

enum step_rc step_receive(struct req *r)
{
    if (r->in.refused) {
        req_fail(r, r->in.refused, STR_NULL, "%s", r->in.refusal);
        return STEP_FAIL;
    }
    if (!r->in.body_done)
        return STEP_WAIT;
    struct str metadata = r->in.header[HEADER_X_DOTEB_METADATA];
    r->want.metadata_wanted = r->in.dialect->metadata_unasked ? !str_ieq(metadata, STR("false"))
                                                              : str_ieq(metadata, STR("true"));
    if (!check_media(r))
        return STEP_FAIL;
    struct dialect_refusal why = {0};
    enum err err = r->in.dialect->scan_request(buf_str(&r->in.body), &r->in.call, r->arena,
                                               &r->want.scan, &why);
    if (err) {
        req_fail(r, err, why.field, STR_FMT, STR_ARG(why.text));
        return STEP_FAIL;
    }
    return STEP_NEXT;
}
