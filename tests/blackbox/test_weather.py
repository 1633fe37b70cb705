"""The machine under a gateway goes wrong under load (docs/reliability.md): clocks step, names resolve slowly, the
spool's disk is slow, PostgreSQL's is full. What is asked is what test_faults.py asks of every cell."""
import mmap
import os
import struct
import subprocess
import time
from pathlib import Path

import pytest

import crowd
import harness
from harness import say, wait_until
from test_faults import booked, load, make, note, table  # noqa: F401

PRELOAD = Path(harness.BUILD) / "tests/blackbox/libweather.so"
DAY_US = 24 * 3600 * 1000000


class Weather:
    """What weather.c reads."""

    def __init__(self, path):
        path.write_bytes(bytes(40))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 40)
        self.environment = {"LD_PRELOAD": str(PRELOAD), "DOTEB_TEST_WEATHER": str(path),
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def set(self, clock_step_us=0, resolver_ms=0, disk_ms=0):
        self.map[:24] = struct.pack("qqq", clock_step_us, resolver_ms, disk_ms)

    def counted(self):
        """(look-ups, syncs) that were slow."""
        return struct.unpack("qq", self.map[24:])


@pytest.fixture
def weather(tmp_path):
    return Weather(tmp_path / "weather")


def seen(world, weather):
    """A test whose weather the gateway does not feel would prove nothing."""
    maps = Path(f"/proc/{world.gateway.pid}/maps").read_text()
    assert PRELOAD.name in maps and "/weather" in maps


def test_the_clock_steps(make, weather):  # noqa: F811
    """Forth by 90 s and back by an hour: rows are booked once, their durations are what they were."""
    world = make(**weather.environment)
    seen(world, weather)

    def steps():
        for step in (90 * 1000000, -3600 * 1000000, 0, DAY_US // 2, 0):
            weather.set(clock_step_us=step)
            time.sleep(0.2)
    sent, meanwhile = load(world, seconds=0, end=steps)
    rows = booked(world, sent)
    wrong = world.installation.rows("select duration_us from requests where duration_us < 0 or duration_us > 60000000")
    assert not wrong
    times = world.installation.rows("select max(created_at) - min(created_at) > interval '1 hour' as stepped from requests")
    assert times == [{"stepped": True}] and rows
    assert note("clock: steps forth and back", meanwhile, "durations come from the other clock") == 1


@pytest.mark.parametrize("step_us", [2 * DAY_US, -DAY_US // 24])
def test_a_clock_that_is_wrong_at_the_start_is_said(make, weather, step_us):  # noqa: F811
    weather.set(clock_step_us=step_us)
    world = make(**weather.environment)
    seen(world, weather)
    said = world.gateway.log_events("clock_differs")
    assert len(said) == 1 and abs(said[0]["seconds_ahead_of_postgresql"] - step_us // 1000000) <= 10
    assert not make().gateway.log_events("clock_differs")


def test_names_resolve_slowly(make, weather):  # noqa: F811
    """A second a look-up, from the start: who goes to another provider meanwhile does not wait."""
    weather.set(resolver_ms=1000)
    world = make(host="slow.weather", **weather.environment)
    seen(world, weather)
    sent, _ = load(world, seconds=0)
    booked(world, sent)
    assert weather.counted()[0] >= 1
    assert note("resolver: a second slow", sent, "waits for the name, on a thread of its own") == 1


def test_the_spool_s_disk_is_slow(make, weather):  # noqa: F811
    """300 ms a sync or an allocation, with segments of 64 KB, so that there are many: the worker writes to memory
    and waits for none of them. Where the next segment is not there in time, 503 before a provider is asked."""
    world = make(DOTEB_SPOOL_SEGMENT="64KB", **weather.environment)
    seen(world, weather)
    sent, meanwhile = load(world, begin=lambda: weather.set(disk_ms=300), end=weather.set)
    booked(world, sent)
    assert {one.status for one in sent} <= {200, 503} and weather.counted()[1] >= 2
    assert note("spool: its disk takes 300 ms a sync", meanwhile, "the keeper's thread alone waits") >= 0.5


def test_postgresql_s_disk_is_full(make, pg, tmp_path):  # noqa: F811
    """The rows' tablespace is full for a while: they wait in the spool."""
    place = pg.folder / f"small-{time.monotonic_ns()}"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=777", "none", str(place)],
                      capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small disk")
    world = None
    try:
        if pg.user:
            subprocess.run(["chown", pg.user, str(place)], check=True)
        space = f"small_{time.monotonic_ns()}"
        pg.query(f"create tablespace {space} location '{place}'")
        world = make()
        name = world.installation.database
        world.gateway.stop()
        pg.query(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        pg.query(f'alter database "{name}" set tablespace {space}')
        world.gateway.start()
        wait_until(lambda: world.gateway.chat(world.key, say("hi", world.model(True)))[0] == 200, what="an answer")

        def fill():
            with open(place / "ballast", "wb") as f:
                try:
                    while True:
                        f.write(bytes(1 << 16))
                        f.flush()
                except OSError:
                    pass
        sent, meanwhile = load(world, seconds=2, begin=fill, end=(place / "ballast").unlink)
        booked(world, sent)
        assert "No space left on device" in world.gateway.log.read_text(), world.gateway.tail()
        assert note("PostgreSQL: its disk is full", meanwhile, "the spool holds the rows") == 1
    finally:
        if world:
            world.close()
            world.close = lambda: None
            world.installation.pg.query(f'drop database "{world.installation.database}"')
        pg.query(f"drop tablespace if exists {space}")
        subprocess.run(["umount", str(place)], check=False)
