/* Custom tools, whose input is text: what it must be like, in either of OpenAI's forms. Pure;
 * memory from the caller's arena.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/read.h"

/* {"type":"grammar","syntax":...,"definition":...} (openai CustomToolInputFormat). Returns the raw
 * object `grammar`, in which ChatCompletionCustomToolParam has the last two; .p NULL none. */
static struct str read_format(struct str raw, struct arena *a, struct ir_tool *t)
{
    struct reader r;
    struct str key, inner = STR_NULL;
    rd_init(&r, raw, a, NULL);
    if (!rd_object(&r, ""))
        return inner;
    while (rd_key(&r, &key)) {
        if (rd_is(key, "syntax"))
            (void)rd_text(&r, "", &t->syntax);
        else if (rd_is(key, "definition"))
            (void)rd_text(&r, "", &t->grammar);
        else if (rd_is(key, "grammar"))
            (void)rd_raw(&r, &inner);
        else
            rd_skip(&r);
    }
    return inner;
}

void openai_read_custom(struct str format, struct arena *a, struct ir_tool *t)
{
    t->schema = ir_custom_schema();
    if (format.p)
        format = read_format(format, a, t);
    if (format.p)
        (void)read_format(format, a, t);
    if (!t->syntax.p)
        t->grammar = STR_NULL;
}
