"""OpenAI's own Python SDK takes the simulator for OpenAI."""

import asyncio
import json

import openai
import pydantic
import pytest

WEATHER = {
    "type": "function",
    "function": {
        "name": "look_up_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 2},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "note": {"type": "string"},
            },
            "required": ["city", "days", "unit"],
        },
    },
}


@pytest.fixture
def client(sim):
    return openai.OpenAI(base_url=sim.base_url, api_key="sk-any", max_retries=0)


def user(text):
    return [{"role": "user", "content": text}]


def test_plain(client):
    answer = client.chat.completions.create(model="gpt-test", messages=user("How are you today?"))
    choice = answer.choices[0]
    assert answer.id.startswith("chatcmpl-") and answer.object == "chat.completion"
    assert answer.model == "gpt-test" and answer.service_tier == "default"
    assert choice.message.role == "assistant" and choice.finish_reason == "stop"
    assert "simulator" in choice.message.content and choice.message.content.endswith("How are you today?")
    assert answer.usage.prompt_tokens == 5  # 18 bytes, rounded up
    assert answer.usage.completion_tokens == len(choice.message.content.split())
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens_details.cached_tokens == 0
    assert answer._request_id.startswith("req_")


def test_stream_adds_up_to_the_plain_answer(client):
    plain = client.chat.completions.create(model="gpt-test", messages=user("one two"))
    chunks = list(client.chat.completions.create(
        model="gpt-test", messages=user("one two"), stream=True))
    assert len({c.id for c in chunks}) == 1
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == plain.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks][-1] == "stop"
    assert len(chunks) > 8 and all(c.usage is None for c in chunks)


def test_stream_with_usage(client):
    plain = client.chat.completions.create(model="gpt-test", messages=user("count me"))
    chunks = list(client.chat.completions.create(
        model="gpt-test", messages=user("count me"), stream=True,
        stream_options={"include_usage": True}))
    assert all(c.usage is None for c in chunks[:-1])
    assert chunks[-1].choices == [] and chunks[-1].usage == plain.usage


def test_stream_helper(client):
    with client.chat.completions.stream(
            model="gpt-test", messages=user("x"), stream_options={"include_usage": True}) as stream:
        deltas = [e.delta for e in stream if e.type == "content.delta"]
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "".join(deltas)
    assert final.usage.total_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_tools_in_two_steps(client, stream):
    messages = user("What is the weather? [sim tools=2]")
    if stream:
        with client.chat.completions.stream(
                model="gpt-test", messages=messages, tools=[WEATHER]) as s:
            first = s.get_final_completion()
    else:
        first = client.chat.completions.create(model="gpt-test", messages=messages, tools=[WEATHER])
    assert first.choices[0].finish_reason == "tool_calls"
    calls = first.choices[0].message.tool_calls
    assert len(calls) == 2 and len({c.id for c in calls}) == 2
    for call in calls:
        assert call.type == "function" and call.function.name == "look_up_weather"
        assert json.loads(call.function.arguments) == {
            "city": "simulated", "days": 2, "unit": "celsius"}
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages += [{"role": "tool", "tool_call_id": c.id, "content": f"21 degrees ({i})"}
                 for i, c in enumerate(calls)]
    second = client.chat.completions.create(model="gpt-test", messages=messages, tools=[WEATHER])
    assert second.choices[0].finish_reason == "stop"
    assert "21 degrees (1)" in second.choices[0].message.content


def test_tool_choice_forces_a_call(client):
    for choice in "required", {"type": "function", "function": {"name": "look_up_weather"}}:
        answer = client.chat.completions.create(
            model="gpt-test", messages=user("hi"), tools=[WEATHER], tool_choice=choice)
        assert answer.choices[0].message.tool_calls[0].function.name == "look_up_weather"
    answer = client.chat.completions.create(model="gpt-test", messages=user("hi"), tools=[WEATHER])
    assert answer.choices[0].message.tool_calls is None


class Person(pydantic.BaseModel):
    class Pet(pydantic.BaseModel):
        name: str
        legs: int = pydantic.Field(ge=2, le=8)

    name: str
    happy: bool
    pets: list[Pet]
    nickname: str | None


def test_json_schema(client):
    answer = client.chat.completions.parse(
        model="gpt-test", messages=user("Who is it?"), response_format=Person)
    person = answer.choices[0].message.parsed
    assert isinstance(person, Person) and person.pets[0].legs == 2


