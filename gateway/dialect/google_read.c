/* What Google's requests and answers have in common, and the spellings its JSON reader takes:
 * camelCase and snake_case, and one object where a list of objects belongs. Pure.
 */
#include "gateway/dialect/google_priv.h"

bool google_key(struct reader *r, struct str *key)
{
    if (!rd_key(r, key))
        return false;
    if (str_find(*key, '_') <= 0)
        return true;
    char *p = arena_alloc(r->a, key->len);
    size_t n = 0;
    for (size_t i = 0; i < key->len; i++) {
        char c = key->p[i];
        bool up = c == '_' && i + 1 < key->len && key->p[i + 1] >= 'a' && key->p[i + 1] <= 'z';
        p[n++] = up ? (char)(key->p[++i] - 'a' + 'A') : c;
    }
    *key = str_make(p, n);
    return true;
}

bool google_list(struct reader *r, const char *field, struct google_list *l)
{
    *l = (struct google_list){.single = rd_peek(r) == JSON_OBJECT_BEGIN};
    return l->single || rd_array(r, field);
}

bool google_next(struct reader *r, struct google_list *l)
{
    if (!l->single)
        return rd_element(r);
    bool more = !l->taken;
    l->taken = true;
    return more;
}

bool google_enter(struct reader *r, const char *field, size_t *begin)
{
    if (!rd_object(r, field))
        return false;
    *begin = r->s.begin;
    return true;
}

struct str google_leave(const struct reader *r, size_t begin)
{
    if (r->failed || r->s.token != JSON_OBJECT_END)
        return STR_NULL;
    return str_make(r->s.text + begin, r->s.end - begin);
}

/* ------------------------------------------------------------------ parts */

static void read_blob(struct reader *r, struct google_blob *b, bool is_file)
{
    struct str key, raw;
    b->is_file = is_file;
    if (!rd_object(r, is_file ? "fileData" : "inlineData"))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "mimeType"))
            b->mime = rd_text(r, "mimeType", &raw) ? rd_slashes(r->a, raw) : STR_NULL;
        else if (rd_is(key, is_file ? "fileUri" : "data"))
            rd_text(r, is_file ? "fileUri" : "data", &b->data);
        else if (rd_is(key, "displayName"))
            rd_text(r, "displayName", &b->name);
        else
            rd_skip(r);
    }
}

/* functionResponse.parts: results that are no text. */
static void read_blobs(struct reader *r, struct google_part *out)
{
    struct google_list l;
    struct google_blob **tail = &out->blobs;
    struct str key;
    if (!google_list(r, "functionResponse.parts", &l))
        return;
    while (google_next(r, &l)) {
        if (!rd_object(r, "functionResponse.parts[]"))
            continue;
        while (google_key(r, &key)) {
            if (!rd_is(key, "inlineData") && !rd_is(key, "fileData")) {
                rd_skip(r);
                continue;
            }
            *tail = ARENA_NEW(r->a, struct google_blob);
            read_blob(r, *tail, rd_is(key, "fileData"));
            tail = &(*tail)->next;
        }
    }
}

/* functionCall and functionResponse. */
static void read_call(struct reader *r, struct google_part *out)
{
    struct str key;
    bool call = out->what == GOOGLE_CALL;
    if (!rd_object(r, call ? "functionCall" : "functionResponse"))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "id")) {
            if (rd_text(r, "id", &out->id))
                out->id_at = (struct dialect_span){r->s.begin, r->s.end};
        } else if (rd_is(key, "name")) {
            rd_text(r, "name", &out->name);
        } else if (rd_is(key, call ? "args" : "response")) {
            if (r->why && rd_peek(r) != JSON_OBJECT_BEGIN)
                (void)rd_object(r, call ? "functionCall.args" : "functionResponse.response");
            else
                (void)rd_raw(r, &out->json);
        } else if (call && rd_is(key, "partialArgs")) {
            (void)rd_raw(r, &out->partial);
        } else if (call && rd_is(key, "willContinue")) {
            (void)rd_bool(r, "functionCall.willContinue", &out->goes_on);
        } else if (!call && rd_is(key, "parts")) {
            read_blobs(r, out);
        } else {
            rd_skip(r);
        }
    }
}

