"""No vendor's name in code outside the folders that speak vendors' dialects: providers are data."""

import re

import lint

VENDORS = re.compile(
    r"openai|anthropic|claude|gemini|google|vertex|bedrock|aws|azure|mistral|groq|cerebras|deepseek|"
    r"together_?ai|fireworks|perplexity|moonshot|alibaba|xai\b|novita|nebius|cohere|ollama|openrouter",
    re.IGNORECASE)
# The two tables of other projects' spellings are data in C; what a secret must look like, and how it
# is tried, is its issuer's; what a client's program calls itself is no provider.
ALLOWED = ("gateway/dialect/", "gateway/wire/awsevent.", "gateway/sign/", "common/spellings.",
           "control/catalogue/models_dev.", "control/provider_key_secret.", "control/provider_key_question.",
           "gateway/ledger/source.c")
# What is a format or a file of a product, not a provider that code singles out.
FORMATS = re.compile(r"models\.dev|dialect_find\(STR\(.[a-z_]+.\)\)|dialect in \([^)]*\)|dialect/[a-z_]+|dialect_[a-z_]+|ir_origin_[a-z]+|framing_aws|aws-event-stream|awsevent[a-z_]*", re.IGNORECASE)


def check(tree):
    complaints = []
    for path, text in tree.under(["common", "gateway", "control"], [".c", ".h", ".def"]):
        if path.startswith(ALLOWED):
            continue
        code = FORMATS.sub(lambda m: " " * len(m.group(0)), lint.c_code(text, strings=True))
        for match in VENDORS.finditer(code):
            complaints.append(f"{path}:{lint.line_of(code, match.start())}: names {match.group(0)}")
    return complaints


SAMPLES = [
    ({"gateway/steps/a.c": 'if (provider_is(p, "groq"))\n'}, "names groq"),
    ({"common/a.c": "int openai_quirk;\n"}, "names openai"),
    ({"gateway/steps/a.c": "/* as OpenAI does */\nint a;\n"}, None),
    ({"gateway/dialect/openai_chat.c": "int openai;\n"}, None),
    ({"gateway/steps/a.c": '#include "gateway/dialect/openai_chat.h"\n'}, None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
