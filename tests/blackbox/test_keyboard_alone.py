"""From the sign-up page to the first request without a mouse: tests/browser/keyboard.test.ts in a real
browser, with real mail, both daemons and a simulated provider."""
import os
import subprocess

import pytest

import harness
from mailbox import Mailbox


class Folder(Mailbox):
    """A mailbox whose mails are also files: their text, by number."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        super().__init__()

    async def handle_DATA(self, server, session, envelope):
        answer = await super().handle_DATA(server, session, envelope)
        name = self.folder / f"{len(self.mails)}.txt"
        part = name.with_suffix(".part")
        part.write_text(self.mails[-1].get_body(("plain",)).get_content())
        part.rename(name)
        return answer


@pytest.fixture(scope="module")
def mailbox(scratch):
    box = Folder(scratch / "mails")
    yield box
    box.stop()


@pytest.fixture(scope="module")
def control(installation, mailbox, gateway):
    control = harness.Control(installation, **mailbox.settings(
        DOTEB_SIGNUP="open", DOTEB_GATEWAY_URL=gateway.base_url))
    yield control
    control.stop()


def test_from_sign_up_to_the_first_request(control, gateway, mailbox, simulator):
    env = os.environ | {"DOTEB_CONTROL_URL": control.root, "DOTEB_BASE_URL": gateway.base_url,
                        "DOTEB_MAIL_FOLDER": str(mailbox.folder), "DOTEB_PROVIDER_URL": simulator.base_url}
    done = subprocess.run([harness.ROOT / "tests/browser/run.sh", "keyboard.test.ts"], env=env,
                          capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
