"""The clients that the migration page promises work: its examples as written, but for base URL and
key. Each test also looks at what the ledger says of its request.
"""
import asyncio
import json
import os
import subprocess
import time
import uuid

import openai
import pydantic
import pytest

from harness import ROOT, say, wait_until

MODELS = ["gpt-4", "openai/gpt-4"]
INPUT_PRICE, OUTPUT_PRICE = 30e-6, 60e-6   # gpt-4, dollars a token
HELLO = [{"role": "user", "content": "Hello!"}]
TOOLS = [{
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather for a location",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
        },
    },
}]


@pytest.fixture
def environment(monkeypatch, gateway, key):
    """What a user sets."""
    monkeypatch.setenv("LLM_GATEWAY_API_KEY", key)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    return os.environ | {"DOTEB_BASE_URL": gateway.for_processes() + "/v1"}


@pytest.fixture
def client(environment, gateway):
    return openai.OpenAI(base_url=gateway.base_url, api_key=os.environ["LLM_GATEWAY_API_KEY"])


class Watch:
    """The rows and the provider's records of the requests sent since it was made."""

    def __init__(self, installation, simulator):
        self.installation, self.simulator = installation, simulator
        self.since = self.records()[-1]["seq"] if self.records() else 0

    def records(self, since=0):
        return self.simulator.get(f"/_sim/requests?since={since}")

    def rows(self, n):
        """The n requests' rows, oldest first; their tokens are the provider's, their cost its
        prices'."""
        sent = wait_until(lambda: self.records(self.since)[n - 1:] and self.records(self.since))
        assert len(sent) == n, sent
        rows = [self.installation.row_of(x["gateway_request_id"]) for x in sent]
        for row, record in zip(rows, sent):
            assert (row["input_tokens"], row["output_tokens"]) == \
                (record["prompt_tokens"], record["completion_tokens"])
            assert row["cost"] == pytest.approx(row["input_tokens"] * INPUT_PRICE
                                                + row["output_tokens"] * OUTPUT_PRICE)
            assert (row["status"], row["outcome"], row["estimated"]) == (200, 0, False)
            assert (row["model"], row["provider"]) == ("gpt-4", "openai")
        return rows

    def row(self, **expected):
        row = self.rows(1)[0]
        assert {k: row[k] for k in expected} == expected
        return row


@pytest.fixture
def watch(gateway, installation, simulator):
    return Watch(installation, simulator)


# ---------------------------------------------------------------- OpenAI's Python SDK

@pytest.mark.parametrize("model", MODELS)
def test_openai_plain(client, watch, model):
    response = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Hello!"}]
    )
    assert response.choices[0].message.content.endswith("Hello!")
    row = watch.row(streamed=False)
    assert (response.usage.prompt_tokens, response.usage.completion_tokens) == \
        (row["input_tokens"], row["output_tokens"])
    assert response.usage.model_extra["cost"] == pytest.approx(row["cost"])


@pytest.mark.parametrize("model", MODELS)
def test_openai_streamed(client, watch, model):
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Write a story"}],
        stream=True
    )
    said = ""
    for chunk in stream:
        if chunk.choices[0].delta.content:
            said += chunk.choices[0].delta.content
    assert said.endswith("Write a story")
    watch.row(streamed=True)


def test_openai_streamed_with_usage(client, watch):
    chunks = list(client.chat.completions.create(
        model="gpt-4", messages=HELLO, stream=True, stream_options={"include_usage": True}))
    assert [c.usage for c in chunks[:-1]] == [None] * (len(chunks) - 1)
    row = watch.row(streamed=True)
    assert chunks[-1].usage.completion_tokens == row["output_tokens"]
    assert chunks[-1].usage.model_extra["cost"] == pytest.approx(row["cost"])


def test_openai_tools(client, watch):
    response = client.chat.completions.create(
        model="openai/gpt-4",
        messages=[{"role": "user", "content": "What's the weather in Tokyo? [sim tools=1]"}],
        tools=TOOLS
    )
    call = response.choices[0].message.tool_calls[0]
    assert response.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather" and "location" in json.loads(call.function.arguments)
    assert watch.row()["finish_reason"] == 3


def test_openai_tool_loop_of_two_steps(client, watch, simulator):
    messages = [{"role": "user", "content": "What's the weather in Tokyo?"}]
    first = client.chat.completions.create(model="gpt-4", messages=messages, tools=TOOLS,
                                           tool_choice="required").choices[0].message
    messages.append(first)
    messages.append({"role": "tool", "tool_call_id": first.tool_calls[0].id,
                     "content": "21 degrees and sunny"})
    second = client.chat.completions.create(model="gpt-4", messages=messages, tools=TOOLS)
    assert "21 degrees and sunny" in second.choices[0].message.content
    sent = json.loads(simulator.get("/_sim/last")["body"])
    assert sent["messages"][1]["tool_calls"][0]["id"] == sent["messages"][2]["tool_call_id"]
    assert [r["finish_reason"] for r in watch.rows(2)] == [3, 1]


