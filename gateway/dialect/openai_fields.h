/* The fields of an OpenAI chat request that the gateway knows, and how it reads them. */
#ifndef DOTEB_DIALECT_OPENAI_FIELDS_H
#define DOTEB_DIALECT_OPENAI_FIELDS_H

#include "gateway/dialect/openai_priv.h"

enum { OPENAI_UNKNOWN_MAX = 128, OPENAI_PARAMS_MAX = 24, OPENAI_PARAM_MAX_BYTES = 48 };

struct openai_param {
    struct str name, value; /* value: raw JSON of a scalar */
};

struct openai_reader {
    struct json_scan s;
    struct arena *a;
    struct dialect_request *out;
    struct dialect_refusal *why;
    uint64_t seen; /* bit per row of openai_fields */
    size_t n_unknown, n_params;
    struct str unknown[OPENAI_UNKNOWN_MAX];
    struct openai_param param[OPENAI_PARAMS_MAX];
};

struct openai_field {
    struct str name;
    uint16_t types;  /* bit per json_token that may begin the value */
    bool is_param;   /* its scalar value goes into the log */
    uint8_t given;   /* 1 + enum dialect_param whose span is noted */
    bool reads_null; /* `read` is called for null also */
    /* Takes a value that is not null; false: refused, or the syntax is wrong. */
    bool (*read)(struct openai_reader *r, const struct openai_field *f, enum json_token t);
};

extern const struct openai_field openai_fields[];
extern const size_t openai_n_fields;

/* Fills r->why; returns false. */
PRINTF_LIKE(4, 5)
bool openai_refuse(struct openai_reader *r, enum err err, struct str field, const char *fmt, ...);
bool openai_refuse_type(struct openai_reader *r, struct str field, unsigned types,
                        enum json_token got);

/* `messages`: roles, shapes, what kinds of content there are. (openai_messages.c) */
bool openai_read_messages(struct openai_reader *r, const struct openai_field *f, enum json_token t);

#endif
