"""OpenAI's Responses API: OpenAI's SDK as client, OpenAI's document as judge of every event."""

import json

import openai
import pytest

from openai_document import judge, schemas

WEATHER = {"type": "function", "name": "look_up_weather", "strict": False, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    "required": ["city", "days"]}}
PATCH = {"type": "custom", "name": "apply_patch"}
SPACE = {"type": "namespace", "name": "agents", "description": "d", "tools": [WEATHER | {"name": "spawn"}]}
SEALED = {"include": ["reasoning.encrypted_content"], "store": False}


@pytest.fixture(scope="module")
def client(sim):
    return openai.OpenAI(base_url=sim.base_url, api_key="sk-any", max_retries=0)


def ask(client, said, **fields):
    return client.responses.create(**{"model": "gpt-test", "input": said, **fields})


def streamed(client, said, **fields):
    with client.responses.stream(**{"model": "gpt-test", "input": said, **fields}) as stream:
        for _ in stream:
            pass
        return stream.get_final_response()


BOTH = pytest.mark.parametrize("call", [ask, streamed])


def post(sim, said="hi", **fields):
    status, _, answer = sim.call("POST", "/v1/responses", {"model": "gpt-test", "input": said, **fields})
    return status, json.loads(answer)


def events_of(sim, said="hi", **fields):
    """The events on the wire; their `event:` lines agree with their types."""
    status, _, raw = sim.call("POST", "/v1/responses",
                              {"model": "gpt-test", "input": said, "stream": True, **fields})
    assert status == 200
    blocks = [b.split("\n") for b in raw.decode().strip().split("\n\n")]
    found = [json.loads(b[1].removeprefix("data: ")) for b in blocks]
    assert [b[0] for b in blocks] == [f"event: {e['type']}" for e in found]
    assert [e["sequence_number"] for e in found] == list(range(len(found)))
    return found


@BOTH
def test_plain(client, sim, call):
    answer = call(client, "How are you?", instructions="be brief")
    assert answer.id.startswith("resp_") and answer.status == "completed"
    assert answer.output_text.endswith("How are you?") and answer.instructions == "be brief"
    assert answer.usage.input_tokens == 5
    assert answer.usage.output_tokens == len(answer.output_text.split())
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert sim.requests()[-1]["completion_id"] == answer.id


def test_order_of_events(sim):
    types = [e["type"].removeprefix("response.") for e in events_of(sim, "[sim text=\"a b\"]")]
    assert types == ["created", "in_progress", "output_item.added", "content_part.added",
                     "output_text.delta", "output_text.delta", "output_text.done",
                     "content_part.done", "output_item.done", "completed"]
    types = [e["type"].removeprefix("response.") for e in events_of(
        sim, "[sim thinking=\"a b\" call=f args=\"{}\"]")]
    assert types == ["created", "in_progress", "output_item.added", "reasoning_summary_part.added",
                     "reasoning_summary_text.delta", "reasoning_summary_text.delta",
                     "reasoning_summary_text.done", "reasoning_summary_part.done",
                     "output_item.done", "output_item.added", "function_call_arguments.delta",
                     "function_call_arguments.done", "output_item.done", "completed"]


@BOTH
def test_tools_in_two_steps(client, call):
    said = [{"role": "user", "content": "What is the weather? [sim tools=2]"}]
    first = call(client, said, tools=[WEATHER])
    calls = [i for i in first.output if i.type == "function_call"]
    assert [json.loads(c.arguments) for c in calls] == [{"city": "simulated", "days": 2}] * 2
    assert len({c.call_id for c in calls}) == 2
    said += first.output
    said += [{"type": "function_call_output", "call_id": c.call_id, "output": f"{i} degrees"}
             for i, c in enumerate(calls)]
    assert call(client, said, tools=[WEATHER]).output_text.endswith("1 degrees")
    with pytest.raises(openai.BadRequestError, match="No tool output found"):
        ask(client, said[:-1], tools=[WEATHER])
    with pytest.raises(openai.BadRequestError, match="No tool call found"):
        ask(client, [said[0], said[-1]], tools=[WEATHER])


