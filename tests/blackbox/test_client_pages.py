"""The examples of docs/clients/, run as they stand: each block after a line `<!-- tested -->`, with the
variables that the pages name. Each must end well and say the simulator's words.
"""
import os
import re
import subprocess
import sys

import pytest

from control_client import Person
from harness import ROOT
from test_dialects import PROVIDERS

PAGES = sorted((ROOT / "docs" / "clients").glob("*.md"))
BLOCK = re.compile(r"^<!-- tested -->\n```(python|ts)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [(page.stem, n, *m.groups()) for page in PAGES
            for n, m in enumerate(BLOCK.finditer(page.read_text()))]


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


def test_every_page_has_an_example():
    without = {"README", "claude-code", "codex"}   # agents, with no code of their own to run
    assert {page.stem for page in PAGES} - {name for name, *_ in EXAMPLES} == without


@pytest.fixture(scope="module")
def aws(installation, control, key):
    """AWS credentials of that key, as the SDK's variables."""
    owner = Person(control, installation.email)
    made = owner.call("POST", f"{owner.keys_path.removesuffix('api-keys')}signing-keys", {
        "api_key_id": installation.query("select api_key_id from api_keys limit 1")})[1]
    return {"AWS_ACCESS_KEY_ID": made["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": made["secret_access_key"]}


@pytest.mark.parametrize("page,n,language,code", EXAMPLES,
                         ids=[f"{page}-{n}-{language}" for page, n, language, _ in EXAMPLES])
def test_example(page, n, language, code, aws, gateway, key, tmp_path):
    env = os.environ | aws | {"DOTEB_BASE_URL": gateway.for_processes() + "/v1", "LLM_GATEWAY_API_KEY": key}
    if language == "python":
        command, folder = [sys.executable, "-c", code], tmp_path
    else:
        folder = ROOT / "tests" / "clients"
        subprocess.run([folder / "run.sh"], check=True)
        script = folder / f".example-{page}-{n}.mts"
        script.write_text(code)
        command = [folder / "run.sh", "node", script.name]
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True,
                              timeout=120)
    finally:
        if language != "python":
            script.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Say hello." in done.stdout, done.stdout + done.stderr
