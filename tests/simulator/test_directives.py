"""Each directive does on the wire what the README says, and the read-out tells it."""

import json
import time

import pytest

import simulator
from simulator import Raw, chat, events, text_of

PATH = "/v1/chat/completions"


def post(sim, message, headers=None, **fields):
    status, head, body = sim.call("POST", PATH, chat(message, **fields), headers)
    return status, head, body


def stream(sim, message, **fields):
    status, _, body = post(sim, message, stream=True, **fields)
    assert status == 200
    return events(body)


def raw(sim, message, until=None, **fields):
    connection = Raw(sim, chat(message, **fields), connection="close")
    connection.read(until)
    connection.close()
    return connection


# ---- content ----

def test_text_and_chunks(sim):
    said = stream(sim, '[sim text="a bb ccc"]')
    assert [c["choices"][0]["delta"].get("content") for c in said] == ["", "a ", "bb ", "ccc", None]
    assert text_of(stream(sim, '[sim text="a b" chunks=5]')) == "a b a b a "
    assert text_of(stream(sim, "[sim chunks=0]")) == ""
    pieces = [c["choices"][0]["delta"].get("content")
              for c in stream(sim, "[sim text=abcdefgh chunk_bytes=3]")]
    assert pieces == ["", "abc", "def", "gh", None]
    many = stream(sim, "[sim chunks=100 chunk_bytes=1000]")
    assert len(many) == 102 and len(text_of(many)) == 100000


def test_plain_says_what_the_stream_says(sim):
    for words in '[sim chunks=40 chunk_bytes=7]', '[sim text="ä ö ü" chunk_bytes=1]', "hello [sim]":
        _, _, body = post(sim, words)
        answer = json.loads(body)
        assert answer["choices"][0]["message"]["content"] == text_of(stream(sim, words))


def test_echo_is_bounded_and_clean(sim):
    _, _, body = post(sim, "ß" * 150 + "\x00\n")
    said = json.loads(body)["choices"][0]["message"]["content"]
    assert said.endswith("ß" * 100 + "...") and len(said) < 200
    _, _, body = post(sim, "a\x00b\nc\"\\")
    assert json.loads(body)["choices"][0]["message"]["content"].endswith('a b c"\\')


def test_headers_and_model_script_too(sim):
    status, _, _ = post(sim, "hi", headers={"X-Sim-Status": "418"})
    assert status == 418
    status, _, body = sim.call("POST", PATH, chat("hi") | {"model": "sim+text=short+tokens_in=7"})
    answer = json.loads(body)
    assert answer["choices"][0]["message"]["content"] == "short"
    assert answer["usage"]["prompt_tokens"] == 7
    status, _, _ = post(sim, "[sim status=500]", headers={"X-Sim-Status": "418"})
    assert status == 500  # the message wins


# ---- usage ----

