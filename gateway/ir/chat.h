/* One chat request in no dialect's words: what every dialect reads a request into and writes one
 * from. Pure data in an arena; it borrows from the caller's body.
 *
 * Texts are *raw*: the inside of a JSON string as it came, escapes undecoded, so that a text goes
 * from body to body without being decoded or copied. Fields that are decoded say so. Numbers are
 * the raw token. A `.p` of NULL means: not given.
 */
#ifndef DOTEB_IR_CHAT_H
#define DOTEB_IR_CHAT_H

#include "common/arena.h"
#include "common/defs.h"
#include "common/map.h"
#include "common/str.h"

/* JSON that some dialects write as a value and others as a string that holds it (the arguments of
 * a call). */
struct ir_json {
    struct str raw; /* a JSON value; or, if quoted, the inside of a JSON string that holds one */
    bool quoted;
};

/* Who signed or sealed a piece of reasoning: only they take it back. */
enum ir_origin {
    IR_ORIGIN_NONE,      /* unsigned */
    IR_ORIGIN_CHAT,      /* unsigned reasoning text of an OpenAI-compatible chat model */
    IR_ORIGIN_ANTHROPIC, /* signatures hold at Anthropic, Vertex, Azure and Bedrock alike */
    IR_ORIGIN_GOOGLE,
    IR_ORIGIN_OPENAI,  /* encrypted_content of a Responses item */
    IR_ORIGIN_BEDROCK, /* of Bedrock's other models: only Bedrock knows them */
    IR_ORIGINS
};
/* Does the signature belong to a text (or stand for one that is hidden)? */
static inline bool ir_signs_thought(enum ir_origin o)
{
    return o == IR_ORIGIN_ANTHROPIC || o == IR_ORIGIN_BEDROCK;
}

/* Opaque state of a provider that must come back as it was. `data` and `id` are raw. */
struct ir_signature {
    enum ir_origin origin;
    struct str data; /* signature, thoughtSignature, encrypted_content, or redacted data */
    struct str id;   /* OPENAI: the item's id; else .p NULL */
};

enum ir_role { IR_SYSTEM, IR_DEVELOPER, IR_USER, IR_ASSISTANT };

enum ir_kind {
    IR_TEXT,
    IR_REFUSAL,
    IR_THINKING,    /* reasoning text (may be empty) with its signature (may be none) */
    IR_REDACTED,    /* reasoning that only its provider can read: signature.data */
    IR_TOOL_CALL,   /* id, name, json */
    IR_TOOL_RESULT, /* id, is_error, children */
    IR_IMAGE,       /* media */
    IR_AUDIO,       /* media */
    IR_VIDEO,       /* media */
    IR_FILE,        /* media: a document */
    IR_OTHER,       /* what only its own dialect knows: raw, name = its type */
    IR_KINDS
};

enum ir_media_at { IR_MEDIA_BASE64, IR_MEDIA_URL, IR_MEDIA_FILE_ID, IR_MEDIA_TEXT };

struct ir_media {
    enum ir_media_at at;
    /* raw but for plain slashes: "image/png"; "" unknown. A bare audio format ("wav") is made a
     * type */
    struct str type;
    struct str data;   /* base64, URL, id at the provider, or plain text */
    struct str name;   /* file name or title; .p NULL none */
    struct str detail; /* images: "low", "high", "auto"; .p NULL none */
    bool citations;    /* documents: citations are wanted */
};

/* A prompt-cache breakpoint behind a part. */
enum ir_cache { IR_CACHE_NONE, IR_CACHE_5M, IR_CACHE_1H };

struct ir_part {
    struct ir_part *next;
    enum ir_kind kind;
    enum ir_cache cache;
    struct str text; /* TEXT, REFUSAL, THINKING */
    struct ir_signature
        signature;       /* THINKING, REDACTED, TOOL_CALL, TEXT (Google signs those too) */
    struct str id;       /* TOOL_CALL, TOOL_RESULT: without what doteb appended to it */
    struct str name;     /* TOOL_CALL; OTHER: its type; TOOL_RESULT: if it was given */
    struct ir_json json; /* TOOL_CALL: arguments; TOOL_RESULT: a result that is JSON */
    struct ir_media media;
    struct ir_part *children;   /* TOOL_RESULT: texts, images, documents */
    struct ir_part *last_child; /* what ir_add_child added last */
    bool is_error;              /* TOOL_RESULT */
    struct str raw;             /* the part as it stood in the body */
    struct str citations;       /* TEXT: Anthropic's array as it stood, raw JSON; .p NULL none */
    uint32_t index;             /* in the caller's list of parts, for error messages */
};

