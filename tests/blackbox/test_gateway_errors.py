"""Requests that fail: the right error in OpenAI's shape, nothing leaked or hung, a row where the key
was known."""
import json
import socket
import threading
import time

import pytest

import harness
import stream_tap
from harness import http, say, wait_until


def error_of(answer):
    error = answer["error"]
    assert {"message", "type", "param", "code"} <= set(error), answer
    return error


def post(gateway, key, body, headers=None):
    status, head, data = http("POST", gateway.base_url + "/chat/completions", body,
                              {"Authorization": f"Bearer {key}",
                               "Content-Type": "application/json"} | (headers or {}))
    return status, head, error_of(json.loads(data))


BAD_BODIES = [
    (b"", "invalid_json", None),
    (b"{", "invalid_json", None),
    (b"[]", None, None),
    (b'{"model":"gpt-4","messages":[{"role":"user","content":"x"}],}', "invalid_json", None),
    (b'{"model":"gpt-4" "messages":[]}', "invalid_json", None),
    (b'{"model":"gpt-4","messages":[{"role":"user","content":"\xff\xfe"}]}', None, None),
    (b'{"a":' * 200 + b"1" + b"}" * 200, "json_too_deep", None),
    (b'{"model":"gpt-4","model":"gpt-4o","messages":[{"role":"user","content":"x"}]}',
     "repeated_key", "model"),
    (b'{"model":"gpt-4","mod\\u0065l":"gpt-4o","messages":[{"role":"user","content":"x"}]}',
     "repeated_key", "model"),
    (b'{"messages":[{"role":"user","content":"x"}]}', "missing_required_parameter", "model"),
    (b'{"model":"gpt-4"}', "missing_required_parameter", "messages"),
    (b'{"model":7,"messages":[{"role":"user","content":"x"}]}', "invalid_value", "model"),
    (b'{"model":"gpt-4","messages":"x"}', "invalid_value", "messages"),
    (b'{"model":"gpt-4","messages":[]}', "invalid_value", "messages"),
    (b'{"model":"gpt-4","stream":"yes","messages":[{"role":"user","content":"x"}]}',
     "invalid_value", "stream"),
    (b'{"model":"gpt-4","n":0,"messages":[{"role":"user","content":"x"}]}', "invalid_value", "n"),
    (b'{"model":"gpt-4","max_tokens":-1,"messages":[{"role":"user","content":"x"}]}',
     "invalid_value", "max_tokens"),
]


