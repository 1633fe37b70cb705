"""Vectors of providers with forms of their own: Google's `:predict` and Bedrock's InvokeModel, asked by
OpenAI's and Google's SDKs. What they get is compared with their documentation's shape.
"""
import json

import openai
import pytest
from google import genai
from google.genai import types as gtypes

from harness import http
from raw_provider import RawProvider
from test_media import row_of
from test_operations import await_model

CATALOGUE = {
    "providers": [{"id": "predictor", "name": "Predictor", "base_url": "https://predictor.example/v1/publishers/google",
                   "dialect": "google", "framing": "sse", "signer": "bearer",
                   "chat_path": "/models/{model}:generateContent | :streamGenerateContent?alt=sse",
                   "quirks": {"predict_embed": True}}],
    "models": [
        {"id": name, "name": name, "output": ["embedding"],
         "offers": [{"provider": "predictor", "provider_model": model, "price": {"input": "0.025e-6"},
                     "capabilities": ["embeddings"]}]}
        for name, model in (("predicted", "text-embedding-005"), ("predicted-one", "gemini-embedding-001"))],
}


@pytest.fixture(scope="module")
def raw(installation, gateway, key, tmp_path_factory):
    raw = RawProvider()
    path = tmp_path_factory.mktemp("catalogue") / "predictor.json"
    path.write_text(json.dumps(CATALOGUE))
    installation.command("catalogue", "import", str(path))
    for provider in ("predictor", "aws-bedrock"):
        installation.add_provider_key(provider, raw.root)
    await_model(gateway, key, "predicted-one")
    yield raw
    raw.stop()


@pytest.fixture
def client(raw, gateway, key):
    return openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0)


@pytest.fixture
def google(raw, gateway, key):
    return genai.Client(api_key=key, http_options=gtypes.HttpOptions(
        base_url=gateway.base_url.removesuffix("/v1")))


def say(raw, name, answer, headers=()):
    raw.say(name, [json.dumps(answer).encode()], kind="application/json", headers=headers)


def predictions(*vectors):
    return {"predictions": [{"embeddings": {"values": v, "statistics": {"truncated": False, "token_count": 3}}}
                            for v in vectors]}


def create(client, model, *texts, **more):
    return client.embeddings.with_raw_response.create(
        model=model, input=list(texts), encoding_format="float", **more)


def test_predict_for_an_openai_client(raw, client, installation):
    say(raw, "predict", predictions([0.25, 1], [0.5, 2]))
    answer = create(client, "predicted", "[raw predict]", "two", dimensions=2)
    assert [e.embedding for e in answer.parse().data] == [[0.25, 1], [0.5, 2]]
    assert raw.heads["predict"].startswith(b"POST /models/text-embedding-005:predict HTTP/1.1")
    assert json.loads(raw.bodies["predict"]) == {
        "instances": [{"content": "[raw predict]"}, {"content": "two"}], "parameters": {"outputDimensionality": 2}}
    found = row_of(installation, answer, status=200, estimated=False, input_tokens=6, output_tokens=0)
    assert found["cost"] == pytest.approx(6 * 0.025e-6, abs=1e-15)


def test_predict_for_a_google_client(raw, google):
    say(raw, "task", predictions([0.25], [0.5]))
    answer = google.models.embed_content(model="predicted", contents=["[raw task]", "two"],
                                         config=gtypes.EmbedContentConfig(task_type="RETRIEVAL_DOCUMENT", title="t"))
    assert [e.values for e in answer.embeddings] == [[0.25], [0.5]]
    assert json.loads(raw.bodies["task"])["instances"] == [
        {"content": text, "task_type": "RETRIEVAL_DOCUMENT", "title": "t"} for text in ("[raw task]", "two")]


def test_what_takes_one_text_says_so(raw, client):
    for model in ("predicted-one", "titan-embed-text-v2"):
        with pytest.raises(openai.BadRequestError) as e:
            create(client, model, "one", "two")
        assert e.value.param == "input"


def test_titan(raw, client, installation):
    say(raw, "titan", {"embedding": [0.25, -0.5], "inputTextTokenCount": 7})
    answer = create(client, "titan-embed-text-v2", "[raw titan]", dimensions=256, user="me")
    assert answer.parse().data[0].embedding == [0.25, -0.5]
    assert raw.heads["titan"].startswith(b"POST /model/amazon.titan-embed-text-v2%3A0/invoke HTTP/1.1")
    assert json.loads(raw.bodies["titan"]) == {"inputText": "[raw titan]", "dimensions": 256}
    found = row_of(installation, answer, status=200, estimated=False, input_tokens=7)
    assert found["cost"] == pytest.approx(7 * 0.02e-6, abs=1e-15)


@pytest.mark.parametrize("headers, tokens", [
    (["X-Amzn-Bedrock-Input-Token-Count: 9"], 9), ([], None), (["X-Amzn-Bedrock-Input-Token-Count: x"], None)])
def test_cohere(raw, client, installation, headers, tokens):
    """The tokens stand in a header; without it they are estimated."""
    say(raw, "cohere", {"id": "x", "texts": [], "response_type": "embeddings_by_type",
                        "embeddings": {"float": [[0.25], [0.5]]}}, headers)
    answer = create(client, "cohere-embed-v4", "[raw cohere]", "two", dimensions=256)
    assert [e.embedding for e in answer.parse().data] == [[0.25], [0.5]]
    assert json.loads(raw.bodies["cohere"]) == {
        "texts": ["[raw cohere]", "two"], "input_type": "search_document", "embedding_types": ["float"],
        "output_dimension": 256}
    found = row_of(installation, answer, status=200, estimated=tokens is None)
    assert found["input_tokens"] == tokens or tokens is None and found["input_tokens"] > 0
    assert found["cost"] == pytest.approx(found["input_tokens"] * 0.12e-6, abs=1e-15)


def test_cohere_for_a_google_client(raw, google):
    say(raw, "query", {"embeddings": [[0.25]], "id": "x", "response_type": "embeddings_floats", "texts": []})
    answer = google.models.embed_content(model="cohere-embed-english-v3", contents="[raw query]",
                                         config=gtypes.EmbedContentConfig(task_type="RETRIEVAL_QUERY"))
    assert answer.embeddings[0].values == [0.25]
    assert json.loads(raw.bodies["query"]) == {
        "texts": ["[raw query]"], "input_type": "search_query", "embedding_types": ["float"]}


@pytest.mark.parametrize("model, answer", [
    ("predicted", {"predictions": []}), ("predicted", predictions([1], [2])),
    ("predicted", {"predictions": [{"embeddings": {"statistics": {}}}]}), ("predicted", {"predictions": [{}]}),
    ("titan-embed-text-v2", {}), ("titan-embed-text-v2", {"embedding": "x"}),
    ("cohere-embed-v4", {"embeddings": {"int8": [[1]]}}), ("cohere-embed-v4", {"embeddings": [[1], [2]]})])
def test_answers_that_make_no_sense(raw, client, model, answer):
    say(raw, "nonsense", answer)
    with pytest.raises(openai.InternalServerError) as e:
        create(client, model, "[raw nonsense]")
    assert e.value.status_code == 502


def test_an_error_of_the_providers(raw, gateway, key):
    raw.say("refused", [b'{"message":"Malformed input request"}'], status="400 Bad Request", kind="application/json")
    status, _, text = http("POST", gateway.base_url + "/embeddings",
                           {"model": "titan-embed-text-v2", "input": "[raw refused]"}, {"authorization": f"Bearer {key}"})
    assert status == 400 and "Malformed input request" in json.loads(text)["error"]["message"]
