"""What a provider of an organisation's own may be, and where: fields, limits, addresses."""
import http.server
import json
import os
import re
import subprocess
import threading
import urllib.parse
import uuid

import pytest

import harness
from control_client import Person
from custom_tenants import Tenant, other, people, served, server, tenant  # noqa: F401
from harness import Control, Gateway, Simulator, say

# ---------------------------------------------------------------- what is refused

GOOD = {"slug": "lab", "protocol": "openai", "base_url": "http://127.0.0.1:9/v1"}


@pytest.mark.parametrize("fields,field", [
    ({"slug": "Lab"}, "slug"), ({"slug": "-lab"}, "slug"), ({"slug": "a/b"}, "slug"), ({"slug": "l" * 64}, "slug"),
    ({"slug": "openai"}, "slug"), ({"slug": "gemini"}, "slug"), ({"slug": ""}, "slug"),
    ({"protocol": "google"}, "protocol"), ({"base_url": "ftp://x"}, "base_url"),
    ({"base_url": "http://u:p@127.0.0.1/v1"}, "base_url"), ({"base_url": "http://127.0.0.1/{region}"}, "base_url"),
    ({"base_url": "http://127.0.0.1/v1?x"}, "base_url"), ({"base_url": "http://no.such.invalid/v1"}, "base_url"),
    ({"secret": "two\nlines"}, "secret"), ({"secret": " x"}, "secret"), ({"name": ""}, "name"),
    ({"models": {}}, "models"), ({"models": [1]}, "models[0]"), ({"models": [{}]}, "models[0].upstream_id"),
    ({"models": [{"upstream_id": "m"}] * 501}, "models"),
    ({"models": [{"upstream_id": "m"}, {"upstream_id": "m"}]}, "models[1].id"),
    ({"models": [{"upstream_id": "a b"}]}, "models[0].id"), ({"models": [{"upstream_id": "m", "id": "*"}]}, "models[0].id"),
    ({"models": [{"upstream_id": "m", "id": "a/"}]}, "models[0].id"),
    ({"models": [{"upstream_id": "m", "context": 0}]}, "models[0].context"),
    ({"models": [{"upstream_id": "m", "max_output": 1.5}]}, "models[0].max_output"),
    ({"models": [{"upstream_id": "m", "capabilities": ["fly"]}]}, "models[0].capabilities"),
    ({"models": [{"upstream_id": "m", "capabilities": ["tools", "tools"]}]}, "models[0].capabilities"),
    ({"models": [{"upstream_id": "m", "price_per_million": {"input": 1}}]}, "models[0].price_per_million.input"),
    ({"models": [{"upstream_id": "m", "price_per_million": {"input": "-1"}}]}, "models[0].price_per_million.input"),
    ({"models": [{"upstream_id": "m", "price_per_million": {"input": "1e3"}}]}, "models[0].price_per_million.input"),
    ({"models": [{"upstream_id": "m", "price_per_million": {"output": "0.0000001"}}]}, "models[0].price_per_million.output"),
    ({"models": [{"upstream_id": "m", "price_per_million": {"magic": "1"}}]}, "models[0].price_per_million"),
    ({"models": [{"upstream_id": "m", "extra": 1}]}, "models[0].extra"), ({"extra": 1}, "extra")])
def test_bad_fields_are_named(people, fields, field):
    owner = people["owner"]
    org = owner.call("POST", "/api/v1/organisations", {"name": uuid.uuid4().hex})[1]["id"]
    status, body = owner.call("POST", f"/api/v1/organisations/{org}/custom-providers", GOOD | fields)
    assert (status, body["field"]) == (422, field), body
    assert owner.all(f"/api/v1/organisations/{org}/custom-providers") == []


def test_a_slug_is_taken_and_there_is_an_end(tenant):
    path = tenant.path + "/custom-providers"
    assert tenant.owner.call("POST", path, GOOD)[0] == 201
    status, body = tenant.owner.call("POST", path, GOOD)
    assert (status, body["field"]) == (409, "slug")
    tenant.installation.query(
        "insert into custom_providers (organisation_id, custom_provider_id, slug, name, protocol, base_url) select "
        f"'{tenant.org}', gen_random_uuid(), 'more-' || n, 'n', 'openai', 'http://127.0.0.1:9/v1' "
        "from generate_series(3, 50) n")
    status, body = tenant.owner.call("POST", path, GOOD | {"slug": "one-more"})
    assert status == 409 and "at most 50" in body["detail"]
    assert len(tenant.owner.all(path, limit=20)) == 50


