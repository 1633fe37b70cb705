"""PostgreSQL goes away and comes back; the spool's disk fills. No request fails for want of a
database, every row is there afterwards exactly once, and nothing is sent to a provider that could
not be accounted. DOTEB_TEST_AWAY_SECONDS (15) is how long the database is away under load.
"""
import os
import subprocess
import time

import pytest

import crowd
import harness
from crowd import Crowd, INTERRUPTED, OK
from harness import http, say, wait_until

AWAY_SECONDS = float(os.environ.get("DOTEB_TEST_AWAY_SECONDS", "15"))


@pytest.fixture(scope="module")
def server(scratch):
    """A PostgreSQL of this module's own, to be stopped."""
    server = harness.Postgres(scratch / "away")
    server.start()
    server.create_database("doteb_template")
    template = harness.Installation(server, "doteb_template", scratch / "away-template")
    template.command("migrate")
    template.create_operator()
    yield server
    server.stop()


@pytest.fixture
def world(server, simulator, scratch, tmp_path_factory):
    name = tmp_path_factory.mktemp("away").name
    server.create_database(name, "doteb_template")
    installation = harness.Installation(server, name, scratch / name)
    installation.add_provider_key("openai", simulator.base_url)
    key = installation.create_key()
    gateway = harness.Gateway(installation, DOTEB_ACCESS_LOG="false", DOTEB_SPOOL_SEGMENT="256KB")
    simulator.reset()
    yield installation, gateway, key
    if not server.process:
        server.start()
    if gateway.process:
        gateway.stop()


def check(installation, simulator, sent):
    """Every request was answered as it should be, and has its one row."""
    for one in sent:
        expected = {"failing": 502, "rejected": 400}.get(one.kind, 200)
        assert one.status == expected and (one.complete or one.kind == "aborted"), one

    def all_there():
        rows = crowd.log_rows(installation)
        return rows if {one.request_id for one in sent} <= set(rows) else None
    rows = wait_until(all_there, 40, "all rows", step=0.2)
    records = crowd.served(simulator)
    crowd.check_complete_answers(sent, rows, records)
    crowd.check_rows(sent, rows, records)
    crowd.check_served(rows, records)
    assert len(rows) == len(sent)
    assert not [r for r in rows.values() if r["outcome"] == INTERRUPTED]
    crowd.check_sums(installation)
    return rows


def test_the_database_is_away_under_load(world, server, simulator):
    installation, gateway, key = world
    with Crowd(gateway, key, clients=8, seed=1, pause=0.05) as load:
        time.sleep(1)
        server.stop()
        begun = len(load.sent)
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            assert http("GET", gateway.admin + "/readyz")[0] == 200, "known keys are served"
            time.sleep(0.5)
        meanwhile = len(load.sent) - begun
        server.start()
        time.sleep(1)
    assert meanwhile > AWAY_SECONDS * 10
    check(installation, simulator, load.sent)
    assert gateway.log_events("ledger_writes_again")


def test_the_server_restarts_and_connections_are_killed(world, server, simulator):
    installation, gateway, key = world
    with Crowd(gateway, key, clients=8, seed=2, pause=0.05) as load:
        for n in range(6):
            time.sleep(0.7)
            if n % 3 == 2:
                server.stop()
                server.start()
            else:
                server.query("select pg_terminate_backend(pid) from pg_stat_activity "
                             f"where datname = '{installation.database}'")
    check(installation, simulator, load.sent)


def test_configuration_is_followed_again_afterwards(world, server):
    """LISTEN is lost with the connection: changes must be seen all the same."""
    installation, gateway, key = world
    server.stop()
    time.sleep(1)
    server.start()
    later = installation.create_key("later")
    wait_until(lambda: gateway.chat(later, say("hi"))[0] == 200, 8, "a new key works")
    installation.query("update api_keys set revoked_at = now() where name = 'later'")
    wait_until(lambda: gateway.chat(later, say("hi"))[0] == 401, 3, "a revoked one does not")


def test_a_gateway_that_starts_without_a_database(world, server, simulator):
    """Its spool is kept; without a configuration it says that it is not ready; later it drains."""
    installation, gateway, key = world
    server.stop()
    with Crowd(gateway, key, clients=4, seed=3) as load:
        time.sleep(1)
    gateway.kill()
    gateway.spawn([harness.BUILD / "gateway/doteb-gateway"], gateway.env)
    wait_until(lambda: http("GET", gateway.admin + "/healthz")[0] == 200, 10)
    status, _, body = http("GET", gateway.admin + "/readyz")
    assert status == 503 and b'"snapshot":{"ok":false' in body
    assert http("POST", gateway.base_url + "/chat/completions", say("x"), {"x-api-key": key})[0] == 503
    gateway.kill()
    gateway.spawn([harness.BUILD / "gateway/doteb-gateway"], gateway.env)
    server.start()
    gateway.wait_ready(gateway.admin + "/readyz")
    rows = check_all_served(installation, simulator, load.sent)
    assert OK in [r["outcome"] for r in rows.values()]
    assert gateway.chat(key, say("hi"))[0] == 200


