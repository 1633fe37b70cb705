"""The checker of streams catches what it is for, and sees every stream: each protocol's good stream
passes, each of its disorders does not, and no client in use here reads past the tap.
"""
import asyncio
import copy
import http.client
import http.server
import json
import socket
import threading
import urllib.request

import anthropic
import boto3
import botocore
import httpx
import openai
import pytest
from google import genai

import event_order
import stream_tap
from raw_provider import frames


def sse(events, named):
    return b"".join((b"event: %s\n" % e["type"].encode() if named else b"") +
                    b"data: %s\n\n" % json.dumps(e).encode() for e in events)


def chunk(delta, finish=None, **more):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


CHAT_USAGE = {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}
CHAT = [chunk({"role": "assistant", "content": "Well."}),
        chunk({"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                               "function": {"name": "look", "arguments": "{\"a\""}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
        chunk({}, "tool_calls"), {**chunk({}), "choices": [], "usage": CHAT_USAGE}]
COMPLETIONS = [{"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [
    {"text": t, "index": 0, "logprobs": None, "finish_reason": f}]} for t, f in (("Well.", None), ("", "stop"))]
COMPLETIONS += [{**COMPLETIONS[0], "choices": [], "usage": CHAT_USAGE}]
MESSAGES = [
    {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
                                          "stop_reason": None, "usage": {"input_tokens": 5, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Well."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "look", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{\"a\": 1}"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"}]
RESPONSE = {"id": "r", "status": "in_progress", "output": []}
CALL = {"type": "function_call", "id": "f", "call_id": "c", "name": "look", "arguments": "{\"a\": 1}"}
TEXT = {"type": "message", "id": "m", "role": "assistant", "content": []}
PART = {"item_id": "m", "output_index": 0, "content_index": 0}
RESPONSES = [{"sequence_number": i, **e} for i, e in enumerate([
    {"type": "response.created", "response": RESPONSE}, {"type": "response.in_progress", "response": RESPONSE},
    {"type": "response.output_item.added", "output_index": 0, "item": TEXT},
    {"type": "response.content_part.added", **PART},
    {"type": "response.output_text.delta", **PART, "delta": "Well."},
    {"type": "response.output_text.done", **PART, "text": "Well."},
    {"type": "response.content_part.done", **PART},
    {"type": "response.output_item.done", "output_index": 0, "item": TEXT},
    {"type": "response.output_item.added", "output_index": 1, "item": CALL},
    {"type": "response.function_call_arguments.delta", "item_id": "f", "output_index": 1, "delta": CALL["arguments"]},
    {"type": "response.function_call_arguments.done", "item_id": "f", "output_index": 1, "arguments": CALL["arguments"]},
    {"type": "response.output_item.done", "output_index": 1, "item": CALL},
    {"type": "response.completed", "response": {
        "id": "r", "status": "completed", "output": [TEXT, CALL],
        "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}}}])]
GOOGLE = [{"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0, **more}], "modelVersion": "m",
           "responseId": "r", "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 9, "totalTokenCount": 14}}
          for part, more in (({"text": "Well."}, {}),
                             ({"functionCall": {"name": "look", "args": {"a": 1}}}, {"finishReason": "STOP"}))]
CONVERSE = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Well."}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t", "name": "look"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{\"a\": 1}"}}}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    ("messageStop", {"stopReason": "tool_use"}),
    ("metadata", {"usage": {"inputTokens": 5, "outputTokens": 9, "totalTokens": 14}})]
MEDIA = [{"type": "transcript.text.delta", "delta": "We"}, {"type": "transcript.text.delta", "delta": "ll."},
         {"type": "transcript.text.done", "text": "Well."}]
GOOD = {"media": MEDIA, "openai": CHAT, "openai-completions": COMPLETIONS, "openai-responses": RESPONSES, "anthropic": MESSAGES,
        "google": GOOGLE, "bedrock": CONVERSE}
ERRORS = {
    "openai": {"error": {"message": "m", "type": "t", "param": None, "code": "c"}},
    "openai-responses": {"type": "error", "sequence_number": 6, "message": "m", "code": "c", "param": None},
    "anthropic": {"type": "error", "error": {"type": "api_error", "message": "m"}},
    "google": {"error": {"code": 502, "message": "m", "status": "UNAVAILABLE"}},
    "bedrock": ("!modelStreamErrorException", {"message": "m"})}
ERRORS["openai-completions"] = ERRORS["media"] = ERRORS["openai"]
BROKEN_AT = {"media": 2, "openai": 3, "openai-completions": 1, "openai-responses": 6, "anthropic": 6, "google": 1, "bedrock": 5}


def written(client, events, done=True):
    if client == "bedrock":
        return frames(*events)
    end = b"data: [DONE]\n\n" if done and client in ("openai", "openai-completions") else b""
    return sse(events, client in ("anthropic", "openai-responses")) + end


def without(*places):
    return lambda events: [e for i, e in enumerate(events) if i not in places]


def twice(i):
    return lambda events: events[:i + 1] + [copy.deepcopy(events[i])] + events[i + 1:]


def swapped(i):
    return lambda events: [*events[:i], events[i + 1], events[i], *events[i + 2:]]


def changed(i, *path, to=None):
    """One member of an event has another value; None: it is gone."""
    def change(events):
        events = copy.deepcopy(events)
        at = events[i]
        for step in path[:-1]:
            at = at[step]
        if to is None:
            del at[path[-1]]
        else:
            at[path[-1]] = to
        return events
    return change


CALL_0 = ("choices", 0, "delta", "tool_calls", 0)
WRONG = [(client, what) for client, all_ in {
    "openai": [
        without(0), twice(0), twice(1), without(1), twice(3), without(3), without(4), swapped(3), swapped(0),
        changed(0, "choices", 0, "index"), changed(4, "choices"), changed(1, *CALL_0, "index"),
        changed(2, *CALL_0, "index"), changed(1, *CALL_0, "index", to=1), changed(1, *CALL_0, "id"),
        changed(3, "choices", 0, "finish_reason"), changed(2, "id", to="other"),
        changed(2, *CALL_0, "function", "arguments", to=": "), changed(4, "usage", "total_tokens", to=3)],
    "openai-completions": [without(1), without(2), swapped(1), changed(0, "choices", 0, "index"), twice(1),
                           changed(0, "object", to="chat.completion.chunk")],
    "anthropic": [
        without(0), twice(0), without(1), twice(1), twice(3), without(3), without(4), twice(4), twice(6), without(6),
        without(7), without(8), twice(8), twice(7), swapped(2), swapped(5), swapped(7), changed(2, "index"),
        changed(4, "index", to=2), changed(5, "delta", "partial_json", to="{\"a\""), changed(7, "usage"),
        changed(2, "delta", "type", to="thinking_delta"), changed(4, "content_block", "id", to="")],
    "openai-responses": [
        without(0), without(1), without(2), without(3), without(7), without(8), without(9), without(11), without(12),
        twice(0), twice(2), twice(3), twice(6), twice(7), twice(11), twice(12), changed(4, "output_index"),
        changed(8, "output_index", to=2), changed(11, "sequence_number", to=99), changed(12, "response", "usage"),
        changed(5, "text", to="Wel"), changed(12, "response", "output", to=[TEXT])],
    "media": [without(2), twice(2), swapped(1), changed(0, "type")],
    "google": [without(1), twice(1), changed(0, "candidates", 0, "index"), changed(1, "usageMetadata"), swapped(0),
               changed(1, "responseId", to="other"), changed(1, "candidates", 0, "content", "parts", 0,
                                                             "functionCall", "args", to="{}")],
    "bedrock": [
        without(0), twice(0), without(2), twice(2), without(3), without(5), twice(5), without(6), twice(6), without(7),
        twice(7), swapped(6), changed(1, 1, "contentBlockIndex"), changed(3, 1, "contentBlockIndex", to=2),
        changed(4, 1, "delta", "toolUse", "input", to="{\"a\""), changed(7, 1, "usage")],
}.items() for what in all_]


def renumbered(client, events):
    """What is left out, said twice or swapped is wrong for itself, not for its number."""
    if client == "openai-responses" and {e["sequence_number"] for e in events} <= set(range(20)):
        return [{**e, "sequence_number": i} for i, e in enumerate(events)]
    return events


@pytest.mark.parametrize("client", GOOD)
def test_a_good_stream_passes(client):
    raw = written(client, GOOD[client])
    text, calls = event_order.check(client, raw)
    assert text == "Well."
    assert client in ("openai-completions", "media") or [(n, json.loads(a)) for _, n, a in calls] == [("look", {"a": 1})]
    event_order.judge(client, raw)
    for cut in range(len(raw)):
        event_order.judge(client, raw[:cut], whole=False)


@pytest.mark.parametrize("client,number,what", [(c, i, w) for i, (c, w) in enumerate(WRONG)],
                         ids=[f"{c}-{i}" for i, (c, _) in enumerate(WRONG)])
def test_disorder_is_caught(client, number, what):
    raw = written(client, renumbered(client, what(GOOD[client])))
    with pytest.raises((AssertionError, KeyError, ValueError)):
        event_order.judge(client, raw)


@pytest.mark.parametrize("client", GOOD)
def test_a_broken_stream_ends_in_an_error_and_in_nothing_else(client):
    begin, error = GOOD[client][:BROKEN_AT[client]], ERRORS[client]
    raw = written(client, [*begin, error], done=False)
    assert event_order.check_broken(client, raw) == "m"
    event_order.judge(client, raw)
    wrong = [written(client, begin, done=False),                          # no word of it
             written(client, [*begin, error, begin[-1]], done=False),     # goes on
             written(client, [*begin, error, error], done=False),         # twice
             written(client, [*GOOD[client], error], done=False)]         # after its end
    if client.startswith("openai") and client != "openai-responses":
        wrong.append(written(client, [*begin, error]))                    # [DONE], as if whole
    for raw in wrong:
        with pytest.raises((AssertionError, KeyError)):
            event_order.judge(client, raw)


@pytest.mark.parametrize("raw", [
    written("openai", CHAT)[:-1], written("openai", CHAT, done=False), written("openai", CHAT) + b"data: {}\n\n",
    written("openai", CHAT) + b"data: [DONE]\n\n", b": ping\n\n" + written("openai", CHAT), b"", b"\n\n",
    written("openai", CHAT).replace(b"Well.", b"We\xff"), b"event: x\n" + written("openai", CHAT)])
def test_wrong_framing_is_caught(raw):
    with pytest.raises((AssertionError, ValueError, IndexError)):
        event_order.judge("openai", raw)


@pytest.mark.parametrize("raw", [
    written("anthropic", MESSAGES).replace(b"event: content_block_stop", b"event: content_block_halt"),
    sse(MESSAGES, named=False)])
def test_wrong_names_are_caught(raw):
    with pytest.raises(AssertionError):
        event_order.judge("anthropic", raw)


def test_wrong_checksums_are_caught():
    raw = written("bedrock", CONVERSE)
    for i in range(0, len(raw), 7):
        with pytest.raises(Exception):
            event_order.judge("bedrock", raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1:])


# ---------------------------------------------------------------- the tap

class Wrong(http.server.BaseHTTPRequestHandler):
    """In the place of a gateway: each protocol's stream with its first event twice, until told else."""
    protocol_version = "HTTP/1.1"
    fault = staticmethod(twice(0))
    last = b"0\r\n\r\n"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        client = next(c for p, c in stream_tap.PATHS if p.search(self.path.split("?")[0]))
        body = written(client, renumbered(client, type(self).fault(GOOD[client])))
        self.send_response(200)
        kind = stream_tap.STREAMS[client == "bedrock"]
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for i in range(0, len(body), 50):
            piece = body[i:i + 50]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(self.last)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def wrong():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wrong)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stream_tap.watch(server.server_address[1])
    yield server
    server.shutdown()
    stream_tap.ports.discard(server.server_address[1])


def with_urllib(root):
    urllib.request.urlopen(urllib.request.Request(root + "/v1/messages", b"{}")).read()


def with_http_client(root):
    c = http.client.HTTPConnection(root[7:])
    c.request("POST", "/v1/responses", b"{}")
    answer = c.getresponse()
    while answer.read1(20):
        pass


def with_a_socket(root, last=b"0\r\n\r\n"):
    host, port = root[7:].split(":")
    with socket.create_connection((host, int(port))) as s:
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
        data = b""
        while last not in data:
            data += s.recv(99)


def until_it_leaves(root):
    with_a_socket(root, b'"content"')


def with_httpx(root):
    with httpx.stream("POST", root + "/v1/messages", content=b"{}") as r:
        r.read()


def with_asyncio(root):
    async def ask():
        async with httpx.AsyncClient() as c:
            await c.post(root + "/v1/messages", content=b"{}")
    asyncio.run(ask())


def with_openai(root):
    list(openai.OpenAI(base_url=root + "/v1", api_key="x").chat.completions.create(
        model="m", messages=[], stream=True))


def with_anthropic(root):
    list(anthropic.Anthropic(base_url=root, api_key="x").messages.create(
        model="m", max_tokens=9, messages=[], stream=True))


def with_google(root):
    client = genai.Client(api_key="x", http_options={"base_url": root})
    list(client.models.generate_content_stream(model="m", contents="x"))


def with_boto3(root):
    client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=root,
                          config=botocore.config.Config(signature_version=botocore.UNSIGNED))
    list(client.converse_stream(modelId="m", messages=[])["stream"])


def through_a_passage(root):
    passage = stream_tap.Passage(int(root.split(":")[-1]))
    with_urllib(passage.root)
    passage.shutdown()


READERS = [with_urllib, with_http_client, with_a_socket, with_httpx, with_asyncio, with_openai, with_anthropic,
           with_boto3, through_a_passage]


@pytest.mark.parametrize("reader", READERS)
def test_whoever_reads_it_the_tap_sees_it(wrong, monkeypatch, reader):
    monkeypatch.setattr(Wrong, "fault", staticmethod(twice(0)))
    reader("http://127.0.0.1:%d" % wrong.server_address[1])
    assert len(stream_tap.found()) == 1


def test_googles_streams_are_seen(wrong, monkeypatch):
    monkeypatch.setattr(Wrong, "fault", staticmethod(without(1)))
    with_google("http://127.0.0.1:%d" % wrong.server_address[1])
    assert "no finishReason" in stream_tap.found()[0]


def test_a_stream_that_its_reader_leaves_is_judged_as_far_as_it_came(wrong, monkeypatch):
    root = "http://127.0.0.1:%d" % wrong.server_address[1]
    monkeypatch.setattr(Wrong, "fault", staticmethod(lambda events: events))
    until_it_leaves(root)
    assert stream_tap.judged[-1] == ("openai", False) and not stream_tap.found()
    monkeypatch.setattr(Wrong, "fault", staticmethod(changed(0, "object", to="x")))
    until_it_leaves(root)
    with_a_socket(root)
    assert len(stream_tap.found()) >= 1


def test_a_stream_left_after_its_last_word_is_whole(wrong, monkeypatch):
    """As OpenAI's SDK does where the chunked body's end has not come yet."""
    root = "http://127.0.0.1:%d" % wrong.server_address[1]
    monkeypatch.setattr(Wrong, "fault", staticmethod(lambda events: events))
    monkeypatch.setattr(Wrong, "last", b"")
    with_a_socket(root, b"[DONE]\n\n")
    assert stream_tap.judged[-1] == ("openai", True) and not stream_tap.found()
    monkeypatch.setattr(Wrong, "fault", staticmethod(without(3)))
    with_a_socket(root, b"[DONE]\n\n")
    assert "finish_reason" in stream_tap.found()[0]


@pytest.mark.parametrize("reader", READERS)
def test_a_good_stream_is_seen_and_left_alone(wrong, monkeypatch, reader):
    monkeypatch.setattr(Wrong, "fault", staticmethod(lambda events: events))
    before = len(stream_tap.judged)
    reader("http://127.0.0.1:%d" % wrong.server_address[1])
    assert len(stream_tap.judged) == before + 1 and stream_tap.judged[-1][1] and not stream_tap.found()


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="a disorder fails the test that looks for none")
def test_disorder_fails_a_test_that_does_not_look(wrong, monkeypatch):
    monkeypatch.setattr(Wrong, "fault", staticmethod(twice(0)))
    with_urllib("http://127.0.0.1:%d" % wrong.server_address[1])


def test_unless_it_is_forgiven(wrong, monkeypatch):
    monkeypatch.setattr(Wrong, "fault", staticmethod(twice(0)))
    stream_tap.forgive("this is a test of it")
    with_urllib("http://127.0.0.1:%d" % wrong.server_address[1])
