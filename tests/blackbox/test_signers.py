"""How providers are authenticated, end to end: signatures that botocore would have made, tokens of a
service account, keys in headers, options in addresses."""
import http.server
import json
import re
import sys
import threading
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import harness
from harness import say

sys.path.insert(0, str(harness.ROOT / "tests" / "sign"))
import accounts  # noqa: E402

PAIR = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "session_token": "a-session-token"}


class TokenService:
    """Google's, as far as it goes here: every assertion gets the next token."""

    def __init__(self):
        service = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["content-length"])).decode()
                service.asked.append(dict(urllib.parse.parse_qsl(form)))
                body = json.dumps({"access_token": f"ya29.token-{len(service.asked)}", "expires_in": 3600,
                                   "token_type": "Bearer"}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def tokens():
    service = TokenService()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def key(installation, simulator, tokens):
    root = simulator.root
    installation.add_provider_key("aws-bedrock", root, json.dumps(PAIR))
    google = root + "/v1/projects/p/locations/l/publishers"
    account = json.dumps(json.loads(accounts.account(token_uri=accounts.GOOGLE)))
    installation.add_provider_key("google-vertex", google + "/google", account)
    installation.add_provider_key("vertex-anthropic", google + "/anthropic", account)
    installation.add_provider_key("anthropic", root + "/v1", "sk-ant-secret")
    installation.add_provider_key("azure", root + "/v1", "azure-secret")
    return installation.create_key()


@pytest.fixture(scope="module")
def gateway(installation, key, tokens):
    gateway = harness.Gateway(installation, DOTEB_GCP_TOKEN_URL=tokens.url)
    yield gateway
    gateway.stop()


def ask(gateway, key, model, stream=False):
    body = say("Hello.", model, max_tokens=100)
    head = {"Authorization": f"Bearer {key}", "x-no-fallback": "true"}
    if stream:
        status, _, data = harness.http("POST", gateway.base_url + "/chat/completions",
                                       body | {"stream": True}, head)
        assert status == 200 and data.rstrip().endswith(b"[DONE]"), data
        return
    status, _, answer = gateway.chat(key, body, head)
    assert status == 200, answer


def sent(simulator):
    last = simulator.get("/_sim/last")
    return last, {k.lower(): v for k, v in last["headers"]}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_signature_version_4(gateway, key, simulator, stream):
    ask(gateway, key, "aws-bedrock/claude-haiku-4-5", stream)
    last, head = sent(simulator)
    claim = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/([a-z0-9-]+)/bedrock/"
                         r"aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})",
                         head["authorization"])
    assert claim and head["x-amz-security-token"] == "a-session-token"
    assert "host" in claim[3].split(";") and "x-amz-date" in claim[3].split(";")
    request = botocore.awsrequest.AWSRequest(
        method="POST", url=f"http://{head['host']}{last['target']}", data=last["body"].encode(),
        headers={n: head[n] for n in claim[3].split(";")})
    request.context["timestamp"] = head["x-amz-date"]
    judge = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials("AKIDEXAMPLE", PAIR["secret_access_key"]), "bedrock", claim[2])
    text = judge.string_to_sign(request, judge.canonical_request(request))
    assert judge.signature(text, request) == claim[4]
    assert "%3A" in last["target"] or ":" in last["target"]


def test_tokens_of_a_service_account(gateway, key, simulator, tokens):
    for stream in (False, True, False):
        ask(gateway, key, "google-vertex/gemini-3.5-flash", stream)
        last, head = sent(simulator)
        assert head["authorization"].startswith("Bearer ya29.token-")
        assert "/publishers/google/models/" in last["target"]
    assert 1 <= len(tokens.asked) <= 2   # one a credential, whatever the number of requests and workers
    assert tokens.asked[0]["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


def test_claude_on_vertex(gateway, key, simulator):
    """The version stands in the body and the model in the path."""
    for stream, verb in ((False, ":rawPredict"), (True, ":streamRawPredict")):
        ask(gateway, key, "vertex-anthropic/claude-sonnet-4-5", stream)
        last, _ = sent(simulator)
        body = json.loads(last["body"])
        assert last["target"].endswith(verb)
        assert body["anthropic_version"] == "vertex-2023-10-16" and "model" not in body


def test_claude_on_vertex_passed(gateway, key, simulator):
    status, _, data = harness.http(
        "POST", gateway.root + "/v1/messages",
        {"model": "vertex-anthropic/claude-sonnet-4-5", "max_tokens": 50, "odd_field": 0.70,
         "messages": [{"role": "user", "content": "Hi"}]},
        {"x-api-key": key, "x-no-fallback": "true"})
    assert status == 200, data
    body = simulator.get("/_sim/last")["body"]
    assert json.loads(body)["anthropic_version"] == "vertex-2023-10-16" and '"model"' not in body
    assert '"odd_field": 0.7' in body


def test_marks_of_the_prompt_cache_reach_vertex(gateway, key, simulator):
    mark = {"type": "ephemeral", "ttl": "1h"}
    for path in ("/v1/messages", "/v1/messages?beta=true"):
        status, _, data = harness.http(
            "POST", gateway.root + path,
            {"model": "vertex-anthropic/claude-sonnet-4-5", "max_tokens": 50,
             "system": [{"type": "text", "text": "Be short.", "cache_control": mark}],
             "tools": [{"name": "look", "input_schema": {"type": "object"}, "cache_control": mark}],
             "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": mark}]}]},
            {"x-api-key": key, "x-no-fallback": "true"})
        assert status == 200, data
        body = json.loads(simulator.get("/_sim/last")["body"])
        assert [part["cache_control"] for part in (body["system"][0], body["tools"][0],
                                                   body["messages"][0]["content"][0])] == [mark] * 3


def test_vertex_with_a_key_instead_of_an_account(installation, gateway, key, simulator):
    """Vertex's express mode: no project in the path, Google's key in its header."""
    installation.add_provider_key("google-ai-studio", simulator.root + "/v1/publishers/google", "express-key")
    harness.wait_until(lambda: ask(gateway, key, "google-ai-studio/gemini-3.5-flash") or True, 10)
    last, head = sent(simulator)
    assert last["target"] == "/v1/publishers/google/models/gemini-3.5-flash:generateContent"
    assert head["x-goog-api-key"] == "express-key" and "authorization" not in head


def test_keys_in_headers(gateway, key, simulator):
    ask(gateway, key, "anthropic/claude-sonnet-4-5")
    _, head = sent(simulator)
    assert head["x-api-key"] == "sk-ant-secret" and head["anthropic-version"] == "2023-06-01"
    assert "authorization" not in head
    ask(gateway, key, "azure/gpt-4o")
    assert sent(simulator)[1]["api-key"] == "azure-secret"


def test_no_secret_in_any_log(gateway):
    text = gateway.log.read_text()
    for secret in ("wJalrXUtnFEMI", "ya29.", "sk-ant-secret", "azure-secret", "PRIVATE KEY"):
        assert secret not in text
