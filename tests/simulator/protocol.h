/* A provider protocol as a table of functions: how its requests are read, and how a decided answer,
 * the events of a stream and errors look in it. One const struct each, in the protocol's own files;
 * site.c knows which one a path belongs to. All functions are pure.
 */
#ifndef DOTEB_SIM_PROTOCOL_H
#define DOTEB_SIM_PROTOCOL_H

#include "tests/simulator/chat.h"
#include "tests/simulator/http.h"
#include "tests/simulator/reply.h"
#include "tests/simulator/stream.h"

struct answer;

/* Where a key may stand. */
enum key_place {
    KEY_BEARER = 1,
    KEY_X_API_KEY = 2, /* Anthropic */
    KEY_GOOGLE = 4,    /* x-goog-api-key, or ?key= */
    KEY_SIGV4 = 8,     /* the access key's id; nobody checks the signature here */
    KEY_API_KEY = 16   /* Azure */
};

/* What the request's line says before the body is read. Borrows. */
struct site {
    const struct protocol *protocol;
    const struct http_request *http;
    const char *run;
    struct str query;
    struct str model; /* from the path, decoded; p NULL: none there */
    bool stream;      /* by the path */
    bool vertex;      /* Google's cloud hosts another's protocol */
};

/* How a protocol words a status, or (`word` not NULL) what `code=word` asks for. The last row has
 * status 0. `%s` in a message is the detail, if there is one. */
struct fault {
    unsigned status;
    const char *word, *type, *code, *param, *message;
};

struct protocol {
    const char *id_prefix;   /* of the answers' ids */
    const char *stream_type; /* content type of streams */
    unsigned keys;           /* enum key_place */
    const struct fault *faults;
    bool mute; /* its answers hold no text, so no tokens of completion */
    /* Cheap reading of plain requests, or NULL. */
    bool (*scan)(struct chat_request *c, struct str body);
    /* Reads a request into the initialised `c`; false: `*e` is the answer. */
    bool (*parse)(struct chat_request *c, const struct site *site, struct str body,
                  struct api_error *e);
    /* The wording for a wrong key (p NULL or "": none was sent), and for a model that is not. */
    void (*refuse_key)(struct api_error *e, const struct site *site, struct str key);
    void (*no_model)(struct api_error *e, struct str model);
    /* Header lines beyond HTTP's own. */
    void (*head)(const struct answer *a, struct buf *out);
    /* The whole answer; returns its content type. */
    const char *(*render)(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s);
    /* The next event of a stream; NULL: this protocol does not stream. */
    void (*next)(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out);
    /* An error's body; `request_id` may be "". */
    void (*error)(struct buf *b, const struct api_error *e, struct str request_id);
    /* An error in the middle of a stream. */
    void (*break_off)(struct stream *s, const struct api_error *e, const struct chat_request *c,
                      const struct script *script, struct buf *out);
};

/* The row for this word, else for this status, else the last one. */
const struct fault *fault_find(const struct protocol *p, unsigned status, struct str word);
/* The key a request came with, wherever the protocol takes it; p NULL: none. */
struct str site_key(const struct site *site);
/* Finds the protocol of `POST path`; false: none. `query` is what follows the question mark. The
 * model's name is decoded into `space`. */
MUST_USE bool site_find(struct site *s, struct str path, struct str query, char *space,
                        size_t space_size);
/* The value of a query's parameter, nothing decoded; p NULL: not there. */
struct str site_query(struct str query, struct str name);
/* Fills `e` with the protocol's wording of a status, or of what `word` asks for. Returns false. */
bool fault_set(struct api_error *e, const struct protocol *p, unsigned status, struct str word);

extern const struct protocol OPENAI_CHAT, ANTHROPIC_MESSAGES, ANTHROPIC_COUNT, GOOGLE_GENERATE,
    GOOGLE_COUNT, GOOGLE_EMBED, GOOGLE_BATCH_EMBED, BEDROCK_CONVERSE, BEDROCK_INVOKE,
    OPENAI_RESPONSES, OPENAI_EMBEDDINGS, OPENAI_MODERATIONS, OPENAI_RERANK, OPENAI_IMAGES,
    OPENAI_IMAGE_EDITS, OPENAI_SPEECH, OPENAI_TRANSCRIPTIONS;

#endif
