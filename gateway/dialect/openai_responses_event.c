/* Writes single events of a Responses stream: `event:` line, sequence number, members. What comes
 * when is not decided here. Pure; the caller's buffer.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_priv.h"

/* The words of an item's kind in the types of its events. */
struct kind_words {
    const char *delta, *done; /* types */
    const char *text;         /* member of .done that holds the whole */
    const char *at;           /* member that says which part; NULL: the item has no parts */
};

static const struct kind_words text_words = {"response.output_text.delta",
                                             "response.output_text.done", "text", "content_index"};
static const struct kind_words refusal_words = {"response.refusal.delta", "response.refusal.done",
                                                "refusal", "content_index"};
static const struct kind_words summary_words = {"response.reasoning_summary_text.delta",
                                                "response.reasoning_summary_text.done", "text",
                                                "summary_index"};
static const struct kind_words call_words = {"response.function_call_arguments.delta",
                                             "response.function_call_arguments.done", "arguments",
                                             NULL};
static const struct kind_words custom_words = {
    "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input", NULL};

static const struct kind_words *words_of(const struct responses_item *it)
{
    if (it->block == IR_TOOL_CALL)
        return it->custom ? &custom_words : &call_words;
    if (it->block == IR_THINKING)
        return &summary_words;
    return it->block == IR_REFUSAL ? &refusal_words : &text_words;
}

static struct json_write *begin(struct responses_out *x, const char *type)
{
    struct json_write *w = &x->json;
    if (!x->out)
        return NULL;
    buf_add_lit(x->out, "event: ");
    buf_add_str(x->out, str_of(type));
    buf_add_lit(x->out, "\ndata: ");
    json_write_init(w, x->out);
    jw_object(w);
    jw_key(w, "type");
    jw_string(w, str_of(type));
    jw_key(w, "sequence_number");
    jw_i64(w, x->sequence++);
    return w;
}

static void end(struct responses_out *x)
{
    jw_end(&x->json);
    buf_add_lit(x->out, "\n\n");
}

/* Of which item, and of which part of it, an event speaks. */
static struct json_write *begin_at(struct responses_out *x, const char *type,
                                   const struct responses_item *it, const char *part)
{
    struct json_write *w = begin(x, type);
    if (!w)
        return NULL;
    jw_key(w, "item_id");
    jw_text(w, it->id);
    jw_key(w, "output_index");
    jw_i64(w, it->output_index);
    if (part) {
        jw_key(w, part);
        jw_i64(w, 0);
    }
    return w;
}

void responses_say_response(struct responses_out *x, const char *type,
                            const struct responses_object *o)
{
    struct json_write *w = begin(x, type);
    if (!w)
        return;
    jw_key(w, "response");
    responses_write_object(w, x->w, o);
    end(x);
}

void responses_say_item(struct responses_out *x, const char *type, const struct responses_item *it)
{
    struct json_write *w = begin(x, type);
    if (!w)
        return;
    jw_key(w, "output_index");
    jw_i64(w, it->output_index);
    jw_key(w, "item");
    responses_write_item(w, it);
    end(x);
}

void responses_say_part(struct responses_out *x, const struct responses_item *it, bool done)
{
    bool summary = it->block == IR_THINKING;
    const char *type = summary
                           ? (done ? "response.reasoning_summary_part.done"
                                   : "response.reasoning_summary_part.added")
                           : (done ? "response.content_part.done" : "response.content_part.added");
    struct json_write *w = begin_at(x, type, it, words_of(it)->at);
    if (!w)
        return;
    jw_key(w, "part");
    responses_write_part(w, it, done);
    end(x);
}

void responses_say_delta(struct responses_out *x, const struct responses_item *it, struct str piece,
                         struct str logprobs)
{
    const struct kind_words *words = words_of(it);
    struct json_write *w = begin_at(x, words->delta, it, words->at);
    if (!w)
        return;
    jw_key(w, "delta");
    jw_text(w, piece);
    if (it->block == IR_TEXT) {
        jw_key(w, "logprobs");
        jw_raw_line(w, logprobs.p ? logprobs : STR("[]"));
    }
    end(x);
}

void responses_say_text(struct responses_out *x, const struct responses_item *it)
{
    const struct kind_words *words = words_of(it);
    struct json_write *w = begin_at(x, words->done, it, words->at);
    if (!w)
        return;
    if (words == &call_words) {
        jw_key(w, "name");
        jw_text(w, it->name);
    }
    jw_key(w, words->text);
    jw_text(w, buf_str(&it->text));
    if (it->block == IR_TEXT) {
        jw_key(w, "logprobs");
        jw_array(w);
        if (it->logprobs.len)
            jw_raw_line(w, buf_str(&it->logprobs));
        jw_end(w);
    }
    end(x);
}

void responses_say_annotation(struct responses_out *x, const struct responses_item *it,
                              uint32_t index, struct str annotation)
{
    struct json_write *w = begin_at(x, "response.output_text.annotation.added", it,
                                    "content_index");
    if (!w)
        return;
    jw_key(w, "annotation_index");
    jw_i64(w, index);
    jw_key(w, "annotation");
    jw_raw_line(w, annotation);
    end(x);
}

void responses_say_image(struct responses_out *x, const struct responses_item *it)
{
    if (begin_at(x, "response.image_generation_call.completed", it, NULL))
        end(x);
}

/* The documented members, and the object of error answers: official SDKs make an exception of that
 * one only. */
void responses_say_error(struct responses_out *x, const struct dialect_error *e,
                         struct uuid request_id)
{
    struct json_write *w = begin(x, "error");
    struct buf object;
    jw_key(w, "code");
    jw_string(w, str_of(err_code(e->err)));
    jw_key(w, "message");
    jw_string(w, e->message.len ? e->message : str_of(err_text(e->err)));
    jw_key(w, "param");
    if (e->param.len)
        jw_string(w, e->param);
    else
        jw_lit(w, "null");
    buf_init(&object, x->out->max);
    if (openai_write_error(e, request_id, &object)) {
        static const size_t lead = sizeof "{\"error\":" - 1;
        jw_key(w, "error");
        jw_raw_line(w, str_make(object.p + lead, object.len - lead - 1));
    }
    buf_fini(&object);
    end(x);
}
