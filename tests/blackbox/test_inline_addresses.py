"""Where URLs in requests may lead, and over what: public addresses, nothing of the gateway's own, no
proxy, checked certificates."""
import subprocess

import pytest

import harness
from file_server import FileServer
from inline_urls import (  # noqa: F401
    FIELD, PINNED, counted, files, forget, gateway, key, open_gateway, question, refused, sent_images, start)


@pytest.fixture(scope="module")
def public_gateway(installation, key):
    """Providers may be anywhere, URLs lead to public addresses only."""
    gateway = start(installation, "public", DOTEB_INLINE_ALLOW="")
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("url,said", [
    ("http://user:secret@127.0.0.1:{port}/png", "a user's name or password"),
    ("http://user@127.0.0.1:{port}/png", "a user's name or password"),
    ("http://ä.example/png", "not written in ASCII"),
    ("http://{port}\\\\.example/png", "not written in ASCII"),
    ("http:///png", "names no host"),
    ("http://127.0.0.1:{port}/p\ng", "control characters"),
    ("http://127.0.0.1:1/png", "cannot be reached"),
    ("http://127.0.0.1:{port}/" + "x" * 9000, "too long"),
    ("http://nowhere.invalid/png", "cannot be reached"),
])
def test_what_is_no_url(gateway, key, files, url, said):
    error = refused(gateway, key, question(url.replace("{port}", str(files.port))))
    assert error["param"] == FIELD and said in error["message"] and "secret" not in error["message"]
    assert not files.heads


@pytest.mark.parametrize("url", ["gs://bucket/x.png", "ftp://example.com/x.png", "file:///etc/passwd",
                                 "x.png", "data:image/svg+xml,x"])
def test_what_is_not_of_the_web_is_not_fetched(gateway, key, files, url):
    error = refused(gateway, key, question(url))
    assert error["param"].startswith("messages[0].content[1]") and not files.heads


HOSTS = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "127.1",
         "0.0.0.0", "[::]", "[::1]", "169.254.169.254", "[::ffff:169.254.169.254]", "10.0.0.1", "100.64.0.1",
         "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00::1]"]


@pytest.mark.parametrize("host", HOSTS)
def test_addresses_that_are_not_public(public_gateway, key, files, host):
    before = counted(public_gateway, "address")
    error = refused(public_gateway, key, question(files.url("/png", host)))
    assert "address that is not allowed" in error["message"] and error["param"] == FIELD
    assert counted(public_gateway, "address") == before + 1 and files.connections == 0


NAMES = {"inside.example": "127.0.0.1", "metadata.example": "169.254.169.254",
         "mapped.example": "::ffff:127.0.0.1", "ten.example": "10.9.8.7"}


@pytest.fixture(scope="module")
def named_gateway(installation, key, scratch):
    """One whose /etc/hosts is ours: names that lead to where they must not."""
    hosts = scratch / "hosts"
    hosts.write_text("".join(f"{a} {n}\n" for n, a in NAMES.items()))
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs a mount namespace")
    gateway = start(installation, "named", start=False, DOTEB_INLINE_ALLOW="")
    command = f"mount --bind {hosts} /etc/hosts && exec {harness.BUILD / 'gateway/doteb-gateway'}"
    gateway.spawn(["unshare", "-m", "sh", "-c", command], gateway.env)
    gateway.wait_ready(gateway.admin + "/readyz")
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("name", NAMES)
def test_names_of_addresses_that_are_not_public(named_gateway, key, files, name):
    error = refused(named_gateway, key, question(files.url("/png", name)))
    assert "address that is not allowed" in error["message"] and NAMES[name] not in error["message"]
    assert files.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.0.0.9", "0.0.0.0"])
@pytest.mark.parametrize("which", ["port", "admin_port"])
def test_its_own_listeners(open_gateway, key, host, which):
    error = refused(open_gateway, key, question(f"http://{host}:{getattr(open_gateway, which)}/metrics"))
    assert "address that is not allowed" in error["message"]


def test_a_name_is_fine_where_its_address_is(open_gateway, key, files, simulator):
    assert open_gateway.chat(key, question(files.url("/png", "localhost")), PINNED)[0] == 200
    assert len(sent_images(simulator)) == 1


def test_over_tls(installation, key, scratch, simulator):
    cert, private = scratch / "files.crt", scratch / "files.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                    private, "-out", cert], check=True, capture_output=True)
    server = FileServer(certificate=(cert, private))
    gateways = [start(installation, f"tls-{i}", **more) for i, more in
                enumerate([{"DOTEB_CA_FILE": str(cert)}, {}])]
    try:
        assert gateways[0].chat(key, question(server.url("/png", "localhost")), PINNED)[0] == 200
        assert len(sent_images(simulator)) == 1 and server.paths == ["/png"]
        assert "cannot be reached" in refused(gateways[0], key, question(server.url("/png")))["message"]
        error = refused(gateways[1], key, question(server.url("/png", "localhost")))
        assert "cannot be reached" in error["message"] and server.paths == ["/png"]
    finally:
        for gateway in gateways:
            gateway.stop()
        server.stop()


def test_no_proxy_of_the_environment(installation, key, files):
    proxy = FileServer()
    gateway = start(installation, "proxied", http_proxy=proxy.url(""), HTTP_PROXY=proxy.url(""),
                    all_proxy=proxy.url(""))
    try:
        assert gateway.chat(key, question(files.url("/png")), PINNED)[0] == 200
        assert proxy.connections == 0 and files.paths == ["/png"]
    finally:
        gateway.stop()
        proxy.stop()
