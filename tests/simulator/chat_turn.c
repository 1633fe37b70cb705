/* The conversation's part of chat.h: whose turn it is, and which directive is in force. Pure. */
#include "common/mem.h"
#include "tests/simulator/chat.h"

void chat_init(struct chat_request *c)
{
    memset(c, 0, sizeof(*c));
    c->last_user = STR("");
    c->n = 1;
    c->max_tokens = UINT32_MAX;
}

void chat_fini(struct chat_request *c)
{
    json_decref(c->root);
    xfree(c->tools);
    xfree(c->inputs);
    c->root = NULL;
    c->tools = NULL;
    c->inputs = NULL;
    c->n_tools = c->n_inputs = 0;
}

void chat_user(struct chat_request *c)
{
    if (c->answered) {
        c->directive_first = c->directive_last = c->tool_result = STR_NULL;
        c->n_results = 0;
        c->answered = c->user_after_result = false;
    }
    c->last_user = STR("");
    c->result_here = false;
}

void chat_user_text(struct chat_request *c, struct str text)
{
    c->content_bytes += text.len;
    c->last_user = text;
    c->user_after_result |= c->tool_result.p && !c->result_here;
    if (str_find_str(text, STR("[sim ")) < 0) {
        return;
    }
    if (c->tool_result.p && !c->result_here) { /* the user took over */
        c->tool_result = c->directive_first = STR_NULL;
        c->n_results = 0;
        c->user_after_result = false;
    }
    c->directive_first = c->directive_first.p ? c->directive_first : text;
    c->directive_last = text;
}

void chat_tool_result(struct chat_request *c, struct str text)
{
    c->content_bytes += text.len;
    c->tool_result = text.p ? text : STR("");
    c->n_results++;
    c->result_here = true;
}

void chat_assistant(struct chat_request *c, bool calls)
{
    c->tool_result = STR_NULL;
    c->answered = !calls;
    c->result_here = c->user_after_result = false;
}

void chat_told(struct chat_request *c)
{
    if (c->user_after_result && !c->directive_first.p) {
        c->tool_result = STR_NULL;
    }
}

struct str chat_directive(const struct chat_request *c)
{
    return c->tool_result.p ? c->directive_first : c->directive_last;
}

struct tool_def *chat_add_tool(struct chat_request *c)
{
    if ((c->n_tools & (c->n_tools - 1)) == 0) {
        uint32_t cap = c->n_tools ? c->n_tools * 2 : 1;
        c->tools = xrealloc(c->tools, cap * sizeof(*c->tools));
    }
    struct tool_def *t = &c->tools[c->n_tools++];
    memset(t, 0, sizeof(*t));
    return t;
}

void chat_add_input(struct chat_request *c, struct str text)
{
    if ((c->n_inputs & (c->n_inputs - 1)) == 0) {
        uint32_t cap = c->n_inputs ? c->n_inputs * 2 : 1;
        c->inputs = xrealloc(c->inputs, cap * sizeof(*c->inputs));
    }
    c->inputs[c->n_inputs++] = text;
    c->content_bytes += text.len;
}
