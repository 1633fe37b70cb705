"""make soak: 200 kills under mixed load, then memory after long load. DOTEB_SOAK_SECONDS (600) is
how long the load lasts, DOTEB_SOAK_KILLS (200) how often the gateway dies, DOTEB_TEST_SEED repeats.
"""
import os
import random
import statistics
import threading
import time

import pytest

import crowd
from crowd import Crowd, INTERRUPTED, OK
from figures import Figures, descriptors, status_kb
from harness import http, wait_until
from test_crash import SEED, check, world  # noqa: F401 (a fixture)

KILLS = int(os.environ.get("DOTEB_SOAK_KILLS", 200))
SECONDS = int(os.environ.get("DOTEB_SOAK_SECONDS", 600))
IDLE = 500
WARM_UP = 3


@pytest.fixture(scope="module")
def figures():
    print(f"\nDOTEB_TEST_SEED={SEED}")
    return Figures()


def test_kills_under_load(world, figures):  # noqa: F811
    """kill -9 at random moments: the four statements of the ledger hold."""
    _, _, gateway, key = world
    chance = random.Random(SEED)
    with Crowd(gateway, key, clients=16, seed=SEED) as load:
        for n in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.8))
            gateway.kill()
            gateway.start()
            if (n + 1) % 20 == 0:
                print(f"  {n + 1} kills, {len(load.sent)} requests", flush=True)
        time.sleep(0.5)
    outcomes = [r["outcome"] for r in check(world, load.sent).values()]
    figures.note("kills", KILLS)
    figures.note("requests sent meanwhile", len(load.sent))
    figures.note("answers complete at the client", sum(s.complete for s in load.sent))
    figures.note("rows, each once", len(outcomes))
    figures.note("of which interrupted", outcomes.count(INTERRUPTED), f"<= {16 * KILLS}")
    assert outcomes.count(OK) > KILLS and outcomes.count(INTERRUPTED) <= 16 * KILLS


class Sampler(threading.Thread):
    """The gateway's resident memory and descriptors, every second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.rss, self.fds = pid, [], []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(1):
            self.rss.append(status_kb(self.pid, "VmRSS"))
            self.fds.append(descriptors(self.pid))
            if len(self.rss) % 60 == 0:
                print(f"  {len(self.rss)} s: {self.rss[-1]} KB resident, {self.fds[-1]} descriptors",
                      flush=True)


def burst(gateway, key, simulator):
    """A spell of load that is over, so that two of them can be compared."""
    with Crowd(gateway, key, clients=24, seed=SEED, pause=0.002) as load:
        time.sleep(15)
    simulator.reset()
    time.sleep(3)
    return len(load.sent)


def test_memory_after_long_load(world, figures):  # noqa: F811
    """Resident memory and descriptors after the load are what they were after its first minute."""
    installation, simulator, gateway, key = world
    figures.note("resident at rest, KB", status_kb(gateway.pid, "VmRSS"), "<= 25,600")
    ends = []
    for _ in range(WARM_UP):   # one burst's end is a megabyte off another's
        burst(gateway, key, simulator)
        ends.append(status_kb(gateway.pid, "VmRSS"))
    before, fds = statistics.median(ends), descriptors(gateway.pid)
    figures.note(f"resident after the first {WARM_UP} bursts, median, KB", before)
    sampler = Sampler(gateway.pid)
    sampler.start()
    sent = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        sent += burst(gateway, key, simulator)
    sampler.over.set()
    sampler.join()
    wait_until(lambda: gateway.metrics()["doteb_spool_pending_bytes"] == 0, 60, "the spool's drain")
    after = status_kb(gateway.pid, "VmRSS")
    figures.note("requests in the soak", sent)
    figures.note("resident after it, KB", after, "within 10 % of before")
    figures.note("most resident during it, KB", max(sampler.rss))
    figures.note("descriptors before", fds)
    figures.note("descriptors after", descriptors(gateway.pid))
    assert gateway.process.poll() is None and http("GET", gateway.admin + "/readyz")[0] == 200
    assert after <= before * 1.1, (before, after)
    assert descriptors(gateway.pid) <= fds + 8
    crowd.check_sums(installation)
