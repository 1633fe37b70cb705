"""The matrix of dialects: official client SDK -> gateway -> provider, judged by the provider's SDK.

Each cell is a client protocol, a provider protocol and a feature. What cannot be expressed stands in
CANNOT with the field that the refusal must name. The outcome is kept in the build folder
(dialects.json), from which docs/dialects.md is written.
"""
import json
import os
from pathlib import Path

import pytest

import harness
from dialect_clients import CLIENTS, Ask
from dialect_judges import judge

PROVIDERS = {  # provider protocol: catalogue provider, model, what its base URL ends in at the simulator
    "openai": ("openai", "gpt-4o-mini", "/v1"),
    "openai-responses": ("aws-mantle", "gpt-5.6-luna", "/v1"),
    "anthropic": ("anthropic", "claude-sonnet-4-5", "/v1"),
    "google": ("google-ai-studio", "gemini-3.5-flash", "/v1beta"),
    "bedrock": ("aws-bedrock", "claude-haiku-4-5", ""),
}
FEATURES = ["text", "text streamed", "system", "several turns", "tool loop", "tool loop streamed",
            "parallel calls", "call forced", "calls forbidden", "image", "image by URL", "JSON schema", "JSON mode",
            "reasoning", "reasoning in a tool loop", "reasoning in a tool loop streamed",
            "stop sequence", "length", "cached tokens", "provider's error", "error in a stream"]
# (client, feature) or (client, provider, feature): what the protocol itself lacks.
CANNOT = {
    ("anthropic", "JSON mode"): "the protocol has no such field",
    ("bedrock", "JSON mode"): "the protocol has no such field",
    ("bedrock", "JSON schema"): "the client's SDK has no such field",
    ("bedrock", "image by URL"): "the protocol has no such field",
    ("bedrock", "calls forbidden"): "the protocol has no such field",
    ("openai-responses", "stop sequence"): "the protocol has no such field",
    ("openai", "openai-responses", "stop sequence"): "stop",
    ("anthropic", "openai-responses", "stop sequence"): "stop_sequences",
    ("google", "openai-responses", "stop sequence"): "generationConfig.stopSequences",
    ("bedrock", "openai-responses", "stop sequence"): "inferenceConfig.stopSequences",
}
OUTCOME = Path(os.environ.get("DOTEB_BUILD_DIR", harness.ROOT / "build" / "dev")) / "dialects.json"
outcome = {}


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


@pytest.fixture(scope="module", autouse=True)
def report():
    yield
    OUTCOME.write_text(json.dumps(outcome, indent=1))


class Cell:
    def __init__(self, client, provider, gateway, key, simulator, installation):
        self.client = CLIENTS[client](gateway, key)
        self.provider, self.simulator, self.installation = provider, simulator, installation
        name, model, _ = PROVIDERS[provider]
        self.model = f"{name}/{model}"

    def ask(self, ask, streamed=False):
        answer = (self.client.stream if streamed else self.client.plain)(self.model, ask)
        sent = self.sent()
        judge(self.provider, sent)
        self.check_row(sent, streamed, answer)
        return answer, json.loads(sent["body"])

    def sent(self):
        return self.simulator.get("/_sim/last")

    def check_row(self, sent, streamed, answer):
        """The ledger has what the provider counted, and the client was told the same."""
        record = self.simulator.get("/_sim/requests/" + dict(
            (k.lower(), v) for k, v in sent["headers"])["x-request-id"])[-1]
        row = self.installation.row_of(record["gateway_request_id"])
        counted = (record["prompt_tokens"], record["completion_tokens"])
        assert (row["input_tokens"], row["output_tokens"]) == counted == answer.usage
        assert (row["status"], row["streamed"], row["estimated"]) == (200, streamed, False)
        assert row["cost"] > 0


def script(words, **arguments):
    """Words for the simulator, with a call's arguments."""
    quoted = json.dumps(json.dumps(arguments, separators=(",", ":")))
    return f"[sim {words} args={quoted}]"


def text(c, streamed=False):
    a, _ = c.ask(Ask("Say something friendly."), streamed)
    assert a.text.endswith("Say something friendly.") and a.finish == "stop" and not a.calls


def system(c):
    a, body = c.ask(Ask("Hello there.", system="You are a pirate named Flint."))
    assert "You are a pirate named Flint." in json.dumps(body) and a.text.endswith("Hello there.")


def several_turns(c):
    ask = Ask("My name is Ada.")
    first, _ = c.ask(ask)
    follow = Ask("My name is Ada.", history=first.turn + next_turn(c, "What is my name?"))
    a, body = c.ask(follow)
    assert first.text in json.loads(json.dumps(json.dumps(body))) or first.text in json.dumps(body)
    assert a.text.endswith("What is my name?")


def next_turn(c, words):
    from google.genai import types as g
    return {"google": lambda: [g.Content(role="user", parts=[g.Part(text=words)])],
            "bedrock": lambda: [{"role": "user", "content": [{"text": words}]}]}.get(
        c.client.name, lambda: [{"role": "user", "content": words}])()


def tool_loop(c, streamed=False):
    ask = Ask("What is the weather in Tokyo? " + script("call=get_weather", location="Tokyo"),
              tools=True)
    first, _ = c.ask(ask, streamed)
    assert [(n, a) for _, n, a in first.calls] == [("get_weather", {"location": "Tokyo"})]
    assert first.finish == "tools"
    second, body = c.ask(c.client.followed(ask, first, "21 degrees and sunny"), streamed)
    assert "21 degrees and sunny" in second.text and second.finish == "stop"
    assert "21 degrees and sunny" in json.dumps(body)


