"""Requests that succeed: from the client's bytes to the provider's, back, and into the ledger."""
import json
import re
import socket
import time

import pytest

import harness
from harness import http, say, wait_until


def events(raw):
    """Data of each event of a stream."""
    parts = raw.decode().split("\n\n")
    assert parts[-1] == "", "the stream ends with a complete event"
    return [p.removeprefix("data: ") for p in parts[:-1]]


def stream(gateway, key, body, headers=None):
    status, head, raw = http("POST", gateway.base_url + "/chat/completions", body | {"stream": True},
                             {"Authorization": f"Bearer {key}"} | (headers or {}))
    assert status == 200 and head["content-type"] == "text/event-stream", raw
    return head, events(raw)


def test_plain_answer_is_accounted(gateway, key, installation, simulator):
    status, head, answer = gateway.chat(key, say("count me [sim tokens_in=1000 tokens_out=500]"))
    assert status == 200
    assert answer["usage"]["prompt_tokens"] == 1000
    # gpt-4 costs 30 and 60 dollars a million tokens
    assert answer["usage"]["cost"] == pytest.approx(0.06)
    assert answer["usage"]["cost_details"] == {"input": 0.03, "output": 0.03}
    assert head["x-doteb-cost"] == "0.06"
    assert head["x-doteb-provider"] == "openai" and head["x-doteb-model"] == "gpt-4"
    assert head["x-doteb-attempts"] == "1" and int(head["x-doteb-overhead-us"]) > 0
    assert answer["metadata"]["requested_model"] == "openai/gpt-4"
    assert answer["metadata"]["used_provider"] == "openai"
    row = installation.row_of(head["x-request-id"])
    assert (row["input_tokens"], row["output_tokens"], row["cost"]) == (1000, 500, 0.06)
    assert (row["status"], row["outcome"], row["model"], row["provider"]) == (200, 0, "gpt-4", "openai")
    assert not row["streamed"] and not row["estimated"] and row["finish_reason"] == 1
    lines = {x["kind"]: x for x in row["cost_lines"]}
    assert lines["input"]["quantity"] == 1000 and float(lines["input"]["price"]) == 30e-6
    assert row["attempts"][0]["status"] == 200


def client_of(installation, gateway, key, headers):
    status, head, _ = gateway.chat(key, say("who is asking?"), headers)
    assert status == 200
    return installation.row_of(head["x-request-id"])["client_ip"]


def test_the_client_s_address(installation, gateway, key):
    assert client_of(installation, gateway, key, {}) == "127.0.0.1"
    # Nobody is trusted: what a client says of itself is not believed.
    assert client_of(installation, gateway, key, {"X-Forwarded-For": "198.51.100.7"}) == "127.0.0.1"


