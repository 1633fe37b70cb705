/* Probabilities of tokens, from Google's two lists to the one list that the internal form has
 * (OpenAI's), and back. Pure.
 */
#include "gateway/dialect/google_priv.h"

enum { TOKENS_MAX_BYTES = 64 << 20 };

struct token {
    struct str text, logprob; /* raw; number token */
};

static bool read_token(struct reader *r, struct token *t)
{
    struct str key;
    *t = (struct token){STR(""), STR("0")};
    if (!rd_object(r, ""))
        return false;
    while (google_key(r, &key)) {
        if (rd_is(key, "token"))
            rd_text(r, "", &t->text);
        else if (rd_is(key, "logProbability"))
            (void)rd_number(r, "", &t->logprob);
        else
            rd_skip(r);
    }
    return !r->failed;
}

static void write_token(struct json_write *w, const struct token *t)
{
    jw_key(w, "token");
    jw_text(w, t->text);
    jw_key(w, "logprob");
    jw_raw(w, t->logprob);
    jw_key(w, "bytes");
    jw_lit(w, "null");
}

/* The candidates for one place: the next element of `top`, if there is one. */
static void write_others(struct json_write *w, struct reader *top, bool *more)
{
    struct str key;
    struct token t;
    jw_key(w, "top_logprobs");
    jw_array(w);
    *more = *more && rd_element(top);
    if (*more && rd_object(top, "")) {
        while (google_key(top, &key)) {
            if (!rd_is(key, "candidates") || !rd_array(top, "")) {
                if (!rd_is(key, "candidates"))
                    rd_skip(top);
                continue;
            }
            while (rd_element(top)) {
                if (!read_token(top, &t))
                    continue;
                jw_object(w);
                write_token(w, &t);
                jw_end(w);
            }
        }
    }
    jw_end(w);
}

void google_read_logprobs(struct google_answer *g, struct str raw)
{
    struct reader r, top;
    struct str key, ignored, chosen = STR_NULL, others = STR_NULL;
    struct json_write w;
    struct buf b;
    struct token t;
    if (!raw.p || g->an)
        return;
    rd_init(&r, raw, g->r.a, NULL);
    if (!rd_object(&r, ""))
        return;
    while (google_key(&r, &key))
        (void)rd_raw(&r, rd_is(key, "chosenCandidates") ? &chosen
                         : rd_is(key, "topCandidates")  ? &others
                                                        : &ignored);
    rd_init(&r, chosen.p ? chosen : STR("[]"), g->r.a, NULL);
    rd_init(&top, others.p ? others : STR("[]"), g->r.a, NULL);
    bool more = rd_array(&top, "");
    if (!rd_array(&r, ""))
        return;
    /* {} becomes a whole token */
    buf_init(&b, raw.len < TOKENS_MAX_BYTES / 32 ? raw.len * 32 + 64 : TOKENS_MAX_BYTES);
    json_write_init(&w, &b);
    jw_array(&w);
    while (rd_element(&r)) {
        if (!read_token(&r, &t))
            continue;
        jw_object(&w);
        write_token(&w, &t);
        write_others(&w, &top, &more);
        jw_end(&w);
    }
    jw_end(&w);
    if (!b.failed && b.len > 2) {
        struct ir_event *e = ir_event_add(g->ev, g->r.a, IR_DELTA);
        e->block = IR_TEXT;
        e->text = STR("");
        e->logprobs = arena_str(g->r.a, buf_str(&b));
    }
    buf_fini(&b);
}

/* ------------------------------------------------------------------ for clients */

/* One token of OpenAI's array; its `top_logprobs` as they stand. */
static bool read_ours(struct reader *r, struct token *t, struct str *others)
{
    struct str key;
    *t = (struct token){STR(""), STR("0")};
    *others = STR_NULL;
    if (!rd_object(r, ""))
        return false;
    while (rd_key(r, &key)) {
        if (rd_is(key, "token"))
            rd_text(r, "", &t->text);
        else if (rd_is(key, "logprob"))
            (void)rd_number(r, "", &t->logprob);
        else if (rd_is(key, "top_logprobs"))
            (void)rd_raw(r, others);
        else
            rd_skip(r);
    }
    return !r->failed;
}

static void write_theirs(struct json_write *w, const struct token *t)
{
    jw_object(w);
    jw_key(w, "token");
    jw_text(w, t->text);
    jw_key(w, "logProbability");
    jw_raw(w, t->logprob);
    jw_end(w);
}

static void write_candidates(struct json_write *w, struct str others, struct arena *a)
{
    struct reader r;
    struct token t;
    struct str ignored;
    jw_object(w);
    jw_key(w, "candidates");
    jw_array(w);
    rd_init(&r, others.p ? others : STR("[]"), a, NULL);
    if (rd_array(&r, ""))
        while (rd_element(&r))
            if (read_ours(&r, &t, &ignored))
                write_theirs(w, &t);
    jw_end(w);
    jw_end(w);
}

static void write_list(struct json_write *w, const struct ir_name *arrays, struct arena *a,
                       bool chosen)
{
    struct reader r;
    struct token t;
    struct str others;
    jw_key(w, chosen ? "chosenCandidates" : "topCandidates");
    jw_array(w);
    for (const struct ir_name *n = arrays; n; n = n->next) {
        rd_init(&r, n->text, a, NULL);
        if (!rd_array(&r, ""))
            continue;
        while (rd_element(&r)) {
            if (!read_ours(&r, &t, &others))
                continue;
            if (chosen)
                write_theirs(w, &t);
            else
                write_candidates(w, others, a);
        }
    }
    jw_end(w);
}

void google_write_logprobs(struct json_write *w, const struct ir_name *arrays, struct arena *a)
{
    jw_key(w, "logprobsResult");
    jw_object(w);
    write_list(w, arrays, a, true);
    write_list(w, arrays, a, false);
    jw_end(w);
}
