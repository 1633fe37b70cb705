"""Stored answers of the Responses API: kept by the gateway, whatever the provider keeps."""
import json
import time

import openai
import pytest

import harness
from test_dialects import PROVIDERS

MODELS = {"passed": "aws-mantle/gpt-5.6-luna", "translated": "anthropic/claude-sonnet-4-5"}
TOOL = {"type": "function", "name": "get_weather", "description": "Weather", "strict": True,
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}},
                       "required": ["location"], "additionalProperties": False}}
CALL = '[sim call=get_weather args="{\\"location\\":\\"Oslo\\"}"]'


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


@pytest.fixture
def client(gateway, key):
    return openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0,
                         default_headers={"x-no-fallback": "true"})


def sent(simulator):
    return json.loads(simulator.get("/_sim/last")["body"])


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
def test_a_chain_of_three(client, simulator, model, streamed):
    def ask(text, previous=None):
        body = {"model": model, "input": text}
        if previous:
            body["previous_response_id"] = previous.id
        if not streamed:
            return client.responses.create(**body)
        with client.responses.stream(**body) as stream:
            for event in stream:
                last = event
        return last.response
    first = ask("My name is Ada.")
    second = ask("I live in Oslo.", first)
    third = ask("Who am I?", second)
    assert third.previous_response_id in (second.id, None) and third.output_text.endswith("Who am I?")
    body = json.dumps(sent(simulator))
    places = [body.index(x) for x in ("My name is Ada.", "I live in Oslo.", "Who am I?")]
    assert places == sorted(places) and body.count("My name is Ada.") >= 1
    assert "previous_response_id" not in body and sent(simulator).get("store", False) is False


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_tool_loop_by_previous_response(client, simulator, model):
    first = client.responses.create(model=model, input="Weather? " + CALL, tools=[TOOL])
    call = next(i for i in first.output if i.type == "function_call")
    second = client.responses.create(
        model=model, previous_response_id=first.id, tools=[TOOL],
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "9 degrees"}])
    assert "9 degrees" in second.output_text


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_items_named_by_their_ids(client, simulator, model):
    """As Vercel's AI SDK does while `store` is not false."""
    first = client.responses.create(model=model, input="Weather? " + CALL, tools=[TOOL])
    call = next(i for i in first.output if i.type == "function_call")
    second = client.responses.create(model=model, tools=[TOOL], input=[
        {"role": "user", "content": "Weather? " + CALL},
        *({"type": "item_reference", "id": i.id} for i in first.output),
        {"type": "function_call_output", "call_id": call.call_id, "output": "7 degrees"}])
    assert "7 degrees" in second.output_text and "item_reference" not in json.dumps(sent(simulator))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_get_and_delete(client, model):
    made = client.responses.create(model=model, input="Keep this.")
    got = client.responses.retrieve(made.id)
    assert got.id == made.id and got.output_text == made.output_text
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError) as e:
        client.responses.create(model=model, input="x", previous_response_id=made.id)
    assert e.value.param == "previous_response_id"


def test_not_kept_when_told_so(client):
    made = client.responses.create(model=MODELS["translated"], input="Forget this.", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_contents_are_sealed(client, installation):
    client.responses.create(model=MODELS["translated"], input="a-secret-word-in-the-prompt")
    rows = installation.query("select count(*) from stored_responses where "
                              "position('a-secret-word'::bytea in sealed) > 0")
    assert rows == "0" and int(installation.query("select count(*) from stored_responses")) > 0


def test_another_key_cannot_read_it(client, gateway, installation, key):
    made = client.responses.create(model=MODELS["translated"], input="Mine.")
    installation.query("insert into projects (organisation_id, project_id, name) select "
                       "organisation_id, gen_random_uuid(), 'Other' from projects limit 1")
    theirs = installation.create_key("other", project="Other")
    other = openai.OpenAI(base_url=gateway.base_url, max_retries=0, api_key=theirs)
    harness.wait_until(lambda: harness.http("GET", gateway.base_url + "/models", headers={
        "Authorization": f"Bearer {theirs}"})[0] == 200, 5, "the other key")
    for act in (other.responses.retrieve, other.responses.delete):
        with pytest.raises(openai.NotFoundError):
            act(made.id)
    assert client.responses.retrieve(made.id).id == made.id


def test_the_store_away_costs_a_moment_and_no_answer(client, installation, gateway, key):
    """A table that is locked: answers go out, what needs the store is told so, within its time."""
    made = client.responses.create(model=MODELS["translated"], input="Before.")
    locker = harness.subprocess.Popen(
        ["psql", "-XAtq", installation.pg.url(installation.database), "-c",
         "begin; lock table stored_responses in access exclusive mode; select pg_sleep(4)"])
    try:
        time.sleep(0.5)
        begin = time.monotonic()
        client.responses.create(model=MODELS["translated"], input="Meanwhile.")
        with pytest.raises(openai.InternalServerError) as e:
            client.responses.create(model=MODELS["translated"], input="x",
                                    previous_response_id=made.id)
        assert e.value.code == "response_store_unavailable"
        assert time.monotonic() - begin < 2
    finally:
        locker.wait()