USAGE_OF_ALL = {
    "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 3, "cache_write_tokens": 9},
    "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 4,
                                  "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}


def test_usage_numbers(sim):
    words = ("[sim tokens_in=100 tokens_out=50 cached=40 cache_write=9 reasoning=30 audio_in=3 "
             "audio_out=4]")
    _, _, body = post(sim, words)
    assert json.loads(body)["usage"] == USAGE_OF_ALL
    assert stream(sim, words, stream_options={"include_usage": True})[-1]["usage"] == USAGE_OF_ALL
    record = sim.requests()[-1]
    assert (record["prompt_tokens"], record["completion_tokens"]) == (100, 50)


def test_usage_shapes(sim):
    asked = {"stream_options": {"include_usage": True}}
    assert all("usage" not in c for c in stream(sim, "[sim usage=none]", **asked))
    assert "usage" not in json.loads(post(sim, "[sim usage=none]")[2])
    assert stream(sim, "[sim usage=final]")[-1]["usage"]["total_tokens"] > 0
    assert all(c["usage"]["prompt_tokens"] > 0 for c in stream(sim, "[sim usage=every]"))
    said = stream(sim, "[sim usage=every chunks=6]")
    assert [c["usage"]["completion_tokens"] for c in said] == [0, 1, 2, 3, 4, 5, 6, 6]
    assert all(c["usage"] is None for c in stream(sim, "[sim usage=null]", **asked))
    assert set(json.loads(post(sim, "[sim usage=partial]")[2])["usage"]) == {
        "prompt_tokens", "completion_tokens"}
    assert sum("usage" in c and c["usage"] is not None for c in stream(sim, "hi")) == 0


# ---- time ----

def test_ttfb_first_and_gap(sim):
    # lower bounds are what was asked for; the upper ones leave room for a busy machine
    got = raw(sim, "[sim ttfb_ms=120 first_ms=100 gap_ms=30 chunks=4]", stream=True)
    head = next(t for t, piece in got.reads if b"HTTP/1.1 200" in piece)
    first = next(t for t, piece in got.reads if b"data: " in piece)
    assert 0.118 <= head < 2 and first >= 0.218  # timers count in whole milliseconds
    assert got.reads[-1][0] >= 0.22 + 5 * 0.03  # between role, four chunks and finish
    assert sum(b"data: " in piece for _, piece in got.reads) > 2
    got = raw(sim, "[sim gap_us=500 chunks=200]", stream=True)
    assert 0.1 < got.reads[-1][0] < 5


def test_delays_do_not_block_others(sim):
    slow = Raw(sim, chat("[sim ttfb_ms=3000]"))
    started = time.monotonic()
    post(sim, "hi")
    assert time.monotonic() - started < 2
    slow.close()


def test_drip_and_split(sim):
    got = raw(sim, "[sim text=abc drip_us=1000]")
    body = len(got.data.split(b"\r\n\r\n")[1])
    assert got.reads[-1][0] >= (body - 1) * 0.001 and len(got.reads) > body / 4
    got = raw(sim, "[sim text=abc drip_us=3000 split=50]")
    assert got.reads[-1][0] >= (body / 50 - 1) * 0.003
    assert len(post(sim, "[sim split=1 chunks=50]", stream=True)[2]) > 5000


# ---- failures ----

def test_statuses_and_bodies(sim):
    status, head, body = post(sim, "[sim status=429 retry_after=7 retry_after_ms=6500]")
    assert status == 429 and head["retry-after"] == "7" and head["retry-after-ms"] == "6500"
    assert json.loads(body)["error"]["code"] == "rate_limit_exceeded"
    status, head, body = post(sim, "[sim status=502 body=html]")
    assert (status, head["content-type"]) == (502, "text/html") and b"<html>" in body
    assert post(sim, "[sim status=500 body=empty]")[2] == b""
    assert post(sim, "[sim status=504 body=plain]")[2] == b"upstream error 504 (simulated)\n"
    assert post(sim, "[sim status=429 code=insufficient_quota]", stream=True)[0] == 429


def test_fail_first_counts_by_tag(sim):
    def go(words):
        return post(sim, f"[sim {words}]")[0]
    assert [go("fail_first=2 tag=a") for _ in range(4)] == [503, 503, 200, 200]
    assert [go("fail_first=1:429 tag=b") for _ in range(2)] == [429, 200]


@pytest.mark.parametrize("reset", ["", " reset=1"])
def test_cut_after_chunks(sim, reset):
    seq = sim.last_seq() + 1
    got = raw(sim, f"[sim cut_chunk=3 gap_ms=5{reset}]", stream=True)
    assert got.end == ("reset" if reset else "eof")
    assert got.data.count(b"data: ") == 3 and not got.data.endswith(b"0\r\n\r\n")
    record = sim.settled(seq, "aborted")
    assert record["status"] == 200 and record["headers_us"] >= record["received_us"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 100, 350])
def test_cut_at_a_byte(sim, streamed, cut):
    got = raw(sim, f"[sim cut_byte={cut}]", stream=streamed)
    body = got.data.split(b"\r\n\r\n", 1)[1]
    if streamed:  # take the chunked framing off again
        plain, rest = b"", body
        while rest:
            size, rest = rest.split(b"\r\n", 1)
            plain += rest[:int(size, 16)]
            rest = rest[int(size, 16) + 2:]
        body = plain
    assert got.end == "eof" and len(body) == cut
    record = sim.requests()[-1]
    assert record["state"] == "aborted" and record["body_bytes"] == cut


def test_cut_after_the_last_byte(sim):
    whole = raw(sim, "[sim text=x]").data.split(b"\r\n\r\n", 1)[1]
    connection = Raw(sim, chat(f"[sim text=x cut_byte={len(whole)}]"))
    assert len(connection.read().split(b"\r\n\r\n", 1)[1]) == len(whole)
    assert connection.end == "eof" and sim.requests()[-1]["state"] == "aborted"
    connection.close()


def test_bytes_that_never_left_are_not_counted(sim):
    seq = sim.last_seq() + 1
    lazy = Raw(sim, chat("[sim long_line=30000000]"))
    lazy.socket.recv(100)
    sim.settled(seq, "headers_sent")
    lazy.close()
    assert 0 < sim.settled(seq, "aborted")["body_bytes"] < 20_000_000


def test_reset_before_anything(sim):
    got = raw(sim, "[sim reset=1]")
    assert got.end == "reset" and got.data == b""
    record = sim.requests()[-1]
    assert (record["state"], record["status"], record["headers_us"]) == ("aborted", 0, None)


