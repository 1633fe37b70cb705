/* Errors and counts in the Messages API's shape. Pure. */
#include "gateway/dialect/anthropic_priv.h"

/* docs.anthropic.com/en/api/errors */
static const char *type_of(int status)
{
    static const struct {
        int status;
        const char *type;
    } types[] = {
        {401, "authentication_error"}, {402, "billing_error"},    {403, "permission_error"},
        {404, "not_found_error"},      {408, "timeout_error"},    {413, "request_too_large"},
        {429, "rate_limit_error"},     {503, "overloaded_error"}, {504, "timeout_error"},
        {529, "overloaded_error"},
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].status == status)
            return types[i].type;
    return status < 500 ? "invalid_request_error" : "api_error";
}

/* By this code clients know that they must send the whole conversation without `thread`
 * (anthropic-sdk ThreadUnsupportedRequestErrorDetails). */
static void write_details(struct json_write *w, const struct dialect_error *e)
{
    if (e->err != E_UNSUPPORTED || !str_eq(e->param, STR("thread")))
        return;
    jw_key(w, "details");
    jw_object(w);
    jw_key(w, "error_code");
    jw_lit(w, "\"thread_unsupported_request\"");
    jw_end(w);
}

bool anthropic_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out)
{
    struct json_write w;
    char id[UUID_TEXT_LEN + 1];
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "type");
    jw_lit(&w, "\"error\"");
    jw_key(&w, "error");
    jw_object(&w);
    jw_key(&w, "type");
    jw_string(&w, str_of(type_of(e->status)));
    jw_key(&w, "message");
    jw_string(&w, e->message.len ? e->message : str_of(err_text(e->err)));
    jw_key(&w, "code");
    jw_string(&w, str_of(err_code(e->err)));
    if (e->param.len) {
        jw_key(&w, "param");
        jw_string(&w, e->param);
    }
    write_details(&w, e);
    if (e->details.len) {
        buf_add_char(out, ',');
        buf_add_str(out, e->details);
    }
    jw_end(&w);
    if (!uuid_is_zero(request_id)) {
        uuid_format(request_id, id);
        jw_key(&w, "request_id");
        jw_string(&w, str_of(id));
    }
    jw_end(&w);
    return !out->failed;
}

bool anthropic_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                                 struct buf *out)
{
    (void)state;
    buf_add_lit(out, "event: error\ndata: ");
    (void)anthropic_write_error(e, request_id, out);
    return buf_add_lit(out, "\n\n");
}

bool anthropic_write_count(int64_t tokens, struct buf *out)
{
    return buf_printf(out, "{\"input_tokens\":%lld}", (long long)tokens);
}
