"""What each provider's own types say of a request that reached it: official SDKs as judges.

OpenAI: the OpenAPI document. Anthropic: the SDK's TypedDicts. Google: the SDK's models, which forbid
what they do not name. Bedrock: the service model in botocore.
"""
import base64
import collections.abc
import functools
import json
import sys
import types
import typing
from pathlib import Path

import anthropic.types
import botocore.session
import botocore.validate
import google.genai.types as gtypes
import typing_extensions

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulator"))
import openai_document  # noqa: E402


def openai_chat(path, body):
    openai_document.judge("CreateChatCompletionRequest", strict=False).validate(body)
    assert path == "/v1/chat/completions"


def openai_responses(path, body):
    openai_document.judge("CreateResponse", strict=False).validate(body)
    assert path == "/v1/responses" and body["store"] is False


# ---------------------------------------------------------------- Anthropic

@functools.cache
def hints(cls):
    return typing_extensions.get_type_hints(cls, include_extras=True)


def fits(value, hint):
    """Why `value` is not of the type `hint` (as TypedDicts use them), or None."""
    origin = typing.get_origin(hint)
    args = typing.get_args(hint)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated):
        return fits(value, args[0])
    if hint is typing.Any or hint is object:
        return None
    if origin in (typing.Union, types.UnionType):
        why = [fits(value, a) for a in args]
        return None if None in why else min((w for w in why), key=len)
    if origin is typing.Literal:
        return None if value in args else f"{value!r} is none of {args}"
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence):
        if not isinstance(value, list):
            return f"{value!r} is no list"
        return next((w for w in (fits(v, args[0]) for v in value) if w), None)
    if origin in (dict, collections.abc.Mapping):
        return None if isinstance(value, dict) else f"{value!r} is no object"
    if typing_extensions.is_typeddict(hint):
        return fits_dict(value, hint)
    if hint is float:
        return None if isinstance(value, (int, float)) else f"{value!r} is no number"
    if hint is type(None):
        return None if value is None else f"{value!r} is not null"
    if isinstance(hint, type):
        return None if isinstance(value, hint) else f"{value!r} is no {hint.__name__}"
    return None


def fits_dict(value, cls):
    if not isinstance(value, dict):
        return f"{value!r} is no {cls.__name__}"
    known = hints(cls)
    for key in value:
        if key not in known:
            return f"{cls.__name__} has no {key!r}"
    for key in cls.__required_keys__:
        if key not in value:
            return f"{cls.__name__} lacks {key!r}"
    return next((f"{key}: {w}" for key, v in value.items() if (w := fits(v, known[key]))), None)


def anthropic_messages(path, body):
    assert path == "/v1/messages"
    body = dict(body)
    body.pop("stream", None)
    why = fits_dict(body, anthropic.types.message_create_params.MessageCreateParamsNonStreaming)
    assert not why, why


# ---------------------------------------------------------------- Google

def google(path, body):
    assert "generateContent" in path or "streamGenerateContent?alt=sse" in path
    unknown = set(body) - {"contents", "systemInstruction", "tools", "toolConfig",
                           "generationConfig", "safetySettings", "cachedContent"}
    assert not unknown, unknown
    for content in body["contents"]:
        gtypes.Content.model_validate(content)
    if "systemInstruction" in body:
        gtypes.Content.model_validate(body["systemInstruction"])
    for tool in body.get("tools", []):
        gtypes.Tool.model_validate(tool)
    if "toolConfig" in body:
        gtypes.ToolConfig.model_validate(body["toolConfig"])
    if "generationConfig" in body:
        gtypes.GenerationConfig.model_validate(body["generationConfig"])


# ---------------------------------------------------------------- Bedrock

@functools.cache
def bedrock_shape(operation):
    session = botocore.session.get_session()
    model = session.get_service_model("bedrock-runtime")
    return model.operation_model(operation).input_shape


def with_blobs(value, shape):
    """Base64 of blobs becomes bytes, as botocore's own validator wants them."""
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "structure" and isinstance(value, dict):
        unknown = set(value) - set(shape.members)
        assert not unknown or getattr(shape, "is_document_type", False), (shape.name, unknown)
        return {k: with_blobs(v, shape.members[k]) for k, v in value.items() if k in shape.members}
    if shape.type_name == "list" and isinstance(value, list):
        return [with_blobs(v, shape.member) for v in value]
    return value


def bedrock(path, body):
    assert path.startswith("/model/")
    operation = "ConverseStream" if path.endswith("/converse-stream") else "Converse"
    shape = bedrock_shape(operation)
    params = with_blobs(body, shape) | {"modelId": "m"}
    report = botocore.validate.ParamValidator().validate(params, shape)
    assert not report.has_errors(), report.generate_report()


JUDGES = {"openai": openai_chat, "openai-responses": openai_responses,
          "anthropic": anthropic_messages, "google": google, "bedrock": bedrock}


def judge(provider, record):
    """`record`: what the simulator received (GET /_sim/last)."""
    JUDGES[provider](record["target"], json.loads(record["body"]))