@pytest.mark.parametrize("body,code,param", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_bad_bodies(gateway, key, installation, body, code, param):
    status, head, error = post(gateway, key, body)
    assert status == 400 and error["type"] == "invalid_request_error"
    if code:
        assert error["code"] == code
    if param:
        assert error["param"] == param and param in error["message"]
    row = installation.row_of(head["x-request-id"])
    assert (row["status"], row["outcome"], row["cost"]) == (400, 1, 0)


def test_unknown_model_names_the_nearest(gateway, key, installation):
    status, head, error = post(gateway, key, say("x", "gpt-4oo"))
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "gpt-4o" in error["message"]
    assert installation.row_of(head["x-request-id"])["error"] == "NO_MODEL"


def test_a_model_without_provider_key(gateway, key, installation):
    model = installation.query("select p.slug || '/' || m.slug from offers join models m using (model_id) "
                               "join providers p using (provider_id) where p.slug = 'mistral' and "
                               "m.output = '{text}' order by m.slug limit 1")
    status, head, error = post(gateway, key, say("x", model))
    assert (status, error["code"]) == (403, "no_provider_key") and "mistral" in error["message"]
    assert installation.row_of(head["x-request-id"])["error"] == "NO_PROVIDER_KEY"


SQL = "'; drop table requests; -- \" \\ $1 %s \u2028 \x7f"


def test_sql_in_every_string(gateway, key, installation):
    headers = {"x-source": SQL[:8], "X-Title": "a'b", "x-doteb-tags": "';--,b", "x-session-id": "'",
               "User-Agent": "u'); --", "x-request-id": "'--"}
    status, head, _ = gateway.chat(key, say(SQL, user=SQL, metadata={SQL: SQL}), headers)
    assert status == 200
    row = installation.row_of(head["x-request-id"])
    assert row["metadata"] == {SQL: SQL} and row["tags"] == ["';--", "b"]
    post(gateway, key, say("x", SQL))
    assert installation.query("select count(*) > 0 from requests") == "t"


class TestKeys:
    @pytest.mark.parametrize("headers,code,says", [
        ({}, "missing_api_key", "x-goog-api-key"),
        ({"Authorization": "Bearer "}, "missing_api_key", "Authorization: Bearer sk-doteb-"),
        ({"Authorization": "Basic abc"}, "missing_api_key", "Authorization: Bearer sk-doteb-"),
        ({"Authorization": "Bearer nonsense"}, "invalid_api_key", "The API key is not valid."),
        ({"x-api-key": "sk-doteb-" + "a" * 49}, "invalid_api_key", "mistyped, or cut short"),
        ({"x-api-key": "k" * 600}, "invalid_api_key", "not valid"),
    ])
    def test_refused(self, gateway, headers, code, says):
        status, _, data = http("POST", gateway.base_url + "/chat/completions", say("x"), headers)
        error = error_of(json.loads(data))
        assert (status, error["code"]) == (401, code) and says in error["message"]

    def test_a_key_in_the_url_is_not_taken(self, gateway, key):
        status, _, data = http("POST", gateway.base_url.removesuffix("/v1") + "/v1beta/models/gpt-4:generateContent?key=" + key,
                               {"contents": [{"parts": [{"text": "x"}]}]})
        message = json.loads(data)["error"]["message"]
        assert status == 401 and "?key=" in message and "x-goog-api-key" in message and key not in message

    def test_two_differing_keys(self, gateway, key):
        status, _, data = http("GET", gateway.base_url + "/models",
                               headers={"Authorization": f"Bearer {key}", "x-api-key": "other"})
        assert (status, json.loads(data)["error"]["code"]) == (401, "conflicting_api_keys")

    def test_the_same_key_twice_is_fine(self, gateway, key):
        assert http("GET", gateway.base_url + "/models",
                    headers={"Authorization": f"Bearer {key}", "x-api-key": key})[0] == 200

    def test_a_stored_hash_is_no_key(self, gateway, installation, key):
        for text in installation.query("select encode(hash, 'hex') from api_keys").split():
            for value in (text, text.upper(), "\\x" + text):
                assert http("GET", gateway.base_url + "/models", headers={"x-api-key": value})[0] == 401

    def test_a_changed_character(self, gateway, key):
        other = key[:-1] + ("a" if key[-1] != "a" else "b")
        assert http("GET", gateway.base_url + "/models", headers={"x-api-key": other})[0] == 401

    def test_an_expired_key(self, gateway, installation):
        old = installation.create_key("old")
        installation.query("update api_keys set expires_at = now() - interval '1 s' where name = 'old'")
        wait_until(lambda: http("GET", gateway.base_url + "/models", headers={"x-api-key": old})[0] == 401, 3)


class TestHttp:
    def raw(self, gateway, data, timeout=5):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=timeout) as s:
            s.sendall(data)
            got = b""
            try:
                while True:
                    part = s.recv(65536)
                    if not part:
                        return got, True
                    got += part
            except TimeoutError:
                return got, False

    @pytest.mark.parametrize("lines", [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding : chunked",
        "Host: y\r\nContent-Length: 2",
        "Content-Length: 2\r\nx y: z",
        "Content-Length: +2",
        "Content-Length: 0x2",
        "Content-Length: 2\r\nAuthorization: Bearer b\r\nAuthorization: Bearer b",
    ])
    def test_smuggling_is_refused_and_the_connection_closed(self, gateway, key, lines):
        got, closed = self.raw(gateway, (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                                         f"{lines}\r\n\r\n").encode() + b"{}GET /v1/key HTTP/1.1\r\nHost: x\r\n"
                               + f"x-api-key: {key}\r\n\r\n".encode(), 3)
        assert got.startswith(b"HTTP/1.1 4"), got
        # libmicrohttpd answers a malformed length itself, and repeats its head in that body
        assert closed and got.count(b"HTTP/1.1") <= (2 if b"Request malformed" in got else 1), got
        assert b"object" not in got

    def test_unknown_paths_and_methods(self, gateway, key):
        def status(method, path):
            return http(method, gateway.root + path, headers={"x-api-key": key})[0]
        assert status("GET", "/v1/nothing") == 404
        assert status("GET", "/v1/chat/completions") == 405
        assert status("POST", "/v1/models") == 405
        assert status("DELETE", "/v1/models") == 405
        assert status("GET", "/v1/models/") == 200

    def test_websocket_upgrades_get_426(self, gateway, key):
        got, _ = self.raw(gateway, (f"GET /v1/models HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\nConnection: Upgrade, close\r\n"
                                    "Upgrade: websocket\r\n\r\n").encode(), 2)
        assert got.startswith(b"HTTP/1.1 426")

    def test_media_types(self, gateway, key):
        body = json.dumps(say("x")).encode()
        assert post(gateway, key, body, {"Content-Type": "text/plain"})[0] == 415
        status, _, error = post(gateway, key, body, {"Content-Encoding": "br"})
        assert (status, error["param"]) == (415, "content-encoding")

    def test_the_request_comes_back(self, gateway, key, simulator):
        gateway.chat(key, say("x"))
        hop = {k.lower(): v for k, v in dict(simulator.get("/_sim/last")["headers"]).items()}["x-doteb-hop"]
        assert post(gateway, key, say("x"), {"x-doteb-hop": hop})[0] == 508


