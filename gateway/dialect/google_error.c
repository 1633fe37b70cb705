/* Errors in Google's shape: a code, a status word, typed details. Pure. */
#include "gateway/dialect/google_priv.h"
#include "gateway/wire/json_text.h"

static const char *status_word(int status)
{
    static const struct {
        int status;
        const char *word;
    } words[] = {
        {400, "INVALID_ARGUMENT"},
        {401, "UNAUTHENTICATED"},
        {402, "RESOURCE_EXHAUSTED"},
        {403, "PERMISSION_DENIED"},
        {404, "NOT_FOUND"},
        {408, "DEADLINE_EXCEEDED"},
        {409, "ABORTED"},
        {412, "FAILED_PRECONDITION"},
        {429, "RESOURCE_EXHAUSTED"},
        {499, "CANCELLED"},
        {500, "INTERNAL"},
        {501, "UNIMPLEMENTED"},
        {502, "UNAVAILABLE"},
        {503, "UNAVAILABLE"},
        {504, "DEADLINE_EXCEEDED"},
        {529, "UNAVAILABLE"},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (words[i].status == status)
            return words[i].word;
    return status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
}

/* Values of ErrorInfo's metadata are strings: others stand in one as JSON. */
static void write_facts(struct json_write *w, struct str members)
{
    struct json_scan s;
    struct buf b;
    enum json_token t;
    buf_init(&b, members.len + 2);
    buf_add_char(&b, '{');
    buf_add_str(&b, members);
    buf_add_char(&b, '}');
    json_scan_init(&s, buf_str(&b), false);
    if (json_scan_next(&s) == JSON_OBJECT_BEGIN) {
        while (json_scan_next(&s) == JSON_KEY) {
            struct str key = s.raw;
            t = json_scan_next(&s);
            struct str text = s.raw, value = json_scan_value(&s, t);
            if (!value.p)
                break;
            jw_key_raw(w, key);
            jw_text_begin(w);
            if (t == JSON_STRING)
                jw_text_add(w, text);
            else
                (void)json_quote_into(value, w->out);
            jw_text_end(w);
        }
    }
    buf_fini(&b);
}

static void write_info(struct json_write *w, const struct dialect_error *e, struct uuid request_id)
{
    jw_object(w);
    jw_key(w, "@type");
    jw_lit(w, "\"type.googleapis.com/google.rpc.ErrorInfo\"");
    jw_key(w, "reason");
    jw_string(w, str_of(err_code(e->err)));
    jw_key(w, "domain");
    jw_lit(w, "\"doteb\"");
    jw_key(w, "metadata");
    jw_object(w);
    jw_key(w, "type");
    jw_string(w, str_of(err_type(e->err)));
    if (e->details.len)
        write_facts(w, e->details);
    if (!uuid_is_zero(request_id)) {
        char text[UUID_TEXT_LEN + 1];
        uuid_format(request_id, text);
        jw_key(w, "request_id");
        jw_string(w, str_make(text, UUID_TEXT_LEN));
    }
    jw_end(w);
    jw_end(w);
}

static void write_field(struct json_write *w, const struct dialect_error *e, struct str message)
{
    jw_object(w);
    jw_key(w, "@type");
    jw_lit(w, "\"type.googleapis.com/google.rpc.BadRequest\"");
    jw_key(w, "fieldViolations");
    jw_array(w);
    jw_object(w);
    jw_key(w, "field");
    jw_string(w, e->param);
    jw_key(w, "description");
    jw_string(w, message);
    jw_end(w);
    jw_end(w);
    jw_end(w);
}

bool google_write_error(const struct dialect_error *e, struct uuid request_id, struct buf *out)
{
    struct json_write w;
    struct str message = e->message.len ? e->message : str_of(err_text(e->err));
    ASSERT(e->err != E_OK);
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "error");
    jw_object(&w);
    jw_key(&w, "code");
    jw_i64(&w, e->status);
    jw_key(&w, "message");
    jw_string(&w, message);
    jw_key(&w, "status");
    jw_string(&w, str_of(status_word(e->status)));
    jw_key(&w, "details");
    jw_array(&w);
    write_info(&w, e, request_id);
    if (e->param.len)
        write_field(&w, e, message);
    jw_end(&w);
    jw_end(&w);
    jw_end(&w);
    return !out->failed;
}

bool google_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                              struct buf *out)
{
    struct google_writer *s = state;
    bool array = s && s->array;
    if (array)
        buf_add_str(out, s->begun ? STR(",\n") : STR("["));
    else
        buf_add_lit(out, "data: ");
    google_write_error(e, request_id, out);
    return buf_add_str(out, array ? STR("\n]") : STR("\n\n"));
}
