"""The control API under calls that schemathesis makes of docs/openapi/control.yaml: the same ones each
time. `make fuzz-api` makes others, for longer."""
import sys
from pathlib import Path

import pytest

import harness
from mailbox import Mailbox

sys.path.insert(0, str(Path(__file__).parent / "schema"))
import run as schema  # noqa: E402

EXAMPLES = {"owner": 12, "token": 5, "nobody": 3}


@pytest.fixture(scope="module")
def control(installation):
    box = Mailbox()
    control = harness.Control(installation, **schema.settings(box))
    yield control
    control.stop()
    box.stop()


@pytest.mark.parametrize("caller", schema.CALLERS)
def test_every_operation_keeps_to_the_document(installation, control, caller):
    world = schema.World(installation, control, caller)
    # Nobody gets as far as what the values of "coverage" are about.
    phases = "examples,fuzzing" if caller == "nobody" else "examples,coverage,fuzzing"
    code, said = schema.run(world, "--generation-deterministic", "--no-shrink", "--phases", phases,
                            "--max-examples", EXAMPLES[caller])
    assert code == 0, said
    world.check_still_there()
