import pytest

import simulator


@pytest.fixture(scope="session")
def sim():
    running = simulator.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def locked_sim():
    running = simulator.start("--api-key", "sk-right-key")
    yield running
    running.stop()
