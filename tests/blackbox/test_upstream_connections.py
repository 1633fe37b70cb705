"""Connections to providers: kept, ended, broken in every place, plain and over TLS."""
import json
import socket
import ssl
import struct
import subprocess
import threading
import time
from http.client import HTTPResponse

import pytest

import harness
from control_client import Person
from harness import http, say, wait_until

ANSWER = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = JSON + b"Content-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x;x=y\r\n%s\r\n" % (len(data), data)


def piece(text, i):
    role = {} if i else {"role": "assistant"}
    return event({"delta": role | {"content": text}, "finish_reason": None})


def event(choice):
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
        {"index": 0, **choice}]}).encode() + b"\n\n"


class Provider:
    """Calls script(socket, connection, request) for each request that arrived whole, both counted from
    1; a false return ends the connection. `early`: calls it once the head has arrived."""

    def __init__(self, script, certificate=None, early=False):
        self.script, self.early, self.connections, self.requests, self.open = script, early, 0, 0, 0
        self.lock, self.context = threading.Lock(), None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"{'https' if certificate else 'http'}://localhost:{self.listener.getsockname()[1]}/v1"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a reset discards what waits
            if self.context:
                s = self.context.wrap_socket(s, server_side=True)
            with self.lock:
                self.connections += 1
                self.open += 1
                n = self.connections
            with s:
                self.converse(s, n)
        except OSError:
            pass
        with self.lock:
            self.open -= 1

    def converse(self, s, n):
        got, request = b"", 0
        while True:
            while b"\r\n\r\n" not in got:
                part = s.recv(65536)
                if not part:
                    return
                got += part
            head, got = got.split(b"\r\n\r\n", 1)
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(got) < length and not self.early:
                got += s.recv(65536)
            got = got[length:]
            request += 1
            with self.lock:
                self.requests += 1
            if not self.script(s, n, request):
                return


@pytest.fixture(scope="module")
def certificate(scratch):
    cert, key = scratch / "connections.crt", scratch / "connections.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


class World:
    """One gateway; each provider is the only key of the tenant in its turn."""

    def __init__(self, installation, certificate, tls):
        self.installation, self.certificate = installation, certificate if tls else None
        self.key = installation.create_key()
        self.gateway = harness.Gateway(installation, f"gateway-{tls}", DOTEB_WORKERS="1", DOTEB_ATTEMPTS_MAX="1",
                                       DOTEB_CA_FILE=str(certificate[0]))
        self.n = 0

    def provider(self, script, **more):
        provider = Provider(script, self.certificate, **more)
        self.n += 1
        self.installation.query("delete from provider_keys")
        self.installation.add_provider_key("openai", provider.url, label=f"key-{self.n}")
        # The gateway follows within a second: the new one is asked when it answers.
        wait_until(lambda: self.follows(provider), 10, "the new key")
        return provider

    def follows(self, provider):
        before = provider.requests
        self.chat("probe")
        return provider.requests > before

    def chat(self, text="x", timeout=20, key=None, **more):
        status, _, raw = http("POST", self.gateway.base_url + "/chat/completions",
                              say(text, "openai/gpt-4", **more), {"x-api-key": key or self.key}, timeout)
        return status, raw


@pytest.fixture(scope="module", params=["plain", "tls"])
def world(request, pg, template, scratch, certificate):
    name = f"connections_{request.param}"
    pg.create_database(name, template)
    world = World(harness.Installation(pg, name, scratch / name), certificate, request.param == "tls")
    yield world
    world.gateway.stop()


def answers(s, connection, request):
    s.sendall(WHOLE)
    return True


def test_a_connection_serves_many_requests(world):
    provider = world.provider(answers)
    before = provider.connections
    assert all(world.chat()[0] == 200 for _ in range(20))
    assert provider.connections == before


def test_organisations_with_one_provider_share_no_connection(world):
    """Whose address it is may watch what comes over a connection, and delay it."""
    provider = world.provider(answers)
    control = harness.Control(world.installation)
    try:
        person = Person(control, world.installation.email)
        other = person.call("POST", "/api/v1/organisations", {"name": f"other {world.n}"})[1]
        path = f"/api/v1/organisations/{other['id']}"
        body = {"provider": "openai", "secret": "sk-other", "base_url": provider.url}
        assert person.call("POST", path + "/provider-keys", body)[0] == 201
        project = person.get(path + "/projects")["items"][0]["id"]
        theirs = person.call("POST", f"{path}/projects/{project}/api-keys", {"name": "k"})[1]["key"]
    finally:
        control.stop()
    wait_until(lambda: world.chat(key=theirs)[0] == 200, 10, "the other's key")
    both = provider.connections
    assert both >= 2
    for key in (None, theirs) * 3:
        before = provider.connections
        assert world.chat(key=key)[0] == 200 and provider.connections == before == both


