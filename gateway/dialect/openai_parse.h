/* What the files share that read OpenAI chat requests into the internal form. */
#ifndef DOTEB_DIALECT_OPENAI_PARSE_H
#define DOTEB_DIALECT_OPENAI_PARSE_H

#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/read.h"

struct openai_parse {
    struct reader r; /* over the whole body */
    struct arena *a;
    struct dialect_refusal *why;
    struct ir_chat *c;
    uint32_t message;           /* index of the one in hand */
    uint32_t n_parts;           /* of the model's message in hand, once its calls are read */
    struct ir_message *results; /* of a run of tool messages; NULL outside of one */
    uint32_t n_results;
    struct str function_id;  /* made for the last function_call, which has none */
    struct ir_name *allowed; /* tools that tool_choice allows; NULL all */
};

/* The raw values of an object's members that a table names: `at` is the offset of a struct str. */
struct openai_member {
    const char *name;
    size_t at;
};

/* A reader over a value of a body that has been scanned. */
struct reader openai_sub_reader(const struct openai_parse *p, struct str raw);
/* Reads the object in hand: raw values of the members named in `t` go into `out`. False: it is no
 * object. `field` names it. */
bool openai_read_members(struct reader *r, const char *field, const struct openai_member *t,
                         size_t n, void *out);
/* The inside of a raw string value; STR_NULL if it is none. */
struct str openai_inside(struct str raw);
/* Is the raw value a string that says `word`? */
bool openai_says(struct str raw, const char *word);
/* "messages[3].content", arena. */
const char *openai_path(const struct openai_parse *p, const char *member);
/* The breakpoint that a raw `cache_control` sets. */
enum ir_cache openai_cache(const struct openai_parse *p, struct str raw);

/* `messages` (openai_parse_messages.c) */
void openai_parse_messages(struct openai_parse *p, const char *field);
/* Content in a string or parts, for a message or (m NULL) for a result (openai_parse_parts.c). */
void openai_parse_content(struct openai_parse *p, struct str raw, struct ir_message *m,
                          struct ir_part *result);
/* One object of type image_url as a part of `m`. */
void openai_parse_image(struct openai_parse *p, struct str raw, const char *field,
                        struct ir_part *part);

/* How a message carries reasoning, raw values (openai_parse_reasoning.c). */
struct openai_thoughts {
    struct str reasoning_content, reasoning, reasoning_details, thinking_blocks;
};
/* Adds its thoughts to `m`, each once. Returns signatures that belong to calls or texts which are
 * yet to come: REDACTED parts with the call's id. */
struct ir_part *openai_parse_thoughts(struct openai_parse *p, const struct openai_thoughts *t,
                                      struct ir_message *m);
/* Puts those where they belong. */
void openai_place_signatures(struct ir_part *waiting, struct ir_message *m);

/* tools, functions, tool_choice, function_call (openai_parse_tools.c) */
void openai_parse_tools(struct openai_parse *p, const char *field);
void openai_parse_functions(struct openai_parse *p, const char *field);
void openai_parse_tool_choice(struct openai_parse *p, const char *field);
void openai_parse_function_choice(struct openai_parse *p, const char *field);
void openai_parse_web_search(struct openai_parse *p, const char *field);
/* Leaves only the tools that allowed_tools names. */
void openai_keep_allowed(struct openai_parse *p);
/* response_format, reasoning_effort, reasoning, thinking (openai_parse_options.c) */
void openai_parse_format(struct openai_parse *p, const char *field);
void openai_parse_effort(struct openai_parse *p, const char *field);
void openai_parse_reasoning(struct openai_parse *p, const char *field);
void openai_parse_thinking(struct openai_parse *p, const char *field);

#endif
