"""make test-scale: a million API keys. Start-up, memory, and how fast a change of one key holds."""
import statistics
import time

import pytest

import harness
from figures import Figures, answers, status_kb
from harness import wait_until

CHANGES = 20


@pytest.fixture(scope="module")
def figures():
    print()
    return Figures()


def fill(installation, n):
    """Keys that nobody holds, of the project that the true ones are of."""
    installation.query(
        "insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, hash, last4) "
        "select k.organisation_id, gen_random_uuid(), k.project_id, k.owner_id, 'bulk ' || g, "
        "  sha256(('bulk ' || g)::bytea), 'bulk' "
        f"from (select * from api_keys where last4 <> 'bulk' limit 1) k, generate_series(1, {n}) g")
    installation.query("analyze api_keys")


def start_to_answer(gateway, key):
    """Seconds from the process's start to its first answer, asked every 5 ms."""
    begin = time.monotonic()
    gateway.spawn([harness.BUILD / "gateway/doteb-gateway"], gateway.env)
    wait_until(lambda: answers(gateway, key) == 200, 60, "an answer", step=0.005)
    return time.monotonic() - begin


def seconds_until(gateway, key, status):
    begin = time.monotonic()
    wait_until(lambda: answers(gateway, key) == status, 10, f"{status} for a key", step=0.002)
    return time.monotonic() - begin


def psql_seconds(installation):
    begin = time.monotonic()
    installation.query("select 1")
    return time.monotonic() - begin


@pytest.mark.parametrize("keys,seconds,megabytes", [(10_000, None, 300), (1_000_000, 5, 300)])
def test_keys(keys, seconds, megabytes, pg, template, scratch, figures):
    name = f"scale_{keys}"
    pg.create_database(name, template)
    installation = harness.Installation(pg, name, scratch / name)
    key = installation.create_key()
    fill(installation, keys)
    gateway = harness.Gateway(installation, start=False)
    limit = seconds or 3 * statistics.median(psql_seconds(installation) for _ in range(9)) + 0.3
    starts = []
    for turn in range(3):
        starts.append(start_to_answer(gateway, key))
        if turn < 2:
            gateway.stop()
    figures.note(f"{keys:,} keys: start to first answer, ms", round(1000 * statistics.median(starts)),
                 f"<= {1000 * limit:,.0f}")
    made, revoked = [], []
    for n in range(CHANGES):
        new = installation.create_key(f"new {n}")
        made.append(seconds_until(gateway, new, 200))
        installation.query(f"update api_keys set revoked_at = now() where name = 'new {n}'")
        revoked.append(seconds_until(gateway, new, 401))
    figures.note(f"{keys:,} keys: a new one works after, ms", round(1000 * max(made)), "<= 1,000")
    figures.note(f"{keys:,} keys: a revoked one is refused after, ms", round(1000 * max(revoked)), "<= 1,000")
    figures.note(f"{keys:,} keys: resident, MB", status_kb(gateway.pid, "VmRSS") >> 10, f"<= {megabytes}")
    figures.note(f"{keys:,} keys: most resident, MB", status_kb(gateway.pid, "VmHWM") >> 10)
    resident = status_kb(gateway.pid, "VmRSS") >> 10
    gateway.stop()
    assert max(made) < 1 and max(revoked) < 1 and resident < megabytes
    assert min(starts) <= limit, starts
