"""What is no chat: vectors, moderations, pictures, rerank. Official SDKs ask; the row of each request
says what the provider counted and what it costs.
"""
import json

import openai
import pytest
from google import genai
from google.genai import types as gtypes
from openai.types import EmbeddingCreateParams
from openai.types.image_generate_params import ImageGenerateParamsNonStreaming
from openai.types.moderation_create_params import ModerationCreateParams
from pydantic import TypeAdapter

from harness import http, wait_until
from raw_provider import RawProvider

TEXTS = ["a first text", "another one", "and the third"]
ACME = {
    "models": [
        {"id": "judge", "name": "Judge", "output": ["moderation"], "aliases": ["omni-moderation-latest"],
         "offers": [{"provider": "openai", "provider_model": "judge-2026", "price": {"input": "0"},
                     "capabilities": ["moderations"]}]},
        {"id": "speaker", "name": "Speaker", "output": ["audio"],
         "offers": [{"provider": "tencent", "provider_model": "speaker",
                     "price": {"per_character": "10e-6"}, "capabilities": ["speech_generations"]}]},
    ]
}


def await_model(gateway, key, model):
    """The gateway has the configuration that was just written."""
    wait_until(lambda: f'"{model}"'.encode() in http(
        "GET", gateway.base_url + "/models", headers={"authorization": f"Bearer {key}"})[2])


@pytest.fixture(scope="module")
def keys(installation, simulator, gateway, key, tmp_path_factory):
    for provider, base in (("google-ai-studio", "/v1beta"), ("deepinfra", "/v1")):
        installation.add_provider_key(provider, simulator.root + base)
    path = tmp_path_factory.mktemp("catalogue") / "judge.json"
    path.write_text(json.dumps(ACME))
    installation.command("catalogue", "import", str(path))
    await_model(gateway, key, "openai/judge")


@pytest.fixture
def client(keys, gateway, key):
    return openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0)


@pytest.fixture
def google(keys, gateway, key):
    return genai.Client(api_key=key, http_options=gtypes.HttpOptions(
        base_url=gateway.base_url.removesuffix("/v1")))


def last(simulator):
    return simulator.get("/_sim/last")


def sent(simulator):
    return json.loads(last(simulator)["body"])


def row(installation, simulator, **expected):
    found = installation.row_of(simulator.get("/_sim/requests?since=0")[-1]["gateway_request_id"])
    assert {k: found[k] for k in expected} == expected
    return found


# ---------------------------------------------------------------- vectors

@pytest.mark.parametrize("encoding", [openai.NOT_GIVEN, "float", "base64"])
def test_vectors_of_openai(client, installation, simulator, encoding):
    answer = client.embeddings.create(model="text-embedding-3-small", input=TEXTS, dimensions=8,
                                      encoding_format=encoding, user="someone")
    assert [e.index for e in answer.data] == [0, 1, 2]
    if encoding != "base64":
        assert all(len(e.embedding) == 8 for e in answer.data)
    body = sent(simulator)
    TypeAdapter(EmbeddingCreateParams).validate_python(body)
    assert (body["input"], body["user"]) == (TEXTS, "someone")
    found = row(installation, simulator, model="text-embedding-3-small", provider="openai",
                status=200, outcome=0, estimated=False, output_tokens=0,
                input_tokens=answer.usage.prompt_tokens)
    assert found["cost"] == pytest.approx(answer.usage.prompt_tokens * 0.02e-6)
    assert answer.usage.model_extra["cost"] == pytest.approx(found["cost"])


def test_tokens_instead_of_text(client, simulator):
    one = client.embeddings.create(model="text-embedding-3-small", input=[1, 2, 3])
    assert len(one.data) == 1 and sent(simulator)["input"] == [1, 2, 3]
    two = client.embeddings.create(model="text-embedding-3-small", input=[[1, 2], [3]])
    assert len(two.data) == 2


