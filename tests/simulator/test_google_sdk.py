"""Google's own Python SDK takes the simulator for the Gemini API and for Vertex."""

import base64
import json

import pytest
from google import genai
from google.genai import errors, types

import simulator

WEATHER = {"name": "look_up_weather", "description": "The weather of a city.", "parameters": {
    "type": "OBJECT",
    "properties": {"city": {"type": "STRING"}, "days": {"type": "INTEGER", "minimum": 2}},
    "required": ["city", "days"]}}
TOOLS = {"tools": [{"function_declarations": [WEATHER]}],
         "automatic_function_calling": {"disable": True}}


def client_of(sim, **fields):
    return genai.Client(http_options=types.HttpOptions(base_url=sim.root_url), **fields)


@pytest.fixture(scope="module")
def client(sim):
    return client_of(sim, api_key="g-any")


def ask(client, contents, model="gemini-test", **config):
    return client.models.generate_content(model=model, contents=contents, config=config or None)


def streamed(client, contents, model="gemini-test", **config):
    return list(client.models.generate_content_stream(
        model=model, contents=contents, config=config or None))


def post(sim, body, verb="generateContent", model="gemini-test", prefix="/v1beta"):
    status, head, answer = sim.call("POST", f"{prefix}/models/{model}:{verb}", body)
    return status, head, json.loads(answer)


def request(text="hi", **fields):
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


def test_plain(client, sim):
    answer = ask(client, "How are you?", system_instruction="be brief")
    assert answer.text.endswith("How are you?") and answer.model_version == "gemini-test"
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.candidates[0].content.role == "model"
    usage = answer.usage_metadata
    assert usage.prompt_token_count == 5 and usage.cached_content_token_count is None
    assert usage.candidates_token_count == len(answer.text.split())
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count
    record = sim.requests()[-1]
    assert record["completion_id"] == answer.response_id and record["key_tail"] == "-any"
    assert record["model"] == "gemini-test"


