"""Fixtures: one PostgreSQL and simulator a session, one installation a module."""
import itertools
import tempfile
from pathlib import Path

import pytest

import harness
import stream_tap

stream_tap.install()
counter = itertools.count(1)


@pytest.fixture(scope="session")
def scratch():
    folder = Path(tempfile.mkdtemp(prefix="doteb-test-"))
    folder.chmod(0o755)
    yield folder
    harness.remove_tree(folder)


@pytest.fixture(scope="session")
def pg(scratch):
    pg = harness.Postgres(scratch / "postgres")
    pg.start()
    yield pg
    pg.stop()


@pytest.fixture(scope="session")
def template(pg, scratch):
    """A migrated database with the catalogue and an operator, to copy from."""
    pg.create_database("doteb_template")
    installation = harness.Installation(pg, "doteb_template", scratch / "template")
    installation.command("migrate")
    installation.create_operator()
    return "doteb_template"


@pytest.fixture(scope="module")
def installation(pg, template, scratch):
    n = next(counter)
    pg.create_database(f"doteb_{n}", template)
    return harness.Installation(pg, f"doteb_{n}", scratch / f"installation-{n}")


@pytest.fixture(scope="session")
def simulator(scratch):
    simulator = harness.Simulator(scratch / "simulator")
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def control(installation):
    control = harness.Control(installation)
    yield control
    control.stop()


@pytest.fixture(scope="module")
def key(installation, simulator):
    """An API key of project Default that reaches OpenAI's models at the simulator."""
    installation.add_provider_key("openai", simulator.base_url)
    return installation.create_key()


@pytest.fixture(scope="module")
def gateway(installation, key):
    gateway = harness.Gateway(installation)
    yield gateway
    gateway.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """A test in which a stream was out of order has failed, whatever it looked for itself."""
    stream_tap.begin()
    try:
        yield
    finally:
        wrong = stream_tap.found()
    assert not wrong, "\n".join(["streams out of order:", *wrong])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the ends of the daemons' logs."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, harness.Process) and value.log.exists():
                report.sections.append((f"end of {value.log.name}", value.tail()))
