"""Somebody outside is waited for (a provider that is asked, a name that resolves slowly), and others change things
meanwhile: a secret goes nowhere it was not given for, and nobody else waits."""
import http.server
import json
import ssl
import subprocess
import threading
import time
import uuid

import pytest

import harness
from control_client import Person
from harness import Control, wait_until
from test_weather import Weather

OLD = "http://127.0.0.1:9/v1"


class Answering(http.server.BaseHTTPRequestHandler):
    """A list of models; in /held only once the server is let go."""

    def do_GET(self):
        server = self.server
        server.asked.append(self.headers["authorization"])
        if self.path.startswith("/held"):
            server.go.wait(30)
        body = json.dumps({"data": [{"id": "m"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked, self.go = [], threading.Event()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.root = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.go.set()
        self.shutdown()
        self.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


def meanwhile(owner, server, method, path, body, do):
    """The answer to a call that waits for the server, while `do` is done."""
    got = []
    server.asked.clear()
    waiting = threading.Thread(target=lambda: got.append(owner.call(method, path, body)))
    waiting.start()
    try:
        wait_until(lambda: server.asked, 5, "the question")
        do()
        assert not got
    finally:
        server.go.set()
        waiting.join()
    return got[0]


def provider(owner, base_url, **more):
    slug = "s" + uuid.uuid4().hex
    status, made = owner.call("POST", owner.org_path + "/custom-providers", {
        "slug": slug, "protocol": "openai", "base_url": base_url, "models": [{"upstream_id": "m"}]} | more)
    assert status == 201, made
    return made, f"{owner.org_path}/custom-providers/{made['id']}"


def key(owner, provider="openai", **more):
    status, made = owner.call("POST", owner.org_path + "/provider-keys", {"provider": provider, "secret": "sk-123"} | more)
    assert status == 201, made
    return f"{owner.org_path}/provider-keys/{made['id']}"


@pytest.mark.parametrize("method,body", [("PATCH", {"base_url": OLD}), ("DELETE", None)])
def test_a_secret_for_a_server_that_moves_or_goes_is_not_kept(method, body, owner, server, installation):
    made, path = provider(owner, server.root + "/held")

    def change():
        assert owner.call(method, path, body)[0] in (200, 204)
    status, answer = meanwhile(owner, server, "POST", owner.org_path + "/provider-keys",
                               {"provider": made["slug"], "secret": "sk-for-this-server", "check": True}, change)
    assert (status, answer["field"]) == (409, "provider"), answer
    assert server.asked == ["Bearer sk-for-this-server"]
    assert installation.query("select count(*) from provider_keys where label = '' and provider_id = (select provider_id "
                              f"from custom_providers where slug = '{made['slug']}')") == "0"


def test_nobody_waits_for_a_check(owner, server):
    path = key(owner, base_url=server.root + "/held")

    def edits():
        start = time.monotonic()
        for n in range(4):
            assert owner.call("PATCH", path, {"label": f"l{n}"})[0] == 200
        assert time.monotonic() - start < 5   # the check would wait for ten seconds
    status, check = meanwhile(owner, server, "POST", path + "/check", None, edits)
    assert (status, check["outcome"]) == (200, "ok"), check


def test_a_check_of_a_secret_that_was_exchanged_says_nothing_of_the_new_one(owner, server, installation):
    path = key(owner, base_url=server.root + "/held")
    id = path.rsplit("/", 1)[1]

    def exchange():
        installation.query(f"update provider_keys set base_url = '{server.root}/v1' where provider_key_id = '{id}'")
        for step in ("", "/switch"):
            assert owner.call("POST", path + "/rotation" + step, {"secret": "sk-456"} if not step else None)[0] == 200
    status, answer = meanwhile(owner, server, "POST", path + "/check", None, exchange)
    assert status == 409 and "changed" in answer["detail"], answer
    shown = next(k for k in owner.all(owner.org_path + "/provider-keys") if k["id"] == id)
    assert shown["rotation"]["state"] == "switched" and shown["last_check"] == shown["rotation"]["check"]


def test_two_exchanges_begin_at_once(owner, server):
    path = key(owner, base_url=server.root + "/held")
    both = []
    ask = [threading.Thread(target=lambda n=n: both.append(owner.call("POST", path + "/rotation", {"secret": f"sk-{n}"})))
           for n in range(2)]
    for t in ask:
        t.start()
    wait_until(lambda: len(server.asked) == 2, 5, "both questions")
    server.go.set()
    for t in ask:
        t.join()
    assert sorted(status for status, _ in both) == [200, 409], both


def test_slow_names_take_half_of_the_threads_at_most(installation, tmp_path):
    """Three seconds a look-up, eight of them: who reads meanwhile does not wait for them."""
    weather, got = Weather(tmp_path / "weather"), []
    control = Control(installation, **weather.environment)
    try:
        owner = Person(control, installation.email)
        made = [provider(owner, OLD)[1] for _ in range(8)]
        weather.set(resolver_ms=3000)

        def move(path):
            head = owner.auth() | {"X-CSRF-Token": owner.csrf}
            got.append(harness.http("PATCH", control.root + path, {"base_url": "http://slow.weather:9/v1"}, head, 60)[0])
        moving = [threading.Thread(target=move, args=(path,)) for path in made]
        for t in moving:
            t.start()
        wait_until(lambda: weather.counted()[0] >= 1, 10, "the first look-up")
        done = len(got)
        for _ in range(4):
            owner.get(owner.org_path + "/custom-providers")
        assert len(got) - done <= 2, "a reader waited for more than one turn of the look-ups"
        weather.set()
        for t in moving:
            t.join()
        assert got == [200] * 8
    finally:
        control.stop()


def test_a_server_behind_an_authority_of_one_s_own_is_asked_for_its_models(installation, tmp_path):
    """As the gateways and the checks trust it: DOTEB_CA_FILE."""
    cert, private = tmp_path / "tls.crt", tmp_path / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", private, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, private)
    server = Server(context)
    question = {"protocol": "openai", "base_url": f"https://localhost:{server.server_port}/v1"}
    try:
        for settings, status in (({}, 422), ({"DOTEB_CA_FILE": str(cert)}, 200)):
            control = Control(installation, **settings)
            try:
                owner = Person(control, installation.email)
                got, answer = owner.call("POST", owner.org_path + "/custom-providers/discover", question)
                assert got == status, answer
            finally:
                control.stop()
    finally:
        server.stop()
