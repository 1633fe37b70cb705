"""Faults between two protocols, each injected, each with its cure: streams that die, hang or report an
error before and after their first content; odd framing, odd bytes, blocks out of order; errors in every
protocol's own words. The simulator fails as it is asked to; what it cannot do wrong, a raw provider
says byte by byte.
"""
import itertools
import json
import re

import anthropic
import botocore.exceptions
import google.genai.errors
import openai
import pytest

import event_order
import harness
from dialect_clients import CLIENTS as SDKS
from dialect_clients import Ask
from raw_provider import RawProvider
from raw_requests import question, send

PROVIDERS = {  # provider protocol: catalogue provider, model, what its base URL ends in
    "openai": ("openai", "gpt-5.2", "/v1"),
    "openai-responses": ("aws-mantle", "gpt-5.6-luna", "/v1"),
    "anthropic": ("anthropic", "claude-sonnet-4-5", "/v1"),
    "google": ("google-ai-studio", "gemini-3.5-flash", "/v1beta"),
}
CLIENTS = ["openai", "openai-responses", "anthropic", "google"]
CELLS = list(itertools.product(CLIENTS, PROVIDERS))
# Cells whose bytes are passed: the two speak one protocol.
PASSED = {(c, c) for c in CLIENTS} | {("openai-responses", "openai")}
RESPONSES_PASSED = ("openai-responses", "openai")
PINNED = {"x-no-fallback": "true"}
tags = itertools.count(1)


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


@pytest.fixture(scope="module")
def gateway(installation, key):
    gateway = harness.Gateway(installation, DOTEB_FIRST_BYTE_TIMEOUT="400ms", DOTEB_IDLE_TIMEOUT="400ms")
    yield gateway
    gateway.stop()


def ask(gateway, key, client, provider, text, stream=True, tools=False, **more):
    name, model, _ = PROVIDERS[provider]
    path, body = question(client, f"{name}/{model}", text, stream, tools, **more)
    return send(gateway, key, client, path, body, PINNED)


# ---------------------------------------------------------------- streams that go well, in odd ways

ODD = ["split=1", "split=3 crlf=1 comment=1 flush=1", "no_done=1", "usage=none",
       "usage=every chunk_bytes=1", "long_line=70000 framing=close json_type=1"]
WORDS = 'text="Grüße 😀 \\" \\\\ an alle\tund jeden"'
SAID = 'Grüße 😀 " \\ an alle\tund jeden'


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("client,provider", CELLS)
def test_a_stream_however_it_is_cut_and_framed(gateway, key, client, provider, odd):
    answer = ask(gateway, key, client, provider, f"[sim {WORDS} {odd}]")
    assert answer.status == 200 and not answer.aborted, answer.body
    passed = (client, provider) in PASSED
    if "no_done" in odd and (provider == "openai-responses" or (client, provider) == RESPONSES_PASSED):
        event_order.check_broken(client, answer.body)   # there the end says how it went
        return
    text, calls = event_order.check(client, answer.body, usage=not passed or odd != "usage=none")
    assert text.replace("x" * 70000, "") == SAID and not calls


