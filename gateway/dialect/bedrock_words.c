/* Bedrock's words: stop reasons, exceptions, formats of media, families of models. Tables only;
 * pure.
 */
#include "gateway/dialect/bedrock_priv.h"

const struct ir_words bedrock_words = {.messages = "messages",
                                       .parts = "content",
                                       .tools = "toolConfig.tools",
                                       .image_url = "source.s3Location.uri",
                                       .file_url = "source.s3Location.uri"};

/* The first row of a finish is the one that is written. */
static const struct {
    const char *word;
    enum ir_finish finish;
} stops[] = {
    {"end_turn", FINISH_STOP},
    {"end_turn", FINISH_PAUSE},
    {"tool_use", FINISH_TOOL_CALLS},
    {"max_tokens", FINISH_LENGTH},
    {"stop_sequence", FINISH_STOP_SEQUENCE},
    {"content_filtered", FINISH_CONTENT_FILTER},
    {"content_filtered", FINISH_REFUSAL},
    {"guardrail_intervened", FINISH_CONTENT_FILTER},
    {"model_context_window_exceeded", FINISH_CONTEXT},
    {"malformed_model_output", FINISH_ERROR},
    {"malformed_tool_use", FINISH_ERROR},
};

enum ir_finish bedrock_finish(struct str stop_reason)
{
    for (size_t i = 0; i < ARRAY_LEN(stops); i++)
        if (str_eq(stop_reason, str_of(stops[i].word)))
            return stops[i].finish;
    return FINISH_STOP;
}

struct str bedrock_stop_reason(enum ir_finish finish, struct str word)
{
    const char *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        if (stops[i].finish != finish)
            continue;
        if (str_eq(word, str_of(stops[i].word)))
            return word;
        if (!found)
            found = stops[i].word;
    }
    return str_of(found ? found : "end_turn");
}

/* Statuses as the service model has them, but where the gateway may try again: a model that failed
 * (424), was not ready (429) or too slow (408) is a failing provider, and a quota (400) a limit. */
static const struct {
    const char *name;
    int status;
} exceptions[] = {
    {"ValidationException", 400},
    {"ConflictException", 400},
    {"SerializationException", 400},
    {"UnrecognizedClientException", 401},
    {"ExpiredTokenException", 401},
    {"InvalidSignatureException", 401},
    {"AccessDeniedException", 403},
    {"ResourceNotFoundException", 404},
    {"UnknownOperationException", 404},
    {"ThrottlingException", 429},
    {"ServiceQuotaExceededException", 429},
    {"InternalServerException", 500},
    {"InternalFailure", 500},
    {"ModelErrorException", 502},
    {"ModelStreamErrorException", 502},
    {"ServiceUnavailableException", 503},
    {"ModelNotReadyException", 503},
    {"ModelTimeoutException", 504},
};

int bedrock_exception_status(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (str_ieq(name, str_of(exceptions[i].name)))
            return exceptions[i].status;
    return 0;
}

const char *bedrock_exception_of(int status)
{
    if (status == 401)
        return "UnrecognizedClientException";
    if (status == 529)
        status = 503;
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (exceptions[i].status == status)
            return exceptions[i].name;
    return status < 500 ? "ValidationException" : "InternalServerException";
}

/* The first row of a type is the one that is written, the first of a format the one that is read.
 * `begin`: base64 of the bytes that such a file begins with. */