@pytest.mark.parametrize("encoding", [openai.NOT_GIVEN, "float"])
def test_vectors_of_google_for_an_openai_client(client, installation, simulator, encoding):
    answer = client.embeddings.create(model="google-ai-studio/gemini-embedding-001", input=TEXTS,
                                      dimensions=8, encoding_format=encoding, user="someone")
    assert [(e.index, len(e.embedding)) for e in answer.data] == [(0, 8), (1, 8), (2, 8)]
    assert answer.model_extra["metadata"]["stripped_parameters"] == ["user"]
    assert last(simulator)["target"].endswith("/models/gemini-embedding-001:batchEmbedContents")
    for request, text in zip(sent(simulator)["requests"], TEXTS):
        assert request == {"model": "models/gemini-embedding-001", "outputDimensionality": 8,
                           "content": {"parts": [{"text": text}]}}
        gtypes.Content.model_validate(request["content"])
    found = row(installation, simulator, provider="google-ai-studio", estimated=True, status=200,
                output_tokens=0)
    assert found["input_tokens"] > 0
    assert found["cost"] == pytest.approx(found["input_tokens"] * 0.15e-6)


def test_both_providers_give_the_same_numbers(client):
    """The simulator's vectors are the text's: floats and base64, read and written anew."""
    vectors = [client.embeddings.create(model=model, input="the text", dimensions=16,
                                        encoding_format=encoding).data[0].embedding
               for model in ("text-embedding-3-small", "google-ai-studio/gemini-embedding-001")
               for encoding in (openai.NOT_GIVEN, "float")]
    assert all(v == pytest.approx(vectors[0], abs=1e-6) for v in vectors)


@pytest.mark.parametrize("model, path", [
    ("gemini-embedding-001", ":batchEmbedContents"), ("text-embedding-3-small", "/embeddings")])
def test_vectors_for_a_google_client(google, installation, simulator, model, path):
    answer = google.models.embed_content(model=model, contents=TEXTS, config=gtypes.EmbedContentConfig(
        output_dimensionality=8))
    assert [len(e.values) for e in answer.embeddings] == [8, 8, 8]
    assert last(simulator)["target"].endswith(path)
    row(installation, simulator, model=model, status=200, outcome=0)


def test_google_is_told_what_a_model_is_for(keys, gateway, key):
    def methods(model):
        status, _, text = http("GET", f"{gateway.base_url}beta/models/{model}", None,
                               {"x-goog-api-key": key})
        assert status == 200
        assert b"supported" in text, text
        return json.loads(text)["supportedGenerationMethods"]
    assert methods("gemini-embedding-001") == ["embedContent", "batchEmbedContents"]
    assert methods("gpt-image-2") == []
    assert "generateContent" in methods("gpt-4")


def test_what_google_alone_has_reaches_it(keys, gateway, key, simulator):
    body = {"content": {"parts": [{"text": "one"}]}, "taskType": "RETRIEVAL_QUERY", "title": "t"}
    url = gateway.base_url + "beta/models/gemini-embedding-001:embedContent"
    status, _, text = http("POST", url, body, {"x-goog-api-key": key})
    assert status == 200 and len(json.loads(text)["embedding"]["values"]) == 64
    assert sent(simulator)["requests"] == [body | {"model": "models/gemini-embedding-001"}]


@pytest.mark.parametrize("body, field", [
    ({"input": "x"}, "model"),
    ({"model": "text-embedding-3-small"}, "input"),
    ({"model": "text-embedding-3-small", "input": []}, "input"),
    ({"model": "text-embedding-3-small", "input": {"a": 1}}, "input"),
    ({"model": "text-embedding-3-small", "input": "x", "encoding_format": "int8"}, "encoding_format"),
    ({"model": "text-embedding-3-small", "input": "x", "dimensions": 0}, "dimensions"),
    ({"model": "gpt-4", "input": "x"}, "model"),
    ({"model": "google-ai-studio/gemini-embedding-001", "input": [1, 2]}, "input"),
])
def test_what_is_wrong_is_named(keys, gateway, key, body, field):
    status, _, text = http("POST", gateway.base_url + "/embeddings", body,
                           {"authorization": f"Bearer {key}"})
    assert (status, json.loads(text)["error"]["param"]) == (400, field)