@pytest.mark.parametrize("bytes_", ["bad_utf8=1", "lone_surrogate=1"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_odd_bytes_reach_no_client_that_would_choke(gateway, key, client, provider, bytes_):
    """A translated stream is UTF-8 and JSON; one that is passed is what the provider said."""
    answer = ask(gateway, key, client, provider, f"[sim {WORDS} {bytes_}]")
    assert answer.status == 200
    if (client, provider) in PASSED and bytes_ == "bad_utf8=1":
        return
    text, _ = event_order.check(client, answer.body)
    assert text.endswith(SAID[8:])


ARGUMENTS = {"location": 'Zü"rich \\ \n ☃ 😀 </s>', "n": [1.50, None, {"a": {}}]}


@pytest.mark.parametrize("odd", ["split=1", "chunk_bytes=2"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_arguments_of_calls_arrive_whole(gateway, key, client, provider, odd):
    """And byte for byte where both sides stream them as text."""
    given = json.dumps(ARGUMENTS, separators=(",", ":"), ensure_ascii=False)
    answer = ask(gateway, key, client, provider, f"[sim call=look args={json.dumps(given)} {odd}]",
                 tools=True)
    _, calls = event_order.check(client, answer.body)
    assert [name for _, name, _ in calls] == ["look"]
    assert json.loads(calls[0][2]) == ARGUMENTS
    if "google" not in (client, provider):
        assert json.dumps(json.loads(calls[0][2])) == json.dumps(ARGUMENTS)


@pytest.mark.parametrize("client,provider", CELLS)
def test_parallel_calls_are_told_apart(gateway, key, client, provider):
    answer = ask(gateway, key, client, provider, "[sim tools=3 split=1]", tools=True)
    _, calls = event_order.check(client, answer.body)
    ids = [i for i, _, _ in calls]
    assert len(calls) == 3 and (client == provider == "google" or len(set(ids)) == 3), calls


@pytest.mark.parametrize("finish", ["malformed", "blocked", "length", "content_filter"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_odd_finishes_end_the_stream_in_order(gateway, key, client, provider, finish):
    """Or, where the provider says that it failed, with an error: never both, never neither."""
    answer = ask(gateway, key, client, provider, f"hi [sim finish={finish}]")
    if answer.status != 200:
        assert answer.status == 502 and answer.json()["error"]["message"]
        return
    if b"response.failed" in answer.body or b'"error":{' in answer.body:
        event_order.check_broken(client, answer.body)
    else:
        event_order.check(client, answer.body)


@pytest.mark.parametrize("client,provider", CELLS)
def test_the_stream_is_no_pretence(gateway, key, client, provider):
    """The first words arrive while the provider is still speaking."""
    answer = ask(gateway, key, client, provider, "[sim text=word chunks=6 gap_ms=45]")
    first = next(t for t, piece in zip(answer.times, answer.pieces) if b"word" in piece)
    assert len(answer.pieces) >= 5 and first < answer.seconds - 0.1, answer.times
    event_order.check(client, answer.body)


# ---------------------------------------------------------------- streams that fail after content

BROKEN = ["cut_chunk=12", "reset=1 cut_chunk=12", "error_chunk=12"]


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("client,provider", CELLS)
def test_a_broken_stream_is_never_ended_as_if_whole(gateway, key, client, provider, fault):
    answer = ask(gateway, key, client, provider, f"[sim text=word chunks=40 gap_ms=5 {fault}]")
    assert answer.status == 200 and b"word" in answer.body
    assert not answer.aborted
    event_order.check_broken(client, answer.body)


@pytest.mark.parametrize("client,provider", zip(CLIENTS, reversed(PROVIDERS)))
def test_a_stream_that_falls_silent_is_an_error_soon(gateway, key, client, provider):
    answer = ask(gateway, key, client, provider, "[sim text=word chunks=40 hang_chunk=12]")
    assert answer.status == 200 and 0.3 < answer.seconds < 3
    event_order.check_broken(client, answer.body)


@pytest.mark.parametrize("fault", ["cut_chunk=12", "error_chunk=12"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_the_sdk_raises_when_a_stream_breaks(gateway, key, client, provider, fault):
    name, model, _ = PROVIDERS[provider]
    if client == "openai-responses" and (client, provider) in PASSED and "error" in fault:
        return   # OpenAI's own event, at which its Python SDK ends without a word
    with pytest.raises(ERRORS[client]):
        SDKS[client](gateway, key).stream(f"{name}/{model}", Ask(f"[sim text=word chunks=40 gap_ms=5 {fault}]"))


ERRORS = {"openai": openai.APIError, "openai-responses": (openai.APIError, RuntimeError),
          "anthropic": anthropic.APIError, "google": google.genai.errors.APIError,
          "bedrock": botocore.exceptions.ClientError}


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
}
ERRORS_SAID = {  # an overloaded provider, in its own words
    "openai": sse({"error": {"message": "busy", "type": "server_error", "code": "overloaded"}}),
    "anthropic": sse({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
    "google": sse({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}),
    "openai-responses": sse({"type": "error", "code": "server_error", "message": "busy",
                             "param": None, "sequence_number": 2}),
}


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
        "p.slug in ('anthropic', 'google-ai-studio', 'aws-mantle')")
    installation.query(
        "insert into offer_prices (offer_id, effective_from, prices) select offer_id, '2020-01-01', "
        "'{\"input\": \"1e-3\", \"output\": \"1e-3\"}' from offers where provider_model = 'raw'")
    key = installation.create_key()
    gateway = harness.Gateway(installation, "failing", DOTEB_FIRST_BYTE_TIMEOUT="400ms",
                              DOTEB_IDLE_TIMEOUT="400ms")
    yield gateway, key
    gateway.stop()


def spoken(client, provider):
    """OpenAI is asked for Responses by those who speak them."""
    return client if (client, provider) in PASSED else provider


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
    "garbage": lambda p: ([BEGINS[p], b"data: {\"a\n\n"], "eof"),
    "nothing": lambda p: ([], "eof"),
}


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("client,provider", CELLS)
def test_before_content_the_next_provider_answers_alone(failing, raw, client, provider, death):
    pieces, end = DEATHS[death](spoken(client, provider))
    raw.say(death, pieces, end)
    answer = ask_raw(failing, client, provider, death, "[sim text=saved]")
    assert answer.status == 200 and answer.headers["x-doteb-provider"] == "azure", answer.body
    assert answer.headers["x-doteb-attempts"] == "2"
    text, _ = event_order.check(client, answer.body)
    assert text == "saved"
    assert b"raw" not in re.sub(rb"\[raw \w+\]", b"", answer.body).replace(b"draw", b"")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_silence_before_content_fails_over_too(failing, raw, provider):
    raw.say("silence", [BEGINS[provider]], "hang")
    answer = ask_raw(failing, "anthropic", provider, "silence", "[sim text=saved]")
    assert event_order.check("anthropic", answer.body)[0] == "saved"


@pytest.mark.parametrize("client,provider", CELLS)
def test_without_another_provider_it_is_an_error_not_a_stream(failing, raw, client, provider):
    speaks = spoken(client, provider)
    raw.say("alone", [BEGINS[speaks], ERRORS_SAID[speaks]])
    answer = ask_raw(failing, client, provider, "alone", headers=PINNED)
    assert answer.status == 502 and answer.headers["content-type"].startswith("application/json")
    assert answer.json()["error"]["message"] and answer.headers["x-should-retry"] == "false"


# ---------------------------------------------------------------- events out of order

def block(i, kind, *deltas, stops=1, **start):
    return [{"type": "content_block_start", "index": i, "content_block": {"type": kind, **start}},
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
}
DISORDERED = [(c, d) for d, (p, _) in DISORDER.items() for c in CLIENTS
              if (c, p) not in PASSED]


@pytest.mark.parametrize("client,disorder", DISORDERED)
def test_disorder_reaches_no_client(failing, raw, client, disorder):
    provider, data = DISORDER[disorder]
    raw.say(disorder, [data])
    answer = ask_raw(failing, client, provider, disorder, tools=True, headers=PINNED)
    assert answer.status == 200, answer.body
    text, calls = event_order.check(client, answer.body)
    assert text == "Well." and [(n, json.loads(a)) for _, n, a in calls] == [("look", json.loads(INPUT))]


# ---------------------------------------------------------------- errors

STATUSES = {400: 400, 401: 502, 404: 404, 429: 429, 503: 502, 529: 502}
CLASSES = {400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError",
           404: "NotFoundError", 413: "RequestTooLargeError", 429: "RateLimitError"}


def check_error(client, answer, status):
    """An error answer in the client's own shape."""
    error = answer.json()["error"]
    assert answer.status == status and error["message"], answer.body
    assert answer.headers["content-type"] == "application/json" and answer.headers["x-request-id"]
    if client == "google":
        assert error["code"] == status and error["status"]
    elif client == "anthropic":
        assert answer.json()["type"] == "error" and error["type"]
    else:
        assert {"message", "type", "param", "code"} <= set(error)
    return error


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("client,provider", [x for x in CELLS if x not in PASSED])
def test_a_providers_error_has_the_clients_shape(gateway, key, client, provider, status):
    answer = ask(gateway, key, client, provider, f"[sim status={status} retry_after=7]", stream=bool(status % 2))
    check_error(client, answer, STATUSES[status])
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    assert ("x-should-retry" in answer.headers) == (status != 429)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client,provider", CELLS)
def test_an_error_in_a_200_is_an_error(gateway, key, client, provider, stream):
    answer = ask(gateway, key, client, provider, "[sim error_in_200=1]", stream=stream)
    check_error(client, answer, 502)


def sdk_error(client, gateway, key, model, ask_):
    with pytest.raises(SDKS[client].error) as e:
        SDKS[client](gateway, key).plain(model, ask_)
    return e.value


@pytest.mark.parametrize("client", CLIENTS)
def test_the_gateways_own_errors_are_the_sdks_classes(gateway, key, client):
    good = "openai/gpt-5.2"
    for status, error, word in [
            (401, sdk_error(client, gateway, "sk-nonsense", good, Ask("x")), "API key"),
            (404, sdk_error(client, gateway, key, "no-such-model", Ask("x")), "no-such-model"),
            (400, sdk_error(client, gateway, key, good, Ask("x", max_tokens=-1)), "max"),
            (429, sdk_error(client, gateway, key, good, Ask("[sim status=429]")), "limit"),
            (502, sdk_error(client, gateway, key, good, Ask("[sim status=500]")), "failed")]:
        code = getattr(error, "status_code", None) or error.code
        assert code == status and word in str(error), error
        if client != "google":
            name = CLASSES.get(status, "InternalServerError")
            assert type(error).__name__ == name, (status, error)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wrong_field_is_named(gateway, key, client):
    wrong = {"openai": ("messages", 7), "openai-responses": ("input", 7), "anthropic": ("messages", 7),
             "google": ("contents", 7)}[client]
    path, body = question(client, "openai/gpt-5.2", "x")
    body[wrong[0]] = wrong[1]
    error = check_error(client, send(gateway, key, client, path, body), 400)
    assert wrong[0] in error["message"] or wrong[0] in json.dumps(error)
    check_error(client, send(gateway, key, client, path, b"{"), 400)