static const struct {
    enum ir_kind kind;
    const char *format, *type, *begin;
} media[] = {
    {IR_IMAGE, "png", "image/png", "iVBORw0KGg"},
    {IR_IMAGE, "jpeg", "image/jpeg", "/9j/"},
    {IR_IMAGE, "jpeg", "image/jpg", NULL},
    {IR_IMAGE, "gif", "image/gif", "R0lGOD"},
    {IR_IMAGE, "webp", "image/webp", "UklGR"},
    {IR_FILE, "pdf", "application/pdf", "JVBERi0"},
    {IR_FILE, "txt", "text/plain", NULL},
    {IR_FILE, "md", "text/markdown", NULL},
    {IR_FILE, "csv", "text/csv", NULL},
    {IR_FILE, "html", "text/html", NULL},
    {IR_FILE, "doc", "application/msword", NULL},
    {IR_FILE, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     NULL},
    {IR_FILE, "xls", "application/vnd.ms-excel", NULL},
    {IR_FILE, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", NULL},
    {IR_FILE, "txt", "application/json", NULL},
    {IR_VIDEO, "mp4", "video/mp4", NULL},
    {IR_VIDEO, "mov", "video/quicktime", NULL},
    {IR_VIDEO, "mkv", "video/x-matroska", NULL},
    {IR_VIDEO, "webm", "video/webm", NULL},
    {IR_VIDEO, "flv", "video/x-flv", NULL},
    {IR_VIDEO, "mpeg", "video/mpeg", NULL},
    {IR_VIDEO, "mpg", "video/mpg", NULL},
    {IR_VIDEO, "wmv", "video/x-ms-wmv", NULL},
    {IR_VIDEO, "three_gp", "video/3gpp", NULL},
    {IR_AUDIO, "mp3", "audio/mpeg", NULL},
    {IR_AUDIO, "mp3", "audio/mp3", NULL},
    {IR_AUDIO, "wav", "audio/wav", NULL},
    {IR_AUDIO, "wav", "audio/x-wav", NULL},
    {IR_AUDIO, "opus", "audio/opus", NULL},
    {IR_AUDIO, "flac", "audio/flac", NULL},
    {IR_AUDIO, "aac", "audio/aac", NULL},
    {IR_AUDIO, "ogg", "audio/ogg", NULL},
    {IR_AUDIO, "m4a", "audio/m4a", NULL},
    {IR_AUDIO, "m4a", "audio/x-m4a", NULL},
    {IR_AUDIO, "mp4", "audio/mp4", NULL},
    {IR_AUDIO, "webm", "audio/webm", NULL},
    {IR_AUDIO, "mkv", "audio/x-matroska", NULL},
    {IR_AUDIO, "pcm", "audio/pcm", NULL},
    {IR_AUDIO, "pcm", "audio/pcm16", NULL},
    {IR_AUDIO, "x-aac", "audio/x-aac", NULL},
    {IR_AUDIO, "mka", "audio/mka", NULL},
    {IR_AUDIO, "mpeg", "audio/mpeg", NULL},
    {IR_AUDIO, "mpga", "audio/mpga", NULL},
};

struct str bedrock_media_type(enum ir_kind kind, struct str format)
{
    for (size_t i = 0; i < ARRAY_LEN(media); i++)
        if (media[i].kind == kind && str_eq(format, str_of(media[i].format)))
            return str_of(media[i].type);
    return STR("");
}

/* What follows the last dot of a name. */
static struct str ending_of(struct str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.p[i - 1] == '.')
            return str_make(name.p + i, name.len - i);
    return STR("");
}

struct str bedrock_media_format(enum ir_kind kind, const struct ir_media *m)
{
    struct str type = m->type;
    ptrdiff_t cut = str_find(type, ';');
    if (cut >= 0)
        type = str_trim(str_make(type.p, (size_t)cut));
    for (size_t i = 0; i < ARRAY_LEN(media); i++)
        if (media[i].kind == kind && str_ieq(type, str_of(media[i].type)))
            return str_of(media[i].format);
    struct str ending = ending_of(m->at == IR_MEDIA_URL ? m->data : m->name);
    for (size_t i = 0; i < ARRAY_LEN(media); i++)
        if (media[i].kind == kind && str_ieq(ending, str_of(media[i].format)))
            return str_of(media[i].format);
    for (size_t i = 0; i < ARRAY_LEN(media) && m->at == IR_MEDIA_BASE64; i++)
        if (media[i].kind == kind && media[i].begin && str_starts(m->data, str_of(media[i].begin)))
            return str_of(media[i].format);
    bool text = m->at == IR_MEDIA_TEXT || str_starts(type, STR("text/"));
    return kind == IR_FILE && text ? STR("txt") : STR_NULL;
}

bool bedrock_is_block(struct str name)
{
    static const char *const blocks[] = {"guardContent", "searchResult", "toolAddition",
                                         "toolRemoval",  "toolUse",      "toolResult",
                                         "video",        "audio",        "image"};
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        if (str_eq(name, str_of(blocks[i])))
            return true;
    return false;
}

enum bedrock_family bedrock_family(struct str model)
{
    static const struct {
        const char *part;
        enum bedrock_family family;
    } families[] = {
        {"anthropic.", BEDROCK_CLAUDE},
        {"amazon.nova", BEDROCK_NOVA},
        {"openai.gpt-oss", BEDROCK_EFFORT},
        {"deepseek.v", BEDROCK_EFFORT},
    };
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (str_find_str(model, str_of(families[i].part)) >= 0)
            return families[i].family;
    return BEDROCK_OTHER;
}

struct str bedrock_tier(struct str word)
{
    static const struct {
        const char *word, *tier;
    } tiers[] = {{"default", "default"},   {"standard", "default"}, {"standard_only", "default"},
                 {"priority", "priority"}, {"flex", "flex"},        {"reserved", "reserved"}};
    for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
        if (str_eq(word, str_of(tiers[i].word)))
            return str_of(tiers[i].tier);
    return STR_NULL;
}

enum ir_origin bedrock_signer(struct str model)
{
    return bedrock_family(model) == BEDROCK_CLAUDE ? IR_ORIGIN_ANTHROPIC : IR_ORIGIN_BEDROCK;
}