def test_stream_adds_up_to_the_plain_answer(client):
    plain = ask(client, "one two")
    chunks = streamed(client, "one two")
    assert "".join(c.text or "" for c in chunks) == plain.text and len(chunks) > 6
    assert [c.candidates[0].finish_reason for c in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.total_token_count == plain.usage_metadata.total_token_count
    assert len({c.response_id for c in chunks}) == 1


def test_stream_as_array(sim):
    status, head, chunks = post(sim, request(), "streamGenerateContent")
    assert status == 200 and head["content-type"].startswith("application/json")
    assert len(chunks) > 5 and chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    _, _, chunks = post(sim, request("[sim error_chunk=2]"), "streamGenerateContent")
    assert len(chunks) == 3 and chunks[2]["error"]["status"] == "INTERNAL"
    _, head, raw = sim.call("POST", "/v1/models/m:streamGenerateContent?alt=sse", request())
    assert head["content-type"].startswith("text/event-stream")
    assert raw.startswith(b"data: {") and raw.endswith(b"}\r\n\r\n") and b"[DONE]" not in raw


def test_choices(client):
    assert len(ask(client, "hi", candidate_count=3).candidates) == 3
    chunks = streamed(client, "hi", candidate_count=2)
    assert [c.candidates[0].index for c in chunks[:4]] == [0, 1, 0, 1]
    assert [bool(c.candidates[0].finish_reason) for c in chunks[-3:]] == [False, True, True]


@pytest.mark.parametrize("stream", [False, True])
def test_tools_in_two_steps(client, stream):
    contents = [types.UserContent("What is the weather? [sim tools=2]")]
    if stream:
        parts = [p for c in streamed(client, contents, "sim-signed-1", **TOOLS)
                 for p in c.candidates[0].content.parts if p.function_call]
    else:
        parts = ask(client, contents, "sim-signed-1", **TOOLS).candidates[0].content.parts
    assert [p.function_call.name for p in parts] == ["look_up_weather"] * 2
    assert all(p.function_call.args == {"city": "simulated", "days": 2} for p in parts)
    assert parts[0].thought_signature and not parts[1].thought_signature
    results = types.UserContent([types.Part.from_function_response(
        name="look_up_weather", response={"result": f"{i} degrees"}) for i in range(2)])
    again = lambda parts, model: ask(client, contents + [types.ModelContent(parts), results], model, **TOOLS)
    assert again(parts, "sim-signed-1").text.endswith("1 degrees")
    bare = [types.Part(function_call=p.function_call) for p in parts]
    assert again(bare, "gemini-2").text.endswith("1 degrees")
    with pytest.raises(errors.ClientError, match="missing a thought_signature"):
        again(bare, "sim-signed-1")
    with pytest.raises(errors.ClientError, match="not valid"):
        again([types.Part(function_call=p.function_call, thought_signature=b"x" * 24) for p in parts],
              "sim-signed-1")
    waived = [types.Part(function_call=bare[0].function_call,
                         thought_signature=b"skip_thought_signature_validator"), bare[1]]
    assert again(waived, "sim-signed-1").text


def test_forced_call(client):
    config = TOOLS | {"tool_config": {"function_calling_config": {
        "mode": "ANY", "allowed_function_names": ["look_up_weather"]}}}
    assert ask(client, "hi", **config).function_calls[0].name == "look_up_weather"


def test_scripted_calls_for_agents(client):
    contents = [types.UserContent('[sim call=write args="{\\"a\\":1}" call2=read]')]
    said = []
    for step in range(3):
        answer = ask(client, contents)
        said.append(answer)
        if answer.function_calls:
            contents += [answer.candidates[0].content, types.UserContent([
                types.Part.from_function_response(name=answer.function_calls[0].name,
                                                  response={"output": f"result {step}"})])]
    assert said[0].function_calls[0].name == "write" and said[0].function_calls[0].args == {"a": 1}
    assert said[1].function_calls[0].name == "read" and said[1].function_calls[0].args == {}
    assert said[2].text.endswith("result 1")


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts(client, stream):
    config = {"thinking_config": {"include_thoughts": True}}
    answers = streamed(client, '[sim thinking="let me see" text="a b"]', **config) if stream else [
        ask(client, '[sim thinking="let me see" text="a b"]', **config)]
    parts = [p for a in answers for p in a.candidates[0].content.parts]
    assert "".join(p.text for p in parts if p.thought) == "let me see"
    assert "".join(p.text for p in parts if not p.thought) == "a b"
    usage = answers[-1].usage_metadata
    assert (usage.thoughts_token_count, usage.candidates_token_count) == (3, 2)
    assert any(p.thought for p in ask(client, "hi", **config).candidates[0].content.parts)
    assert not any(p.thought for p in ask(client, "hi").candidates[0].content.parts)


@pytest.mark.parametrize("stream", [False, True])
def test_usage(client, stream):
    words = "[sim tokens_in=100 cached=40 tokens_out=30 reasoning=10 tool_prompt=5 audio_in=7]"
    usage = (streamed(client, words)[-1] if stream else ask(client, words)).usage_metadata
    assert usage.prompt_token_count == 100 and usage.cached_content_token_count == 40
    assert usage.candidates_token_count == 20 and usage.thoughts_token_count == 10
    assert usage.tool_use_prompt_token_count == 5 and usage.total_token_count == 135
    assert [(d.modality, d.token_count) for d in usage.prompt_tokens_details] == [
        ("TEXT", 93), ("AUDIO", 7)]


@pytest.mark.parametrize("word, reason", [
    ("length", "MAX_TOKENS"), ("content_filter", "SAFETY"), ("recitation", "RECITATION"),
    ("malformed", "MALFORMED_FUNCTION_CALL"), ("refusal", "PROHIBITED_CONTENT"), ("stop", "STOP")])
def test_finish_reasons(client, word, reason):
    assert ask(client, f"[sim finish={word}]").candidates[0].finish_reason == reason
    assert streamed(client, f"[sim finish={word}]")[-1].candidates[0].finish_reason == reason


def test_blocked_prompt(client):
    for answer in ask(client, "[sim finish=blocked]"), *streamed(client, "[sim finish=blocked]"):
        assert not answer.candidates and answer.prompt_feedback.block_reason == "SAFETY"


@pytest.mark.parametrize("stream", [False, True])
def test_image_and_sources(client, stream):
    answers = streamed(client, "[sim image=1 cite=1]") if stream else [ask(client, "[sim image=1 cite=1]")]
    images = [p.inline_data for a in answers for p in a.candidates[0].content.parts if p.inline_data]
    assert images[0].mime_type == "image/png" and images[0].data.startswith(b"\x89PNG")
    grounding = answers[-1].candidates[0].grounding_metadata
    assert grounding.grounding_chunks[0].web.uri == "https://example.com/source"


def test_structured(client):
    answer = ask(client, "hi", response_mime_type="application/json", response_schema={
        "type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}, "required": ["n"]})
    assert json.loads(answer.text) == {"n": 1}


def test_count_and_embed(client, sim):
    assert client.models.count_tokens(model="m", contents="12345678").total_tokens == 2
    one = client.models.embed_content(model="e", contents="hi", config={"output_dimensionality": 16})
    two = client.models.embed_content(model="e", contents=["hi", "ho"], config={"output_dimensionality": 16})
    assert len(one.embeddings[0].values) == 16
    assert one.embeddings[0].values == two.embeddings[0].values != two.embeddings[1].values
    body = {"content": {"parts": [{"text": "hi"}]}, "outputDimensionality": 16}
    assert post(sim, body, "embedContent")[2]["embedding"]["values"] == one.embeddings[0].values


@pytest.mark.parametrize("status, name", [
    (400, "INVALID_ARGUMENT"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"),
    (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL"), (503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED")])
def test_errors(client, status, name):
    with pytest.raises(errors.APIError) as caught:
        ask(client, f"[sim status={status} retry_after=7]")
    assert caught.value.code == status and caught.value.status == name
    if status == 429:
        details = caught.value.details["error"]["details"]
        assert details[-1]["retryDelay"] == "7s"


def test_error_in_a_stream(client):
    with pytest.raises(errors.APIError) as caught:
        streamed(client, "[sim error_chunk=2 code=UNAVAILABLE]")
    assert caught.value.status == "UNAVAILABLE"


def test_missing_model_and_key(client, locked_sim):
    with pytest.raises(errors.ClientError, match="NOT_FOUND.*sim-missing-x"):
        ask(client, "hi", "sim-missing-x")
    with pytest.raises(errors.ClientError, match="API key not valid"):
        ask(client_of(locked_sim, api_key="wrong"), "hi")
    ask(client_of(locked_sim, api_key="sk-right-key"), "hi")
    assert locked_sim.call("POST", "/v1/models/m:generateContent?key=sk-right-key", request())[0] == 200


@pytest.mark.parametrize("body, said", [
    (request(frobnicate=1), 'Unknown name "frobnicate": Cannot find field.'),
    (request(generationConfig={"max_tokens": 5}), 'Unknown name "max_tokens" at \'generation_config\''),
    ({"contents": [{"role": "user", "parts": [{"txt": "x"}]}]}, "at 'contents[0].parts[0]'"),
    ({}, "contents is not specified"), ({"contents": [{"role": "user"}]}, "must not be empty"),
    ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
    ({"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {}}}]}]}, "number of function"),
    (request(generationConfig={"candidateCount": 9}), "candidate_count"), (b"[", "Invalid JSON")])
def test_refusals(sim, body, said):
    status, _, answer = post(sim, body)
    assert status == 400 and answer["error"]["status"] == "INVALID_ARGUMENT"
    assert said in answer["error"]["message"], answer
    assert answer["error"]["code"] == 400


def test_both_spellings(sim):
    body = request(generation_config={"maxOutputTokens": 2}, system_instruction={"parts": [{"text": "x"}]})
    assert post(sim, body)[2]["candidates"][0]["finishReason"] == "MAX_TOKENS"


def test_vertex(sim):
    from google.oauth2.credentials import Credentials
    client = client_of(sim, vertexai=True, project="p", location="l", credentials=Credentials("token"))
    assert ask(client, "hi").text.endswith("hi")
    assert "".join(c.text or "" for c in streamed(client, "hi")).endswith("hi")
    assert "/projects/p/locations/l/publishers/google/models/gemini-test:" in simulator.last_path(sim)


def test_signatures_are_base64(sim):
    body = request("[sim tools=1]")
    part = post(sim, body, model="sim-signed")[2]["candidates"][0]["content"]["parts"][0]
    assert len(base64.b64decode(part["thoughtSignature"])) == 24


def test_models_are_listed_to_who_has_a_key(client, sim):
    assert "models/sim-echo" in [m.name for m in client.models.list(config={"page_size": 50})]
    limited = client_of(sim, api_key="g-status=429")
    with pytest.raises(errors.ClientError) as caught:
        list(limited.models.list())
    assert caught.value.code == 429 and caught.value.status == "RESOURCE_EXHAUSTED"
