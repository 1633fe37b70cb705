"""Every answer and every chunk is what OpenAI's OpenAPI document says it is."""

import copy
import json

import jsonschema
import pytest

import simulator
from openai_document import judge

TOOL = {"type": "function", "function": {"name": "f", "parameters": {
    "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {
    "type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}}

CASES = {
    "plain": simulator.chat("hello"),
    "scripted": simulator.chat("[sim chunks=3] hello"),
    "tools": simulator.chat("[sim tools=3]", tools=[TOOL]),
    "schema": simulator.chat("hello", response_format=SCHEMA),
    "choices": simulator.chat("hello", n=3),
    "logprobs": simulator.chat("hello", logprobs=True, top_logprobs=3),
    "length": simulator.chat("hello", max_tokens=2),
    "filter": simulator.chat("[sim finish=content_filter]"),
    "details": simulator.chat("[sim tokens_in=90 tokens_out=50 cached=20 reasoning=30 audio_in=3 "
                              "audio_out=4]"),
    "no usage": simulator.chat("[sim usage=none]"),
    "odd bytes": simulator.chat("[sim lone_surrogate=1 crlf=1 comment=1]"),
}


@pytest.mark.parametrize("name", CASES)
def test_answers(sim, name):
    status, headers, body = sim.call("POST", "/v1/chat/completions", CASES[name])
    assert status == 200 and headers["content-type"] == "application/json"
    judge("CreateChatCompletionResponse").validate(json.loads(body))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("usage", [False, True])
def test_chunks(sim, name, usage):
    request = CASES[name] | {"stream": True}
    if usage:
        request |= {"stream_options": {"include_usage": True}}
    status, headers, body = sim.call("POST", "/v1/chat/completions", request)
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    assert body.replace(b"\r", b"").endswith(b"data: [DONE]\n\n")
    chunks = simulator.events(body)
    assert len(chunks) > 2
    for chunk in chunks:
        judge("CreateChatCompletionStreamResponse").validate(chunk)


@pytest.mark.parametrize("name", CASES)
def test_our_requests(name):
    judge("CreateChatCompletionRequest", strict=False).validate(CASES[name])


@pytest.mark.parametrize("body", [
    b"{", {}, {"model": "m"}, {"model": "m", "messages": []},
    simulator.chat("[sim status=429]"), simulator.chat("[sim status=500]"),
    simulator.chat("[sim error_in_200=1]"), simulator.chat("hi") | {"model": "sim-missing"}])
def test_errors(sim, body):
    _, _, answer = sim.call("POST", "/v1/chat/completions", body)
    judge("ErrorResponse").validate(json.loads(answer))


def test_models(sim):
    listing = sim.get("/v1/models")
    judge("ListModelsResponse").validate(listing)
    judge("Model").validate(sim.get("/v1/models/" + listing["data"][0]["id"]))


def damaged(answer):
    """The answer with one thing wrong, in turn."""
    for path in ("id",), ("created",), ("choices",), ("choices", 0, "message", "role"), \
            ("choices", 0, "finish_reason"), ("usage", "total_tokens"):
        bad = copy.deepcopy(answer)
        at = bad
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]
        yield bad
    for path, value in (("object",), "chat.completion.chunk"), (("created",), "today"), \
            (("choices", 0, "finish_reason"), "done"), (("usage", "prompt_tokens"), 1.5), \
            (("usage", "prompt_token_details"), {}), (("service_tier",), "gold"):
        bad = copy.deepcopy(answer)
        at = bad
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        yield bad


def test_the_judge_can_say_no(sim):
    _, _, body = sim.call("POST", "/v1/chat/completions", simulator.chat("hello"))
    answer = json.loads(body)
    judge("CreateChatCompletionResponse").validate(answer)
    for bad in damaged(answer):
        with pytest.raises(jsonschema.ValidationError):
            judge("CreateChatCompletionResponse").validate(bad)