@pytest.fixture(scope="module")
def strict(installation, key):
    """A gateway with small limits."""
    gateway = harness.Gateway(installation, "strict", DOTEB_BODY_MAX="64KB", DOTEB_HEAD_TIMEOUT="800ms",
                              DOTEB_BODY_TIMEOUT="900ms", DOTEB_KEEPALIVE_TIMEOUT="1500ms",
                              DOTEB_FIRST_BYTE_TIMEOUT="600ms", DOTEB_IDLE_TIMEOUT="700ms",
                              DOTEB_CONNECT_TIMEOUT="500ms", DOTEB_WORKERS="1")
    yield gateway
    gateway.stop()


class TestLimits:
    def test_oversized_body(self, strict, key, installation):
        status, head, error = post(strict, key, say("a" * 70000))
        assert (status, error["code"]) == (413, "request_too_large")
        assert installation.row_of(head["x-request-id"])["status"] == 413

    def test_oversized_chunked_body(self, strict, key):
        with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as s:
            s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(80):
                s.sendall(b"400\r\n" + b"a" * 1024 + b"\r\n")
            s.sendall(b"0\r\n\r\n")
            assert s.recv(4096).startswith(b"HTTP/1.1 413")

    def test_slow_head(self, strict):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as s:
            try:
                for c in "GET /v1/models HTTP/1.1\r\nHost: x\r\n" + "x-a: b\r\n" * 100:
                    s.send(c.encode())
                    time.sleep(0.05)
                    if time.monotonic() - begun > 5:
                        pytest.fail("a dripping head is not ended")
            except OSError:
                pass
        assert 0.7 < time.monotonic() - begun < 3

    def test_slow_body(self, strict, key):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", strict.port), timeout=10) as s:
            s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                      "Content-Length: 1000\r\n\r\n{".encode())
            try:
                while time.monotonic() - begun < 5:
                    s.send(b" ")
                    time.sleep(0.05)
                pytest.fail("a dripping body is not ended")
            except OSError:
                pass
        assert 0.8 < time.monotonic() - begun < 3

    def test_slow_reader_costs_little(self, gateway, key):
        """A client that does not read holds a bounded part of a large stream in memory."""
        def resident():
            text = open(f"/proc/{gateway.pid}/status").read()
            return int(text.split("VmRSS:")[1].split()[0])
        before = resident()
        body = json.dumps(say("x [sim chunks=1500 chunk_bytes=16000]", stream=True)).encode()
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
            s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                      f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            s.recv(1000)
            time.sleep(1)
            assert resident() - before < 20000
            total = 0
            while True:
                part = s.recv(1 << 20)
                total += len(part)
                if not part or b"[DONE]" in part:
                    break
            assert total > 24_000_000