def test_hangs(sim):
    seq = sim.last_seq() + 1
    silent = Raw(sim, chat("[sim hang=headers]"), timeout=0.3)
    assert silent.read() == b"" and silent.end == "timeout"
    assert sim.requests()[-1]["state"] == "received"
    silent.close()
    assert sim.settled(seq, "aborted")["status"] == 0
    for streamed in False, True:
        seq = sim.last_seq() + 1
        half = Raw(sim, chat("[sim hang=body]", stream=streamed), timeout=0.3)
        half.read()
        assert half.end == "timeout" and b"gpt-test" in half.data and b"[DONE]" not in half.data
        assert sim.requests()[-1]["state"] == "headers_sent"
        half.close()
        assert sim.settled(seq, "aborted")["status"] == 200


def test_client_that_goes_away(sim):
    seq = sim.last_seq() + 1
    leaver = Raw(sim, chat("[sim gap_ms=50 chunks=1000]", stream=True))
    leaver.read(b"Hello")
    leaver.close()
    assert sim.settled(seq, "aborted")["status"] == 200


def test_errors_inside_200(sim):
    status, _, body = post(sim, "[sim error_in_200=1]")
    assert status == 200 and json.loads(body)["error"]["type"] == "server_error"
    said = stream(sim, "[sim error_in_200=1]")
    assert len(said) == 1 and "error" in said[0]
    said = stream(sim, "[sim error_chunk=4]")
    assert len(said) == 5 and "error" in said[4] and "choices" in said[3]
    assert b"[DONE]" not in post(sim, "[sim error_chunk=4]", stream=True)[2]


# ---- oddities ----

def test_odd_bytes(sim):
    assert b"\xc3\x28\xff" in post(sim, "[sim bad_utf8=1]")[2]
    assert b"\xc3\x28\xff" in post(sim, "[sim bad_utf8=1]", stream=True)[2]
    assert b'\\ud83d"' in post(sim, '[sim lone_surrogate=1]', stream=True)[2]
    lines = post(sim, "[sim long_line=500000]", stream=True)[2].split(b"\n")
    assert max(map(len, lines)) > 500000
    body = post(sim, "[sim crlf=1]", stream=True)[2]
    assert body.count(b"\n") == body.count(b"\r\n") > 10
    assert post(sim, "[sim comment=1]", stream=True)[2].count(b": keep-alive\n\n") > 10
    assert b"[DONE]" not in post(sim, "[sim no_done=1]", stream=True)[2]


def test_close(sim):
    connection = Raw(sim, chat("[sim close=1]"))
    assert b"\r\nconnection: close\r\n" in connection.read() and connection.end == "eof"
    connection.close()


def test_drop(sim):
    connection = Raw(sim, chat("[sim drop=1]"))
    data = connection.read()
    assert connection.end == "eof" and b"connection: close" not in data and data.endswith(b"}")
    assert sim.requests()[-1]["state"] == "complete"
    connection.close()


def test_framings_and_heads(sim):
    _, head, body = post(sim, "[sim framing=chunked text=x]")
    assert head["transfer-encoding"] == "chunked" and json.loads(body)["id"]
    for streamed in False, True:
        connection = Raw(sim, chat("[sim framing=close text=x]", stream=streamed))
        head, body = connection.read().split(b"\r\n\r\n", 1)
        assert connection.end == "eof" and b"connection: close" in head
        assert b"content-length" not in head and b"transfer-encoding" not in head
        assert text_of(events(body)) == "x" if streamed else json.loads(body)
        connection.close()
    assert post(sim, "[sim framing=chunked status=500 body=empty]")[2] == b""
    assert post(sim, "[sim framing=length]", stream=True)[0] == 400
    assert len(post(sim, "[sim head_pad=20000]")[1]["x-pad"]) == 20000
    assert post(sim, "[sim json_type=1]", stream=True)[1]["content-type"] == "application/json"


def test_finish(sim):
    for reason in "stop", "length", "tool_calls", "content_filter":
        body = post(sim, f"[sim finish={reason}]")[2]
        assert json.loads(body)["choices"][0]["finish_reason"] == reason


# ---- HTTP ----

def test_keep_alive_and_pipelining(sim):
    connection = Raw(sim, chat("[sim text=one ttfb_ms=50]"))
    payload = json.dumps(chat("[sim text=two]")).encode()
    request = b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (PATH.encode(), len(payload))
    connection.socket.sendall((request + payload) * 2)
    data = b""
    while data.count(b'fp_simulator"}') < 3:
        got = connection.socket.recv(65536)
        assert got
        data += got
    connection.close()
    assert data.count(b"HTTP/1.1 200") == 3
    assert data.index(b'"one"') < data.index(b'"two"')


