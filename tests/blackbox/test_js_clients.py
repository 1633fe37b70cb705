"""The JavaScript clients (tests/clients/gateway/*.test.ts), each with a model of every provider
protocol: plain, streamed, and in loops of tools. Afterwards every request that reached a provider must
have its row, with the tokens that the provider counted.
"""
import json
import os
import re
import subprocess

import pytest

import stream_tap
from harness import ROOT, wait_until
from test_dialects import PROVIDERS

CLIENTS = {  # file: the clients in it
    "openai_sdk": 2, "anthropic_sdk": 1, "ai_sdk": 5, "langchain": 2, "google_genai": 1}
TESTS = {"plain", "streamed", "tool loop", "tool loop streamed"}
REQUESTS = 1 + 1 + 3 + 3   # of those four


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


@pytest.fixture(scope="module")
def environment(gateway, key):
    models = {p: f"{name}/{model}" for p, (name, model, _) in PROVIDERS.items()}
    return os.environ | {"DOTEB_BASE_URL": gateway.for_processes() + "/v1", "LLM_GATEWAY_API_KEY": key,
                         "DOTEB_MODELS": json.dumps(models)}


def rows_like_records(installation, sent):
    """Every record has a row that says the same; the ledger may take a moment for the last."""
    ids = "','".join(x["gateway_request_id"] for x in sent)
    rows = {r["request_id"]: r for r in installation.rows(
        "select r.request_id, streamed, status, input_tokens, output_tokens, estimated, cost "
        f"from requests r where request_id in ('{ids}')")}
    for record in sent:
        row = rows[record["gateway_request_id"]]
        assert (row["input_tokens"], row["output_tokens"], row["streamed"]) == \
            (record["prompt_tokens"], record["completion_tokens"], record["stream"])
        assert (row["status"], row["estimated"]) == (200, False) and row["cost"] > 0
    return True


@pytest.mark.parametrize("file", CLIENTS)
def test_client(file, environment, installation, simulator):
    simulator.reset()
    before = len(stream_tap.judged)
    done = subprocess.run([ROOT / "tests/clients/run.sh", "node", "--test", "--test-reporter=tap",
                           f"gateway/{file}.test.ts"],
                          env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.findall(r"^ok \d+ - (.+) > (\S+): (.+)$", done.stdout, re.MULTILINE)
    assert len({name for name, _, _ in passed}) == CLIENTS[file], done.stdout
    cells = {}
    for name, provider, what in passed:
        cells.setdefault((name, provider), set()).add(what)
    assert len(cells) == CLIENTS[file] * len(PROVIDERS)
    assert all(TESTS <= what for what in cells.values()), cells
    sent, lost = [], []
    for record in simulator.get("/_sim/requests"):
        (sent if record["status"] == 200 else lost).append(record)
    thought = sum("tool loop with thinking" in what for what in cells.values())
    assert len(stream_tap.judged) - before == sum(x["stream"] for x in sent)
    assert len(sent) == len(cells) * REQUESTS + thought * 3
    # The SDK's own loop asks the provider to hold the conversation, and goes on without when it is lost.
    assert [x["status"] for x in lost] == ([404, 404] if file == "anthropic_sdk" else [])
    wait_until(lambda: rows_like_records(installation, sent), 15, "the rows")
