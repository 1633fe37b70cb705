"""kill -9 of the gateway, at random moments under mixed load and at every failpoint between open,
upstream, close and release: what clients got, what the simulator served and what the ledger says
must agree afterwards. DOTEB_TEST_SEED repeats a run's choices.
"""
import os
import random
import time

import pytest

import crowd
import harness
from crowd import Crowd, INTERRUPTED, OK
from harness import wait_until

SEED = int(os.environ.get("DOTEB_TEST_SEED", random.SystemRandom().randrange(1 << 31)))
KILLS = 20


@pytest.fixture(scope="module", autouse=True)
def seed(request):
    request.config.get_terminal_writer().line(f"\nDOTEB_TEST_SEED={SEED}")


@pytest.fixture
def world(pg, template, scratch, tmp_path_factory):
    """An installation, simulator and gateway of one test's own."""
    name = tmp_path_factory.mktemp("crash").name
    pg.create_database(name, template)
    installation = harness.Installation(pg, name, scratch / name)
    simulator = harness.Simulator(scratch / name)
    installation.add_provider_key("openai", simulator.base_url)
    key = installation.create_key()
    gateway = harness.Gateway(installation, DOTEB_ACCESS_LOG="false",
                              DOTEB_SPOOL_SEGMENT="256KB")
    yield installation, simulator, gateway, key
    if gateway.process:
        gateway.stop()
    simulator.stop()


def drained(installation, gateway, records):
    """Waits until the spool of this and earlier runs is in the database."""
    def all_there():
        crowd.check_served(crowd.log_rows(installation), records())
        return gateway.metrics()["doteb_spool_pending_bytes"] == 0
    wait_until(all_there, 30, "the spool's drain", step=0.2)


def check(world, sent):
    installation, simulator, gateway, _ = world

    def records():
        return crowd.served(simulator)
    drained(installation, gateway, records)
    rows, seen = crowd.log_rows(installation), records()
    crowd.check_complete_answers(sent, rows, seen)
    crowd.check_rows(sent, rows, seen)
    crowd.check_served(rows, seen)
    crowd.check_sums(installation)
    return rows


def test_twenty_kills_under_load(world):
    installation, simulator, gateway, key = world
    chance = random.Random(SEED)
    with Crowd(gateway, key, clients=16, seed=SEED) as load:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.5))
            gateway.kill()
            gateway.start()
        time.sleep(0.5)
    rows = check(world, load.sent)
    outcomes = [r["outcome"] for r in rows.values()]
    assert len(load.sent) > 20 * KILLS, "hardly any load"
    assert outcomes.count(OK) > KILLS and set(range(6)) - {2} <= set(outcomes), outcomes
    assert outcomes.count(INTERRUPTED) <= 16 * KILLS


# Where it dies: the point, and what the ledger must say of the request that died there.
POINTS = [
    ("upstream.after_open", "plain"),
    ("stream.begun", "stream"),
    ("account.before_close", "plain"),
    ("account.before_close", "stream"),
    ("account.after_close", "plain"),
    ("account.after_close", "stream"),
    ("ledger.before_commit", "plain"),
    ("ledger.after_commit", "plain"),
]


@pytest.mark.parametrize("point,kind", POINTS)
def test_kill_between_the_steps(world, point, kind):
    """One client, so that the request at the failpoint is the one that died."""
    installation, simulator, gateway, key = world
    alone = not point.startswith("ledger.")
    gateway.stop()
    gateway.start(DOTEB_FAILPOINT=f"{point}=kill@{5 if alone else 3}")
    with Crowd(gateway, key, clients=1 if alone else 8, seed=SEED, kinds={kind}) as load:
        wait_until(lambda: not gateway.alive(), 20, f"death at {point}")
    gateway.kill()
    gateway.start()
    rows = check(world, load.sent)
    if not alone:
        assert rows
        return
    # What was sent to the dying process after the fifth was read by nobody.
    died, late = load.sent[4], load.sent[5:]
    assert len(rows) == 5 and not died.complete and not any(one.status for one in late)
    row = next(r for r in rows.values() if r["title"] == died.mark)
    records = crowd.served(simulator).get(row["request_id"], [])
    assert bool(records) == (point != "upstream.after_open")
    if point == "account.after_close":
        assert (row["outcome"], row["estimated"]) == (OK, False)
        assert (row["input_tokens"], row["output_tokens"]) == died.tokens
    else:
        assert row["outcome"] == INTERRUPTED and row["estimated"]


@pytest.mark.parametrize("point", ["ledger.recovery_read", "ledger.recovery_deleted@2",
                                   "ledger.before_commit", "ledger.after_commit@2"])
def test_killed_again_while_recovering(world, point):
    """Recovery that dies is done again, and counts nothing twice."""
    installation, simulator, gateway, key = world
    gateway.stop()
    # The database refuses everything, so that all of it waits in the spool.
    gateway.start(DOTEB_FAILPOINT="ledger.before_commit=error")
    with Crowd(gateway, key, clients=8, seed=SEED) as load:
        time.sleep(1.5)
        gateway.kill()
    name, _, hit = point.partition("@")
    failpoint = f"{name}=kill" + (f"@{hit}" if hit else "")
    gateway.spawn([harness.BUILD / "gateway/doteb-gateway"],
                  gateway.env | {"DOTEB_FAILPOINT": failpoint})
    wait_until(lambda: not gateway.alive(), 20, f"death at {point}")
    gateway.kill()
    gateway.start()
    rows = check(world, load.sent)
    assert len(load.sent) > 20 and any(r["outcome"] == INTERRUPTED for r in rows.values())
