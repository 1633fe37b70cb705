/* The dialects of this build, and who is asked: by name, by path, by header. Pure; any thread. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/google_embed.h"
#include "gateway/dialect/google_priv.h"
#include "gateway/dialect/openai_embed.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_priv.h"

static const struct dialect *const dialects[] = {
    &openai_chat,    &openai_embeddings,  &openai_moderations,    &openai_images,
    &openai_edits,   &openai_rerank,      &openai_transcriptions, &openai_translations,
    &openai_speech,  &openai_completions, &openai_responses,      &anthropic,
    &google,         &google_embed,       &google_batch_embed,    &bedrock_converse,
    &google_predict, &bedrock_embed,
};

const struct dialect *dialect_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
        if (str_eq(name, str_of(dialects[i]->name)))
            return dialects[i];
    return NULL;
}

/* Does `path` have the form of `pattern`? */
static bool matches(struct str path, const char *pattern, struct str *model)
{
    const char *hole = strstr(pattern, "{model}");
    *model = STR("");
    if (!hole)
        return str_eq(path, str_of(pattern));
    struct str before = str_make(pattern, (size_t)(hole - pattern));
    struct str behind = str_of(hole + sizeof "{model}" - 1);
    if (path.len <= before.len + behind.len || !str_starts(path, before) || !str_ends(path, behind))
        return false;
    *model = str_make(path.p + before.len, path.len - before.len - behind.len);
    return true;
}

const struct dialect_route *dialect_route_find(struct str path, const struct dialect **d,
                                               struct str *model)
{
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        for (const struct dialect_route *r = dialects[i]->routes; r && r->path; r++) {
            if (!matches(path, r->path, model))
                continue;
            *d = dialects[i];
            return r;
        }
    }
    return NULL;
}

const struct dialect *dialect_chain_find(struct str path, struct str *id)
{
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        struct str lead = dialects[i]->chain ? str_of(dialects[i]->chain->path) : STR_NULL;
        if (!lead.p || path.len <= lead.len || !str_starts(path, lead))
            continue;
        *id = str_make(path.p + lead.len, path.len - lead.len);
        return str_find(*id, '/') < 0 ? dialects[i] : NULL;
    }
    return NULL;
}

/* Goes over all names that dialects want, in a fixed order; the first place of a name counts. */
static int number_of(struct str name, const struct dialect *teller)
{
    int n = 0;
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        const struct dialect *d = dialects[i];
        bool same = i > 0 && d->headers == dialects[i - 1]->headers; /* numbered already */
        for (const struct dialect_header *h = same ? NULL : d->headers; h && h->name; h++, n++)
            if (!teller && str_ieq(name, str_of(h->name)))
                return n;
        if (!d->tell)
            continue;
        if (teller ? teller == d : str_ieq(name, str_of(d->tell)))
            return teller ? number_of(str_of(d->tell), NULL) : n;
        n++;
    }
    ASSERT(n <= DIALECT_HEADERS_MAX);
    return -1;
}

int dialect_header_number(struct str name)
{
    return number_of(name, NULL);
}

const struct dialect *dialect_told(const struct str given[DIALECT_HEADERS_MAX],
                                   const struct dialect *otherwise)
{
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        int n = dialects[i]->tell ? number_of(STR(""), dialects[i]) : -1;
        if (n >= 0 && given[n].p)
            return dialects[i];
    }
    return otherwise;
}

static bool speaks(const struct dialect *d, const struct dialect *own, uint32_t caps,
                   uint32_t quirks)
{
    return d->beside && str_eq(str_of(d->beside), str_of(own->name)) &&
           (caps & d->beside_cap) == d->beside_cap &&
           (quirks & d->beside_quirks) == d->beside_quirks;
}

/* The row by which providers of `own` do what is no chat; the client's own is best. */
static const struct dialect *serving_operation(const struct dialect *own,
                                               const struct dialect *client, uint32_t caps,
                                               uint32_t quirks)
{
    if (client->edit_request && speaks(client, own, caps, quirks))
        return client;
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
        if (dialects[i]->operation == client->operation && dialects[i]->emit_embed &&
            speaks(dialects[i], own, caps, quirks))
            return dialects[i];
    return NULL;
}

const struct dialect *dialect_serving(const struct dialect *own, const struct dialect *client,
                                      uint32_t caps, uint32_t quirks, const char **path)
{
    const struct dialect *d = own;
    *path = NULL;
    if (client->operation) {
        d = serving_operation(own, client, caps, quirks);
        *path = d ? d->beside_path : NULL;
        return d;
    }
    if (caps & CAPS_OF_OPERATIONS)
        return NULL;
    if (client->emit_request && speaks(client, own, caps, quirks)) {
        *path = client->beside_path;
        d = client;
    }
    return d;
}
