/* The usage record's few operations. Pure; any thread. */
#include "gateway/ir/usage.h"

void usage_clear(struct usage *u)
{
    *u = (struct usage){.input = -1,
                        .cached = -1,
                        .cache_write_5m = -1,
                        .cache_write_1h = -1,
                        .audio_input = -1,
                        .cached_audio = -1,
                        .image_input = -1,
                        .image_tokens = -1,
                        .output = -1,
                        .reasoning = -1,
                        .audio_output = -1,
                        .image_output = -1,
                        .characters = -1,
                        .pictures = -1,
                        .audio_ms = -1,
                        .web_searches = -1};
}

static void take(int64_t *into, int64_t from)
{
    if (from >= 0)
        *into = from;
}

void usage_merge(struct usage *into, const struct usage *from)
{
    take(&into->input, from->input);
    take(&into->cached, from->cached);
    /* A later report may not split the writes any more (Anthropic's message_delta): then it is
     * their total, of which the long-lived ones are known. */
    bool total = from->cache_write_1h < 0 && into->cache_write_1h > 0;
    int64_t known = total ? into->cache_write_1h : 0;
    if (from->cache_write_5m >= known)
        into->cache_write_5m = from->cache_write_5m - known;
    take(&into->cache_write_1h, from->cache_write_1h);
    take(&into->audio_input, from->audio_input);
    take(&into->cached_audio, from->cached_audio);
    take(&into->image_input, from->image_input);
    take(&into->image_tokens, from->image_tokens);
    take(&into->output, from->output);
    take(&into->reasoning, from->reasoning);
    take(&into->audio_output, from->audio_output);
    take(&into->image_output, from->image_output);
    take(&into->characters, from->characters);
    take(&into->pictures, from->pictures);
    take(&into->audio_ms, from->audio_ms);
    take(&into->web_searches, from->web_searches);
    into->estimated = usage_known(from) ? from->estimated : into->estimated || from->estimated;
}

bool usage_known(const struct usage *u)
{
    return u->input >= 0 && u->output >= 0;
}
