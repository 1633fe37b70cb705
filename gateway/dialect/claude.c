/* The names of Claude models. Pure. */
#include "gateway/dialect/claude.h"

/* Claude models up to 4.5 take a budget of thinking tokens, later ones decide themselves and take
 * an effort (docs.anthropic.com, "Adaptive thinking"). Names are
 * claude-FAMILY-MAJOR[-MINOR][-DATE], of old claude-MAJOR-MINOR-FAMILY. */
bool claude_decides_itself(struct str model)
{
    int64_t number[2] = {0, 0};
    size_t n = 0;
    ptrdiff_t at = str_find_str(model, STR("claude-"));
    if (at < 0)
        return false;
    struct str rest = str_make(model.p + at, model.len - (size_t)at);
    while (rest.p && n < 2) {
        struct str word = str_cut(&rest, '-');
        int64_t v;
        bool is_number = word.len <= 2 && str_to_i64(word, &v);
        if (is_number)
            number[n++] = v;
        else if (n == 1)
            break;
    }
    return number[0] > 4 || (number[0] == 4 && number[1] >= 6);
}