class TestUpstream:
    @pytest.mark.parametrize("directive,status,code", [
        ("status=500", 502, "upstream_error"),
        ("status=503 body=html", 502, "upstream_error"),
        ("status=502 body=empty", 502, "upstream_error"),
        ("status=401", 502, "upstream_auth"),
        ("status=403", 502, "upstream_auth"),
        ("status=504", 504, "upstream_timeout"),
        ("status=404", 404, "upstream_model_not_found"),
        ("reset=1", 502, None),
        ("error_in_200=1", 502, None),
        ("cut_byte=50", 502, "upstream_interrupted"),
    ])
    def test_failures_tell_the_truth(self, gateway, key, installation, directive, status, code):
        got, head, error = post(gateway, key, say(f"x [sim {directive}]"))
        assert got == status and (code is None or error["code"] == code), error
        assert error["attempts"][0]["provider"] == "openai"
        final = code in ("upstream_auth", "upstream_model_not_found")   # else the client may try again
        assert head["x-should-retry"] == ("false" if final else None)
        row = installation.row_of(head["x-request-id"])
        assert (row["status"], row["outcome"], row["cost"]) == (status, 3, 0)
        assert row["attempts"][0]["error"]

    def test_retry_after_passes(self, gateway, key):
        status, head, error = post(gateway, key, say("x [sim status=429 retry_after=7]"))
        assert (status, error["code"]) == (429, "upstream_rate_limited")
        assert head["retry-after"] == "7" and head["x-should-retry"] is None

    def test_rejections_pass_as_they_are(self, gateway, key, installation):
        status, head, error = post(gateway, key, say("x [sim status=400]"))
        assert status == 400 and "simulator" in error["message"]
        assert installation.row_of(head["x-request-id"])["outcome"] == 1

    def test_hanging_provider(self, strict, key):
        begun = time.monotonic()
        status, _, error = post(strict, key, say("x [sim hang=headers]"))
        assert (status, error["code"]) == (504, "upstream_timeout")
        assert time.monotonic() - begun < 3

    def test_a_silent_stream_is_ended_with_an_error(self, strict, key, installation):
        status, head, raw = http("POST", strict.base_url + "/chat/completions",
                                 say("x [sim chunks=5 hang=body]", stream=True), {"x-api-key": key})
        if status == 200:
            assert b'"error"' in raw and b"[DONE]" not in raw
        else:
            assert status == 504
        assert installation.row_of(head["x-request-id"])["outcome"] == 3

    def test_unreachable_provider(self, installation, gateway, key):
        installation.add_provider_key("deepseek", f"http://127.0.0.1:{harness.free_port()}/v1")
        model = installation.query("select p.slug || '/' || m.slug from offers join models m using (model_id) "
                                   "join providers p using (provider_id) where p.slug = 'deepseek' limit 1")
        wait_until(lambda: post(gateway, key, say("x", model))[2]["code"] == "upstream_unreachable", 5)

    def test_stream_cut_after_content(self, gateway, key, installation):
        status, head, raw = http("POST", gateway.base_url + "/chat/completions",
                                 say("x [sim chunks=6 gap_ms=60 cut_chunk=4]", stream=True), {"x-api-key": key})
        assert status == 200 and b'"content"' in raw
        last = raw.decode().rstrip("\n").split("\n\n")[-1]
        assert "error" in json.loads(last.removeprefix("data: ")), "never a clean end"
        assert b"[DONE]" not in raw
        row = installation.row_of(head["x-request-id"])
        assert row["outcome"] == 3 and row["estimated"] and row["output_tokens"] > 0

    def test_error_event_in_a_stream(self, gateway, key, installation):
        _, head, raw = http("POST", gateway.base_url + "/chat/completions",
                            say("x [sim chunks=6 gap_ms=40 error_in_200=1 error_chunk=3]", stream=True),
                            {"x-api-key": key})
        assert b'"error"' in raw and b"[DONE]" not in raw
        assert installation.row_of(head["x-request-id"])["error"] == "UPSTREAM_IN_STREAM"

    def test_error_event_before_content_is_a_status(self, gateway, key):
        status, _, error = post(gateway, key, say("x [sim error_in_200=1]", stream=True))
        assert status >= 500 and error["attempts"]

    @pytest.mark.parametrize("directive", ["crlf=1", "comment=1", "split=1", "split=7", "no_done=1",
                                           "bad_utf8=1", "lone_surrogate=1", "long_line=300000"])
    def test_odd_streams_arrive_whole(self, gateway, key, directive):
        if directive == "bad_utf8=1":
            stream_tap.forgive("the provider's own bytes")
        status, _, raw = http("POST", gateway.base_url + "/chat/completions",
                              say(f"x [sim chunks=5 {directive}]", stream=True), {"x-api-key": key})
        assert status == 200 and raw.endswith(b"data: [DONE]\n\n"), raw[-300:]


