"""Anthropic's own Python SDK takes the simulator for Anthropic, directly and through Vertex."""

import json

import anthropic
import pytest

import simulator

WEATHER = {
    "name": "look_up_weather",
    "description": "The weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
        "required": ["city", "days"],
    },
}
THINK = {"type": "enabled", "budget_tokens": 1024}
VERSION = {"anthropic-version": "2023-06-01"}


@pytest.fixture
def client(sim):
    return anthropic.Anthropic(base_url=sim.root_url, api_key="sk-ant-any", max_retries=0)


def user(text):
    return [{"role": "user", "content": text}]


def ask(client, messages, **fields):
    messages = user(messages) if isinstance(messages, str) else messages
    return client.messages.create(**{"model": "claude-test", "max_tokens": 2048,
                                     "messages": messages, **fields})


def streamed(client, messages, **fields):
    messages = user(messages) if isinstance(messages, str) else messages
    with client.messages.stream(**{"model": "claude-test", "max_tokens": 2048,
                                   "messages": messages, **fields}) as stream:
        events = list(stream)
        return events, stream.get_final_message()


def post(sim, body, path="/v1/messages", headers=VERSION):
    status, head, answer = sim.call("POST", path, body, headers)
    return status, head, json.loads(answer)


def request(**fields):
    return {"model": "claude-test", "max_tokens": 2048, "messages": user("hi"), **fields}


def test_plain(client, sim):
    answer = ask(client, "How are you?", system="be brief")
    assert answer.id.startswith("msg_") and answer.type == "message" and answer.role == "assistant"
    assert answer.model == "claude-test" and answer.stop_reason == "end_turn"
    assert answer.content[0].type == "text" and answer.content[0].text.endswith("How are you?")
    assert answer.usage.input_tokens == 5  # 20 bytes
    assert answer.usage.output_tokens == len(answer.content[0].text.split())
    assert answer._request_id.startswith("req_")
    record = sim.requests()[-1]
    assert record["completion_id"] == answer.id
    assert record["upstream_request_id"] == answer._request_id
    assert record["key_tail"] == "-any"


def test_stream_adds_up_to_the_plain_answer(client):
    plain = ask(client, "one two")
    events, final = streamed(client, "one two")
    assert final.content[0].text == plain.content[0].text
    assert final.usage.output_tokens == plain.usage.output_tokens
    assert final.stop_reason == "end_turn"
    assert len([e for e in events if e.type == "text"]) > 5


def test_events_on_the_wire(sim):
    status, head, raw = sim.call("POST", "/v1/messages", request(stream=True), VERSION)
    assert status == 200 and head["content-type"].startswith("text/event-stream")
    names = [line[7:] for line in raw.decode().split("\n") if line.startswith("event: ")]
    data = [json.loads(line[6:]) for line in raw.decode().split("\n") if line.startswith("data: ")]
    assert names == [d["type"] for d in data]
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(names[3:-3]) == {"content_block_delta"}
    assert data[0]["message"]["content"] == [] and data[0]["message"]["stop_reason"] is None


@pytest.mark.parametrize("stream", [False, True])
def test_tools_in_two_steps(client, stream):
    messages = user("What is the weather? [sim tools=2]")
    call = streamed if stream else lambda *a, **k: (None, ask(*a, **k))
    _, first = call(client, messages, tools=[WEATHER])
    assert first.stop_reason == "tool_use"
    assert [b.type for b in first.content] == ["tool_use", "tool_use"]
    assert all(b.input == {"city": "simulated", "days": 2} for b in first.content)
    assert len({b.id for b in first.content}) == 2
    messages += [{"role": "assistant", "content": first.content},
                 {"role": "user", "content": [
                     {"type": "tool_result", "tool_use_id": b.id, "content": f"{i} degrees"}
                     for i, b in enumerate(first.content)]}]
    _, second = call(client, messages, tools=[WEATHER])
    assert second.stop_reason == "end_turn" and second.content[0].text.endswith("1 degrees")


def test_tool_input_comes_in_pieces(sim):
    _, _, raw = sim.call("POST", "/v1/messages", request(
        stream=True, tools=[WEATHER], tool_choice={"type": "any"}), VERSION)
    pieces = [e["delta"]["partial_json"] for e in map(
        lambda line: json.loads(line[6:]),
        filter(lambda line: line.startswith("data: "), raw.decode().split("\n")))
        if e["type"] == "content_block_delta"]
    assert pieces[0] == "" and len(pieces) > 3
    assert json.loads("".join(pieces)) == {"city": "simulated", "days": 2}