static void read_content(struct reader *r, struct str key, struct google_part *out)
{
    if (rd_is(key, "text")) {
        if (rd_text(r, "text", &out->text) && out->what == GOOGLE_NOTHING)
            out->what = GOOGLE_TEXT;
    } else if (rd_is(key, "inlineData") || rd_is(key, "fileData")) {
        out->what = GOOGLE_BLOB;
        read_blob(r, &out->blob, rd_is(key, "fileData"));
    } else if (rd_is(key, "functionCall") || rd_is(key, "functionResponse")) {
        out->what = rd_is(key, "functionCall") ? GOOGLE_CALL : GOOGLE_RESPONSE;
        read_call(r, out);
        if (r->why && (out->partial.p || out->goes_on)) { /* a piece of a call is no history */
            out->what = GOOGLE_OTHER;
            out->other = STR("functionCall.partialArgs");
        }
    } else {
        /* what goes with other content says nothing by itself */
        bool beside = rd_is(key, "videoMetadata") || rd_is(key, "mediaResolution") ||
                      rd_is(key, "partMetadata");
        struct str value;
        if (rd_raw(r, &value) && !beside && out->what == GOOGLE_NOTHING) {
            out->what = GOOGLE_OTHER;
            out->other = arena_str(r->a, key);
        }
    }
}

bool google_read_part(struct reader *r, struct google_part *out)
{
    struct str key;
    size_t begin;
    *out = (struct google_part){0};
    if (!google_enter(r, "parts[]", &begin))
        return false;
    while (google_key(r, &key)) {
        if (rd_is(key, "thought")) {
            (void)rd_bool(r, "thought", &out->thought);
        } else if (rd_is(key, "thoughtSignature")) {
            if (rd_text(r, "thoughtSignature", &out->signature))
                out->signature_at = (struct dialect_span){r->s.begin, r->s.end};
        } else {
            read_content(r, key, out);
        }
    }
    out->raw = google_leave(r, begin);
    if (out->what == GOOGLE_NOTHING && (out->signature.p || out->thought))
        out->what = GOOGLE_TEXT;
    return true;
}

enum ir_kind google_media_kind(struct str mime)
{
    if (str_starts(mime, STR("image/")))
        return IR_IMAGE;
    if (str_starts(mime, STR("audio/")))
        return IR_AUDIO;
    if (str_starts(mime, STR("video/")))
        return IR_VIDEO;
    return IR_FILE;
}

/* Addresses that only Google can open. */
static bool is_own_file(struct str uri)
{
    return str_starts(uri, STR("gs://")) ||
           str_starts(uri, STR("https://generativelanguage.googleapis.com/"));
}

/* Google takes both alphabets, and its own SDKs write the one for URLs; others know the standard.
 */
static struct str standard_base64(struct str data, struct arena *a)
{
    if (str_find(data, '-') < 0 && str_find(data, '_') < 0)
        return data;
    char *p = arena_strdup(a, data);
    for (char *c = p; *c; c++)
        *c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
    return str_make(p, data.len);
}

void google_media(const struct google_blob *b, struct arena *a, struct ir_media *out)
{
    *out = (struct ir_media){.at = !b->is_file            ? IR_MEDIA_BASE64
                                   : is_own_file(b->data) ? IR_MEDIA_FILE_ID
                                                          : IR_MEDIA_URL,
                             .type = b->mime.p ? b->mime : STR(""),
                             .data = b->data.p ? b->data : STR(""),
                             .name = b->name};
    if (out->at == IR_MEDIA_BASE64)
        out->data = standard_base64(out->data, a);
}