def check_all_served(installation, simulator, sent):
    """What the simulator saw has its row; answers that were complete have the simulator's tokens."""
    records = crowd.served(simulator)
    wait_until(lambda: set(records) <= set(crowd.log_rows(installation)), 30, "the drain", step=0.2)
    rows = crowd.log_rows(installation)
    crowd.check_complete_answers(sent, rows, records)
    crowd.check_rows(sent, rows, records)
    # A kill may fall between the open record and the call: a row, but nothing to serve.
    unseen = [r["outcome"] for i, r in rows.items() if i not in records]
    assert set(records) <= set(rows) and set(unseen) <= {INTERRUPTED}
    crowd.check_sums(installation)
    return rows


def drain(installation, folder):
    return subprocess.run([harness.BUILD / "gateway/doteb-gateway", "drain", folder],
                          env=installation.env, capture_output=True, text=True, timeout=60)


def test_drain_of_an_orphaned_spool(world, server, simulator):
    """`doteb-gateway drain DIR` brings home what a gateway that never starts again has left."""
    installation, gateway, key = world
    spool = gateway.env["DOTEB_SPOOL_DIR"]
    busy = drain(installation, spool)
    assert busy.returncode == 1 and "in use by another gateway" in busy.stderr
    server.stop()
    with Crowd(gateway, key, clients=8, seed=4) as load:
        time.sleep(1.5)
        gateway.kill()
    away = drain(installation, spool)
    assert away.returncode == 1 and "run drain again" in away.stderr
    server.start()
    done = drain(installation, spool)
    assert done.returncode == 0, done.stderr
    rows = check_all_served(installation, simulator, load.sent)
    assert INTERRUPTED in [r["outcome"] for r in rows.values()]
    assert not [n for n in os.listdir(spool) if n.endswith(".seg")]
    again = drain(installation, spool)
    assert again.returncode == 0 and crowd.log_rows(installation) == rows


def test_drain_of_no_spool(world, tmp_path):
    installation, _, _ = world
    missing = drain(installation, tmp_path / "none")
    assert missing.returncode == 1 and "none" in missing.stderr and not (tmp_path / "none").exists()


# ---------------------------------------------------------------- a full spool

def seen_by(simulator, mark):
    return [r for r in simulator.get("/_sim/last?n=64") if mark in r["body"]]


def ask(gateway, key, mark):
    return gateway.chat(key, say(f"{mark} {'x' * 200}"))


def fill_until_refused(gateway, key, most):
    """The first answer that is no success."""
    for n in range(most):
        status, _, answer = ask(gateway, key, f"fill-{n}")
        if status != 200:
            return status, answer
    raise AssertionError(f"{most} requests and the spool is not full")


def check_refusal(gateway, key, simulator, refusal):
    """503 before the provider has heard of it, and readiness tells."""
    status, answer = refusal
    assert (status, answer["error"]["code"]) == (503, "ledger_unavailable")
    before = simulator.get("/_sim/counters")["last_seq"]
    status, _, answer = ask(gateway, key, "must-not-arrive")
    assert (status, answer["error"]["code"]) == (503, "ledger_unavailable")
    assert not seen_by(simulator, "must-not-arrive")
    assert simulator.get("/_sim/counters")["last_seq"] == before
    wait_until(lambda: http("GET", gateway.admin + "/readyz")[0] == 503, 3, "readiness goes off")


def recover(gateway, key, installation, simulator):
    wait_until(lambda: http("GET", gateway.admin + "/readyz")[0] == 200, 20, "ready again")
    wait_until(lambda: ask(gateway, key, "afterwards")[0] == 200, 10, "served again")
    check_all_served(installation, simulator, [])


def test_the_spool_reaches_its_cap(world, server, simulator, scratch):
    """With the database away the spool grows to DOTEB_SPOOL_MAX and no further."""
    installation, first, key = world
    first.stop()
    gateway = harness.Gateway(installation, "capped", DOTEB_SPOOL_SEGMENT="64KB", DOTEB_WORKERS="1",
                              DOTEB_SPOOL_MAX="1MB")
    try:
        server.stop()
        check_refusal(gateway, key, simulator, fill_until_refused(gateway, key, 4000))
        spool = gateway.env["DOTEB_SPOOL_DIR"]
        assert sum(e.stat().st_size for e in os.scandir(spool)) <= 1.1e6
        server.start()
        recover(gateway, key, installation, simulator)
    finally:
        gateway.stop()


class OnASmallDisk(harness.Gateway):
    """Its spool lies on a file system of 1 MB, which only it sees and which ends with it."""
    LEAD = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c",
            'mount -t tmpfs -o size=1m,mode=0777 tmpfs "$0" && exec "$@"']

    def spawn(self, command, env):
        super().spawn([*self.LEAD, self.disk, *command], env)


def test_the_spools_disk_is_full(world, server, simulator, scratch):
    installation, first, key = world
    first.stop()
    disk = scratch / "small-disk"
    disk.mkdir()
    if subprocess.run([*OnASmallDisk.LEAD, disk, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets us mount nothing")
    OnASmallDisk.disk = disk
    gateway = OnASmallDisk(installation, "small", DOTEB_SPOOL_DIR=str(disk / "spool"),
                           DOTEB_SPOOL_SEGMENT="64KB", DOTEB_WORKERS="1")
    try:
        server.stop()
        check_refusal(gateway, key, simulator, fill_until_refused(gateway, key, 4000))
        assert "No space left" in gateway.log_events("spool_no_segment")[0]["reason"]
        server.start()
        recover(gateway, key, installation, simulator)
    finally:
        gateway.stop()
