"""The gateway's edges: providers and clients that misbehave, limits of the process, the way out."""
import http.client
import json
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

import harness
from harness import http as fetch
from harness import say, wait_until

ANSWER = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
WHOLE = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
         ) + ANSWER
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
PIECE = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[' \
    b'{"index":0,"delta":{"role":"assistant","content":"piece"},"finish_reason":null}]}\n\n'


class Provider:
    """A provider of one behaviour: calls answer(socket) once a request has arrived whole."""

    def __init__(self, answer, host="127.0.0.1"):
        self.answer, self.calls = answer, 0
        self.listener = socket.create_server((host, 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with s:
            got = b""
            try:
                while True:
                    while b"\r\n\r\n" not in got:
                        part = s.recv(65536)
                        if not part:
                            return
                        got += part
                    head, got = got.split(b"\r\n\r\n", 1)
                    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                    while len(got) < length:
                        got += s.recv(65536)
                    got = got[length:]
                    self.calls += 1
                    if not self.answer(s):
                        return
            except OSError:
                return

    def close(self):
        self.listener.close()


class Tenant:
    """An installation of its own whose OpenAI key leads where a test wants it."""

    def __init__(self, installation):
        self.installation = installation
        self.key = installation.create_key()
        self.gateways = []

    def provider_keys(self, *urls):
        """The keys that stand, in this order; nothing else does."""
        self.installation.query("delete from provider_keys")
        for i, url in enumerate(urls):
            self.installation.add_provider_key("openai", url, label=f"key-{i}")

    def gateway(self, name, **settings):
        settings.setdefault("DOTEB_WORKERS", "1")
        gateway = harness.Gateway(self.installation, name, **settings)
        self.gateways.append(gateway)
        return gateway


@pytest.fixture
def tenant(installation):
    tenant = Tenant(installation)
    yield tenant
    for gateway in tenant.gateways:
        gateway.stop()


def chat(gateway, key, stream=False, timeout=20, text="x"):
    """(status, headers, bytes, seconds)"""
    begun = time.monotonic()
    status, head, raw = fetch("POST", gateway.base_url + "/chat/completions",
                              say(text, "openai/gpt-4", stream=stream), {"x-api-key": key}, timeout)
    return status, head, raw, time.monotonic() - begun


def code_of(raw):
    return json.loads(raw)["error"]["code"]


# --------------------------------------------------------------------------- providers

def test_names_that_do_not_resolve_fail_at_once_again_and_again(tenant):
    """The descriptor that told of the first look-up's end is used again for the next one's."""
    tenant.provider_keys("http://nothing.invalid/v1")
    gateway = tenant.gateway("names", DOTEB_UPSTREAM_POOLS="1")
    for _ in range(4):
        status, _, raw, took = chat(gateway, tenant.key)
        assert (status, code_of(raw)) == (502, "upstream_unreachable")
        assert took < 3


def test_one_refused_address_of_a_name_is_not_the_end(tenant):
    """localhost is ::1 and 127.0.0.1; only the second is allowed, and serves."""
    provider = Provider(lambda s: s.sendall(WHOLE) or True)
    tenant.provider_keys(f"http://localhost:{provider.port}/v1")
    gateway = tenant.gateway("two", DOTEB_UPSTREAM_ALLOW="127.0.0.0/8")
    status, _, raw, _ = chat(gateway, tenant.key)
    provider.close()
    assert status == 200, raw


def test_an_endless_head_is_cut_and_costs_little(tenant):
    line = b"content-type: " + b"x" * 8000 + b"\r\n"

    def answer(s):
        s.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(8000):  # 64 MB
            s.sendall(line)
        s.sendall(b"Content-Length: 2\r\n\r\n{}")

    provider = Provider(answer)
    tenant.provider_keys(f"http://127.0.0.1:{provider.port}/v1")
    gateway = tenant.gateway("head")

    def peak():
        return int(open(f"/proc/{gateway.pid}/status").read().split("VmHWM:")[1].split()[0])

    before = peak()
    status, _, _, _ = chat(gateway, tenant.key)
    provider.close()
    assert status == 502 and peak() - before < 20000


def test_an_interim_answer_alone_is_no_answer(tenant):
    provider = Provider(lambda s: s.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"))
    tenant.provider_keys(f"http://127.0.0.1:{provider.port}/v1")
    status, _, raw, took = chat(tenant.gateway("interim"), tenant.key)
    provider.close()
    assert status == 502 and took < 5, raw


@pytest.mark.parametrize("stream", [True, False])
def test_silence_is_measured_from_the_last_byte(tenant, stream):
    """However long the first byte may take."""
    def answer(s):
        s.sendall(EVENTS + PIECE if stream else WHOLE[:-5])
        time.sleep(8)

    provider = Provider(answer)
    tenant.provider_keys(f"http://127.0.0.1:{provider.port}/v1")
    gateway = tenant.gateway(f"silence-{stream}", DOTEB_FIRST_BYTE_TIMEOUT="6s",
                             DOTEB_IDLE_TIMEOUT="500ms", DOTEB_ATTEMPTS_MAX="1")
    status, _, raw, took = chat(gateway, tenant.key, stream)
    provider.close()
    assert took < 3 and b"upstream_timeout" in raw
    assert status == (200 if stream else 504)


def test_no_further_attempt_once_the_time_is_over(tenant, installation):
    provider = Provider(lambda s: time.sleep(5))
    model, *providers = installation.query(
        "select m.slug || ' ' || string_agg(distinct p.slug, ' ') from offers join models m using (model_id) "
        "join providers p using (provider_id) where p.dialect = 'openai' and p.slug <> 'openai' "
        "group by m.slug having count(distinct p.slug) > 1 order by m.slug limit 1").split()
    installation.query("delete from provider_keys")
    for name in providers:
        installation.add_provider_key(name, f"http://127.0.0.1:{provider.port}/v1")
    for settings, attempts in (({"DOTEB_TOTAL_TIMEOUT": "700ms"}, 1), ({"DOTEB_FIRST_BYTE_TIMEOUT": "500ms"}, 2)):
        gateway = tenant.gateway(f"total-{attempts}", **settings)
        status, head, _ = gateway.chat(tenant.key, say("x", model))
        assert status == 504
        row = installation.row_of(head["x-request-id"])
        assert min(len(row["attempts"]), 2) == attempts, row["attempts"]
    provider.close()


@pytest.mark.parametrize("status", [401, 429])
def test_what_is_said_of_the_provider_s_account_stays_on_the_row(tenant, installation, status):
    body = b'{"error":{"message":"Bad key sk-ac***me of org-acme","type":"t","code":"c","param":null}}'

    def answer(s):
        s.sendall(b"HTTP/1.1 %d Other\r\nContent-Type: application/json\r\nopenai-organization: org-acme\r\n"
                  b"Set-Cookie: acme=1\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        return True

    provider = Provider(answer)
    tenant.provider_keys(f"http://127.0.0.1:{provider.port}/v1")
    _, head, raw, _ = chat(tenant.gateway(f"account-{status}"), tenant.key)
    provider.close()
    assert b"acme" not in raw and "acme" not in str(head)
    assert "org-acme" in installation.row_of(head["x-request-id"])["error_detail"]


# --------------------------------------------------------------------------- clients

def upload(gateway, key, size, chunked=False):
    """Sends a large body to its end, as plain clients do, then reads: the answer's status line."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as s:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n{framing}\r\n\r\n"
                  .encode())
        part = b" " * 65536
        for _ in range(size // len(part)):
            s.sendall(b"10000\r\n" + part + b"\r\n" if chunked else part)
        if chunked:
            s.sendall(b"0\r\n\r\n")
        return s.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_without_room_gets_its_503(tenant, chunked):
    gateway = tenant.gateway(f"room-{chunked}", DOTEB_BODIES_MAX="1MB")
    assert upload(gateway, tenant.key, 8 << 20, chunked) == b"HTTP/1.1 503 Service Unavailable"


def test_a_large_chunked_body_with_a_bad_key_gets_its_401(tenant):
    assert upload(tenant.gateway("bad"), "nonsense", 8 << 20, True) == b"HTTP/1.1 401 Unauthorized"


def test_a_body_that_does_not_arrive_is_a_408_on_its_row(tenant, installation):
    gateway = tenant.gateway("slow", DOTEB_BODY_TIMEOUT="300ms")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {tenant.key}\r\n"
                  "Content-Length: 1000\r\n\r\n{".encode())
        s.recv(4096)
    rows = wait_until(lambda: installation.rows("select status, outcome from requests where status in (408, 499)"))
    assert rows == [{"status": 408, "outcome": 1}]


@pytest.mark.parametrize("fields", [2, 60])
def test_no_provider_is_asked_for_what_cannot_be_answered(tenant, fields):
    """The server writes the answer's head into what the request's has left of its buffer."""
    provider = Provider(lambda s: s.sendall(WHOLE) or True)
    tenant.provider_keys(f"http://127.0.0.1:{provider.port}/v1")
    gateway = tenant.gateway(f"large-{fields}")
    body = json.dumps(say("x", "openai/gpt-4")).encode()
    got = []
    room = 24 * 1024   # CONNECTION_MEMORY
    for size in range(room - 7700, room + 800, 100):
        pads = "".join(f"x-pad-{i}: {'a' * (size // fields - 13)}\r\n" for i in range(fields))
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as s:
            s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {tenant.key}\r\n{pads}"
                      f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            try:
                got.append(s.recv(4096)[9:12])
            except ConnectionResetError:
                got.append(b"")
    provider.close()
    assert provider.calls == got.count(b"200") > 0
    assert got.count(b"400") > 5 and got[-1] == b"431"


BROKEN_HEADS = [b"GET\r\n\r\n", b"GET \r\n\r\n", b"GET / HTTP/1.1\r\n", b"GET /v1/models\r\n\r\n",
                b"\r\n\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                b"GET  HTTP/1.1\r\n\r\n", b"GET /a b c HTTP/1.1\r\n\r\n", b"\0\0\0\r\n\r\n",
                b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"ffffffffffffffffff\r\n", b"CONNECT x:1 HTTP/1.1\r\n\r\n", b"HEAD /v1/models HTTP/1.1\r\n\r\n",
                b"OPTIONS * HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9000 + b"\r\n",
                b"GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n", b"GET / HTTP/1.1\r\n: b\r\n\r\n"]


def test_broken_heads_end_their_connection_only(tenant):
    gateway = tenant.gateway("heads", DOTEB_HEAD_TIMEOUT="500ms", DOTEB_KEEPALIVE_TIMEOUT="500ms")
    for data in BROKEN_HEADS:
        for wait in (False, True):
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as s:
                s.sendall(data)
                if not wait:
                    continue
                try:
                    while s.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
        assert gateway.alive(), (data, gateway.tail())
    assert fetch("GET", gateway.base_url + "/key", headers={"x-api-key": tenant.key})[0] == 200


def test_old_clients_get_streams_without_chunks(tenant, simulator):
    tenant.provider_keys(simulator.base_url)
    gateway = tenant.gateway("old")
    body = json.dumps(say("x [sim chunks=3]", "openai/gpt-4", stream=True)).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall(f"POST /v1/chat/completions HTTP/1.0\r\nx-api-key: {tenant.key}\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        got = b""
        while part := s.recv(65536):
            got += part
    assert b"chunked" not in got and got.endswith(b"data: [DONE]\n\n")


def test_expect_continue(tenant, simulator):
    """A body that is announced is asked for; one that is refused is not."""
    tenant.provider_keys(simulator.base_url)
    gateway = tenant.gateway("expect")
    body = json.dumps(say("x", "openai/gpt-4")).encode()
    for key, first in ((tenant.key, b"HTTP/1.1 100 Continue"), ("bad", b"HTTP/1.1 401 Unauthorized")):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as s:
            s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\nExpect: 100-continue\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n".encode())
            assert s.recv(4096).split(b"\r\n")[0] == first
            if key != "bad":
                s.sendall(body)
                assert s.recv(4096).startswith(b"HTTP/1.1 200")


# --------------------------------------------------------------------------- the process

def test_more_clients_than_the_soft_limit_of_descriptors(tenant, simulator):
    tenant.provider_keys(simulator.base_url)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    try:
        gateway = tenant.gateway("limit")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(200)]
    assert chat(gateway, tenant.key, timeout=5)[0] == 200
    for s in idle:
        s.close()


def test_a_port_that_is_none_is_refused(tenant):
    for port in ("65536", "99999", "x", ""):
        done = subprocess.run([harness.BUILD / "gateway/doteb-gateway"], capture_output=True, timeout=20,
                              env=tenant.installation.env | {"DOTEB_GATEWAY_LISTEN": "127.0.0.1:" + port,
                                                             "DOTEB_ADMIN_LISTEN": "127.0.0.1:0",
                                                             "DOTEB_SPOOL_DIR": str(tenant.installation.folder / "p")})
        assert done.returncode == 1 and b"DOTEB_GATEWAY_LISTEN" in done.stderr, (port, done)


def test_requests_cut_at_the_last_deadline_are_ours(tenant, installation, simulator):
    """What the gateway itself breaks off is not booked as a client that left."""
    tenant.provider_keys(simulator.base_url)
    gateway = tenant.gateway("cut", DOTEB_SHUTDOWN_TIMEOUT="300ms")
    body = json.dumps(say("x [sim chunks=100 gap_ms=100]", "openai/gpt-4", stream=True)).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: {tenant.key}\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        got = s.recv(4096)
        while b"piece" not in got and got.count(b"\n\n") < 3:
            got += s.recv(4096)
        gateway.stop()
        while part := s.recv(65536):
            got += part
    assert b"[DONE]" not in got and not got.endswith(b"0\r\n\r\n"), "never a clean end"
    row = installation.row_of(got.split(b"x-request-id: ")[1][:36].decode())
    assert (row["error"], row["outcome"], row["status"]) == ("DRAINING", 2, 200)
    assert row["output_tokens"] > 0 and row["estimated"]


def test_leaving_under_load_cuts_nobody(tenant, simulator):
    """While clients keep asking on kept connections and streams run, SIGTERM comes. Streams finish, every
    request that was sent is answered, and kept connections are told to close."""
    tenant.provider_keys(simulator.base_url)
    gateway = tenant.gateway("leave", DOTEB_WORKERS="2")
    wrong, streams, served = [], [], []
    stop = threading.Event()
    body = json.dumps(say("x [sim ttfb_ms=20]", "openai/gpt-4"))
    head = {"x-api-key": tenant.key, "Content-Type": "application/json"}

    def ask():
        while not stop.is_set():
            c = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
            try:
                c.connect()
            except OSError:
                return
            while not stop.is_set():
                try:
                    c.request("POST", "/v1/chat/completions", body, head)
                    r = c.getresponse()
                    r.read()
                except Exception as e:
                    wrong.append(repr(e))
                    break
                served.append((r.status, r.getheader("connection")))
                if r.will_close:
                    break
            c.close()

    def listen(n):
        _, _, raw, _ = chat(gateway, tenant.key, True, text="x [sim chunks=30 gap_ms=50]")
        streams.append(raw.endswith(b"data: [DONE]\n\n"))

    threads = [threading.Thread(target=ask) for _ in range(24)]
    threads += [threading.Thread(target=listen, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    wait_until(lambda: len(served) > 150)
    gateway.process.send_signal(signal.SIGTERM)
    gateway.process.wait(15)
    stop.set()
    for t in threads:
        t.join()
    assert streams == [True] * 6
    assert all(status in (200, 503) for status, _ in served)
    assert ("close" in {c for _, c in served}) and (503, None) not in served
    assert len(wrong) <= 2, wrong  # who connects in the moment in which the port closes
