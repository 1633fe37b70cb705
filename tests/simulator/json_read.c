/* json_read.h: a request's body as a tree. Pure. */
#include "tests/simulator/json_read.h"

/* Whole numbers among the members of `o` become integers again. */
static void restore_integers(json_t *o)
{
    const char *name;
    void *next;
    json_t *v;
    json_object_foreach_safe(o, next, name, v)
    {
        double n = json_real_value(v);
        if (json_is_real(v) && n >= -9e15 && n <= 9e15 && (double)(json_int_t)n == n) {
            (void)json_object_set_new_nocheck(o, name, json_integer((json_int_t)n));
        }
    }
}

struct str json_result(const json_t *object)
{
    static const char *const USUAL[] = {"output", "result", "error", "content"};
    for (size_t i = 0; i < ARRAY_LEN(USUAL); i++) {
        struct str s = json_member(object, USUAL[i]);
        if (s.p) {
            return s;
        }
    }
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)object, name, v)
    {
        if (json_is_string(v)) {
            return json_str(v);
        }
    }
    return STR("");
}

json_t *json_read(struct str body)
{
    json_error_t je;
    const char *p = body.p ? body.p : "";
    json_t *root = json_loadb(p, body.len, JSON_ALLOW_NUL, &je);
    if (!root && json_error_code(&je) == json_error_numeric_overflow) {
        root = json_loadb(p, body.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &je);
        restore_integers(root);
    }
    return root;
}
