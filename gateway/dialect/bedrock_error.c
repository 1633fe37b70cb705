/* Errors in Converse's own shapes: a body with a header that names the exception, and frames that
 * end a stream. Pure.
 */
#include "gateway/dialect/bedrock_priv.h"

/* AWS's SDKs show the message alone: the field is named in it. */
static void write_message(struct json_write *w, const struct dialect_error *e)
{
    struct str text = e->message.len > 0 ? e->message : str_of(err_text(e->err));
    struct buf b;
    buf_init(&b, text.len + e->param.len + 8);
    buf_add_str(&b, text);
    if (e->param.len > 0 && str_find_str(text, e->param) < 0) {
        buf_add_lit(&b, " (");
        buf_add_str(&b, e->param);
        buf_add_char(&b, ')');
    }
    jw_string(w, buf_str(&b));
    buf_fini(&b);
}

static void write_body(const struct dialect_error *e, struct uuid request_id, struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "message");
    write_message(&w, e);
    if (e->param.len > 0) {
        jw_key(&w, "param");
        jw_string(&w, e->param);
    }
    if (!uuid_is_zero(request_id)) {
        char text[UUID_TEXT_LEN + 1];
        uuid_format(request_id, text);
        jw_key(&w, "request_id");
        jw_string(&w, str_make(text, UUID_TEXT_LEN));
    }
    if (e->details.len > 0) {
        buf_add_char(out, ',');
        buf_add_str(out, e->details);
    }
    jw_end(&w);
}

bool bedrock_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out)
{
    ASSERT(e->err != E_OK);
    write_body(e, request_id, out);
    return !out->failed;
}

const char *bedrock_error_type(const struct dialect_error *e)
{
    if (e->err == E_SIGNATURE_MALFORMED)
        return "IncompleteSignatureException";
    if (e->err == E_SIGNER_UNKNOWN)
        return "UnrecognizedClientException";
    if (e->err == E_SIGNATURE_STALE || e->err == E_SIGNATURE_WRONG)
        return "InvalidSignatureException";
    return bedrock_exception_of(e->status);
}

/* The exceptions that a stream knows. */
static struct str stream_exception(int status)
{
    switch (status) {
    case 429:
        return STR("throttlingException");
    case 502:
        return STR("modelStreamErrorException");
    case 503:
    case 529:
        return STR("serviceUnavailableException");
    default:
        return status < 500 ? STR("validationException") : STR("internalServerException");
    }
}

bool bedrock_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                               struct buf *out)
{
    (void)state;
    ASSERT(e->err != E_OK);
    size_t begin = awsevent_begin(out, stream_exception(e->status), true);
    write_body(e, request_id, out);
    return awsevent_end(out, begin);
}