def test_a_create_that_is_sent_twice_is_one(tenant):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = tenant.owner.call("POST", tenant.path + "/custom-providers", GOOD | {"secret": "sk-1234"}, key)
    assert first[0] == 201 and first == tenant.owner.call("POST", tenant.path + "/custom-providers",
                                                          GOOD | {"secret": "sk-1234"}, key)


# ---------------------------------------------------------------- which models it has

def discover(tenant, protocol="openai", **more):
    return tenant.owner.call("POST", tenant.path + "/custom-providers/discover",
                             {"protocol": protocol, "base_url": tenant.server.base_url} | more)


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_a_server_is_asked_for_its_models(tenant, protocol):
    status, body = discover(tenant, protocol)
    assert status == 200 and body["models"], body
    found = [{"upstream_id": m["upstream_id"], "context": m["context"]} for m in body["models"]]
    assert discover(tenant, protocol, base_url=tenant.server.base_url + "/")[1] == body
    first = found[0]["upstream_id"]
    tenant.add(protocol=protocol, models=found[:1])
    status, _, answer = tenant.gateway.chat(tenant.key, say("hello", f"lab/{first}"))
    assert status == 200, answer


def test_the_secret_is_shown_to_the_server(tenant, scratch, odd):
    locked = Simulator(scratch / f"locked-{uuid.uuid4().hex}", "--api-key", "sk-let-me-in")
    try:
        for secret in (None, "sk-wrong"):
            status, body = discover(tenant, base_url=locked.base_url, secret=secret)
            assert (status, body["field"]) == (422, "secret") and "sk-wrong" not in body["detail"], body
        assert discover(tenant, base_url=locked.base_url, secret="sk-let-me-in")[0] == 200
    finally:
        locked.stop()
    for protocol, name, value in (("openai", "authorization", "Bearer sk-1"), ("anthropic", "x-api-key", "sk-1")):
        assert discover(tenant, protocol, base_url=odd(200, {"data": []}), secret="sk-1") == (200, {"models": []})
        assert Answering.seen[name] == value and "cookie" not in Answering.seen
        assert ("anthropic-version" in Answering.seen) == (protocol == "anthropic")


def test_the_secret_of_a_key_is_shown_to_its_own_server_alone(installation, people, gateway, tenant, scratch, odd):
    locked = Simulator(scratch / f"locked-{uuid.uuid4().hex}", "--api-key", "sk-let-me-in")
    other = Tenant(installation, people, gateway, tenant.server)
    try:
        made = tenant.make("/custom-providers", GOOD | {"slug": "sealed", "base_url": locked.base_url, "secret": "sk-let-me-in"})
        key = next(k["id"] for k in tenant.owner.all(tenant.path + "/provider-keys") if k["provider"] == "sealed")
        assert discover(tenant, base_url=locked.base_url)[0] == 422
        assert discover(tenant, base_url=locked.base_url, provider_key_id=None)[1]["field"] == "secret"
        status, body = discover(tenant, base_url=locked.base_url, provider_key_id=key)
        assert status == 200 and body["models"], body
        # Of another organisation, or of nobody.
        for who, id in ((other, key), (tenant, str(uuid.uuid4()))):
            status, body = discover(who, base_url=locked.base_url, provider_key_id=id)
            assert status == 404 and "field" not in body, body
        Answering.seen = {}
        for more in ({"base_url": odd(200, {"data": []})}, {"base_url": locked.base_url, "secret": "sk-2"}):
            status, body = discover(tenant, provider_key_id=key, **more)
            assert (status, body["field"]) == (422, "provider_key_id"), body
        assert Answering.seen == {}
        theirs = tenant.make("/provider-keys", {"provider": "openai", "secret": "sk-of-the-catalogue", "check": False})
        status, body = discover(tenant, base_url=locked.base_url, provider_key_id=theirs["id"])
        assert (status, body["field"]) == (422, "provider_key_id"), body
        tenant.change(made, "DELETE")
        assert discover(tenant, base_url=locked.base_url, provider_key_id=key)[0] == 404
    finally:
        locked.stop()