def test_the_client_leaves(gateway, key, installation, simulator):
    """A stream whose client went away is stopped upstream, and the forwarded part is accounted."""
    body = json.dumps(say("x [sim chunks=200 gap_ms=50]", stream=True)).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        got = b""
        while got.count(b"\n\n") < 4:
            got += s.recv(65536)
    request_id = got.split(b"x-request-id: ")[1][:36].decode()
    row = installation.row_of(request_id)
    assert (row["status"], row["outcome"], row["estimated"]) == (499, 4, True)
    assert 0 < row["output_tokens"] < 50
    state = wait_until(lambda: simulator.get(f"/_sim/requests/{request_id}"))
    wait_until(lambda: "aborted" in json.dumps(simulator.get(f"/_sim/requests/{request_id}")), 5)
    assert state


def test_the_client_leaves_before_the_answer(gateway, key, installation):
    body = json.dumps(say("x [sim ttfb_ms=3000]")).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\nx-title: leaver\r\n"
                  f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(0.3)
    find = "select r.outcome from requests r join request_details d using (organisation_id, retention_days, day, request_id) where d.title = 'leaver'"
    row = wait_until(lambda: installation.rows(find), 2.5, "accounted before the provider answers")
    assert row[0]["outcome"] == 4


def test_nothing_leaks_into_the_logs(gateway, key):
    marker = "the-secret-of-the-body"
    gateway.chat(key, say(marker))
    post(gateway, key, ('{"model": "' + marker).encode())
    time.sleep(0.2)
    text = gateway.log.read_text()
    assert marker not in text and key not in text and "sk-provider-secret" not in text


def test_many_clients_at_once(gateway, key):
    results = []

    def run(n):
        for i in range(20):
            status, _, answer = gateway.chat(key, say(f"{n}-{i} [sim text=echo-{n}-{i}]"))
            results.append(status == 200 and f"echo-{n}-{i}" in answer["choices"][0]["message"]["content"])
    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 160 and all(results)