def test_tool_choice(client):
    for choice in "required", {"type": "function", "name": "look_up_weather"}:
        answer = ask(client, "hi", tools=[WEATHER], tool_choice=choice)
        assert answer.output[0].name == "look_up_weather"


@BOTH
def test_scripted_calls_for_agents(client, call):
    """An agent's environment stands before the prompt, as codex has it; tools of all kinds."""
    said = [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "x"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<env>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text":
                '[sim call=apply_patch args="{\\"input\\":\\"*** Begin\\"}" call2=spawn args2="{\\"n\\":1}"]'}]}]
    tools = [WEATHER, PATCH, SPACE]
    first = call(client, said, tools=tools).output[0]
    assert (first.type, first.name, first.input) == ("custom_tool_call", "apply_patch", "*** Begin")
    said += [first, {"type": "custom_tool_call_output", "call_id": first.call_id, "output": "one"}]
    second = call(client, said, tools=tools).output[0]
    assert (second.name, second.namespace, second.arguments) == ("spawn", "agents", '{"n":1}')
    said += [second, {"type": "function_call_output", "call_id": second.call_id, "output": [
        {"type": "input_text", "text": "two"}]}]
    assert call(client, said, tools=tools).output_text.endswith("two")


@BOTH
def test_reasoning_is_sealed_and_checked(client, call):
    said = [{"role": "user", "content": "[sim tools=1]"}]
    first = call(client, said, tools=[WEATHER], reasoning={"summary": "auto"}, **SEALED)
    thought, asked = first.output
    assert thought.type == "reasoning" and thought.summary[0].text and thought.encrypted_content
    again = lambda item: ask(client, said + [item, asked, {
        "type": "function_call_output", "call_id": asked.call_id, "output": "21"}], tools=[WEATHER], **SEALED)
    item = thought.model_dump(exclude_none=True)
    assert again(item).output_text.endswith("21")
    with pytest.raises(openai.BadRequestError) as caught:
        again(item | {"encrypted_content": "A" * 32})
    assert caught.value.code == "invalid_encrypted_content"
    del item["encrypted_content"]
    with pytest.raises(openai.NotFoundError, match="not persisted"):
        again(item)


@BOTH
def test_reasoning_as_asked(client, call):
    assert [i.type for i in call(client, "hi").output] == ["message"]
    hidden = call(client, "hi", **SEALED).output
    assert [i.type for i in hidden] == ["reasoning", "message"] and hidden[0].summary == []
    shown = call(client, '[sim thinking="let me see"]').output[0]
    assert shown.summary[0].text == "let me see" and shown.encrypted_content is None


@BOTH
@pytest.mark.parametrize("words, status, reason", [
    ("finish=length", "incomplete", "max_output_tokens"),
    ("finish=content_filter", "incomplete", "content_filter"),
    ("finish=failed", "failed", None), ("text=x", "completed", None)])
def test_endings(client, call, words, status, reason):
    if call is streamed and status != "completed":
        with client.responses.create(model="m", input=f"[sim {words}]", stream=True) as stream:
            answer = list(stream)[-1].response
    else:
        answer = call(client, f"[sim {words}]")
    assert answer.status == status
    assert (answer.incomplete_details and answer.incomplete_details.reason) == reason
    assert (answer.error is not None) == (status == "failed")


@BOTH
def test_refusal_and_sources(client, call):
    part = call(client, "[sim finish=refusal text=no]").output[0].content[0]
    assert part.type == "refusal" and part.refusal == "no"
    cited = call(client, "[sim cite=1]").output[0].content[0].annotations[0]
    assert cited.type == "url_citation" and cited.url == "https://example.com/source"


@BOTH
def test_usage(client, call):
    usage = call(client, "[sim tokens_in=100 cached=40 cache_write=9 tokens_out=50 reasoning=30]").usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (100, 50, 150)
    assert usage.input_tokens_details.cached_tokens == 40
    assert usage.input_tokens_details.cache_write_tokens == 9
    assert usage.output_tokens_details.reasoning_tokens == 30


