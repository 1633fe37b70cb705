/* The events of ConverseStream, as event stream frames. Blocks of text and thinking have no start,
 * as with Claude on Bedrock. Pure.
 */
#include "tests/simulator/anthropic.h"
#include "tests/simulator/bedrock.h"
#include "tests/simulator/eventstream.h"
#include "tests/simulator/seal.h"

enum event {
    EVENT_START,
    EVENT_OPEN,
    EVENT_DELTA,
    EVENT_SIGNATURE,
    EVENT_CITATION,
    EVENT_CLOSE,
    EVENT_END,
    EVENT_METADATA,
    EVENT_NONE
};

static void delta(const struct stream *s, const struct reply *r, enum block_kind kind,
                  const struct script *script, struct buf *out)
{
    switch (kind) {
    case BLOCK_TEXT:
        buf_add_lit(out, ",\"delta\":{\"text\":\"");
        render_piece(out, s->piece, s->cursor.index - 1, script);
        buf_add_lit(out, "\"}");
        break;
    case BLOCK_THINKING:
        buf_add_lit(out, ",\"delta\":{\"reasoningContent\":{\"text\":\"");
        render_escaped(out, s->piece);
        buf_add_lit(out, "\"}}");
        break;
    case BLOCK_REDACTED:
        buf_add_lit(out, ",\"delta\":{\"reasoningContent\":{\"redactedContent\":\"");
        anthropic_redacted(out, r);
        buf_add_lit(out, "\"}}");
        break;
    case BLOCK_TOOL:
        buf_add_lit(out, ",\"delta\":{\"toolUse\":{\"input\":\"");
        render_escaped(
            out, str_make(r->calls[s->call].arguments + s->args_from, s->args_to - s->args_from));
        buf_add_lit(out, "\"}}");
        break;
    case BLOCK_NONE:
        break;
    }
}

static void block_event(const struct stream *s, const struct reply *r, const struct chat_request *c,
                        const struct script *script, enum block_kind kind, struct buf *out)
{
    render_member(out, STR("{\"contentBlockIndex\":"), s->block);
    if (s->state == EVENT_OPEN) {
        buf_add_lit(out, ",\"start\":{\"toolUse\":{\"toolUseId\":\"");
        bedrock_tool_id(out, r, s->call);
        buf_add_lit(out, "\",\"name\":\"");
        render_escaped(out, r->calls[s->call].name);
        buf_add_lit(out, "\"}}");
    } else if (s->state == EVENT_DELTA) {
        delta(s, r, kind, script, out);
    } else if (s->state == EVENT_SIGNATURE) {
        struct seal seal = seal_make(SEAL_ANTHROPIC, anthropic_thinking(r, c));
        buf_add_lit(out, ",\"delta\":{\"reasoningContent\":{\"signature\":\"");
        buf_add_str(out, str_of(seal.text));
        buf_add_lit(out, "\"}}");
    } else if (s->state == EVENT_CITATION) {
        buf_add_lit(out, ",\"delta\":{\"citation\":{");
        bedrock_citation(out);
        buf_add_lit(out, "}}");
    }
}

static void payload(const struct stream *s, const struct reply *r, const struct chat_request *c,
                    const struct script *script, enum block_kind kind, struct buf *out)
{
    switch ((enum event)s->state) {
    case EVENT_START:
        buf_add_lit(out, "{\"role\":\"assistant\"");
        break;
    case EVENT_END:
        buf_add_lit(out, "{\"stopReason\":\"");
        buf_add_str(out, str_of(bedrock_stop_reason(r->finish)));
        buf_add_char(out, '"');
        break;
    case EVENT_METADATA:
        buf_add_char(out, '{');
        bedrock_usage(out, r, script);
        break;
    case EVENT_OPEN:
    case EVENT_DELTA:
    case EVENT_SIGNATURE:
    case EVENT_CITATION:
    case EVENT_CLOSE:
    case EVENT_NONE:
        block_event(s, r, c, script, kind, out);
        break;
    }
    /* Padding of varying length, against guesses by size. */
    static const char PADDING[] = "abcdefghijklmnopqrstuvwxyz";
    buf_add_lit(out, ",\"p\":\"");
    buf_add(out, PADDING, s->sequence % (sizeof(PADDING) - 1) + 1);
    buf_add_lit(out, "\"}");
}

