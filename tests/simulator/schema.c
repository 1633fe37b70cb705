/* schema_sample (schema.h). */
#include "tests/simulator/schema.h"

#include <strings.h>

#include "common/defs.h"
#include "common/str.h"

enum { MAX_DEPTH = 16 };

static json_t *sample(const json_t *root, const json_t *s, int depth);

/* "#/$defs/Name" and deeper; NULL for anything else. */
static const json_t *resolve(const json_t *root, const char *ref)
{
    if (strncmp(ref, "#/", 2) != 0) {
        return strcmp(ref, "#") == 0 ? root : NULL;
    }
    struct str rest = str_of(ref + 2);
    while (rest.p && root) {
        struct str name = str_cut(&rest, '/');
        root = json_object_getn(root, name.p, name.len);
    }
    return root;
}

static bool has_type(const json_t *s, const char *name)
{
    const json_t *t = json_object_get(s, "type");
    const json_t *first = json_is_array(t) ? json_array_get(t, 0) : t;
    return json_is_string(first) &&
           strcasecmp(json_string_value(first), name) == 0; /* Google writes STRING */
}

static json_t *sample_string(const json_t *s)
{
    static const struct {
        const char *format, *value;
    } FORMATS[] = {
        {"date", "2026-01-31"},          {"date-time", "2026-01-31T12:00:00Z"},
        {"time", "12:00:00Z"},           {"email", "someone@example.com"},
        {"uri", "https://example.com/"}, {"uuid", "00000000-0000-4000-8000-000000000000"},
        {"ipv4", "127.0.0.1"},
    };
    const char *format = json_string_value(json_object_get(s, "format"));
    for (size_t i = 0; format && i < ARRAY_LEN(FORMATS); i++) {
        if (strcmp(format, FORMATS[i].format) == 0) {
            return json_string(FORMATS[i].value);
        }
    }
    json_int_t min = json_integer_value(json_object_get(s, "minLength"));
    json_int_t max = json_object_get(s, "maxLength")
                         ? json_integer_value(json_object_get(s, "maxLength"))
                         : 1000;
    static const char TEXT[] = "simulated simulated simulated simulated simulated simulated";
    json_int_t len = min > 9 ? min : 9;
    len = len > max ? max : len;
    len = len > (json_int_t)sizeof(TEXT) - 1 ? (json_int_t)sizeof(TEXT) - 1 : len;
    return json_stringn(TEXT, len > 0 ? (size_t)len : 0);
}

static json_t *sample_number(const json_t *s, bool whole)
{
    double n = 1;
    const json_t *min = json_object_get(s, "minimum");
    const json_t *above = json_object_get(s, "exclusiveMinimum");
    const json_t *max = json_object_get(s, "maximum");
    if (json_is_number(max) && n > json_number_value(max)) {
        n = json_number_value(max);
    }
    if (json_is_number(min) && n < json_number_value(min)) {
        n = json_number_value(min);
    }
    if (json_is_number(above) && n <= json_number_value(above)) {
        n = json_number_value(above) + 1;
    }
    return whole ? json_integer((json_int_t)n) : json_real(n);
}

static json_t *sample_array(const json_t *root, const json_t *s, int depth)
{
    json_t *list = json_array();
    const json_t *min = json_object_get(s, "minItems");
    json_int_t n = min ? json_integer_value(min) : 1;
    for (json_int_t i = 0; i < n && i < 16; i++) {
        json_array_append_new(list, sample(root, json_object_get(s, "items"), depth + 1));
    }
    return list;
}

static json_t *sample_object(const json_t *root, const json_t *s, int depth)
{
    json_t *o = json_object();
    const json_t *properties = json_object_get(s, "properties");
    const json_t *required = json_object_get(s, "required");
    for (size_t i = 0; i < json_array_size(required) && i < 256; i++) {
        const char *name = json_string_value(json_array_get(required, i));
        if (name) {
            json_object_set_new(o, name,
                                sample(root, json_object_get(properties, name), depth + 1));
        }
    }
    if (json_array_size(required) > 0) {
        return o;
    }
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)properties, name, v)
    {
        json_object_set_new(o, name, sample(root, v, depth + 1));
    }
    return o;
}

/* The member that stands for this schema: target of $ref, first of a union; or itself. */
static const json_t *follow(const json_t *root, const json_t *s)
{
    static const char *const UNIONS[] = {"anyOf", "oneOf", "allOf"};
    for (int hops = 0; hops < MAX_DEPTH && s; hops++) {
        const char *ref = json_string_value(json_object_get(s, "$ref"));
        const json_t *to = ref ? resolve(root, ref) : NULL;
        for (size_t i = 0; !ref && i < ARRAY_LEN(UNIONS); i++) {
            to = to ? to : json_array_get(json_object_get(s, UNIONS[i]), 0);
        }
        if (!to) {
            return s;
        }
        s = to;
    }
    return s;
}

static json_t *sample(const json_t *root, const json_t *s, int depth)
{
    s = follow(root, s);
    if (depth > MAX_DEPTH || has_type(s, "null")) {
        return json_null();
    }
    const json_t *fixed = json_object_get(s, "const");
    fixed = fixed ? fixed : json_array_get(json_object_get(s, "enum"), 0);
    if (fixed) {
        return json_deep_copy(fixed);
    }
    if (has_type(s, "integer") || has_type(s, "number")) {
        return sample_number(s, has_type(s, "integer"));
    }
    if (has_type(s, "boolean")) {
        return json_true();
    }
    if (has_type(s, "array")) {
        return sample_array(root, s, depth);
    }
    if (has_type(s, "object") || json_object_get(s, "properties")) {
        return sample_object(root, s, depth);
    }
    return sample_string(s);
}

json_t *schema_sample(const json_t *schema)
{
    return json_is_object(schema) ? sample(schema, schema, 0) : json_object();
}
