"""make fuzz-api: the control API under calls that nobody thought of, with sanitizers, for
DOTEB_FUZZ_API_SECONDS (600). The seed is printed; DOTEB_FUZZ_API_SEED takes it again."""
import os
import random
import sys
from pathlib import Path

import pytest

import harness
from mailbox import Mailbox

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "schema"))
import run as schema  # noqa: E402

SECONDS = int(os.environ.get("DOTEB_FUZZ_API_SECONDS", "600"))
SEED = int(os.environ.get("DOTEB_FUZZ_API_SEED", random.SystemRandom().randrange(1 << 32)))
SHARE = {"owner": 0.7, "token": 0.2, "nobody": 0.1}


@pytest.fixture(scope="module")
def control(installation):
    box = Mailbox()
    control = harness.Control(installation, **schema.settings(box))
    yield control
    control.stop()
    box.stop()


@pytest.mark.parametrize("caller", schema.CALLERS)
def test_every_operation_keeps_to_the_document(installation, control, caller):
    seconds = max(1, round(SECONDS * SHARE[caller]))
    print(f"\n{caller}: {seconds} s, DOTEB_FUZZ_API_SEED={SEED}")
    world = schema.World(installation, control, caller)
    code, said = schema.run(world, "--seed", SEED, "--max-time", seconds, "--phases",
                            "examples,coverage,fuzzing,stateful", "--generation-database", "none")
    assert code == 0, said
    world.check_still_there()
    print("\n".join(said.splitlines()[-8:]))
