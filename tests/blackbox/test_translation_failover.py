"""Streams that fail before their first content, and streams whose events are out of order. What the
simulator cannot do wrong, a raw provider says byte by byte.
"""
import json
import re

import pytest

import event_order
import harness
from raw_provider import RawProvider, frames
from raw_requests import question, send
from translation_cells import CELLS, CLIENTS, PASSED, PINNED, PROVIDERS, check_error, spoken


# ---------------------------------------------------------------- streams that fail before content

def sse(*events):
    """As the protocols with names write them; a name is its event's type."""
    lines = [(f"event: {e['type']}\n" if isinstance(e.get("type"), str) else "") +
             f"data: {json.dumps(e)}\n\n" for e in events]
    return "".join(lines).encode()


def chunk(delta, finish=None, **more):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


MESSAGE = {"type": "message_start", "message": {
    "id": "msg_raw", "type": "message", "role": "assistant", "model": "m", "content": [],
    "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 1}}}
RESPONSE = {"id": "resp_raw", "object": "response", "created_at": 1, "status": "in_progress",
            "model": "m", "output": [], "usage": None, "error": None, "incomplete_details": None}
ITEM = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
BEGINS = {  # what stands before the first content
    "openai": sse(chunk({"role": "assistant", "content": ""})),
    "anthropic": sse(MESSAGE, {"type": "ping"}, {"type": "content_block_start", "index": 0,
                                                 "content_block": {"type": "text", "text": ""}}),
    "google": sse({"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]},
                                   "index": 0}], "modelVersion": "m", "responseId": "r"}),
    "openai-responses": sse(
        {"type": "response.created", "sequence_number": 0, "response": RESPONSE},
        {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": ITEM}),
    "bedrock": frames(("messageStart", {"role": "assistant"})),
}
ERRORS_SAID = {  # an overloaded provider, in its own words
    "openai": sse({"error": {"message": "busy", "type": "server_error", "code": "overloaded"}}),
    "anthropic": sse({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
    "google": sse({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}),
    "openai-responses": sse({"type": "error", "code": "server_error", "message": "busy",
                             "param": None, "sequence_number": 2}),
    "bedrock": frames(("!serviceUnavailableException", {"message": "busy"})),
}
GARBAGE = {"bedrock": BEGINS["bedrock"][:-1] + b"?"}   # a wrong checksum
KINDS = {"bedrock": "application/vnd.amazon.eventstream"}


@pytest.fixture(scope="module")
def raw():
    raw = RawProvider()
    yield raw
    raw.stop()


@pytest.fixture(scope="module")
def failing(pg, template, scratch, simulator, raw):
    """A gateway whose gpt-5.2 every protocol's provider has: all say what they are told, but for
    Azure, the cheapest, which is the simulator."""
    pg.create_database("faults_failing", template)
    installation = harness.Installation(pg, "faults_failing", scratch / "faults-failing")
    for name, _, _ in PROVIDERS.values():
        installation.add_provider_key(name, raw.root)
    installation.add_provider_key("azure", simulator.base_url)
    installation.query(
        "insert into offers (provider_id, model_id, provider_model, context, max_output, capabilities) "
        "select p.provider_id, o.model_id, 'raw', o.context, o.max_output, o.capabilities from offers o "
        "join models m using (model_id) join providers q on q.provider_id = o.provider_id, providers p "
        "where m.slug = 'gpt-5.2' and q.slug = 'openai' and "
        "p.slug in ('anthropic', 'google-ai-studio', 'aws-mantle', 'aws-bedrock')")
    installation.query(
        "insert into offer_prices (offer_id, effective_from, prices) select offer_id, '2020-01-01', "
        "'{\"input\": \"1e-3\", \"output\": \"1e-3\"}' from offers where provider_model = 'raw'")
    key = installation.create_key()
    gateway = harness.Gateway(installation, "failing", DOTEB_FIRST_BYTE_TIMEOUT="400ms",
                              DOTEB_IDLE_TIMEOUT="400ms")
    yield gateway, key
    gateway.stop()


def kind(provider):
    return KINDS.get(provider, "text/event-stream")


def ask_raw(failing, client, provider, name, text="", headers=None, **more):
    gateway, key = failing
    path, body = question(client, f"{PROVIDERS[provider][0]}/gpt-5.2", f"[raw {name}] {text}", **more)
    return send(gateway, key, client, path, body, headers)


DEATHS = {
    "cut": lambda p: ([BEGINS[p]], "cut"),
    "ended": lambda p: ([BEGINS[p]], "eof"),
    "reset": lambda p: ([BEGINS[p], 0.05], "reset"),
    "error": lambda p: ([BEGINS[p], ERRORS_SAID[p]], "eof"),
    "only_error": lambda p: ([ERRORS_SAID[p]], "eof"),
    "garbage": lambda p: ([BEGINS[p], GARBAGE.get(p, b"data: {\"a\n\n")], "eof"),
    "nothing": lambda p: ([], "eof"),
}


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("client,provider", CELLS)
def test_before_content_the_next_provider_answers_alone(failing, raw, client, provider, death):
    pieces, end = DEATHS[death](spoken(client, provider))
    raw.say(death, pieces, end, kind=kind(spoken(client, provider)))
    answer = ask_raw(failing, client, provider, death, "[sim text=saved]")
    assert answer.status == 200 and answer.headers["x-doteb-provider"] == "azure", answer.body
    assert answer.headers["x-doteb-attempts"] == "2"
    text, _ = event_order.check(client, answer.body)
    assert text == "saved"
    assert b"raw" not in re.sub(rb"\[raw \w+\]", b"", answer.body).replace(b"draw", b"")


@pytest.mark.parametrize("client,provider", CELLS)
def test_silence_before_content_fails_over_too(failing, raw, client, provider):
    speaks = spoken(client, provider)
    raw.say("silence", [BEGINS[speaks]], "hang", kind=kind(speaks))
    answer = ask_raw(failing, client, provider, "silence", "[sim text=saved]")
    assert event_order.check(client, answer.body)[0] == "saved"


@pytest.mark.parametrize("client,provider", CELLS)
def test_without_another_provider_it_is_an_error_not_a_stream(failing, raw, client, provider):
    speaks = spoken(client, provider)
    raw.say("alone", [BEGINS[speaks], ERRORS_SAID[speaks]], kind=kind(speaks))
    answer = ask_raw(failing, client, provider, "alone", headers=PINNED)
    check_error(client, answer, 502)
    assert "x-should-retry" not in answer.headers   # nobody tried it again yet


def claude_code():
    """What Claude Code sends in the middle of its work (a golden case), streamed."""
    body = json.loads((harness.ROOT / "tests/golden/translate/anthropic_google_claude_code/request.json").read_text())
    return body | {"stream": True}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_agents_request_survives_its_provider(failing, raw, simulator, provider):
    """Tools, results and cache marks of a running agent reach a provider of another protocol whole."""
    gateway, key = failing
    raw.say("agent", [BEGINS[provider], ERRORS_SAID[provider]], kind=kind(provider))
    body = claude_code() | {"model": f"{PROVIDERS[provider][0]}/gpt-5.2"}
    body["messages"][-1]["content"].append({"type": "text", "text": "[raw agent] [sim text=saved]"})
    answer = send(gateway, key, "anthropic", "/v1/messages?beta=true", body)
    assert answer.status == 200 and answer.headers["x-doteb-provider"] == "azure", answer.body
    assert event_order.check("anthropic", answer.body)[0] == "saved"
    sent = json.loads(simulator.get("/_sim/last")["body"])
    assert [t["function"]["name"] for t in sent["tools"]] == [t["name"] for t in body["tools"]]
    assert "mock-tool-ran-42" in json.dumps(sent["messages"])


# ---------------------------------------------------------------- streams that fail after content

PART = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
SAYS = {
    "openai": sse(chunk({"role": "assistant", "content": "Well."})),
    "anthropic": sse(MESSAGE, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                     {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Well."}}),
    "google": sse({"candidates": [{"content": {"role": "model", "parts": [{"text": "Well."}]}, "index": 0}],
                   "modelVersion": "m", "responseId": "r"}),
    "openai-responses": sse(*({"sequence_number": i, **e} for i, e in enumerate([
        {"type": "response.created", "response": RESPONSE}, {"type": "response.in_progress", "response": RESPONSE},
        {"type": "response.output_item.added", "output_index": 0, "item": ITEM},
        {"type": "response.content_part.added", **PART, "part": {"type": "output_text", "text": "", "annotations": []}},
        {"type": "response.output_text.delta", **PART, "delta": "Well."}]))),
    "bedrock": BEGINS["bedrock"] + frames(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Well."}})),
}
LATE = {"cut": lambda p: ([], "cut"), "ended": lambda p: ([], "eof"), "reset": lambda p: ([0.05], "reset"),
        "error": lambda p: ([ERRORS_SAID[p]], "eof"),
        "garbage": lambda p: ([GARBAGE.get(p, b"data: {\"a\n\n"), good_end(p)], "eof")}


def good_end(provider):
    """As if nothing had happened before it."""
    return {
        "openai": lambda: sse(chunk({}, "stop"), {**chunk({}), "choices": [], "usage": CHAT_USAGE}) + DONE,
        "anthropic": lambda: sse({"type": "content_block_stop", "index": 0}, *MESSAGE_END),
        "google": lambda: sse({"candidates": [{"content": {"role": "model", "parts": [{"text": "!"}]}, "index": 0,
                                               "finishReason": "STOP"}], "modelVersion": "m", "responseId": "r"}),
    }.get(provider, bytes)()


@pytest.mark.parametrize("death", LATE)
@pytest.mark.parametrize("client,provider", CELLS)
def test_after_content_nobody_goes_on_in_its_place(failing, raw, simulator, client, provider, death):
    """No other provider, no second try, no continuation made up from what was said: the error, with
    what happened in it, although others could have answered."""
    speaks = spoken(client, provider)
    pieces, end = LATE[death](speaks)
    raw.say("late", [SAYS[speaks], 0.05, *pieces], end, kind=kind(speaks))
    raw.seen.clear()
    served = simulator.get("/_sim/counters")["last_seq"]
    answer = ask_raw(failing, client, provider, "late", "[sim text=saved]")
    assert answer.status == 200 and raw.seen == ["late"]
    assert simulator.get("/_sim/counters")["last_seq"] == served
    message = event_order.check_broken(client, answer.body)
    assert b"Well." in answer.body and b"saved" not in answer.body
    assert "busy" in message if death == "error" else "provider" in message.lower(), message


# ---------------------------------------------------------------- events out of order

def block(i, what, *deltas, stops=1, **start):
    return [{"type": "content_block_start", "index": i, "content_block": {"type": what, **start}},
            *({"type": "content_block_delta", "index": i, "delta": d} for d in deltas),
            *[{"type": "content_block_stop", "index": i}] * stops]


def call_piece(text, **more):
    return {"function": {"arguments": text, **more.pop("function", {})}, **more}


MESSAGE_END = [{"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None},
                "usage": {"output_tokens": 9}}, {"type": "message_stop"}]
INPUT = '{"location": "Graz \\"1\\""}'
CHAT_USAGE = {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}
DONE = b"data: [DONE]\n\n"


def item_done(i, item):
    return {"type": "response.output_item.done", "sequence_number": 0, "output_index": i, "item": item}


CALL_ITEM = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look",
             "arguments": INPUT, "status": "completed"}
TEXT_ITEM = {**ITEM, "status": "completed", "content": [
    {"type": "output_text", "text": "Well.", "annotations": []}]}
COMPLETED = {"type": "response.completed", "sequence_number": 9, "response": {
    **RESPONSE, "status": "completed", "output": [TEXT_ITEM, CALL_ITEM],
    "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}}}
TOOL_FRAMES = [
    ("contentBlockStart", {"contentBlockIndex": 4, "start": {"toolUse": {"toolUseId": "t_1", "name": "look"}}}),
    *(("contentBlockDelta", {"contentBlockIndex": 4, "delta": {"toolUse": {"input": x}}})
      for x in (INPUT[:9], INPUT[9:]))]
METADATA = ("metadata", {"usage": {"inputTokens": 5, "outputTokens": 9, "totalTokens": 14},
                         "metrics": {"latencyMs": 3}})
DISORDER = {  # each says "Well." and calls look(INPUT) once
    "block_stopped_twice": ("anthropic", sse(
        MESSAGE, MESSAGE, *block(0, "text", {"type": "text_delta", "text": "Well."}, stops=2, text=""),
        *block(1, "tool_use", {"type": "input_json_delta", "partial_json": INPUT[:9]},
               {"type": "input_json_delta", "partial_json": INPUT[9:]}, stops=2,
               id="toolu_1", name="look", input={}), *MESSAGE_END)),
    "kinds_of_a_later_day": ("anthropic", sse(
        MESSAGE, {"type": "later", "index": 0}, *block(0, "text", {"type": "text_delta", "text": "Well."},
                                                      {"type": "later_delta", "x": 1}, text=""),
        *block(1, "later_block", {"type": "input_json_delta", "partial_json": "{"}, input={}),
        *block(2, "tool_use", {"type": "input_json_delta", "partial_json": INPUT},
               id="toolu_1", name="look", input={}), *MESSAGE_END)),
    "block_never_opened": ("anthropic", sse(
        MESSAGE, {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Well."}},
        *block(1, "tool_use", id="toolu_1", name="look", input=json.loads(INPUT)), *MESSAGE_END)),
    "no_indices": ("openai", sse(
        {**chunk({}), "choices": [{"delta": {"role": "assistant", "content": "Well."}}]},
        {**chunk({}), "choices": [{"delta": {"tool_calls": [
            call_piece("", id="call_1", type="function", function={"name": "look"})]}}]},
        {**chunk({}), "choices": [{"delta": {"tool_calls": [call_piece(INPUT[:7])]}}]},
        {**chunk({}), "choices": [{"delta": {"tool_calls": [call_piece(INPUT[7:])]}}]},
        {**chunk({}), "choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "usage": CHAT_USAGE})
        + DONE),
    "said_again": ("openai", sse(
        chunk({"role": "assistant", "content": None}), chunk({"role": "assistant", "content": "Well."}),
        chunk({"tool_calls": [call_piece(INPUT, index=0, id="call_1", type="function",
                                         function={"name": "look"})]}),
        chunk({"tool_calls": [call_piece("", index=0, id="call_1", type="function",
                                         function={"name": "look"})]}),
        chunk({"content": ""}, "tool_calls"), chunk({}, "tool_calls", usage=CHAT_USAGE)) + DONE + DONE),
    "chunks_without_choices": ("openai", sse(
        {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []},
        chunk({"role": "assistant", "content": "Well."}),
        chunk({"tool_calls": [call_piece(INPUT, index=3, id="call_1", type="function",
                                         function={"name": "look"})]}),
        {**chunk({}, "stop"), "usage": None}, {**chunk({}), "choices": None, "usage": CHAT_USAGE}) + DONE),
    "items_only_done": ("openai-responses", sse(
        {"type": "response.created", "sequence_number": 0, "response": RESPONSE},
        item_done(0, TEXT_ITEM), item_done(1, CALL_ITEM), COMPLETED)),
    "items_done_twice": ("openai-responses", sse(
        {"type": "response.created", "sequence_number": 0, "response": RESPONSE},
        {"type": "response.later", "sequence_number": 1}, item_done(0, TEXT_ITEM),
        item_done(0, TEXT_ITEM), item_done(1, CALL_ITEM), item_done(1, CALL_ITEM), COMPLETED)),
    "no_candidate_index": ("google", sse(
        {"candidates": [{"content": {"parts": [{"text": "Well."}]}}], "later": 1},
        {"usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}},
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "look",
                                                                 "args": json.loads(INPUT)}}]}}]},
        {"candidates": [{"finishReason": "STOP"}],
         "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 9, "totalTokenCount": 14}})),
    "frames_twice_and_later": ("bedrock", frames(
        ("messageStart", {"role": "assistant"}), ("messageStart", {"role": "assistant"}),
        ("laterEvent", {"x": 1}), ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Well."}}),
        *[("contentBlockStop", {"contentBlockIndex": 0})] * 2, *TOOL_FRAMES,
        *[("contentBlockStop", {"contentBlockIndex": 4})] * 2,
        *[("messageStop", {"stopReason": "tool_use"})] * 2, METADATA)),
    "frames_never_closed": ("bedrock", frames(
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Well."}}), *TOOL_FRAMES,
        ("messageStop", {"stopReason": "tool_use"}), METADATA)),
}
DISORDERED = [(c, d) for d, (p, _) in DISORDER.items() for c in CLIENTS
              if (c, p) not in PASSED]


@pytest.mark.parametrize("client,disorder", DISORDERED)
def test_disorder_reaches_no_client(failing, raw, client, disorder):
    provider, data = DISORDER[disorder]
    raw.say(disorder, [data], kind=kind(provider))
    answer = ask_raw(failing, client, provider, disorder, tools=True, headers=PINNED)
    assert answer.status == 200, answer.body
    text, calls = event_order.check(client, answer.body)
    assert text == "Well." and [(n, json.loads(a)) for _, n, a in calls] == [("look", json.loads(INPUT))]


CUT_CALLS = {  # the model ran out of tokens within a call
    "openai": sse(chunk({"role": "assistant", "content": "Well."}),
                  chunk({"tool_calls": [call_piece(INPUT[:14], index=0, id="call_1", type="function",
                                                   function={"name": "look"})]}),
                  chunk({}, "length"), {**chunk({}), "choices": [], "usage": CHAT_USAGE}) + DONE,
    "anthropic": sse(MESSAGE, *block(0, "text", {"type": "text_delta", "text": "Well."}, text=""),
                     *block(1, "tool_use", {"type": "input_json_delta", "partial_json": INPUT[:14]},
                            id="toolu_1", name="look", input={}),
                     {"type": "message_delta", "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
                      "usage": {"output_tokens": 9}}, {"type": "message_stop"}),
    "openai-responses": sse(
        {"type": "response.created", "sequence_number": 0, "response": RESPONSE}, item_done(0, TEXT_ITEM),
        {"type": "response.output_item.added", "sequence_number": 2, "output_index": 1,
         "item": {**CALL_ITEM, "arguments": "", "status": "in_progress"}},
        {"type": "response.function_call_arguments.delta", "sequence_number": 3, "item_id": "fc_1", "output_index": 1,
         "delta": INPUT[:14]},
        item_done(1, {**CALL_ITEM, "arguments": INPUT[:14], "status": "incomplete"}),
        {"type": "response.incomplete", "sequence_number": 5, "response": {
            **COMPLETED["response"], "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
            "output": [TEXT_ITEM, {**CALL_ITEM, "arguments": INPUT[:14], "status": "incomplete"}]}}),
    "bedrock": frames(("messageStart", {"role": "assistant"}),
                      ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Well."}}),
                      ("contentBlockStop", {"contentBlockIndex": 0}), *TOOL_FRAMES[:2],
                      ("contentBlockStop", {"contentBlockIndex": 4}), ("messageStop", {"stopReason": "max_tokens"}),
                      METADATA),
}


@pytest.mark.parametrize("client,provider", [(c, p) for p in CUT_CALLS for c in CLIENTS if (c, p) not in PASSED])
def test_a_call_cut_by_the_token_limit_says_so(failing, raw, client, provider):
    """Never as a call that is complete, and never with arguments that somebody filled in."""
    raw.say("short", [CUT_CALLS[provider]], kind=kind(provider))
    answer = ask_raw(failing, client, provider, "short", tools=True, headers=PINNED)
    text, calls = event_order.check(client, answer.body)
    assert text == "Well." and len(calls) == 1
    said = calls[0][2]
    if client == "google":   # where arguments are an object, what is none stands in one that no schema has
        assert list(json.loads(said)) == ["_raw"]
        said = json.loads(said)["_raw"]
    assert said and len(said) < len(INPUT) and INPUT.startswith(said)
    assert ENDED_EARLY[client] in answer.body and not any(w in answer.body for w in ENDED_FOR_CALLS)


ENDED_EARLY = {"openai": b'"finish_reason":"length"', "openai-responses": b'"status":"incomplete","call_id"',
               "anthropic": b'"stop_reason":"max_tokens"', "google": b'"finishReason":"MAX_TOKENS"',
               "bedrock": b'"stopReason":"max_tokens"'}
ENDED_FOR_CALLS = (b'"finish_reason":"tool_calls"', b'"tool_use","stop_sequence', b'"stopReason":"tool_use"',
                   b'"finishReason":"STOP"', b"response.completed")