def test_bad_http_is_refused(sim):
    before = sim.get("/_sim/counters")["bad_http"]
    connection = Raw(sim, chat("hi"))
    connection.read(b"fp_simulator")
    connection.socket.sendall(b"GARBAGE\r\n\r\n")
    assert b"HTTP/1.1 400" in connection.read()
    connection.close()
    assert sim.get("/_sim/counters")["bad_http"] == before + 1
    assert sim.call("GET", "/v1/nowhere")[0] == 404
    assert sim.call("GET", PATH)[0] == 405


def test_answers_too_large(sim):
    status, _, body = post(sim, "[sim long_line=30000000]", n=10)
    assert status == 400 and "too large" in json.loads(body)["error"]["message"]
    assert len(post(sim, "[sim long_line=30000000]")[2]) > 30000000


def test_large_bodies(sim):
    text = "x" * 20_000_000
    status, _, body = post(sim, text)
    assert status == 200
    assert json.loads(body)["usage"]["prompt_tokens"] == 5_000_000


# ---- read-out ----

def test_records(sim):
    seq = sim.last_seq()
    _, head, body = post(sim, "hi", headers={
        "X-Doteb-Request-Id": "gw-1", "X-Request-Id": "other", "Authorization": "Bearer sk-123456"})
    post(sim, "hi", headers={"X-Request-Id": "gw-2"}, stream=True)
    first, second = sim.requests(seq)
    answer = json.loads(body)
    assert first["gateway_request_id"] == "gw-1" and second["gateway_request_id"] == "gw-2"
    assert first["completion_id"] == answer["id"]
    assert first["upstream_request_id"] == head["x-request-id"]
    assert first["key_tail"] == "3456" and second["key_tail"] == ""
    assert first["model"] == "gpt-test" and not first["stream"] and second["stream"]
    assert first["prompt_tokens"] == answer["usage"]["prompt_tokens"]
    assert first["completion_tokens"] == answer["usage"]["completion_tokens"]
    assert first["state"] == "complete" and first["status"] == 200
    assert first["received_us"] <= first["headers_us"] <= first["end_us"]
    assert abs(first["received_us"] / 1e6 - time.time()) < 60
    assert sim.get("/_sim/requests/gw-1") == [first]
    assert sim.get("/_sim/requests/gw-none") == []
    assert sim.get(f"/_sim/requests?since={seq}&limit=1") == [first]


def test_last(sim):
    body = b'{"model": "m", "messages": [{"role": "user", "content": "b\\u00e4"}], "odd": 1e3}'
    sim.call("POST", PATH, body, {"X-Odd": "a b", "X-Request-Id": "gw-last"})
    post(sim, "a later one")
    last = sim.get("/_sim/last?id=gw-last")
    assert last["body"].encode() == body and last["method"] == "POST" and last["target"] == PATH
    assert ["X-Odd", "a b"] in last["headers"] and last["body_bytes"] == len(body)
    both = sim.get("/_sim/last?n=2")
    assert both[0] == last and json.loads(both[1]["body"]) == chat("a later one")
    assert sim.get("/_sim/last") == both[1]
    for i in range(70):
        post(sim, f"number {i}")
    assert len(sim.get("/_sim/last?n=100")) == 64


def test_counters_and_reset():
    sim = simulator.start()
    for words in "hi", "[sim status=500]", "[sim status=404]", "[sim cut_chunk=2]":
        raw(sim, words, until=b"}\n" if "status" in words else b"fp_sim", stream="cut" in words)
    counters = sim.get("/_sim/counters")
    assert counters["requests"] == 4 and counters["streams"] == 1 and counters["aborted"] == 1
    assert counters["complete"] == 3 and counters["errors"] == 2
    assert (counters["status_2xx"], counters["status_4xx"], counters["status_5xx"]) == (2, 1, 1)
    assert counters["completion_tokens"] == 12
    assert sim.call("POST", "/_sim/reset")[0] == 200
    assert sim.get("/_sim/counters")["requests"] == 0
    assert sim.requests() == [] and sim.get("/_sim/last") is None
    post(sim, "hi")
    assert [r["seq"] for r in sim.requests()] == [5]  # the sequence goes on
    sim.stop()


def test_threads():
    sim = simulator.start("--threads", "4")
    connections = [Raw(sim, chat(f"[sim text=n{i} gap_ms=5]", stream=True)) for i in range(40)]
    for i, connection in enumerate(connections):
        assert f'"n{i}"'.encode() in connection.read(b"[DONE]")
        connection.close()
    assert len({r["completion_id"] for r in sim.requests()}) == 40
    sim.stop()


def test_it_ends_cleanly_in_the_middle():
    sim = simulator.start()
    for words in "[sim hang=headers]", "[sim hang=body]", "[sim gap_ms=100 tools=2]":
        Raw(sim, chat(words, stream=True))
    Raw(sim, chat("x" * 100000)).read(b"fp_sim")
    sim.stop()