def test_json_object(client):
    answer = client.chat.completions.create(
        model="gpt-test", messages=user("JSON please"), response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


def test_choices_logprobs_and_limit(client):
    answer = client.chat.completions.create(
        model="gpt-test", messages=user("hello"), n=3, logprobs=True, top_logprobs=2, max_tokens=4)
    assert [c.index for c in answer.choices] == [0, 1, 2]
    for choice in answer.choices:
        assert choice.finish_reason == "length"
        tokens = choice.logprobs.content
        assert "".join(t.token for t in tokens) == choice.message.content
        assert len(tokens) == 4 and len(tokens[0].top_logprobs) == 2
        assert bytes(tokens[0].bytes).decode() == tokens[0].token
    assert answer.usage.completion_tokens == 12
    chunks = list(client.chat.completions.create(
        model="gpt-test", messages=user("hello"), n=2, logprobs=True, max_tokens=4, stream=True))
    for index in 0, 1:
        said = [c.choices[0] for c in chunks if c.choices[0].index == index]
        assert "".join(c.delta.content or "" for c in said) == answer.choices[0].message.content
        assert said[-1].finish_reason == "length"


def test_models(client):
    names = [m.id for m in client.models.list()]
    assert names and client.models.retrieve(names[0]).object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("sim-missing-1")


@pytest.mark.parametrize("kind, text, status, code", [
    (openai.BadRequestError, "[sim status=400 code=context_length_exceeded]", 400,
     "context_length_exceeded"),
    (openai.AuthenticationError, "[sim status=401]", 401, "invalid_api_key"),
    (openai.PermissionDeniedError, "[sim status=403]", 403, "unsupported_country_region_territory"),
    (openai.RateLimitError, "[sim status=429]", 429, "rate_limit_exceeded"),
    (openai.RateLimitError, "[sim status=429 code=insufficient_quota]", 429, "insufficient_quota"),
    (openai.InternalServerError, "[sim status=500]", 500, None),
    (openai.InternalServerError, "[sim status=503 body=html]", 503, None),
    (openai.InternalServerError, "[sim status=529 body=empty]", 529, None),
])
def test_scripted_errors(client, kind, text, status, code):
    with pytest.raises(kind) as error:
        client.chat.completions.create(model="gpt-test", messages=user(text))
    assert error.value.status_code == status and error.value.code == code


def test_unasked_errors(client):
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(model="sim-missing-x", messages=user("hi"))
    assert error.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="gpt-test", messages=user("hi"), temperature=9)
    assert error.value.param == "temperature"
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="gpt-test", messages=user("[sim no_such_word=1]"))
    assert "no_such_word" in error.value.message


def test_keys(locked_sim):
    wrong = openai.OpenAI(base_url=locked_sim.base_url, api_key="sk-wrong-key", max_retries=0)
    for call in (lambda: wrong.chat.completions.create(model="gpt-test", messages=user("hi")),
                 lambda: list(wrong.models.list())):
        with pytest.raises(openai.AuthenticationError) as error:
            call()
        assert error.value.code == "invalid_api_key" and "-key" in error.value.message
        assert "sk-wrong" not in error.value.message
    right = openai.OpenAI(base_url=locked_sim.base_url, api_key="sk-right-key", max_retries=0)
    assert right.chat.completions.create(model="gpt-test", messages=user("hi")).choices
    assert locked_sim.requests()[-1]["key_tail"] == "-key"


def test_retries_reach_the_answer(sim):
    since = sim.last_seq()
    client = openai.OpenAI(base_url=sim.base_url, api_key="sk-any", max_retries=2)
    answer = client.chat.completions.create(
        model="gpt-test",
        messages=user("[sim fail_first=2:429 tag=python-retries retry_after_ms=5]"))
    assert answer.choices
    assert [r["status"] for r in sim.requests(since)] == [429, 429, 200]


@pytest.mark.parametrize("text, kind", [
    ("[sim error_in_200=1]", openai.APIError),
    ("[sim error_chunk=3]", openai.APIError),
    ("[sim cut_chunk=3 reset=1]", Exception),
])
def test_broken_streams_raise(client, text, kind):
    with pytest.raises(kind):
        for _ in client.chat.completions.create(model="gpt-test", messages=user(text), stream=True):
            pass


@pytest.mark.parametrize("words", [
    "crlf=1", "comment=1", "drip_us=5", "split=7", "long_line=300000", "no_done=1",
    "text=\"grüße an alle 😀\" chunk_bytes=1 split=1", "usage=every", "usage=final"])
def test_odd_streams_are_read(client, words):
    message = user(f"[sim {words}]")
    plain = client.chat.completions.create(model="gpt-test", messages=message)
    chunks = client.chat.completions.create(model="gpt-test", messages=message, stream=True)
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == plain.choices[0].message.content


def test_many_at_once(sim):
    async def run():
        async with openai.AsyncOpenAI(base_url=sim.base_url, api_key="k", max_retries=0) as client:
            async def one(i):
                stream = await client.chat.completions.create(
                    model="gpt-test", messages=user(f"[sim gap_ms=2] number {i}"), stream=True)
                return "".join([c.choices[0].delta.content or "" async for c in stream])
            return await asyncio.gather(*(one(i) for i in range(50)))
    for i, said in enumerate(asyncio.run(run())):
        assert said.endswith(f"number {i}")
