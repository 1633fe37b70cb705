/* Sources' names. Runs on the ledger's writer thread. The text is the caller's, cut and cleaned by
 * the record's encoder; whatever it is, its name is no longer.
 */
#include "gateway/ledger/source.h"

#include <string.h>

/* What a User-Agent begins with. */
static const struct {
    struct str start, name;
} agents[] = {
    {{"claude-cli/", 11}, {"claude-code", 11}},
    {{"claude-code/", 12}, {"claude-code", 11}},
    {{"codex_", 6}, {"codex", 5}}, /* codex_exec, codex_cli_rs, codex_vscode */
};

static struct str agent(struct str user_agent)
{
    for (size_t i = 0; i < ARRAY_LEN(agents); i++)
        if (str_starts(user_agent, agents[i].start))
            return agents[i].name;
    return STR("");
}

static bool skip(struct str *s, struct str start)
{
    if (s->len < start.len || !str_ieq(str_make(s->p, start.len), start))
        return false;
    *s = str_make(s->p + start.len, s->len - start.len);
    return true;
}

/* A name and a password before the host are nobody else's business. */
static struct str without_user(struct str s)
{
    size_t host = 0;
    for (size_t i = 0; i < s.len && !strchr("/?#", s.p[i]); i++)
        if (s.p[i] == '@')
            host = i + 1;
    return str_make(s.p + host, s.len - host);
}

/* Borrows `s`; returns the arena's. */
static struct str small_host(struct str s, struct arena *arena)
{
    char *p = arena_calloc(arena, s.len + 1, 1);
    size_t i = 0;
    memcpy(p, s.p, s.len);
    for (; i < s.len && p[i] != '/'; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    return str_make(p, s.len);
}

/* Two pages of a site, with their queries, are one source; and a query may hold what is private. */
static struct str site(struct str s, struct arena *arena)
{
    bool address = skip(&s, STR("https://")) || skip(&s, STR("http://"));
    if (address)
        s = without_user(s);
    address |= skip(&s, STR("www."));
    if (address) {
        s = str_cut(&s, '#');
        s = str_cut(&s, '?');
        while (s.len > 0 && s.p[s.len - 1] == '/')
            s.len--;
    }
    return address && s.len > 0 ? small_host(s, arena) : s;
}

/* Analytics can be filtered by no text with control characters in it. Borrows `s`; returns the
 * arena's. */
static struct str plain(struct str s, struct arena *arena)
{
    char *p = arena_calloc(arena, s.len + 1, 1);
    for (size_t i = 0; i < s.len; i++)
        p[i] = (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i];
    return str_make(p, s.len);
}

struct str source_name(const struct ledger_open *o, struct arena *arena)
{
    struct str s = site(str_trim(plain(o->source, arena)), arena);
    return s.len > 0 ? s : agent(o->user_agent);
}