def test_a_model_of_vectors_does_not_chat(client):
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model="text-embedding-3-small",
                                       messages=[{"role": "user", "content": "x"}])
    assert e.value.param == "model"


VECTOR = {"object": "embedding", "embedding": [0.5, 1]}
FAULTS = {
    "too_few": [VECTOR | {"index": 0}],
    "too_many": [VECTOR | {"index": i} for i in range(3)],
    "twice_the_same": [VECTOR | {"index": 0}] * 2,
    "beyond_the_end": [VECTOR | {"index": 0}, VECTOR | {"index": 5}],
    "negative": [VECTOR | {"index": 0}, VECTOR | {"index": -1}],
    "none": [],
}


@pytest.fixture(scope="module")
def raw(installation, gateway, key, keys):
    raw = RawProvider()
    installation.add_provider_key("tencent", raw.root)
    await_model(gateway, key, "kinfra-text-embedding-4b")
    yield raw
    raw.stop()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", ["/embeddings", "google"])
def test_vectors_that_nobody_asked_for(raw, gateway, key, fault, path):
    """Passed and translated: the answer is the provider's failure."""
    answer = {"object": "list", "data": FAULTS[fault], "model": "m",
              "usage": {"prompt_tokens": 2, "total_tokens": 2}}
    raw.say(fault, [json.dumps(answer).encode()], kind="application/json")
    texts = [f"[raw {fault}]", "two"]
    model = "kinfra-text-embedding-4b"
    if path == "google":
        url = f"{gateway.base_url}beta/models/{model}:batchEmbedContents"
        body = {"requests": [{"model": f"models/{model}", "content": {"parts": [{"text": t}]}}
                             for t in texts]}
    else:
        url, body = gateway.base_url + path, {"model": model, "input": texts}
    assert http("POST", url, body, {"authorization": f"Bearer {key}"})[0] == 502


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_vectors_are_put_in_order(raw, gateway, key, order):
    vectors = [{"index": i, "embedding": [i, 0.5]} for i in order]
    raw.say("order", [json.dumps({"data": vectors}).encode()], kind="application/json")
    url = f"{gateway.base_url}beta/models/kinfra-text-embedding-4b:batchEmbedContents"
    body = {"requests": [{"content": {"parts": [{"text": t}]}} for t in ("[raw order]", "two")]}
    status, _, text = http("POST", url, body, {"x-goog-api-key": key})
    assert status == 200
    assert [e["values"] for e in json.loads(text)["embeddings"]] == [[0, 0.5], [1, 0.5]]