def test_the_client_s_address_behind_a_trusted_proxy(installation, key):
    gateway = harness.Gateway(installation, "proxied", DOTEB_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8")
    try:
        for chain, client in (("198.51.100.7", "198.51.100.7"), ("203.0.113.1, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
                              ("2001:db8::7", "2001:db8::7"), ("nonsense", "127.0.0.1")):
            assert client_of(installation, gateway, key, {"X-Forwarded-For": chain}) == client, chain
        # Several fields are one list: the client's own field comes first.
        body = json.dumps(say("twice")).encode()
        head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n")
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
            s.sendall(head.encode() + body)
            got = b"".join(iter(lambda: s.recv(65536), b""))
        request_id = re.search(rb"x-request-id: ([0-9a-f-]{36})", got.lower()).group(1).decode()
        assert installation.row_of(request_id)["client_ip"] == "198.51.100.9"
    finally:
        gateway.stop()


def test_the_provider_sees_its_own_names_and_keys(gateway, key, simulator):
    body = say("hello", temperature=0.70, x_unknown={"a": [1.0, 1e5]}, user="u1")
    status, head, _ = gateway.chat(key, body, {"Cookie": "c=1", "X-Forwarded-For": "1.2.3.4"})
    assert status == 200
    last = simulator.get("/_sim/last")
    sent = {k.lower(): v for k, v in dict(last["headers"]).items()}
    assert sent["authorization"] == "Bearer sk-provider-secret"
    assert sent["x-request-id"] == head["x-request-id"]
    assert not {"cookie", "x-forwarded-for", "x-api-key"} & set(sent)
    got = json.loads(last["body"])
    assert got == body | {"model": "gpt-4"}


def test_unknown_fields_and_number_spellings_pass_byte_for_byte(gateway, key, simulator):
    raw = ('{"messages": [ {"role":"user","content":"caf\\u00e9 \\ud83d\\ude00 \u00e9"}],\n'
           ' "temperature":0.70, "big":12345678901234567890, "e":1E+2, "model" : "openai/gpt-4",'
           ' "z":{"nested":[true,null,-0.0]}}')
    status, _, _ = http("POST", gateway.base_url + "/chat/completions", raw.encode(),
                        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    assert status == 200
    assert simulator.get("/_sim/last")["body"] == raw.replace('"openai/gpt-4"', '"gpt-4"')


@pytest.mark.parametrize("model", ["gpt-4", "openai/gpt-4"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions",
                                  "/v1/v1/chat/completions"])
def test_model_names_and_path_prefixes(gateway, key, model, path):
    status, head, _ = http("POST", gateway.root + path, say("hi", model),
                           {"Authorization": f"Bearer {key}"})
    assert (status, head["x-doteb-model"]) == (200, "gpt-4")


@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "api-key", "x-goog-api-key"])
def test_keys_arrive_in_any_header(gateway, key, header):
    value = f"Bearer {key}" if header == "Authorization" else key
    assert http("GET", gateway.base_url + "/models", headers={header: value})[0] == 200


def test_stream_without_usage(gateway, key, installation):
    head, got = stream(gateway, key, say("x [sim chunks=4 tokens_in=10 tokens_out=4]"))
    assert got[-1] == "[DONE]"
    chunks = [json.loads(x) for x in got[:-1]]
    assert all(c["choices"] for c in chunks), "the usage chunk was not asked for"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    row = installation.row_of(head["x-request-id"])
    assert row["streamed"] and (row["input_tokens"], row["output_tokens"]) == (10, 4)
    assert row["ttft_us"] > 0 and row["cost"] == pytest.approx(10 * 30e-6 + 4 * 60e-6)


def test_stream_with_usage(gateway, key, simulator):
    head, got = stream(gateway, key, say("x [sim chunks=2 tokens_in=10 tokens_out=4]",
                                         stream_options={"include_usage": True}))
    usage = json.loads(got[-2])
    assert usage["choices"] == [] and usage["usage"]["prompt_tokens"] == 10
    assert usage["usage"]["cost"] == pytest.approx(10 * 30e-6 + 4 * 60e-6)
    assert usage["metadata"]["request_id"] == head["x-request-id"]
    assert json.loads(simulator.get("/_sim/last")["body"])["stream_options"] == {"include_usage": True}


def test_metadata_can_be_declined(gateway, key):
    _, _, answer = gateway.chat(key, say("hi"), {"x-doteb-metadata": "false"})
    assert "metadata" not in answer and "cost" not in answer["usage"]


@pytest.mark.parametrize("usage", ["none", "null"])
def test_missing_usage_is_estimated_and_marked(gateway, key, installation, usage):
    text = "word " * 100
    status, head, answer = gateway.chat(key, say(f"{text}[sim usage={usage} text=fourfourfour]"))
    assert status == 200
    row = installation.row_of(head["x-request-id"])
    assert row["estimated"] and row["output_tokens"] == 3 and 100 < row["input_tokens"] < 300


def test_cached_and_reasoning_tokens_are_kept(gateway, key, installation):
    _, head, _ = gateway.chat(
        key, say("x [sim tokens_in=1000 cached=400 tokens_out=300 reasoning=200]", "openai/gpt-4o"))
    row = installation.row_of(head["x-request-id"])
    assert (row["cached_tokens"], row["reasoning_tokens"]) == (400, 200)
    # gpt-4o: 2.5, 10 and 1.25 (cached) dollars a million
    assert row["cost"] == pytest.approx(600 * 2.5e-6 + 400 * 1.25e-6 + 300 * 10e-6)
    kinds = {x["kind"]: x["quantity"] for x in row["cost_lines"]}
    assert kinds["input"] == 600 and kinds["cached_input"] == 400


def test_attribution_is_kept_on_the_row(gateway, key, installation):
    headers = {"x-source": "billing-app", "X-Title": "Invoices", "HTTP-Referer": "https://a.example",
               "x-doteb-tags": "team-a, nightly", "x-session-id": "s-1", "x-request-id": "mine-1",
               "X-LLMGateway-Tenant": "acme", "User-Agent": "probe/1.0"}
    _, head, _ = gateway.chat(key, say("hi", user="alice", metadata={"k": "v"}), headers)
    row = installation.row_of(head["x-request-id"])
    assert row["client_request_id"] == "mine-1" and row["request_id"] == head["x-request-id"]
    assert (row["title"], row["session"], row["user_agent"]) == ("Invoices", "s-1", "probe/1.0")
    assert row["tags"] == ["team-a", "nightly"]
    assert row["metadata"]["k"] == "v" and row["metadata"]["Tenant"] == "acme"
    labels = installation.rows(f"select kind, value from labels where label_id in "
                               f"({row['source_id']}, {row['end_user_id']})")
    assert {(x["kind"], x["value"]) for x in labels} == {(1, "billing-app"), (2, "alice")}


def test_models_of_this_key(gateway, key):
    def get(path):
        status, _, data = http("GET", gateway.base_url + path, headers={"x-api-key": key})
        return status, json.loads(data)
    status, listing = get("/models")
    ids = [m["id"] for m in listing["data"]]
    assert status == 200 and {"gpt-4", "openai/gpt-4"} <= set(ids) and len(ids) == len(set(ids))
    assert not [i for i in ids if i.startswith("anthropic/")], "no key for it"
    assert get("/models/gpt-4")[1]["object"] == "model"
    assert get("/models/openai/gpt-4")[1]["owned_by"] == "openai"
    assert get("/models/openai%2Fgpt-4")[1]["id"] == "openai/gpt-4"
    status, missing = get("/models/gpt-none")
    assert status == 404 and missing["error"]["code"] == "model_not_found"
    status, mine = get("/key")
    assert status == 200 and mine["mode"] == "hybrid" and key not in json.dumps(mine)


def test_rollups_and_spend_equal_the_log(gateway, key, installation):
    for n in range(5):
        gateway.chat(key, say(f"{n} [sim tokens_in=10 tokens_out=10]"))
    gateway.chat(key, say("bad [sim status=500]"))
    log = "select count(*) n, sum(cost) cost, sum(input_tokens) i, sum(output_tokens) o from requests"
    rollup = ("select sum(requests) n, sum(cost) cost, sum(input_tokens) i, sum(output_tokens) o "
              "from rollup_usage")
    spend = ("select sum(requests) n, sum(cost) cost, sum(tokens) t from spend_windows "
             "where scope = 4 and window_kind = 4")
    wait_until(lambda: installation.rows(log)[0]["n"] >= 6)
    a, b, c = (installation.rows(q)[0] for q in (log, rollup, spend))
    assert a == b and (c["n"], c["cost"], c["t"]) == (a["n"], a["cost"], a["i"] + a["o"])


def test_a_revoked_key_is_refused_within_a_second(gateway, installation, control):
    key = installation.create_key("short-lived")
    wait_until(lambda: gateway.chat(key, say("hi"))[0] == 200, 2, "a new key works")
    installation.query("update api_keys set revoked_at = now() where name = 'short-lived'")
    begun = time.monotonic()
    wait_until(lambda: gateway.chat(key, say("hi"))[0] == 401, 2, "a revoked key is refused")
    assert time.monotonic() - begun < 1
    assert gateway.chat(key, say("hi"))[2]["error"]["code"] == "api_key_revoked"


def test_price_changes_hold_for_the_next_request(gateway, key, installation):
    _, first, answer = gateway.chat(key, say("x [sim tokens_in=100 tokens_out=0]", "openai/gpt-4.1"))
    before = answer["usage"]["cost"]
    offer = installation.rows("select offer_id from offers o join models m using (model_id) join "
                              "providers p using (provider_id) where m.slug = 'gpt-4.1' and p.slug = 'openai'")
    installation.query("insert into offer_prices (offer_id, effective_from, prices) values "
                       f"({offer[0]['offer_id']}, now(), '{{\"input\": \"1\", \"output\": \"1\"}}')")

    def changed():
        return gateway.chat(key, say("x [sim tokens_in=100 tokens_out=0]",
                                     "openai/gpt-4.1"))[2]["usage"]["cost"] == 100
    wait_until(changed, 3, "the new price")
    assert installation.row_of(first["x-request-id"])["cost"] == pytest.approx(before)


def test_pipelined_requests_are_answered_in_order(gateway, key):
    def raw(text):
        body = json.dumps(say(text)).encode()
        return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall(raw("one [sim ttfb_ms=80 text=first]") + raw("two [sim text=second]"))
        got = b""
        while got.count(b"HTTP/1.1 200") < 2 or b"second" not in got:
            data = s.recv(65536)
            assert data, got
            got += data
    assert got.index(b"first") < got.index(b"second")


def test_a_body_sent_byte_by_byte(gateway, key):
    body = json.dumps(say("slowly")).encode()
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for b in head + body:
            s.send(bytes([b]))
        assert s.recv(65536).startswith(b"HTTP/1.1 200")


def test_first_event_leaves_at_once(gateway, key):
    """No delayed ACK, no buffering: the first content comes while the provider still writes."""
    body = json.dumps(say("x [sim chunks=3 gap_ms=300]", stream=True)).encode()
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n"
                   f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body)
        got = b""
        while b'"content":' not in got:
            got += s.recv(65536)
    assert time.monotonic() - begun < 0.7