def test_openai_tools_streamed(client, watch):
    parts = list(client.chat.completions.create(
        model="gpt-4", messages=HELLO, tools=TOOLS, tool_choice="required", stream=True))
    calls = [c for p in parts for c in p.choices[0].delta.tool_calls or []]
    assert calls[0].function.name == "get_weather" and calls[0].id
    assert "location" in json.loads("".join(c.function.arguments or "" for c in calls))
    assert watch.row(streamed=True)["finish_reason"] == 3


def test_openai_structured_output(client, watch):
    class Step(pydantic.BaseModel):
        explanation: str
        result: int

    class Answer(pydantic.BaseModel):
        steps: list[Step]
        final: str
    response = client.chat.completions.parse(model="gpt-4", messages=HELLO, response_format=Answer)
    assert isinstance(response.choices[0].message.parsed, Answer)
    watch.row()


def test_openai_stream_helper(client, watch):
    with client.chat.completions.stream(model="gpt-4", messages=HELLO) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.content.endswith("Hello!")
    watch.row(streamed=True)


def test_openai_async(environment, gateway, watch):
    async def run():
        async with openai.AsyncOpenAI(base_url=gateway.base_url,
                                      api_key=os.environ["LLM_GATEWAY_API_KEY"]) as client:
            plain = [client.chat.completions.create(
                model="gpt-4", messages=[{"role": "user", "content": f"number {n}"}])
                for n in range(5)]
            answers = await asyncio.gather(*plain)
            stream = await client.chat.completions.create(model="gpt-4", messages=HELLO, stream=True)
            return answers, "".join([c.choices[0].delta.content or "" async for c in stream])
    answers, said = asyncio.run(run())
    assert all(a.choices[0].message.content.endswith(f"number {n}") for n, a in enumerate(answers))
    assert said.endswith("Hello!")
    assert [r["streamed"] for r in watch.rows(6)] == [False] * 5 + [True]


def test_openai_raw_response_headers(client, watch, installation):
    raw = client.chat.completions.with_raw_response.create(model="gpt-4", messages=HELLO)
    answer = raw.parse()
    row = installation.row_of(raw.headers["x-request-id"])
    assert raw.request_id == row["request_id"] == answer._request_id
    assert raw.headers["x-doteb-provider"] == "openai"
    assert float(raw.headers["x-doteb-cost"]) == pytest.approx(row["cost"])
    watch.row(request_id=row["request_id"])


def test_openai_lists_models(client):
    ids = [m.id for m in client.models.list()]
    assert set(MODELS) <= set(ids)
    assert client.models.retrieve("openai/gpt-4").id == "openai/gpt-4"


# ---------------------------------------------------------------- its errors

def failure(client, expected, installation=None, **request):
    with pytest.raises(expected) as caught:
        client.chat.completions.create(**({"model": "gpt-4", "messages": HELLO} | request))
    error = caught.value
    assert type(error) is expected
    if installation:
        row = installation.row_of(error.request_id)
        assert row["status"] == error.status_code and row["cost"] == 0
    return error


def test_openai_wrong_key(client):
    error = failure(client.with_options(api_key="sk-doteb-nonsense"), openai.AuthenticationError)
    assert (error.status_code, error.code) == (401, "invalid_api_key")


def test_openai_unknown_model(client, installation):
    error = failure(client, openai.NotFoundError, installation, model="gpt-4-nonsense")
    assert (error.code, error.param, error.type) == ("model_not_found", "model",
                                                     "invalid_request_error")


def test_openai_bad_request(client, installation):
    error = failure(client, openai.BadRequestError, installation, messages=[])
    assert error.param == "messages"


def test_openai_rate_limit(client, installation, simulator):
    """Without tries left the SDK raises; the provider's advice reaches it."""
    error = failure(client.with_options(max_retries=0), openai.RateLimitError, installation,
                    messages=say("x [sim status=429 retry_after=7]")["messages"])
    assert error.code == "upstream_rate_limited" and error.response.headers["retry-after"] == "7"