def test_as_many_connections_as_requests_at_once_and_all_are_kept(world):
    def slowly(s, connection, request):
        time.sleep(0.5)
        return answers(s, connection, request)

    provider = world.provider(slowly)

    def many():
        got = []
        threads = [threading.Thread(target=lambda: got.append(world.chat()[0])) for _ in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert got == [200] * 8

    many()
    after = provider.connections
    many()
    assert provider.connections == after <= 10


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_kept_connection_that_ends_is_noticed_and_not_used(world, how):
    def once(s, connection, request):
        s.sendall(WHOLE)
        if how == "rst":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    provider = world.provider(once)
    for _ in range(5):
        status, raw = world.chat()
        assert status == 200, raw
        time.sleep(0.05)
    wait_until(lambda: provider.open == 0, 5, "the connections' end")
    assert provider.connections == provider.requests


def test_a_request_on_a_connection_that_just_died_is_sent_again_once(world):
    """It ends when the second request has arrived, without a byte of an answer."""
    def second_dies(s, connection, request):
        return request == 1 and answers(s, connection, request)

    provider = world.provider(second_dies)
    assert [world.chat()[0] for _ in range(4)] == [200] * 4
    assert provider.requests > provider.connections


def test_a_fresh_connection_that_dies_is_not_repeated(world):
    dies = threading.Event()

    def script(s, connection, request):
        return not dies.is_set() and answers(s, connection, request) and False

    provider = world.provider(script)
    dies.set()
    before = provider.requests
    status, raw = world.chat()
    assert status == 502 and json.loads(raw)["error"]["code"] == "upstream_unreachable"
    assert provider.requests == before + 1


def test_nothing_is_repeated_after_a_byte_of_an_answer(world):
    def script(s, connection, request):
        if request == 1:
            return answers(s, connection, request)
        s.sendall(WHOLE[:9])
        return False

    provider = world.provider(script)
    world.chat()  # on a kept connection or a fresh one: afterwards one is kept that fails
    before = provider.requests
    statuses = [world.chat()[0] for _ in range(2)]
    assert 502 in statuses and provider.requests == before + 2


GOOD = [
    ("interim", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + WHOLE, True),
    ("chunks", CHUNKED + chunk(ANSWER[:10]) + chunk(ANSWER[10:]) + b"0\r\nx-trailer: y\r\n\r\n", True),
    ("close", JSON + b"Connection: close\r\n\r\n" + ANSWER, False),
    ("old", b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + ANSWER, False),
    ("left over", WHOLE + b"HTTP/1.1 200 OK\r\n\r\n", False),
    ("both framings", CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + chunk(ANSWER) + b"0\r\n\r\n", False),
]


@pytest.mark.parametrize("data,keeps", [g[1:] for g in GOOD], ids=[g[0] for g in GOOD])
@pytest.mark.parametrize("cut", [None, 1, 40])
def test_answers_in_every_framing(world, data, keeps, cut):
    def script(s, connection, request):
        for i in range(0, len(data), cut or len(data)):
            s.sendall(data[i:i + (cut or len(data))])
            if cut == 40:
                time.sleep(0.002)
        return keeps

    provider = world.provider(script)
    before = provider.connections
    for _ in range(3):
        status, raw = world.chat()
        assert status == 200 and json.loads(raw)["choices"][0]["message"]["content"] == "hi"
    assert (provider.connections == before) == keeps


BAD = [
    ("no http", b"SSH-2.0-OpenSSH_9\r\n"),
    ("version 2", WHOLE.replace(b"HTTP/1.1", b"HTTP/2.0")),
    ("two lengths", WHOLE.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n", 1)),
    ("a coding", CHUNKED.replace(b"chunked", b"gzip, chunked") + chunk(ANSWER) + b"0\r\n\r\n"),
    ("folded", WHOLE.replace(b"Content-Type", b" Content-Type")),
    ("upgrade", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    ("cut in the head", WHOLE[:30]),
    ("cut in the body", WHOLE[:-3]),
    ("cut in a chunk", CHUNKED + chunk(ANSWER)[:-5]),
    ("cut before the last chunk", CHUNKED + chunk(ANSWER)),
    ("a bad chunk", CHUNKED + b"zz\r\n" + ANSWER),
]


@pytest.mark.parametrize("data", [b[1] for b in BAD], ids=[b[0] for b in BAD])
def test_broken_answers_are_a_502_and_end_their_connection(world, data):
    def script(s, connection, request):
        s.sendall(data)
        return False

    provider = world.provider(script)
    status, raw = world.chat()
    assert status == 502, raw
    wait_until(lambda: provider.open == 0, 5, "the connections' end")


def test_an_answer_before_the_whole_body_was_taken(world):
    """413 after the head; the connection is not used again, and nothing hangs."""
    refused = json.dumps({"error": {"message": "too large for me", "type": "invalid_request_error", "param": None,
                                    "code": None}}).encode()

    def script(s, connection, request):
        s.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                  % len(refused) + refused)
        time.sleep(0.3)
        return False

    world.provider(script, early=True)
    begun = time.monotonic()
    status, raw = world.chat("x" * 8_000_000)
    assert status == 413 and b"too large for me" in raw and time.monotonic() - begun < 5


def test_large_bodies_arrive_whole_however_slowly_they_are_taken(world):
    seen = []

    class Slow(Provider):
        def converse(self, s, n):
            got = b""
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
            while b"\r\n\r\n" not in got:
                got += s.recv(100)
            head, got = got.split(b"\r\n\r\n", 1)
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(got) < length:
                got += s.recv(65536)
                if length > 100_000:
                    time.sleep(0.001)
            self.requests += 1
            seen.append(got)
            s.sendall(WHOLE)

    provider = Slow(None, world.certificate)
    world.installation.query("delete from provider_keys")
    world.installation.add_provider_key("openai", provider.url, label="slow")
    wait_until(lambda: world.follows(provider), 10, "the new key")
    text = "".join(f"{i}," for i in range(200_000))
    assert world.chat(text)[0] == 200
    assert json.loads(seen[-1])["messages"][0]["content"] == text


def test_a_client_that_does_not_read_holds_its_stream_back_and_gets_all_of_it(world):
    """Over TLS, bytes that no event of the socket tells of are read when it goes on."""
    count = 3000

    def script(s, connection, request):
        if request == 1 and connection == 1:
            return answers(s, connection, request)  # the probe
        s.sendall(EVENTS)
        for i in range(count):
            s.sendall(chunk(piece(f"{i:05d}" + "x" * 2000, i)))
        s.sendall(chunk(event({"delta": {}, "finish_reason": "stop"}) + b"data: [DONE]\n\n") + b"0\r\n\r\n")
        return True

    world.provider(script)
    body = json.dumps(say("x", "openai/gpt-4", stream=True)).encode()
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", world.gateway.port))
        s.settimeout(20)
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: %s\r\n"
                  b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (world.key.encode(), len(body)) + body)
        time.sleep(1.5)
        with HTTPResponse(s) as answer:   # chunks end anywhere, in the middle of a word, too
            answer.begin()
            got = answer.read()
    assert got.count(b'"content"') == count and b"[DONE]" in got
    assert all(b'"%05d' % i in got for i in range(count))


def test_clients_that_leave_at_any_moment_leave_no_connection_behind(world):
    def script(s, connection, request):
        if request == 1 and connection == 1:
            return answers(s, connection, request)
        s.sendall(EVENTS)
        for i in range(1000):
            s.sendall(chunk(piece(str(i), i)))
            time.sleep(0.002)
        return True

    provider = world.provider(script)
    body = json.dumps(say("x", "openai/gpt-4", stream=True)).encode()
    for wait in (0, 0.001, 0.005, 0.02, 0.1, 0.3):
        with socket.create_connection(("127.0.0.1", world.gateway.port)) as s:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\n"
                      b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                      % (world.key.encode(), len(body)) + body)
            time.sleep(wait)
    wait_until(lambda: provider.open <= 1, 10, "the connections' end")
    assert world.chat()[0] in (200, 502)