def test_structured(client):
    answer = ask(client, "hi", text={"format": {"type": "json_schema", "name": "n", "schema": {
        "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}})
    assert json.loads(answer.output_text) == {"n": 1}


@pytest.mark.parametrize("status, error", [
    (400, openai.BadRequestError), (401, openai.AuthenticationError), (404, openai.NotFoundError),
    (429, openai.RateLimitError), (500, openai.InternalServerError)])
def test_errors(client, status, error):
    for call in ask, streamed:
        with pytest.raises(error):
            call(client, f"[sim status={status}]")


def test_error_in_a_stream(client, sim):
    event = list(ask(client, "[sim error_chunk=4]", stream=True))[-1]
    assert event.type == "error" and "broke this stream off" in event.message
    last = events_of(sim, "[sim error_chunk=4 code=rate_limit_exceeded]")[-1]
    assert last["type"] == "error" and last["code"] == "rate_limit_exceeded"
    judge("ResponseErrorEvent").validate(last)


@pytest.mark.parametrize("change, param", [
    ({"input": None}, "input"), ({"input": 7}, "input"), ({"input": [7]}, "input[0]"),
    ({"input": [{"content": "x"}]}, "input[0].content"), ({"model": ""}, "model"),
    ({"input": [{"role": "king", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user"}]}, "input[0].content"), ({"stream": "yes"}, "stream"),
    ({"max_output_tokens": 5}, "max_output_tokens"), ({"tools": [{}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].name"), ({"temperature": 3}, "temperature")])
def test_refusals(sim, change, param):
    body = {"model": "gpt-test", "input": "hi", **change}
    status, _, answer = sim.call("POST", "/v1/responses", body)
    assert status == 400 and json.loads(answer)["error"]["param"] == param
    judge("ErrorResponse").validate(json.loads(answer))


CASES = {
    "plain": {}, "echo": {"instructions": "x", "tools": [WEATHER, PATCH], "metadata": {"a": "b"},
                          "temperature": 0.5, "reasoning": {"effort": "low", "summary": "auto"}, **SEALED},
    "calls": {"said": "[sim tools=2 thinking=hm]", "tools": [WEATHER, PATCH]},
    "refusal": {"said": "[sim finish=refusal]"}, "cited": {"said": "[sim cite=1]"},
    "filtered": {"said": "[sim finish=content_filter]"}, "failed": {"said": "[sim finish=failed]"},
    "usage": {"said": "[sim tokens_in=9 cached=3 reasoning=4]"},
    "hidden": SEALED, "none": {"said": "[sim chunks=0]"},
}


def member_names(name):
    """All members the document gives an object that is put together with allOf."""
    schema = schemas()[name]
    refs = [part["$ref"].rsplit("/", 1)[1] for part in schema.get("allOf", []) if "$ref" in part]
    own = [set(part.get("properties", {})) for part in [schema, *schema.get("allOf", [])]]
    return set().union(*own, *map(member_names, refs))


def judge_response(response):
    """`usage` is null until the end, as the document's examples have it and its schema does not."""
    response = {k: v for k, v in response.items() if (k, v) != ("usage", None)}
    judge("Response", strict=False).validate(response)
    assert set(response) <= member_names("Response")


def judge_event(event):
    if "response" in event:
        judge_response(event["response"])
        assert set(event) == {"type", "sequence_number", "response"} and event["type"] in EVENTS
    else:
        judge(EVENTS[event["type"]]).validate(event)
    if "item" in event:
        judge(ITEMS[event["item"]["type"]]).validate(event["item"])


def events_by_type():
    names = [part["$ref"].rsplit("/", 1)[1] for part in schemas()["ResponseStreamEvent"]["anyOf"]]
    return {schemas()[n]["properties"]["type"]["enum"][0]: n for n in names}


EVENTS = events_by_type()
ITEMS = {"message": "OutputMessage", "reasoning": "ReasoningItem", "function_call": "FunctionToolCall",
         "custom_tool_call": "CustomToolCall"}


@pytest.mark.parametrize("name", CASES)
def test_document(sim, name):
    status, answer = post(sim, **CASES[name])
    assert status == 200
    judge_response(answer)
    for item in answer["output"]:
        judge(ITEMS[item["type"]]).validate(item)
    if "usage" in answer:
        judge("ResponseUsage").validate(answer["usage"])


@pytest.mark.parametrize("name", CASES)
def test_document_of_events(sim, name):
    for event in events_of(sim, **CASES[name]):
        judge_event(event)
