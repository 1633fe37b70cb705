"""The directives mean the same in every protocol: errors, cuts, pauses, odd bytes, the read-out."""

import json
import time

import pytest

import simulator
from simulator import Raw

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def messages(text):
    return [{"role": "user", "content": text}]


# name: (path plain, path streamed, body of a text, headers, where an error's message stands)
PROTOCOLS = {
    "chat": ("/v1/chat/completions", None, lambda t: {"model": "m", "messages": messages(t)}, {}, ("error", "message")),
    "responses": ("/v1/responses", None, lambda t: {"model": "m", "input": t}, {}, ("error", "message")),
    "anthropic": ("/v1/messages", None, lambda t: {"model": "m", "max_tokens": 9999, "messages": messages(t)},
                  {"anthropic-version": "2023-06-01"}, ("error", "message")),
    "google": ("/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent?alt=sse",
               lambda t: {"contents": [{"parts": [{"text": t}]}]}, {}, ("error", "message")),
    "bedrock": ("/model/m/converse", "/model/m/converse-stream",
                lambda t: {"messages": [{"role": "user", "content": [{"text": t}]}]}, {}, ("message",)),
}
ALL = pytest.mark.parametrize("name", PROTOCOLS)
BOTH = pytest.mark.parametrize("stream", [False, True])


def request(name, text, stream=False):
    plain, streamed, body, headers, _ = PROTOCOLS[name]
    extra = {"stream": True} if stream and not streamed else {}
    return (streamed if stream and streamed else plain), body(text) | extra, headers


def call(sim, name, text, stream=False):
    path, body, headers = request(name, text, stream)
    return sim.call("POST", path, body, headers)


def raw(sim, name, text, stream, until=None, timeout=20):
    path, body, headers = request(name, text, stream)
    connection = Raw(sim, body, timeout, connection="close", path=path, headers=headers)
    connection.read(until)
    return connection


def message_of(name, body):
    answer = json.loads(body)
    for step in PROTOCOLS[name][4]:
        answer = answer[step]
    return answer


@ALL
@BOTH
def test_statuses_and_retry_after(sim, name, stream):
    for status in 400, 429, 500, 503, 529:
        got, head, body = call(sim, name, f"[sim status={status} retry_after=3 retry_after_ms=9]", stream)
        assert got == status and message_of(name, body)
        assert head["retry-after"] == "3" and head["retry-after-ms"] == "9"
        assert head["content-type"].startswith("application/json")
    assert call(sim, name, "[sim status=502 body=html]", stream)[2].startswith(b"<html>")
    assert call(sim, name, "[sim status=502 body=empty]", stream)[2] == b""


@ALL
@BOTH
def test_wrong_directives(sim, name, stream):
    status, _, body = call(sim, name, "[sim nonsense=1]", stream)
    assert status == 400 and "nonsense" in message_of(name, body)
    assert call(sim, name, "[sim call=f args=7]", stream)[0] == 400


@ALL
def test_fail_first(sim, name):
    words = f"[sim fail_first=2:503 tag=protocols-{name}]"
    assert [call(sim, name, words)[0] for _ in range(3)] == [503, 503, 200]


@ALL
@BOTH
def test_cuts_and_resets(sim, name, stream):
    whole = raw(sim, name, "[sim text=\"a b c d\"]", stream).data
    cut = raw(sim, name, "[sim text=\"a b c d\" cut_chunk=3]", stream)
    assert cut.end == "eof" and len(cut.data) < len(whole)
    sim.settled(sim.last_seq(), "aborted")
    assert raw(sim, name, "[sim cut_byte=50 reset=1]", stream).end == "reset"
    sim.settled(sim.last_seq(), "aborted")
    assert raw(sim, name, "[sim reset=1]", stream).data == b""


@ALL
@BOTH
def test_hangs(sim, name, stream):
    for words in "hang=headers", "hang=body":
        connection = raw(sim, name, f"[sim {words}]", stream, timeout=0.15)
        assert connection.end == "timeout" and (connection.data == b"") == (words == "hang=headers")
        connection.close()


@ALL
@BOTH
def test_time(sim, name, stream):
    for words in "ttfb_ms=60", "first_ms=60", "gap_ms=30 text=\"a b\"" if stream else "ttfb_ms=60":
        start = time.monotonic()
        assert call(sim, name, f"[sim {words}]", stream)[0] == 200
        assert 0.055 < time.monotonic() - start < 5


@ALL
@BOTH
def test_errors_inside(sim, name, stream):
    for words in ("error_in_200=1", "error_chunk=2") if stream else ("error_in_200=1",):
        status, _, body = call(sim, name, f"[sim {words}]", stream)
        assert status == 200 and b"The simulator" in body
        assert (b"put this error" in body) != (b"broke this stream off" in body)


@ALL
@BOTH
def test_odd_bytes(sim, name, stream):
    plain = call(sim, name, "[sim text=x]", stream)[2]
    for words in "split=7", "drip_us=1", "flush=1", "framing=chunked", "framing=close", "head_pad=5000":
        status, _, body = call(sim, name, f"[sim text=x {words}]", stream)
        assert status == 200 and abs(len(body) - len(plain)) < 8, words
    assert b"\xc3\x28\xff" in call(sim, name, "[sim bad_utf8=1]", stream)[2]
    assert b"\\ud83d" in call(sim, name, "[sim lone_surrogate=1]", stream)[2]
    assert b"x" * 9000 in call(sim, name, "[sim long_line=9000]", stream)[2]


@ALL
@BOTH
def test_the_record(sim, name, stream):
    path, body, headers = request(name, "[sim tokens_in=77 tokens_out=33]", stream)
    _, _, answer = sim.call("POST", path, body, headers | {"X-Doteb-Request-Id": f"id-{name}-{stream}"})
    record = sim.settled(sim.last_seq(), "complete")
    assert (record["prompt_tokens"], record["completion_tokens"]) == (77, 33)
    assert record["gateway_request_id"] == f"id-{name}-{stream}" and record["model"] == "m"
    assert record["stream"] == stream and record["body_bytes"] == len(answer) or stream
    if name != "bedrock":
        assert record["completion_id"].encode() in answer
    last = sim.get(f"/_sim/last?id=id-{name}-{stream}")
    assert last["target"] == path and json.loads(last["body"]) == body


@ALL
def test_other_methods(sim, name):
    assert sim.call("GET", PROTOCOLS[name][0])[0] == 405


def test_reasoning_content_of_chat(sim):
    words = '[sim thinking="let me see" text=done]'
    answer = json.loads(call(sim, "chat", words)[2])
    assert answer["choices"][0]["message"]["reasoning_content"] == "let me see"
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3
    deltas = [e["choices"][0]["delta"] for e in simulator.events(call(sim, "chat", words, True)[2])]
    assert "".join(d.get("reasoning_content", "") for d in deltas) == "let me see"
    assert [d.get("content") for d in deltas if d.get("content")] == ["done"]


def test_refusal_of_chat(sim):
    answer = json.loads(call(sim, "chat", "[sim finish=refusal text=no]")[2])["choices"][0]
    assert answer["message"]["refusal"] == "no" and answer["message"]["content"] is None
    deltas = [e["choices"][0]["delta"] for e in simulator.events(
        call(sim, "chat", "[sim finish=refusal text=no]", True)[2])]
    assert [d["refusal"] for d in deltas if d.get("refusal")] == ["no"]
    cited = json.loads(call(sim, "chat", "[sim cite=1]")[2])["choices"][0]["message"]
    assert cited["annotations"][0]["type"] == "url_citation"
