/* The table of spellings. Const data; any thread. A row is here only if the catalogue has its
 * target; prefixes that equal the slug need none.
 */
#include "common/spellings.h"

static const struct spelling spellings[] = {
    {"gemini", "google-ai-studio"},
    {"vertex_ai", "google-vertex"},
    {"vertex_ai_beta", "google-vertex"},
    {"bedrock", "aws-bedrock"},
    {"bedrock_converse", "aws-bedrock"},
    {"bedrock_mantle", "aws-mantle"},
    {"azure_ai", "azure-ai-foundry"},
    {"together_ai", "together-ai"},
    {"fireworks_ai", "fireworks"},
    {"dashscope", "alibaba"},
    {"volcengine", "bytedance"},
    {"meta_llama", "meta"},
    {"nano-gpt", "nanogpt"},
    {"xiaomi_mimo", "xiaomi"},
};

struct str spelling_slug(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
        if (str_eq(name, str_of(spellings[i].alias)))
            return str_of(spellings[i].slug);
    return STR_NULL;
}

const struct spelling *spelling_table(size_t *n)
{
    *n = ARRAY_LEN(spellings);
    return spellings;
}