struct ir_message {
    struct ir_message *next;
    enum ir_role role;
    struct str name; /* the participant's; .p NULL none */
    struct ir_part *parts, **tail;
    uint32_t index; /* in the caller's list of messages, for error messages */
};

enum ir_tool_kind {
    IR_TOOL_FUNCTION,
    IR_TOOL_WEB_SEARCH, /* a search that the provider itself runs; stripped where none can, unless
                           the choice needs it: coding agents always offer it */
    IR_TOOL_CUSTOM,     /* free-form input instead of JSON (OpenAI's `custom`): a function to who
                           has no such thing, its calls have the arguments {"input": text} */
    IR_TOOL_OTHER,      /* what only its own dialect knows: raw */
};

enum ir_bool { IR_UNSET, IR_FALSE, IR_TRUE };

struct ir_tool {
    struct ir_tool *next;
    enum ir_tool_kind kind;
    enum ir_bool strict;
    enum ir_cache cache;
    struct str name, description;
    struct str space;  /* the namespace it stood in, raw: `name` is then "space__name"; .p NULL */
    struct str schema; /* raw JSON object; .p NULL none */
    struct str grammar, syntax; /* CUSTOM: what its input must be, raw texts; .p NULL any text */
    struct str type;            /* OTHER and WEB_SEARCH: the caller's word for it */
    struct str raw;
    uint32_t index;
};

enum ir_choice {
    IR_CHOICE_UNSET,
    IR_CHOICE_AUTO,
    IR_CHOICE_NONE,
    IR_CHOICE_REQUIRED,
    IR_CHOICE_NAMED
};
enum ir_format { IR_FORMAT_UNSET, IR_FORMAT_TEXT, IR_FORMAT_JSON, IR_FORMAT_SCHEMA };

/* Ordered: a greater one thinks more. */
enum ir_effort {
    IR_EFFORT_UNSET,
    IR_EFFORT_NONE,
    IR_EFFORT_MINIMAL,
    IR_EFFORT_LOW,
    IR_EFFORT_MEDIUM,
    IR_EFFORT_HIGH,
    IR_EFFORT_XHIGH,
    IR_EFFORT_MAX,
    IR_EFFORTS
};

/* A scalar parameter: its raw JSON token (strings with quotes) and the caller's name for it. */
struct ir_param {
    struct str raw;
    const char *field; /* static: "generationConfig.topK" */
};

/* A list of raw texts: stop sequences, names of fields. */
struct ir_name {
    struct ir_name *next;
    struct str text;
    struct str raw; /* of an unknown field: its value, where the dialect kept it; .p NULL */
};

/* The caller's words for the places of its body, for error messages. */
struct ir_words {
    const char *messages;             /* "messages", "contents", "input" */
    const char *parts;                /* "content", "parts" */
    const char *tools;                /* "tools" */
    const char *image_url, *file_url; /* where a part names a URL: "source.url" */
};

struct ir_reasoning {
    bool given;
    enum ir_effort effort; /* UNSET: not said */
    int64_t budget_tokens; /* -1: not said */
    bool adaptive;         /* the model decides how much */
    enum ir_bool show;     /* is its text (or summary) wanted? */
    struct str summary;    /* OpenAI's word: "auto", "concise", "detailed"; .p NULL none */
    const char *field;     /* the caller's name for it */
};

struct ir_chat {
    const struct ir_words *words;
    struct str body; /* the caller's, without anything wrapped: its own dialect may send it on as it
                        is; .p NULL: it may not */
    struct ir_message *messages, **messages_tail;
    struct ir_tool *tools, **tools_tail;
    enum ir_choice choice;
    struct str choice_name;   /* NAMED */
    const char *choice_field; /* the caller's name for it */
    enum ir_bool parallel_tool_calls;
    enum ir_format format;
    struct str format_name, format_schema; /* SCHEMA: name may be .p NULL; schema raw JSON */
    struct str format_description;
    enum ir_bool format_strict;
    const char *format_field;
    struct ir_reasoning reasoning;
    int64_t max_output; /* tokens; -1: not given */
    struct ir_param temperature, top_p, top_k, seed;
    struct ir_param presence_penalty, frequency_penalty;
    struct ir_param logprobs;     /* true, false */
    struct ir_param top_logprobs; /* how many; given without logprobs by some dialects */
    struct ir_param n;
    struct ir_param service_tier, end_user, verbosity, prompt_cache_key, store;
    struct ir_param logit_bias, metadata; /* raw JSON values */
    struct ir_param modalities;           /* raw JSON array of output kinds */
    struct ir_param audio;                /* OpenAI's object that goes with audio output, raw */
    struct ir_name *stop, **stop_tail;
    const char *stop_field;
    struct ir_name *unknown, **unknown_tail; /* decoded names of fields that no dialect shares */
    bool stream;
    const char *held_field; /* the caller's field by which the provider holds (a part of) the
                               conversation, so that no other can go on with it; NULL none */
    bool wants_encrypted_reasoning; /* Responses: include reasoning.encrypted_content */
    const struct ir_index *index;   /* NULL: none was made */
};