class Answering(http.server.BaseHTTPRequestHandler):
    seen = {}

    def do_GET(self):
        Answering.seen = {k.lower(): v for k, v in self.headers.items()}
        status, body = json.loads(urllib.parse.unquote(self.path.split("/")[1]))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body)
        self.end_headers()
        self.wfile.write(b"x" * body if isinstance(body, int) else json.dumps(body).encode())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def odd():
    """A server that answers as its path says."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda status, body: f"http://127.0.0.1:{server.server_port}/" + urllib.parse.quote(
        json.dumps([status, body]), safe="")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status,body,said", [
    (200, {}, "no list of models"), (200, "hi", "no list of models"), (200, {"data": {}}, "no list of models"),
    (200, 3 << 20, "no list of models"), (404, {}, "status 404"), (500, {"data": []}, "status 500"),
    (302, "http://127.0.0.1:1/", "status 302")])
def test_what_is_no_list_of_models(tenant, odd, status, body, said):
    got, answer = discover(tenant, base_url=odd(status, body))
    assert (got, answer["field"]) == (422, "base_url") and said in answer["detail"], answer


def test_odd_models_are_left_out(tenant, odd):
    listed = [{"id": "a", "max_model_len": 4096}, {"id": ""}, {"id": 5}, 7, {"id": "b\n"}, {"id": "x" * 257},
              {"id": "c", "display_name": "See", "context_length": -1}]
    got, answer = discover(tenant, base_url=odd(200, {"data": listed}))
    assert got == 200 and answer["models"] == [{"upstream_id": "a", "name": "a", "context": 4096},
                                               {"upstream_id": "c", "name": "See", "context": None}]


def test_nobody_answers(tenant):
    status, body = discover(tenant, base_url=f"http://127.0.0.1:{harness.free_port()}/v1")
    assert (status, body["field"]) == (422, "base_url"), body
    assert discover(tenant, protocol="morse")[1]["field"] == "protocol"


# ---------------------------------------------------------------- where it may be

@pytest.mark.parametrize("settings,status,said", [
    ({"DOTEB_BASE_URL_OVERRIDE": "false"}, 403, "does not allow base URLs"),
    ({"DOTEB_BASE_URL_OVERRIDE_PRIVATE": "false", "DOTEB_UPSTREAM_ALLOW": ""}, 422, "public addresses only"),
    ({"DOTEB_BASE_URL_OVERRIDE_PRIVATE": "false", "DOTEB_UPSTREAM_ALLOW": "127.0.0.0/8"}, 201, ""),
])
def test_private_addresses_are_refused_at_save(installation, people, settings, status, said, server):
    hosted = Control(installation, **settings)
    try:
        owner = Person(hosted, people["owner"].email)
        org = owner.call("POST", "/api/v1/organisations", {"name": uuid.uuid4().hex})[1]["id"]
        path = f"/api/v1/organisations/{org}/custom-providers"
        got, body = owner.call("POST", path, GOOD | {"base_url": server.base_url})
        assert got == status and said in body.get("detail", ""), body
        if got == 422:
            asked = owner.call("POST", path + "/discover", {"protocol": "openai", "base_url": server.base_url})
            assert asked[0] == 422 and said in asked[1]["detail"]
            for host in ("localhost:11434", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "2130706433"):
                assert owner.call("POST", path, GOOD | {"base_url": f"http://{host}/v1"})[0] == 422, host
    finally:
        hosted.stop()


def test_control_asks_itself_nothing(installation, people):
    """Whatever private addresses are allowed: its own ports are nobody's server."""
    control = Control(installation, DOTEB_UPSTREAM_ALLOW="private")
    try:
        owner = Person(control, people["owner"].email)
        org = owner.call("POST", "/api/v1/organisations", {"name": uuid.uuid4().hex})[1]["id"]
        path = f"/api/v1/organisations/{org}/custom-providers"
        for port in (control.port, control.metrics_port):
            for host in ("127.0.0.1", "localhost", "127.0.0.2", "[::ffff:127.0.0.1]", "0.0.0.0"):
                url = f"http://{host}:{port}/v1"
                assert owner.call("POST", path, GOOD | {"base_url": url})[0] == 422, url
                assert owner.call("POST", path + "/discover", {"protocol": "openai", "base_url": url})[0] == 422, url
        assert owner.call("POST", path, GOOD)[0] == 201
    finally:
        control.stop()


