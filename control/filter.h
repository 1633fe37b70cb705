/* What limits the request log, as the query string of list, export and live rows says it. Job
 * threads.
 */
#ifndef DOTEB_CONTROL_FILTER_H
#define DOTEB_CONTROL_FILTER_H

#include "control/input.h"
#include "control/store/request_store.h"

/* Words as given, until filter_take has read them. */
struct filter_words {
    int status, streamed;
    struct str min_cost;
    int64_t min_ms;
};

extern const char *const filter_status_words[], *const filter_outcome_words[],
                                                    *const filter_yes_words[];

/* Rows of the input table; filter_init first. */
#define FILTER_ROWS(f, w)                                                                          \
    {.name = "project", .kind = INPUT_UUID, .to = &(f)->project, .given = &(f)->by_project},       \
        {.name = "api_key", .kind = INPUT_UUID, .to = &(f)->api_key, .given = &(f)->by_api_key},   \
        {.name = "model", .kind = INPUT_TEXT, .max = 256, .to = &(f)->model},                      \
        {.name = "provider", .kind = INPUT_TEXT, .max = 63, .to = &(f)->provider},                 \
        {.name = "status", .kind = INPUT_WORD, .words = filter_status_words, .to = &(w)->status},  \
        {.name = "outcome",                                                                        \
         .kind = INPUT_WORD,                                                                       \
         .words = filter_outcome_words,                                                            \
         .to = &(f)->outcome},                                                                     \
        {.name = "streamed", .kind = INPUT_WORD, .words = filter_yes_words, .to = &(w)->streamed}, \
        {.name = "min_cost", .kind = INPUT_TEXT, .min = 1, .max = 32, .to = &(w)->min_cost},       \
    {                                                                                              \
        .name = "min_duration_ms", .kind = INPUT_INT, .min = 1, .max = 86400000,                   \
        .to = &(w)->min_ms                                                                         \
    }

void filter_init(struct request_filter *f, struct filter_words *w, struct uuid organisation);
/* After the input was read. False after writing the problem. */
MUST_USE bool filter_take(struct call *c, struct request_filter *f, const struct filter_words *w);

#endif