/* What emitters look for by name again and again, in conversations of whatever length. */
struct ir_index {
    struct map calls;  /* id -> the last call of that id, struct ir_part */
    struct map custom; /* name -> a custom tool, struct ir_tool */
};

/* Ready for ir_add_*; everything unset. */
void ir_chat_init(struct ir_chat *c, const struct ir_words *words);
/* Appends; returns the zeroed new element, borrowed from the arena. */
struct ir_message *ir_add_message(struct ir_chat *c, struct arena *a, enum ir_role role);
struct ir_part *ir_add_part(struct ir_message *m, struct arena *a, enum ir_kind kind);
struct ir_part *ir_add_child(struct ir_part *result, struct arena *a, enum ir_kind kind);
struct ir_tool *ir_add_tool(struct ir_chat *c, struct arena *a, enum ir_tool_kind kind);
void ir_add_stop(struct ir_chat *c, struct arena *a, struct str text);
void ir_add_unknown(struct ir_chat *c, struct arena *a, struct str name);
/* An id or a name as a map's key, which is never NULL: what was not given is the empty one. */
static inline struct str ir_key(struct str s)
{
    return s.p ? s : STR("");
}
/* Fills `index` and binds it to the chat, which must not get other calls or tools from then on. */
void ir_index_init(struct ir_index *index, struct ir_chat *c);
void ir_index_fini(struct ir_index *index);
/* Leaves of the tools that are called only those of the names in `allowed`. */
void ir_keep_tools(struct ir_chat *c, const struct ir_name *allowed);
/* Is it called by a name with arguments: a function, or what may stand for one? */
bool ir_tool_is_called(const struct ir_tool *t);
/* A schema for a custom tool's {"input": text}. Raw JSON, static. */
struct str ir_custom_schema(void);
/* Its description as a function's: a custom tool's grammar behind it. Raw text; .p NULL none. */
struct str ir_tool_description(const struct ir_tool *t, struct arena *a);
/* Is there a custom tool of that name? */
bool ir_is_custom(const struct ir_chat *c, struct str name);
/* The call that a result answers, or NULL. */
const struct ir_part *ir_find_call(const struct ir_chat *c, struct str id);
/* Does a raw text hold nothing but blanks? */
bool ir_is_blank(struct str raw);
/* The same text without blanks at its end. */
struct str ir_trim_end(struct str raw);
/* The text with which the model's own words end, if the conversation ends with them; else NULL. */
const struct ir_part *ir_final_text(const struct ir_chat *c);
/* "messages[2].content[1]" in the caller's words. Arena. */
struct str ir_part_path(const struct ir_chat *c, const struct ir_message *m,
                        const struct ir_part *p, struct arena *a);

/* ---- effort words and budgets (ir/effort.c) */

/* UNSET for a word that is none. */
enum ir_effort ir_effort_find(struct str word);
/* "none", "minimal", "low", ...; "" for UNSET. Static. */
const char *ir_effort_word(enum ir_effort e);
/* The effort that a budget of thinking tokens amounts to (0: NONE). */
enum ir_effort ir_effort_of_budget(int64_t tokens);
/* Thinking tokens for an effort, never over `max_output` less 1,024 where that is known (> 0),
 * never under 1,024 (Anthropic's least) but for NONE (0). */
int64_t ir_effort_budget(enum ir_effort e, int64_t max_output);
/* The nearest effort of those that an offer takes (bit 1 << effort); `e` itself if the set is 0. */
enum ir_effort ir_effort_nearest(enum ir_effort e, uint32_t set);
/* What the request asks for as an effort (from effort or budget), UNSET if it says nothing. */
enum ir_effort ir_reasoning_effort(const struct ir_reasoning *r);

#endif