def parallel_calls(c):
    ask = Ask("Weather in three towns [sim tools=3]", tools=True)
    first, _ = c.ask(ask)
    ids = {i for i, _, _ in first.calls}   # Google's own answers may have none
    assert len(first.calls) == 3 and len(ids - {None}) in (3, 0 if c.provider == "google" else 3)
    second, _ = c.ask(c.client.followed(ask, first, "sunny"))
    assert second.finish == "stop"


def call_forced(c):
    a, _ = c.ask(Ask("Hello.", tools=True, force="get_weather"))
    assert a.calls and a.calls[0][1] == "get_weather" and a.finish == "tools"
    a, _ = c.ask(Ask("Hello.", tools=True, force="any"))
    assert a.calls


def calls_forbidden(c):
    a, _ = c.ask(Ask("Hello.", tools=True, force="none"))
    assert not a.calls and a.text


def image(c):
    import base64

    from dialect_clients import PIXEL
    _, body = c.ask(Ask("What is this?", image=True))
    sent = json.dumps(body)
    if c.client.name == c.provider == "google":   # as it came: its SDK writes the other alphabet
        sent = sent.replace("-", "+").replace("_", "/")
    assert base64.b64encode(PIXEL).decode() in sent and "png" in sent


def image_by_url(c):
    """Who takes URLs gets it, the others what it leads to."""
    import base64

    from dialect_clients import PIXEL
    from file_server import FileServer
    server = FileServer()
    try:
        _, body = c.ask(Ask("What is this?", image_url=server.url("/png")))
        sent = json.dumps(body)
        inside = c.provider == "bedrock"
        assert (base64.b64encode(PIXEL).decode() in sent, server.url("/png") in sent) == (inside, not inside)
        assert server.paths == (["/png"] if inside else [])
    finally:
        server.stop()


def json_schema(c):
    a, body = c.ask(Ask("A point, please.", schema=True))
    point = json.loads(a.text)
    assert set(point) == {"x", "label"} and isinstance(point["x"], int)


def json_mode(c):
    a, _ = c.ask(Ask("Any JSON object, please. " + '[sim text="{\\"a\\":1}"]', json_mode=True))
    assert isinstance(json.loads(a.text), dict)


def reasoning(c):
    a, _ = c.ask(Ask('Think first. [sim thinking="I ponder"]', think=True), streamed=True)
    assert "I ponder" in a.thinking and "I ponder" not in a.text and a.finish == "stop"


def reasoning_loop(c, streamed=False):
    """The next turn is accepted: what the provider signed comes back to it as it was."""
    ask = Ask("Weather? " + script('thinking="I ponder" call=get_weather', location="Oslo"),
              tools=True, think=True)
    first, _ = c.ask(ask, streamed)
    assert first.calls and "I ponder" in first.thinking
    second, body = c.ask(c.client.followed(ask, first, "9 degrees"), streamed)
    assert "9 degrees" in second.text
    assert "dotebsig" not in json.dumps(body)


def stop_sequence(c):
    _, body = c.ask(Ask("Count.", stop=["END"]))
    assert "END" in json.dumps(body)


def length(c):
    a, _ = c.ask(Ask("Tell me a story. [sim chunks=90]", max_tokens=16))
    assert a.finish == "length"


def cached_tokens(c):
    a, _ = c.ask(Ask("Hello. [sim tokens_in=900 cached=700 tokens_out=50]"))
    assert a.usage[0] == 900 and a.cached == 700


def providers_error(c):
    with pytest.raises(c.client.error) as e:
        c.client.plain(c.model, Ask("Hello. [sim status=400]"))
    assert getattr(e.value, "status_code", getattr(e.value, "code", 400)) == 400


def error_in_stream(c):
    with pytest.raises(Exception) as e:
        c.client.stream(c.model, Ask("Hello, long story. [sim chunks=20 error_chunk=6]"))
    assert not isinstance(e.value, (AssertionError, KeyError, TypeError)), repr(e.value)


CHECKS = {
    "text": text, "text streamed": lambda c: text(c, True), "system": system,
    "several turns": several_turns, "tool loop": tool_loop,
    "tool loop streamed": lambda c: tool_loop(c, True), "parallel calls": parallel_calls,
    "call forced": call_forced, "calls forbidden": calls_forbidden, "image": image,
    "image by URL": image_by_url,
    "JSON schema": json_schema, "JSON mode": json_mode, "reasoning": reasoning,
    "reasoning in a tool loop": reasoning_loop,
    "reasoning in a tool loop streamed": lambda c: reasoning_loop(c, True),
    "stop sequence": stop_sequence, "length": length, "cached tokens": cached_tokens,
    "provider's error": providers_error, "error in a stream": error_in_stream,
}
assert list(CHECKS) == FEATURES


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_cell(client, provider, feature, gateway, key, simulator, installation):
    lacks = CANNOT.get((client, feature))
    refused = CANNOT.get((client, provider, feature))
    cell = Cell(client, provider, gateway, key, simulator, installation)
    name = f"{client} > {provider}"
    if lacks:
        outcome.setdefault(name, {})[feature] = {"cannot": lacks}
        return
    if refused:
        with pytest.raises(cell.client.error) as e:
            CHECKS[feature](cell)
        assert refused in str(e.value)
        outcome.setdefault(name, {})[feature] = {"refused": refused}
        return
    CHECKS[feature](cell)
    outcome.setdefault(name, {})[feature] = "works"
