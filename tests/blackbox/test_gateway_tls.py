"""TLS to providers: verified against the system's authorities, or those of DOTEB_CA_FILE; never
skipped."""
import http.server
import json
import ssl
import subprocess
import threading

import pytest

import harness
from harness import say


class Provider(http.server.BaseHTTPRequestHandler):
    """The least that speaks OpenAI's chat API behind TLS."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"id": "x", "object": "chat.completion", "model": "gpt-4", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "over TLS"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def certificate(scratch):
    """A self-signed certificate for the name localhost."""
    cert, key = scratch / "tls.crt", scratch / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def provider(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def answer(installation, key, name, **settings):
    gateway = harness.Gateway(installation, name, **settings)
    try:
        return gateway.chat(key, say("hello"))
    finally:
        gateway.stop()


@pytest.fixture(scope="module")
def tls_key(installation, provider):
    installation.add_provider_key("openai", f"https://localhost:{provider}/v1")
    return installation.create_key("tls")


def test_an_unknown_authority_is_refused(installation, tls_key):
    status, _, body = answer(installation, tls_key, "system-authorities")
    assert (status, body["error"]["code"]) == (502, "upstream_unreachable")


def test_a_known_authority_is_accepted(installation, tls_key, certificate):
    status, _, body = answer(installation, tls_key, "own-authority", DOTEB_CA_FILE=str(certificate[0]))
    assert status == 200 and body["choices"][0]["message"]["content"] == "over TLS"


def test_another_name_is_refused(installation, certificate, provider):
    """The certificate is trusted, but made out to somebody else."""
    installation.query("update provider_keys set disabled_at = now()")
    installation.add_provider_key("openai", f"https://127.0.0.1:{provider}/v1")
    key = installation.create_key("other-name")
    status, _, body = answer(installation, key, "another-name", DOTEB_CA_FILE=str(certificate[0]))
    assert (status, body["error"]["code"]) == (502, "upstream_unreachable")