/* Where the present block stands after its beginning or a delta. */
static enum event inside(struct stream *s, const struct reply *r, const struct chat_request *c,
                         const struct script *script, enum block_kind kind)
{
    switch (kind) {
    case BLOCK_THINKING:
        return !c->think_hidden && cursor_thought(&s->thought, r, &s->piece) ? EVENT_DELTA
                                                                             : EVENT_SIGNATURE;
    case BLOCK_REDACTED:
        return s->state == EVENT_DELTA ? EVENT_CLOSE : EVENT_DELTA;
    case BLOCK_TEXT:
        return cursor_next(&s->cursor, r, &s->piece) ? EVENT_DELTA
               : script->cite                        ? EVENT_CITATION
                                                     : EVENT_CLOSE;
    case BLOCK_TOOL:
        return stream_fragment(s, r, script) ? EVENT_DELTA : EVENT_CLOSE;
    case BLOCK_NONE:
        break;
    }
    return EVENT_CLOSE;
}

/* The beginning of the block number s->block, or the message's end. */
static enum event begin_block(struct stream *s, const struct reply *r, const struct chat_request *c,
                              const struct script *script)
{
    enum block_kind kind = anthropic_block(r, script, s->block, &s->call);
    if (kind == BLOCK_NONE) {
        return script->no_done ? EVENT_NONE : EVENT_END;
    }
    s->state = EVENT_OPEN;
    return kind == BLOCK_TOOL ? EVENT_OPEN : inside(s, r, c, script, kind);
}

static enum event following(struct stream *s, const struct reply *r, const struct chat_request *c,
                            const struct script *script, enum block_kind kind)
{
    switch ((enum event)s->state) {
    case EVENT_START:
        return begin_block(s, r, c, script);
    case EVENT_OPEN:
    case EVENT_DELTA:
        return inside(s, r, c, script, kind);
    case EVENT_SIGNATURE:
    case EVENT_CITATION:
        return EVENT_CLOSE;
    case EVENT_CLOSE:
        s->block++;
        return begin_block(s, r, c, script);
    case EVENT_END:
        return script->usage == USAGE_NONE ? EVENT_NONE : EVENT_METADATA;
    case EVENT_METADATA:
    case EVENT_NONE:
        break;
    }
    return EVENT_NONE;
}

void bedrock_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, struct buf *out)
{
    static const char *const NAMES[] = {
        "messageStart",      "contentBlockStart", "contentBlockDelta", "contentBlockDelta",
        "contentBlockDelta", "contentBlockStop",  "messageStop",       "metadata"};
    static_assert(ARRAY_LEN(NAMES) == EVENT_NONE, "a name for each");
    enum block_kind kind = anthropic_block(r, script, s->block, &s->call);
    size_t at = eventstream_open(out, false, str_of(NAMES[s->state]));
    payload(s, r, c, script, kind, out);
    eventstream_close(out, at);
    if (++s->sequence == script->bad_crc && !out->failed) {
        out->p[out->len - 1] ^= 1;
    }
    s->state = following(s, r, c, script, kind);
    s->ended = s->state == EVENT_NONE;
}

void bedrock_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                       const struct script *script, struct buf *out)
{
    char name[80];
    (void)s;
    (void)c;
    (void)script;
    size_t n = strlen(bedrock_exception(e));
    n = n < sizeof(name) ? n : sizeof(name);
    memcpy(name, bedrock_exception(e), n);
    name[0] = (char)(name[0] | 32); /* throttlingException: a member's name */
    size_t at = eventstream_open(out, true, str_make(name, n));
    bedrock_error(out, e, STR_NULL);
    eventstream_close(out, at);
}