def test_scripted_calls_for_agents(client):
    """The directive stands in one of several text blocks, more user blocks follow the results."""
    prompt = ('[sim call=write args="{\\"path\\":\\"a.txt\\",\\"text\\":\\"x ] \\\\\\"y\\\\\\"\\"}" '
              'call2=bash args2="{\\"command\\":\\"cat a.txt\\"}"] please')
    messages = [{"role": "user", "content": [{"type": "text", "text": "<reminder>r</reminder>"},
                                             {"type": "text", "text": prompt},
                                             {"type": "text", "text": "<more>"}]}]
    said = []
    for step in range(3):
        answer = ask(client, messages)
        said.append(answer.content[0])
        messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": getattr(answer.content[0], "id", ""),
             "content": [{"type": "text", "text": f"result {step}"}]},
            {"type": "text", "text": "<reminder>[sim text=no]</reminder>"}]}]
    assert (said[0].name, said[0].input) == ("write", {"path": "a.txt", "text": 'x ] "y"'})
    assert (said[1].name, said[1].input) == ("bash", {"command": "cat a.txt"})
    assert said[2].type == "text" and said[2].text.endswith("result 1")
    answer = ask(client, messages[:5] + [{"role": "assistant", "content": "done"}]
                 + user("[sim call=read] again"))
    assert answer.content[0].name == "read" and answer.content[0].input == {}


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_is_signed_and_checked(client, stream):
    call = streamed if stream else lambda *a, **k: (None, ask(*a, **k))
    messages = user('[sim thinking="let me see" redacted=1 tools=1]')
    _, first = call(client, messages, tools=[WEATHER], thinking=THINK)
    assert [b.type for b in first.content] == ["thinking", "redacted_thinking", "tool_use"]
    assert first.content[0].thinking == "let me see" and len(first.content[0].signature) >= 24
    result = {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": first.content[2].id, "content": "21"}]}
    blocks = [b.model_dump() for b in first.content]
    again = lambda content: ask(client, messages + [{"role": "assistant", "content": content}, result],
                                tools=[WEATHER], thinking=THINK)
    assert again(blocks).content[-1].text.endswith("21")
    for wrong, said in (
            ([blocks[0] | {"signature": "c2ln"}, *blocks[1:]], "Invalid `signature` in `thinking`"),
            ([blocks[0] | {"thinking": "let me"}, *blocks[1:]], "Invalid `signature` in `thinking`"),
            ([blocks[0], blocks[1] | {"data": "AAAA"}, blocks[2]], "Invalid `data`"),
            (blocks[2:], "Expected `thinking`")):
        with pytest.raises(anthropic.BadRequestError, match=said):
            again(wrong)


def test_thinking_as_asked(client):
    answer = ask(client, "hi", thinking=THINK)
    assert [b.type for b in answer.content] == ["thinking", "text"]
    answer = ask(client, "hi", thinking={"type": "adaptive"})
    assert answer.content[0].thinking
    answer = ask(client, "hi", thinking={"type": "adaptive", "display": "omitted"})
    assert answer.content[0].thinking == "" and answer.content[0].signature
    assert [b.type for b in ask(client, "hi").content] == ["text"]


@pytest.mark.parametrize("stream", [False, True])
def test_citations(client, stream):
    call = streamed if stream else lambda *a, **k: (None, ask(*a, **k))
    _, answer = call(client, "[sim cite=1]")
    assert answer.content[0].citations[0].cited_text == "A simulated sentence."


@pytest.mark.parametrize("stream", [False, True])
def test_usage(client, stream):
    call = streamed if stream else lambda *a, **k: (None, ask(*a, **k))
    _, answer = call(client, "[sim tokens_in=100 cached=40 cache_write=30 cache_write_1h=10 tokens_out=9]")
    usage = answer.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens,
            usage.output_tokens) == (30, 40, 30, 9)
    assert usage.cache_creation.ephemeral_5m_input_tokens == 20
    assert usage.cache_creation.ephemeral_1h_input_tokens == 10


@pytest.mark.parametrize("words, reason", [
    ("finish=length", "max_tokens"), ("finish=refusal", "refusal"), ("finish=pause_turn", "pause_turn"),
    ("finish=stop_sequence", "stop_sequence"), ("finish=content_filter", "refusal"),
    ("finish=context_window", "model_context_window_exceeded"), ("text=x", "end_turn")])
def test_stop_reasons(client, words, reason):
    plain = ask(client, f"[sim {words}]", stop_sequences=["END"])
    _, final = streamed(client, f"[sim {words}]", stop_sequences=["END"])
    assert plain.stop_reason == final.stop_reason == reason
    assert plain.stop_sequence == final.stop_sequence == ("END" if reason == "stop_sequence" else None)


def test_max_tokens_cut(client):
    answer = ask(client, "hi", max_tokens=2)
    assert answer.stop_reason == "max_tokens" and len(answer.content[0].text.split()) == 2


def test_count_tokens(client):
    assert client.messages.count_tokens(model="claude-test", messages=user("12345678")).input_tokens == 2


