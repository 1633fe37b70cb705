"""The catalogue's feed: a real server, a real signature, and everything that must not be taken."""
import base64
import json
import os
import re
import subprocess
import uuid

import pytest

from control_client import Person
from feed_server import FeedServer
from harness import BUILD, ROOT, Control, wait_until
from test_operator import I, apply, costs, models_of, patch, row


@pytest.fixture(scope="module")
def operator(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def server(installation, scratch):
    folder = scratch / f"feed-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    server = FeedServer(folder, installation.command)
    yield server
    server.stop()


@pytest.fixture
def feed(operator, server):
    """The feed of a file that is signed, not on a schedule."""
    server.wrong = ""
    server.publish(row("first", {"input": "1e-6"}))
    return patch(operator, "/feed", {"url": server.url, "schedule": "off", "trust": "signature",
                                     "public_key": server.public, "automatic": True, "prune": False})


def fetch(operator):
    """Fetches now; the outcome."""
    before = operator.get(I + "/feed")["last_fetch"]["at"]
    assert operator.call("POST", I + "/feed/fetch")[0] == 200
    return wait_until(lambda: (f := operator.get(I + "/feed")["last_fetch"]) and f["at"] != before and f,
                      what="the fetch")


def test_a_signed_price_is_charged_without_a_restart(operator, feed, server, installation, gateway, key):
    name = f"m-{uuid.uuid4().hex[:8]}"
    server.publish(row(name, {"input": "1e-6", "output": "1e-6"}, name="gpt-4"))
    got = fetch(operator)
    assert (got["outcome"], got["detail"], got["next_at"]) == ("applied", "", None)
    wait_until(lambda: name in models_of(gateway, key), what="the feed's model")
    assert costs(installation, gateway, key, name, 1e-6, 1e-6)

    server.publish(row(name, {"input": "7e-6", "output": "8e-6"}, name="gpt-4"), by="openssl")
    second = fetch(operator)
    assert second["outcome"] == "applied"
    wait_until(lambda: costs(installation, gateway, key, name, 7e-6, 8e-6), what="the feed's new price")
    assert fetch(operator)["outcome"] == "unchanged"

    # Back to the version before.
    version = operator.get(f"{I}/catalogue-versions/{got['version_id']}")
    assert version["source"] == "feed" and version["applied_by"] is None
    operator.call("POST", f"{I}/catalogue-versions/{version['id']}/preview")
    apply(operator, version)
    wait_until(lambda: costs(installation, gateway, key, name, 1e-6, 1e-6), what="the old price")
    log = operator.all(operator.org_path + "/audit", action="catalogue.import")
    assert {"catalogue feed", installation.email} <= {a["actor"]["name"] for a in log}


def test_a_version_waits_to_be_applied(operator, feed, server):
    patch(operator, "/feed", {"automatic": False})
    name = f"m-{uuid.uuid4().hex[:8]}"
    server.publish(row(name, {"input": "1e-6"}))
    got = fetch(operator)
    assert got["outcome"] == "waiting" and not operator.all(I + "/offers", q=name)
    assert fetch(operator)["outcome"] == "waiting", "the same file still waits"
    version = operator.get(f"{I}/catalogue-versions/{got['version_id']}")
    assert version["applied_at"] is None and version["changes"]["items"][0]["model"] == name
    apply(operator, version)
    assert operator.all(I + "/offers", q=name)
    assert fetch(operator)["outcome"] == "unchanged"


def test_what_waits_is_applied_once_that_is_said(operator, feed, server):
    patch(operator, "/feed", {"automatic": False})
    name = f"m-{uuid.uuid4().hex[:8]}"
    server.publish(row(name, {"input": "1e-6"}))
    assert fetch(operator)["outcome"] == "waiting"
    patch(operator, "/feed", {"automatic": True})
    assert fetch(operator)["outcome"] == "applied" and operator.all(I + "/offers", q=name)


def other_key(server):
    raw = bytearray(base64.b64decode(server.public))
    raw[0] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def tamper(server):
    server.files["/catalogue.json"] = server.files["/catalogue.json"].replace(b"1e-6", b"2e-6")


def strip(server):
    del server.files["/catalogue.json.sig"]


def forge(server):
    server.files["/catalogue.json.sig"] = base64.b64encode(b"x" * 64)


def enlarge(server):
    server.publish(text=b" " * (17 << 20))


def spoil(server):
    server.publish(text=b"<html>")


@pytest.mark.parametrize("harm,why", [
    (tamper, "not one of the public key"), (strip, "404"), (forge, "not one of the public key"),
    (enlarge, "too large"), (spoil, "no catalogue"), ("redirect", "redirects are not followed"),
])
def test_what_is_not_taken(operator, feed, server, harm, why):
    name = f"m-{uuid.uuid4().hex[:8]}"
    server.publish(row(name, {"input": "1e-6"}))
    if callable(harm):
        harm(server)
    else:
        server.wrong = harm
    before = len(operator.all(I + "/catalogue-versions"))
    got = fetch(operator)
    assert got["outcome"] == "failed" and why in got["detail"], got
    assert not operator.all(I + "/offers", q=name)
    assert len(operator.all(I + "/catalogue-versions")) == before
    assert "/elsewhere.json" not in server.asked


def test_another_s_key(operator, feed, server):
    patch(operator, "/feed", {"public_key": other_key(server)})
    assert "public key" in fetch(operator)["detail"]


def test_nobody_listens(operator, feed):
    patch(operator, "/feed", {"url": "http://127.0.0.1:9/catalogue.json"})
    assert fetch(operator)["outcome"] == "failed"


def test_a_pinned_file(operator, feed, server):
    name = f"m-{uuid.uuid4().hex[:8]}"
    digest = server.publish(row(name, {"input": "1e-6"}))
    server.asked.clear()
    patch(operator, "/feed", {"trust": "pin", "pin": digest})
    assert fetch(operator)["outcome"] == "applied" and operator.all(I + "/offers", q=name)
    assert server.asked == ["/catalogue.json"]
    other = server.publish(row(name, {"input": "2e-6"}))
    got = fetch(operator)
    assert got["outcome"] == "failed" and other in got["detail"]


def test_a_slow_server_holds_up_nobody(operator, feed, server):
    server.wrong = "slow"
    server.waiting.clear()
    server.publish(row(f"m-{uuid.uuid4().hex[:8]}", {"input": "1e-6"}))
    before = operator.get(I + "/feed")["last_fetch"]["at"]
    operator.call("POST", I + "/feed/fetch")
    assert server.waiting.wait(10)
    patch(operator, "/feed", {"prune": False})
    assert operator.get(I + "/feed")["last_fetch"]["at"] == before, "it is answered while the fetch goes on"
    wait_until(lambda: operator.get(I + "/feed")["last_fetch"]["at"] != before, what="the fetch to end")


def test_two_controls_fetch_once(operator, feed, server, installation):
    other = Control(installation)
    try:
        server.wrong = "slow"
        server.publish(row(f"m-{uuid.uuid4().hex[:8]}", {"input": "1e-6"}))
        server.asked.clear()
        assert fetch(operator)["outcome"] == "applied"
        assert server.asked.count("/catalogue.json") == 1
    finally:
        other.stop()


def test_on_a_schedule(operator, feed, server):
    server.publish(row(f"m-{uuid.uuid4().hex[:8]}", {"input": "1e-6"}))
    before = operator.get(I + "/feed")["last_fetch"]["at"]
    patch(operator, "/feed", {"schedule": "hourly"})
    got = wait_until(lambda: (f := operator.get(I + "/feed")["last_fetch"]) and f["at"] != before and f,
                     what="the first fetch of the schedule")
    assert got["outcome"] == "applied" and got["next_at"] > got["at"], got


FEED_PID = ("select pid from pg_stat_activity where datname = current_database() "
            "and application_name = 'doteb-control feed'")


@pytest.fixture
def impatient(installation):
    """The feed's thread waits for locks for a moment only, as it does not wait for ever for a statement."""
    def begin_anew():
        old = installation.query(pid)
        installation.query(f"select pg_terminate_backend({old})")
        wait_until(lambda: installation.query(pid) not in ("", old), what="the feed's thread to be back")
    pid, name = FEED_PID, installation.database
    installation.query(f"alter database {name} set lock_timeout = '200ms'")
    begin_anew()
    yield
    installation.query(f"alter database {name} reset lock_timeout")
    begin_anew()


def test_what_cannot_be_applied_now_is_tried_later(operator, feed, server, installation, impatient):
    """Not fetched again at once: when the next time is stands in the database."""
    name = f"m-{uuid.uuid4().hex[:8]}"
    server.publish(row(name, {"input": "1e-6"}))
    before = operator.get(I + "/feed")["last_fetch"]["at"]
    server.asked.clear()
    holder = ("select pid from pg_locks where mode = 'ShareLock' and relation = 'models'::regclass "
              "and database = (select oid from pg_database where datname = current_database())")
    with subprocess.Popen(["psql", "-XAtq", installation.pg.url(installation.database), "-c",
                           "begin; lock table models in share mode; select pg_sleep(60)"], stderr=subprocess.DEVNULL):
        try:
            wait_until(lambda: installation.query(holder), what="the lock")
            patch(operator, "/feed", {"schedule": "hourly"})
            got = wait_until(lambda: (f := operator.get(I + "/feed")["last_fetch"]) and f["at"] != before and f,
                             what="the fetch")
        finally:
            installation.query(f"select pg_terminate_backend(pid) from ({holder}) l")
    assert (got["outcome"], server.asked.count("/catalogue.json")) == ("failed", 1)
    assert "the database cannot do it now" in got["detail"] and got["next_at"] > got["at"]
    assert fetch(operator)["outcome"] == "applied" and operator.all(I + "/offers", q=name)


@pytest.mark.parametrize("harm", ["the connection is lost", "its row is locked"])
def test_what_cannot_even_be_noted_is_not_fetched_at_once(operator, feed, server, installation, impatient, harm):
    """In the database it is due still; whoever asks for it has it at once."""
    server.wrong = "slow"
    server.publish(row(f"m-{uuid.uuid4().hex[:8]}", {"input": "1e-6"}))
    server.asked.clear()
    server.waiting.clear()
    pid = installation.query(FEED_PID)
    assert operator.call("POST", I + "/feed/fetch")[0] == 200
    assert server.waiting.wait(10)
    holder = ("select pid from pg_locks where mode = 'RowShareLock' and relation = 'catalogue_feed'::regclass "
              f"and database = (select oid from pg_database where datname = current_database()) and pid <> {pid}")
    lock = "begin; select from catalogue_feed for update; select pg_sleep(60)"
    with subprocess.Popen(["psql", "-XAtq", installation.pg.url(installation.database), "-c", lock],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        try:
            wait_until(lambda: installation.query(holder), what="the lock")
            if harm == "the connection is lost":
                installation.query(f"select pg_terminate_backend({pid})")
            wait_until(lambda: installation.query(FEED_PID) not in ("", pid), 20, "the feed's thread to be back")
        finally:
            installation.query(f"select pg_terminate_backend(pid) from ({holder}) l")
    wait_until(lambda: "LISTEN" in installation.query(FEED_PID.replace("select pid", "select query")),
               what="the thread to have looked")
    assert operator.get(I + "/feed")["last_fetch"]["outcome"] != "failed"
    server.wrong = ""
    assert fetch(operator)["outcome"] == "applied"
    assert server.asked.count("/catalogue.json") == 2


def test_feeds_that_are_refused(operator, server):
    none = {"trust": "signature", "public_key": "", "pin": "", "url": server.url}
    assert patch(operator, "/feed", none, 422)["field"] == "public_key"
    assert patch(operator, "/feed", none | {"trust": "pin"}, 422)["field"] == "pin"
    for body, field in (({"public_key": "abc"}, "public_key"), ({"pin": "12"}, "pin"), ({"url": "ftp://x"}, "url"),
                        ({"url": "https://user:word@example.com/x"}, "url"), ({"schedule": "now"}, "schedule")):
        assert patch(operator, "/feed", body, 422)["field"] == field
    pem = "".join(server.pem.split("\n")[1:-2])
    public = server.public
    assert patch(operator, "/feed", {"public_key": pem})["public_key"] == public


def test_a_feed_at_a_private_address_is_refused_unless_allowed(installation, server):
    strict = Control(installation, DOTEB_UPSTREAM_ALLOW="")
    try:
        person = Person(strict, installation.email)
        assert patch(person, "/feed", {"url": server.url}, 422)["field"] == "url"
    finally:
        strict.stop()


def test_the_snippets_of_the_page_run(control, operator, server, installation):
    """docs/operator.md, from its first line of code to its last, with this instance's names for its own."""
    text = (ROOT / "docs/operator.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, re.S)
    assert len(blocks) == 9
    server.wrong = ""
    name = f"m-{uuid.uuid4().hex[:8]}"
    made = json.dumps({"models": [row(name, {"input": "1e-6"})]})
    server.publish(text=made.encode())
    (server.folder / "prices.json").write_text(json.dumps({"models": [row("pasted", {"input": "1e-6"})]}))
    org = operator.call("POST", "/api/v1/organisations", {"name": "Contoso"})[1]["id"]
    script = "\n".join(["set -euo pipefail", *blocks])
    for word, mine in (("http://localhost:4002", control.root), ("correct horse battery", installation.password),
                       ("https://prices.example.com/catalogue.json", server.url)):
        assert word in script
        script = script.replace(word, mine)
    # Each way to the key gives the one that the feed is told.
    script = script.replace("$PUBLIC_KEY", "$(openssl pkey -in feed.pem -pubout | sed '/-----/d')")
    script = script.replace("openssl genpkey -algorithm ed25519 -out feed.pem", "true")
    done = subprocess.run(["bash", "-c", script], cwd=server.folder, capture_output=True, text=True, timeout=120,
                          env=installation.env | {"ORG": org, "PATH": f"{BUILD / 'control'}:{os.environ['PATH']}"})
    assert done.returncode == 0 and '"type":"urn:doteb:problem' not in done.stdout, done.stdout + done.stderr
    assert server.public in done.stdout and "Contoso" in done.stdout
    wait_until(lambda: operator.all(I + "/offers", q=name), what="the feed of the page")
    assert operator.all(I + "/offers", q="pasted")
    assert operator.get(I + "/settings")["sign_up"] == "closed"
    patch(operator, "/settings", {"sign_up": "environment", "announcement": ""})
