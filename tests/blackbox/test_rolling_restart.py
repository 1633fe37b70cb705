"""Two gateways behind a balancer (HAProxy, which asks /readyz) are restarted by turns under load: no request
fails, no stream is cut, every row is there once. One that is killed leaves its spool to `drain`."""
import http.client
import json
import subprocess
import time

import pytest

import crowd
import harness
from crowd import Crowd, INTERRUPTED
from harness import wait_until

BALANCER = """
global
    maxconn 2000
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout queue 5s
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response
frontend clients
    bind 127.0.0.1:{port}
    default_backend gateways
backend gateways
    balance roundrobin
    option httpchk GET /readyz
    default-server check inter 100ms fall 1 rise 1
{servers}
"""


class Balancer(harness.Process):
    def __init__(self, folder, gateways):
        super().__init__("haproxy", folder)
        self.port = harness.free_port()
        servers = "".join(f"    server {g.name} 127.0.0.1:{g.port} port {g.admin_port}\n" for g in gateways)
        config = folder / "haproxy.cfg"
        config.write_text(BALANCER.format(port=self.port, servers=servers))
        self.spawn(["haproxy", "-db", "-f", str(config)], None)


def asked(at, key):
    """(status, the answer's Connection header) of a request that would keep its connection."""
    connection = http.client.HTTPConnection("127.0.0.1", at.port, timeout=10)
    connection.request("POST", "/v1/chat/completions", json.dumps(harness.say("hi")),
                       {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader("connection")


@pytest.fixture(scope="module")
def world(installation, simulator):
    installation.add_provider_key("openai", simulator.base_url)
    key = installation.create_key()
    gateways = [harness.Gateway(installation, name, DOTEB_SHUTDOWN_NOTICE="1500ms", DOTEB_ACCESS_LOG="false")
                for name in ("first", "second")]
    balancer = Balancer(installation.folder, gateways)
    wait_until(lambda: asked(balancer, key)[0] == 200, what="the balancer")
    yield gateways, balancer, key
    balancer.process.terminate()
    for gateway in gateways:
        if gateway.process:
            gateway.stop()


def all_rows(installation, sent):
    def all_there():
        rows = crowd.log_rows(installation)
        return rows if {one.request_id for one in sent if one.request_id} <= set(rows) else None
    return wait_until(all_there, 40, "all rows", step=0.2)


def test_restarts_by_turns_fail_nothing(world, installation, simulator):
    gateways, balancer, key = world
    with Crowd(balancer, key, clients=10, seed=3, pause=0.02) as load:
        time.sleep(0.5)
        for gateway in (*gateways, *gateways):
            before = len(load.sent)
            gateway.stop()
            gateway.start()
            time.sleep(0.4)   # until the balancer has seen that it is back
            assert len(load.sent) > before, "the other one serves"
    for one in load.sent:
        expected = {"failing": 502, "rejected": 400}.get(one.kind, 200)
        assert one.status == expected and (one.complete or one.kind == "aborted"), one
    rows = all_rows(installation, load.sent)
    crowd.check_complete_answers(load.sent, rows, crowd.served(simulator))
    assert not [r for r in rows.values() if r["outcome"] == INTERRUPTED]


def test_answers_end_their_connections_while_leaving(world):
    gateways, _, key = world
    gateway = gateways[0]
    assert asked(gateway, key) == (200, None)
    gateway.process.terminate()
    wait_until(lambda: asked(gateway, key) == (200, "close"), 1.2, "a served request whose connection ends")
    assert harness.http("GET", gateway.admin + "/readyz")[0] == 503
    gateway.stop()
    gateway.start()


def test_a_killed_gateway_s_spool_is_drained_by_hand(world, installation, simulator):
    """The machine of one dies; the other goes on, and `drain` books what the first had written."""
    gateways, balancer, key = world
    lost, other = gateways
    seen = crowd.log_rows(installation)
    lock = subprocess.Popen(["psql", "-XAtq", installation.pg.url(installation.database)], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lock.stdin.write("begin; lock table requests in exclusive mode; select 'held';\n")
    lock.stdin.flush()
    assert lock.stdout.readline() == "held\n"
    with Crowd(balancer, key, clients=6, seed=4, pause=0.02) as load:
        time.sleep(1)
        lost.kill()
        time.sleep(1)
    assert len(crowd.log_rows(installation)) == len(seen), "nothing was booked so far"
    other.stop()
    lock.communicate("commit;\n", timeout=10)
    for gateway in gateways:
        done = subprocess.run([str(harness.BUILD / "gateway/doteb-gateway"), "drain", gateway.env["DOTEB_SPOOL_DIR"]],
                              env=gateway.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    rows = all_rows(installation, [one for one in load.sent if one.complete])
    records = crowd.served(simulator)
    crowd.check_complete_answers(load.sent, rows, records)
    # The balancer asks the other one again for who has got nothing: what was begun stays booked, too.
    ids = {one.mark: one.request_id for one in load.sent}
    crowd.check_rows(load.sent, {i: r for i, r in rows.items() if ids.get(r["title"]) in (None, "", i)}, records)
    crowd.check_served(rows, records)
    crowd.check_sums(installation)