def test_structured(client):
    answer = ask(client, "hi", output_config={"format": {"type": "json_schema", "schema": {
        "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}})
    assert json.loads(answer.content[0].text) == {"n": 1}


@pytest.mark.parametrize("status, error, kind", [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (401, anthropic.AuthenticationError, "authentication_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"),
    (404, anthropic.NotFoundError, "not_found_error"),
    (413, anthropic.APIStatusError, "request_too_large"),
    (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"),
    (529, anthropic.InternalServerError, "overloaded_error")])
def test_errors(client, status, error, kind):
    with pytest.raises(error) as caught:
        ask(client, f"[sim status={status} retry_after=3]")
    assert caught.value.status_code == status and caught.value.body["error"]["type"] == kind
    assert caught.value.body["type"] == "error" and caught.value.request_id.startswith("req_")
    assert caught.value.body["request_id"] == caught.value.request_id
    assert caught.value.response.headers["retry-after"] == "3"


def test_missing_model_and_key(client, locked_sim):
    with pytest.raises(anthropic.NotFoundError, match="sim-missing-x"):
        ask(client, "hi", model="sim-missing-x")
    with pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"):
        ask(anthropic.Anthropic(base_url=locked_sim.root_url, api_key="wrong", max_retries=0), "hi")
    for key in {"api_key": "sk-right-key"}, {"auth_token": "sk-right-key"}:
        ask(anthropic.Anthropic(base_url=locked_sim.root_url, **key), "hi")


def test_error_in_a_stream(client):
    events = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        with client.messages.stream(model="m", max_tokens=9, messages=user(
                "[sim error_chunk=4 code=overloaded_error]")) as stream:
            for event in stream:
                events.append(event)
    assert caught.value.body["error"]["type"] == "overloaded_error" and events


@pytest.mark.parametrize("change, said", [
    ({"max_tokens": None}, "max_tokens: Input"), ({"max_tokens": 0}, "max_tokens: Input"),
    ({"messages": []}, "messages: at least"), ({"messages": "x"}, "messages: Input"),
    ({"messages": [{"role": "king", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
    ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}]},
     "messages.0.content.0: unexpected `tool_use_id`"),
    ({"messages": user("x") + [{"role": "assistant", "content": [
        {"type": "tool_use", "id": "t", "name": "n", "input": {}}]}] + user("y")},
     "messages.1: `tool_use` ids were found without"),
    ({"temperature": 1.5}, "temperature"), ({"model": ""}, "model"), ({"stream": "yes"}, "stream"),
    ({"thinking": {"type": "enabled", "budget_tokens": 10}}, "budget_tokens"),
    ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, "must be greater"),
    ({"tools": [{"name": "x"}]}, "tools.0.custom.input_schema")])
def test_refusals(sim, change, said):
    status, _, answer = post(sim, request(**change))
    assert status == 400 and answer["error"]["type"] == "invalid_request_error"
    assert said in answer["error"]["message"], answer


def test_more_refusals(sim):
    body = request()
    del body["max_tokens"]
    assert post(sim, body)[2]["error"]["message"] == "max_tokens: Field required"
    assert post(sim, request(), headers={})[2]["error"]["message"].startswith("anthropic-version")
    assert post(sim, b"{")[0] == 400
    assert post(sim, request(unknown_member={"a": 1}))[0] == 200


def test_vertex(sim):
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-x@20250101"
    body = request(anthropic_version="vertex-2023-10-16")
    assert "model: Extra inputs" in post(sim, body, path + ":rawPredict", {})[2]["error"]["message"]
    del body["model"]
    status, _, answer = post(sim, body, path + ":rawPredict", {})
    assert status == 200 and answer["model"] == "claude-x@20250101"
    _, _, raw = sim.call("POST", path + ":streamRawPredict", body | {"stream": True}, {})
    assert raw.startswith(b"event: message_start") and raw.endswith(b'"message_stop"}\n\n')
    del body["anthropic_version"]
    assert post(sim, body, path + ":rawPredict", {})[0] == 400


def test_vertex_client(sim):
    client = anthropic.AnthropicVertex(base_url=sim.root_url + "/v1", region="l", project_id="p",
                                       access_token="token", max_retries=0)
    assert ask(client, "hi").content[0].text.endswith("hi")
    _, final = streamed(client, "hi")
    assert final.content[0].text.endswith("hi")
    assert simulator.last_path(sim).endswith("/publishers/anthropic/models/claude-test:streamRawPredict")


def test_models_are_listed_to_who_has_a_key(client, sim):
    page = client.models.list(limit=1)
    assert page.data[0].id == "sim-echo" and page.data[0].created_at.year == 2026 and not page.has_more
    for key, error in (("sk-status=401", anthropic.AuthenticationError), ("sk-status=429", anthropic.RateLimitError)):
        with pytest.raises(error):
            anthropic.Anthropic(base_url=sim.root_url, api_key=key, max_retries=0).models.list()
    status, _, body = sim.call("GET", "/v1/models", headers={"x-api-key": "sk-any"})
    assert status == 400 and json.loads(body)["type"] == "error", "without a version"
