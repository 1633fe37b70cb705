"""Parameters that an offer does not take: left out and named where the meaning stays; else another
provider is asked, and where there is none 400 names the field. Passed and translated. JSON schemas at
models that have no such format.
"""
import json

import anthropic
import openai
import pytest

from harness import http, wait_until

PRICE = {"input": "1e-6", "output": "2e-6"}
DEAR = {"input": "9e-6", "output": "9e-6"}
STOP = 1  # enum ir_finish
SAMPLING = {"temperature": 0.5, "top_p": 0.9, "presence_penalty": 0.1}


def offer(provider, parameters, price=None, capabilities=("streaming", "tools", "json_output_schema")):
    return {"provider": provider, "provider_model": "upstream", "price": price or PRICE, "max_output": 4096,
            "capabilities": list(capabilities), "supported_parameters": parameters}


MODELS = {"models": [
    {"id": "cool", "name": "Cool", "output": ["text"],
     "offers": [offer("openai", ["max_tokens", "presence_penalty"])]},
    {"id": "cool-claude", "name": "Cool", "output": ["text"],
     "offers": [offer("anthropic", ["max_tokens", "effort"])]},
    {"id": "formless", "name": "Formless", "output": ["text"],
     "offers": [offer("anthropic", ["max_tokens"], capabilities=["streaming", "tools"])]},
    {"id": "wordless", "name": "Wordless", "output": ["text"],
     "offers": [offer("openai", ["messages", "max_tokens", "temperature"], capabilities=["streaming", "responses_api"])]},
    {"id": "two", "name": "Two", "output": ["text"], "offers": [
        offer("openai", ["temperature", "top_p", "stop:1", "response_format"], capabilities=["streaming"]),
        offer("deepinfra", ["temperature", "top_p", "tools", "response_format"], DEAR)]},
]}


@pytest.fixture(scope="module")
def offers(installation, simulator, gateway, key, tmp_path_factory):
    installation.add_provider_key("anthropic", simulator.root + "/v1")
    installation.add_provider_key("deepinfra", simulator.root + "/v1")
    path = tmp_path_factory.mktemp("catalogue") / "parameters.json"
    path.write_text(json.dumps(MODELS))
    installation.command("catalogue", "import", str(path))
    wait_until(lambda: b'"cool-claude"' in http(
        "GET", gateway.base_url + "/models", headers={"authorization": f"Bearer {key}"})[2])


@pytest.fixture
def client(offers, gateway, key):
    return openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0)


@pytest.fixture
def claude(offers, gateway, key):
    return anthropic.Anthropic(base_url=gateway.base_url.removesuffix("/v1"), api_key=key, max_retries=0)


def sent(simulator):
    return json.loads(simulator.get("/_sim/last")["body"])


def ask(client, model="cool", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}], **more)


def metadata_of(answer):
    return answer.metadata


def names(answer):
    return metadata_of(answer)["stripped_parameters"]


def test_left_out_of_a_body_that_is_passed(client, simulator):
    answer = ask(client, **SAMPLING, max_completion_tokens=20, seed=1)
    assert sorted(names(answer)) == ["temperature", "top_p"]
    body = sent(simulator)
    assert body["presence_penalty"] == 0.1 and body["seed"] == 1 and body["max_completion_tokens"] == 20
    assert not {"temperature", "top_p"} & body.keys()


def test_a_word_of_a_list_that_the_model_lacks(client, simulator):
    """`include` asks for probabilities of tokens among other things: no member of its own to leave out."""
    for include in (["message.output_text.logprobs"], ["reasoning.encrypted_content", "message.output_text.logprobs"]):
        with pytest.raises(openai.BadRequestError) as refused:
            client.responses.create(model="wordless", input="Hi", include=include)
        assert refused.value.param == "include" and "probabilities" in str(refused.value)
    assert client.responses.create(model="wordless", input="Hi", temperature=0.5).output_text


def test_left_out_of_a_stream_that_is_passed(client, simulator):
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}, **SAMPLING))
    assert sorted(names(chunks[-1])) == ["temperature", "top_p"]
    assert not {"temperature", "top_p"} & sent(simulator).keys()


def test_left_out_of_a_translation(client, claude, simulator):
    answer = ask(client, model="cool-claude", **SAMPLING)
    assert sorted(names(answer)) == ["presence_penalty", "temperature", "top_p"]
    assert not {"temperature", "top_p", "presence_penalty"} & sent(simulator).keys()
    answer = claude.messages.create(model="cool", max_tokens=20, extra_body={"top_k": 3, "temperature": 0.5},
                                    messages=[{"role": "user", "content": "Hi"}],
                                    extra_headers={"x-doteb-metadata": "true"})
    assert sorted(names(answer)) == ["temperature", "top_k"]


def test_left_out_for_clients_of_the_same_protocol(claude, simulator):
    answer = claude.messages.create(model="cool-claude", max_tokens=20,
                                    extra_body={"top_k": 3, "temperature": 0.5, "top_p": 0.5},
                                    messages=[{"role": "user", "content": "Hi"}],
                                    extra_headers={"x-doteb-metadata": "true"})
    assert sorted(names(answer)) == ["temperature", "top_k", "top_p"]
    assert sent(simulator).keys() == {"model", "max_tokens", "messages"}


FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize("more, field", [({"stop": ["a", "b"]}, "stop"), ({"tools": [FUNCTION]}, "tools")])
def test_another_provider_is_asked(client, more, field):
    answer = ask(client, model="two")
    assert metadata_of(answer)["used_provider"] == "openai"
    answer = ask(client, model="two", **more)
    metadata = metadata_of(answer)
    assert metadata["used_provider"] == "deepinfra" and metadata["stripped_parameters"] == []
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, model="openai/two", extra_headers={"x-no-fallback": "true"}, **more)
    assert refused.value.param == field and field.split("_")[0] in refused.value.message


def test_the_field_is_named_in_the_callers_words(claude):
    with pytest.raises(anthropic.BadRequestError) as refused:
        claude.messages.create(model="openai/two", max_tokens=20, stop_sequences=["a", "b"],
                               messages=[{"role": "user", "content": "Hi"}],
                               extra_headers={"x-no-fallback": "true"})
    assert "stop_sequences" in str(refused.value.body)


SCHEMA = {"type": "json_schema", "json_schema": {"name": "person", "schema": {
    "type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"]}}}


def judge(text):
    person = json.loads(text)
    assert isinstance(person["name"], str) and isinstance(person["age"], int)


def test_schema_by_a_forced_tool(client, installation, simulator):
    answer = ask(client, model="formless", response_format=SCHEMA)
    judge(answer.choices[0].message.content)
    assert answer.choices[0].finish_reason == "stop" and not answer.choices[0].message.tool_calls
    body = sent(simulator)
    assert body["tool_choice"] == {"type": "tool", "name": body["tools"][0]["name"]}
    assert body["tools"][0]["input_schema"] == SCHEMA["json_schema"]["schema"]
    chunks = list(ask(client, model="formless", response_format=SCHEMA, stream=True))
    choices = [c.choices[0] for c in chunks if c.choices]
    judge("".join(c.delta.content or "" for c in choices))
    assert choices[-1].finish_reason == "stop" and not any(c.delta.tool_calls for c in choices)
    row = installation.row_of(simulator.get("/_sim/requests?since=0")[-1]["gateway_request_id"])
    assert row["finish_reason"] == STOP
