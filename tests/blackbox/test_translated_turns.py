"""Conversations through a translation: what the client sends back of earlier turns reaches the provider.
Calls with their arguments, signatures on thinking and on calls, marks of the prompt cache; for each
client's SDK as its users write it, and for clients that keep only what their protocol names.
"""
import json

import pytest

from dialect_clients import CLIENTS, Ask
from dialect_judges import judge
from translation_cells import CELLS, PASSED, PINNED, PROVIDERS, spoken

ASK = Ask('Weather? [sim thinking="I ponder" call=get_weather args="{\\"location\\":\\"Ny \\\\\\"1\\\\\\" ☃\\"}"]',
          tools=True)
GIVEN = {"location": 'Ny "1" ☃'}


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    installation.query(   # Google's model that signs its calls and refuses them unsigned
        "update offers set provider_model = 'sim-signed-1' from providers p, models m where "
        "p.provider_id = offers.provider_id and m.model_id = offers.model_id and "
        "p.slug = 'google-ai-studio' and m.slug = 'gemini-3.1-pro-preview'")
    return installation.create_key()


def calls_in(value):
    """Every call in a provider's request, whatever the protocol: (name, arguments)."""
    if isinstance(value, list):
        return [c for v in value for c in calls_in(v)]
    if not isinstance(value, dict):
        return []
    for field in ("arguments", "input", "args"):
        if field in value and "name" in value:
            given = value[field]
            return [(value["name"], json.loads(given) if isinstance(given, str) else given)]
    return [c for v in value.values() for c in calls_in(v)]


def turns_in(body):
    return [body.get(f) for f in ("messages", "input", "contents")]


def two_turns(client, model, streamed, simulator, changed=lambda answer: None):
    """Asks, is answered with a call, sends its result; the body that the provider got then."""
    first = (client.stream if streamed else client.plain)(model, ASK)
    assert [(n, a) for _, n, a in first.calls] == [("get_weather", GIVEN)] and first.finish == "tools"
    changed(first)
    second = (client.stream if streamed else client.plain)(model, client.followed(ASK, first, "9 degrees"))
    assert "9 degrees" in second.text and not second.calls
    return simulator.get("/_sim/last")


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_earlier_calls_keep_their_arguments(gateway, key, simulator, client, provider, streamed):
    name, model, _ = PROVIDERS[provider]
    sent = two_turns(CLIENTS[client](gateway, key), f"{name}/{model}", streamed, simulator)
    judge(spoken(client, provider), sent)
    assert calls_in(turns_in(json.loads(sent["body"]))) == [("get_weather", GIVEN)]


SIGNED = "google-ai-studio/gemini-3.1-pro-preview"


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_signed_call_comes_back_signed(gateway, key, simulator, client, streamed):
    sent = two_turns(CLIENTS[client](gateway, key), SIGNED, streamed, simulator)
    parts = [p for c in json.loads(sent["body"])["contents"] for p in c["parts"] if "functionCall" in p]
    assert "sim-signed" in sent["target"] and len(parts) == 1
    assert parts[0]["thoughtSignature"] and "skip" not in parts[0]["thoughtSignature"]
    assert "dotebsig" not in sent["body"]


def keep_only_the_known(answer):
    """As a client that keeps what the chat protocol names and drops the rest."""
    answer.turn = [{k: v for k, v in m.items() if k in ("role", "content", "tool_calls")} for m in answer.turn]


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
def test_a_client_that_drops_unknown_fields_keeps_the_signature(gateway, key, simulator, streamed):
    sent = two_turns(CLIENTS["openai"](gateway, key), SIGNED, streamed, simulator, keep_only_the_known)
    part, = [p for c in json.loads(sent["body"])["contents"] for p in c["parts"] if "functionCall" in p]
    assert part["thoughtSignature"] and "skip" not in part["thoughtSignature"]


def from_elsewhere(answer):
    call = {"id": "call_elsewhere", "type": "function",
            "function": {"name": "get_weather", "arguments": json.dumps(GIVEN)}}
    answer.turn = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    answer.calls = [("call_elsewhere", "get_weather", GIVEN)]


def test_a_call_that_was_never_signed_is_still_taken(gateway, key, simulator):
    """A conversation that began with another provider goes on with one that signs."""
    sent = two_turns(CLIENTS["openai"](gateway, key), SIGNED, False, simulator, from_elsewhere)
    part, = [p for c in json.loads(sent["body"])["contents"] for p in c["parts"] if "functionCall" in p]
    assert "skip" in part["thoughtSignature"]


CACHED = {"model": "anthropic/claude-sonnet-4-5", "max_tokens": 50,
          "system": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
          "messages": [{"role": "user", "content": [
              {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]}]}
MARKS = {"anthropic": '"cache_control"', "bedrock": '"cachePoint"'}


@pytest.mark.parametrize("provider", MARKS)
def test_marks_of_the_prompt_cache_reach_who_knows_them(gateway, key, simulator, provider):
    import anthropic
    name, model, _ = PROVIDERS[provider]
    anthropic.Anthropic(base_url=gateway.root, api_key=key, default_headers=PINNED).messages.create(
        **CACHED | {"model": f"{name}/{model}"})
    sent = simulator.get("/_sim/last")["body"]
    assert sent.count(MARKS[provider]) == 2 and sent.count('"ttl"') >= 1
    assert ("anthropic", provider) in PASSED or "cache_control" not in sent