@pytest.mark.parametrize("body, field", [
    ({}, "requests"),
    ({"requests": [{}]}, "requests[0].content"),
    ({"requests": [{"content": {"parts": []}}]}, "requests[0].content"),
    ({"requests": [{"content": {"parts": [{"text": "a"}, {"text": "b"}]}}]}, "requests[0].content"),
    ({"requests": [{"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 0}]},
     "requests[0].outputDimensionality"),
    ({"requests": [{"content": {"parts": [{"text": "a"}]}, "title": "t"}]}, "requests[0].title"),
])
def test_what_a_google_client_gets_wrong_is_named(keys, gateway, key, body, field):
    url = f"{gateway.base_url}beta/models/text-embedding-3-small:batchEmbedContents"
    status, _, text = http("POST", url, body, {"x-goog-api-key": key})
    error = json.loads(text)["error"]
    assert status == 400 and field in json.dumps(error), error


# ---------------------------------------------------------------- passed

def test_moderations(client, installation, simulator):
    answer = client.moderations.create(input=TEXTS)
    assert len(answer.results) == 3
    body = sent(simulator)
    TypeAdapter(ModerationCreateParams).validate_python(body)
    assert body["model"] == "judge-2026"
    assert row(installation, simulator, model="judge", status=200)["cost"] == 0


def test_pictures(client, installation, simulator):
    answer = client.images.generate(model="gpt-image-2", prompt="a lighthouse", n=2)
    assert len(answer.data) == 2 and answer.data[0].b64_json
    TypeAdapter(ImageGenerateParamsNonStreaming).validate_python(sent(simulator))
    found = row(installation, simulator, model="gpt-image-2", status=200, estimated=False,
                input_tokens=answer.usage.input_tokens, output_tokens=answer.usage.output_tokens)
    assert found["cost"] == pytest.approx(answer.usage.input_tokens * 5e-6
                                          + answer.usage.output_tokens * 30e-6)


def test_what_has_no_stream_says_so(keys, gateway, key):
    for path, body in (("moderations", {"input": "x"}), ("audio/speech", {"model": "tts-1", "input": "x", "voice": "x"})):
        status, _, text = http("POST", f"{gateway.base_url}/{path}", body | {"stream": True},
                               {"authorization": f"Bearer {key}"})
        assert (status, json.loads(text)["error"]["param"]) == (400, "stream")


def test_rerank(keys, gateway, key, installation, simulator):
    body = {"model": "qwen3-reranker-8b", "query": "third", "documents": TEXTS, "top_n": 2}
    status, _, text = http("POST", gateway.base_url + "/rerank", body,
                           {"authorization": f"Bearer {key}"})
    assert status == 200 and json.loads(text)["results"][0]["index"] == 2
    assert sent(simulator) == body | {"model": "Qwen/Qwen3-Reranker-8B"}
    assert row(installation, simulator, status=200)["cost"] > 0
    del body["query"]
    status, _, text = http("POST", gateway.base_url + "/rerank", body,
                           {"authorization": f"Bearer {key}"})
    assert (status, json.loads(text)["error"]["param"]) == (400, "query")


def test_speech(client, installation, simulator):
    text = "Häuser am See. " * 2000
    with client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=text, response_format="wav") as answer:
        sound = b"".join(answer.iter_bytes())
    assert answer.headers["content-type"] == "audio/wav" and sound[:4] == b"RIFF"
    assert len(sound) == 44 + 100 * len(text.encode())
    found = row(installation, simulator, model="tts-1", status=200, outcome=0, estimated=False)
    assert found["cost"] == pytest.approx(len(text) * 15e-6)


@pytest.mark.parametrize("body, field", [
    ({"model": "tts-1", "input": "x"}, "voice"),
    ({"model": "tts-1", "voice": "alloy"}, "input"),
    ({"model": "tts-1", "voice": "alloy", "input": ["x"]}, "input"),
    ({"model": "tts-1", "voice": "alloy", "input": "x", "stream_format": "ogg"}, "stream_format"),
    ({"model": "tts-1", "voice": "alloy", "input": "x", "stream_format": "sse"}, "model"),   # tells no tokens
    ({"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "x"}, "model"),   # no countable price
])
def test_what_is_wrong_with_speech_is_named(keys, gateway, key, body, field):
    status, _, text = http("POST", gateway.base_url + "/audio/speech", body,
                           {"authorization": f"Bearer {key}"})
    assert (status, json.loads(text)["error"]["param"]) == (400, field)


def test_speech_that_breaks_off(raw, client, installation):
    """The client's connection ends within its answer, too, and what was asked is paid for."""
    raw.say("cut", [b"ID3" + b"x" * 5000, 0.1], end="cut", kind="audio/mpeg")
    text = "Some words. [raw cut]"
    with client.audio.speech.with_streaming_response.create(
            model="speaker", voice="alloy", input=text) as answer:
        with pytest.raises(Exception, match="peer closed connection"):
            for _ in answer.iter_bytes():
                pass
    found = installation.row_of(answer.headers["x-request-id"])
    assert (found["outcome"], found["error"]) == (3, "UPSTREAM_CUT")
    assert found["cost"] == pytest.approx(len(text) * 10e-6)


def test_speech_that_is_none(raw, gateway, key):
    raw.say("words", [b'{"text":"no"}'], kind="application/json")
    raw.say("empty", [], kind="audio/mpeg")
    for name in ("words", "empty"):
        body = {"model": "speaker", "voice": "alloy", "input": f"[raw {name}]"}
        assert http("POST", gateway.base_url + "/audio/speech", body,
                    {"authorization": f"Bearer {key}"})[0] == 502