def test_an_address_that_changes_is_refused_at_connect(installation, people, scratch, key, server):
    """Public when it was saved, ours when it is called: each looks the name up in a file of the test's."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs a mount namespace")
    hosts = scratch / "moving-hosts"
    hosts.write_text("93.184.216.34 moving.example\n")
    inside = f"mount --bind {hosts} /etc/hosts && exec "
    control = Control(installation, start=False, DOTEB_BASE_URL_OVERRIDE_PRIVATE="false", DOTEB_UPSTREAM_ALLOW="")
    control.spawn(["unshare", "-m", "sh", "-c", f"{inside}{harness.BUILD / 'control/doteb-control'} serve"], control.env)
    gateway = Gateway(installation, "moving", start=False, DOTEB_UPSTREAM_ALLOW="")
    gateway.spawn(["unshare", "-m", "sh", "-c", inside + str(harness.BUILD / "gateway/doteb-gateway")], gateway.env)
    try:
        control.wait_ready(control.root + "/readyz")
        gateway.wait_ready(gateway.admin + "/readyz")
        saver = {**people, "owner": Person(control, people["owner"].email)}
        tenant = Tenant.__new__(Tenant)
        tenant.owner, tenant.gateway, tenant.server, tenant.installation = saver["owner"], gateway, server, installation
        tenant.people = saver
        tenant.org = tenant.owner.call("POST", "/api/v1/organisations", {"name": uuid.uuid4().hex})[1]["id"]
        tenant.project = tenant.owner.get(tenant.path + "/projects")["items"][0]["id"]
        tenant.key = tenant.restricted()
        tenant.add(base_url=f"http://moving.example:{server.port}/v1", secret="sk-not-to-be-sent")
        with hosts.open("r+") as file:      # in place: it is mounted
            file.truncate(0)
            file.write("127.0.0.1 moving.example\n")
        before = served(server)
        status, _, answer = gateway.chat(tenant.key, say("hello", "lab/llama"))
        assert status == 403 and answer["error"]["code"] == "address_not_allowed", answer
        assert served(server) == before
        key = next(k for k in tenant.owner.all(tenant.path + "/provider-keys") if k["provider"] == "lab")
        status, body = tenant.owner.call("POST", f"{tenant.path}/provider-keys/{key['id']}/check")
        assert status == 200 and body["outcome"] == "unreachable", body
        assert served(server) == before
        status, body = tenant.owner.call("POST", tenant.path + "/custom-providers", GOOD | {
            "slug": "again", "base_url": f"http://moving.example:{server.port}/v1"})
        assert (status, body["field"]) == (422, "base_url")
    finally:
        control.stop()
        gateway.stop()


# ---------------------------------------------------------------- the document

def test_the_document_s_calls_run(tenant):
    """docs/custom-providers.md: each call of a shell, in its order."""
    text = (harness.ROOT / "docs/custom-providers.md").read_text()
    calls = [c for c in re.findall(r"```bash\n(.*?)```", text, re.DOTALL) if c.startswith("curl")]
    assert len(calls) == 3
    names = {"DOTEB_CONTROL_URL": tenant.owner.control.root, "DOTEB_BASE_URL": tenant.gateway.base_url,
             "DOTEB_API_KEY": tenant.key, "ORG": tenant.org, "SERVER_URL": tenant.server.base_url,
             "TOKEN": tenant.make_token(("read", "provider-keys"), "admin")["token"]}
    answers = []
    for call in calls:
        def run(call=call):
            done = subprocess.run(["bash", "-c", call.replace("curl ", "curl -sS --fail-with-body ", 1)],
                                  env=os.environ | names, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            return json.loads(done.stdout)
        answers.append(harness.wait_until(run, 5, call) if "DOTEB_BASE_URL" in call else run())
    made, said, found = answers
    assert made["slug"] == "my-vllm" and said["choices"] and found["models"]