def test_openai_waits_as_long_as_the_provider_advises(client, watch, installation):
    """The SDK's own retry, one second later as told, succeeds."""
    tag = uuid.uuid4().hex
    begun = time.monotonic()
    # The gateway does not repeat a 429 on the only key: the second call is the SDK's.
    answer = client.chat.completions.create(
        model="gpt-4", messages=say(f"x [sim fail_first=1:429 tag={tag} retry_after=1]")["messages"])
    assert answer.choices[0].message.content
    assert 1 <= time.monotonic() - begun < 6
    sent = watch.records(watch.since)
    ids = [x["gateway_request_id"] for x in sent]
    assert [x["status"] for x in sent] == [429, 200] and len(set(ids)) == 2
    assert [installation.row_of(i)["status"] for i in ids] == [429, 200]


def test_openai_repeats_what_one_provider_failed_at(client, watch, installation):
    """As without a gateway; had it asked more than one, the SDK would be told not to (test_sdk_retries.py)."""
    error = failure(client, openai.InternalServerError, installation,
                    messages=say("x [sim status=503]")["messages"])
    assert (error.status_code, error.code) == (502, "upstream_error")
    assert len({x["gateway_request_id"] for x in watch.records(watch.since)}) == 3


@pytest.mark.parametrize("directive", ["cut_chunk=3", "error_chunk=3"])
def test_openai_learns_of_a_broken_stream(client, watch, installation, directive):
    with pytest.raises(openai.APIError):
        for _ in client.chat.completions.create(
                model="gpt-4", messages=say(f"x [sim chunks=9 {directive}]")["messages"], stream=True):
            pass
    row = installation.row_of(watch.records(watch.since)[0]["gateway_request_id"])
    assert row["outcome"] == 3 and row["streamed"]


# ---------------------------------------------------------------- litellm, TypeScript, curl

@pytest.fixture
def litellm(environment, monkeypatch):
    """The library, kept from fetching its price list and from reporting on us."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import litellm
    litellm.telemetry = False
    return litellm


@pytest.mark.parametrize("model", MODELS)
def test_litellm_plain(litellm, gateway, watch, model):
    response = litellm.completion(
        model=model,
        messages=[{"role": "user", "content": "Hello!"}],
        api_base=gateway.base_url,
        api_key=os.environ["LLM_GATEWAY_API_KEY"]
    )
    assert response.choices[0].message.content.endswith("Hello!")
    row = watch.row(streamed=False)
    assert response.usage.completion_tokens == row["output_tokens"]


@pytest.mark.parametrize("model", MODELS)
def test_litellm_streamed(litellm, gateway, watch, model):
    stream = litellm.completion(
        model=model, messages=HELLO, stream=True, api_base=gateway.base_url,
        api_key=os.environ["LLM_GATEWAY_API_KEY"])
    assert "".join(c.choices[0].delta.content or "" for c in stream).endswith("Hello!")
    watch.row(streamed=True)


@pytest.mark.parametrize("model", MODELS)
def test_litellm_tools(litellm, gateway, watch, model):
    response = litellm.completion(
        model=model, messages=HELLO, tools=TOOLS, tool_choice="required",
        api_base=gateway.base_url, api_key=os.environ["LLM_GATEWAY_API_KEY"])
    call = response.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather" and "location" in json.loads(call.function.arguments)
    assert watch.row()["finish_reason"] == 3


def test_litellm_errors(litellm, gateway, environment):
    for expected, key, model in (
            (litellm.AuthenticationError, "sk-doteb-nonsense", "gpt-4"),
            (litellm.NotFoundError, os.environ["LLM_GATEWAY_API_KEY"], "openai/gpt-4-nonsense")):
        with pytest.raises(expected):
            litellm.completion(model=model, messages=HELLO, api_base=gateway.base_url, api_key=key,
                               num_retries=0)


def test_typescript_sdk(environment, watch):
    """tests/clients/gateway/openai.test.ts: five tests, seven requests to the provider."""
    done = subprocess.run([ROOT / "tests/clients/run.sh", "node", "--test", "gateway/openai.test.ts"],
                          env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 5" in done.stdout.replace("ℹ", "#"), done.stdout
    rows = watch.rows(7)
    assert [r["streamed"] for r in rows] == [False, False, True, True, False, False, False]


@pytest.mark.parametrize("model", MODELS)
def test_curl(environment, gateway, watch, model):
    """The page's command, run by a shell as it stands there."""
    command = r'''
curl https://api.doteb.com/v1/chat/completions \
  -H "Authorization: Bearer $LLM_GATEWAY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "gpt-4",
    "messages": [{"role": "user", "content": "Hello!"}]
  }'
'''.replace("https://api.doteb.com/v1", gateway.base_url).replace('"gpt-4"', f'"{model}"')
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True,
                          timeout=30)
    answer = json.loads(done.stdout)
    assert answer["choices"][0]["message"]["content"].endswith("Hello!"), done.stderr
    row = watch.row(streamed=False)
    assert answer["usage"]["cost"] == pytest.approx(row["cost"])
    assert row["user_agent"].startswith("curl/")
