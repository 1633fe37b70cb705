"""OpenAI's smaller endpoints: its SDK as client, its document as judge. Rerank, which is not
OpenAI's, by hand."""

import json
import math

import openai
import pytest

from openai_document import judge


@pytest.fixture(scope="module")
def client(sim):
    return openai.OpenAI(base_url=sim.base_url, api_key="sk-any", max_retries=0)


def post(sim, path, body):
    status, _, answer = sim.call("POST", path, body)
    return status, json.loads(answer)


def test_embeddings(client, sim):
    plain = client.embeddings.create(model="e", input=["12345678", "b"], encoding_format="float", dimensions=64)
    packed = client.embeddings.create(model="e", input=["12345678", "b"], dimensions=64)  # base64 on the wire
    assert b"base64" in sim.get("/_sim/last")["body"].encode()
    for one, other in zip(plain.data, packed.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6) and len(one.embedding) == 64
        assert 0.8 < math.hypot(*one.embedding) < 1.2
    assert plain.data[0].embedding != plain.data[1].embedding
    assert plain.usage.prompt_tokens == plain.usage.total_tokens == 3
    assert sim.requests()[-1]["completion_tokens"] == 0
    assert len(client.embeddings.create(model="e", input=[[1, 2, 3], [4]]).data) == 2
    assert len(client.embeddings.create(model="e", input=[1, 2, 3]).data) == 1
    with pytest.raises(openai.RateLimitError):
        client.embeddings.create(model="e", input="[sim status=429]")


def test_moderations(client):
    answer = client.moderations.create(input=["fine", "too"])
    assert answer.model == "omni-moderation-latest" and [r.flagged for r in answer.results] == [False, False]
    flagged = client.moderations.create(input="[sim finish=content_filter]").results[0]
    assert flagged.flagged and flagged.categories.harassment and flagged.category_scores.harassment > 0.9


def test_images(client):
    answer = client.images.generate(model="gpt-image-1", prompt="a cat", n=2)
    assert len(answer.data) == 2 and answer.data[0].b64_json.startswith("iVBOR") and answer.usage.total_tokens > 0
    assert client.images.generate(model="dall-e-3", prompt="a cat").data[0].url
    edited = client.images.edit(model="gpt-image-1", prompt="[sim tokens_out=7] dog",
                                image=[("a.png", b"\x89PNG\r\n--x\r\n"), ("b.png", b"")])
    assert edited.data[0].b64_json and edited.usage.output_tokens == 7
    with pytest.raises(openai.InternalServerError):
        client.images.edit(model="gpt-image-1", prompt="[sim status=500]", image=b"x")


def test_speech(client):
    wav = client.audio.speech.create(model="tts-1", voice="alloy", input="hello", response_format="wav")
    assert wav.content.startswith(b"RIFF") and len(wav.content) == 544
    assert wav.response.headers["content-type"] == "audio/wav"
    with client.audio.speech.with_streaming_response.create(model="tts-1", voice="alloy", input="hi") as mp3:
        assert mp3.headers["content-type"] == "audio/mpeg" and mp3.read().startswith(b"ID3")
    with pytest.raises(openai.APIConnectionError):
        client.audio.speech.create(model="tts-1", voice="alloy", input="[sim cut_byte=100]").read()


def test_transcriptions(client):
    ask = lambda **fields: client.audio.transcriptions.create(**{
        "model": "gpt-4o-transcribe", "file": ("a.wav", b"RIFF\r\n\r\n--"), "prompt": '[sim text="so it was"]', **fields})
    answer = ask()
    assert answer.text == "so it was" and answer.usage.output_tokens == 3
    assert ask(model="whisper-1").usage.seconds == 1
    assert ask(response_format="text") == "so it was\n"
    assert "-->" in ask(response_format="srt") and ask(response_format="verbose_json").duration == 1
    assert client.audio.translations.create(model="whisper-1", file=b"x", prompt="[sim text=y]").text == "y"


def test_rerank(sim):
    body = {"model": "r", "query": "red apple", "documents": ["a pear", {"text": "a red apple"}, "a red car"]}
    for path in "/v1/rerank", "/v2/rerank":
        status, answer = post(sim, path, body)
        assert status == 200 and [r["index"] for r in answer["results"]] == [1, 2, 0]
        scores = [r["relevance_score"] for r in answer["results"]]
        assert scores == sorted(scores, reverse=True) and answer["usage"]["total_tokens"] > 0
    _, answer = post(sim, path, body | {"top_n": 1, "return_documents": True})
    assert [r["document"]["text"] for r in answer["results"]] == ["a red apple"]


FORM = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'


@pytest.mark.parametrize("path, body, param", [
    ("embeddings", {"model": "m"}, "input"), ("embeddings", {"input": "x"}, "model"),
    ("embeddings", {"model": "m", "input": []}, "input"), ("embeddings", {"model": "m", "input": [{}, 7]}, "input"),
    ("embeddings", {"model": "m", "input": "x", "encoding_format": "y"}, "encoding_format"),
    ("embeddings", {"model": "m", "input": "x", "dimensions": 0}, "dimensions"),
    ("moderations", {}, "input"), ("images/generations", {"model": "m"}, "prompt"),
    ("images/generations", {"model": "m", "prompt": "x", "n": 11}, "n"),
    ("audio/speech", {"model": "m", "input": "x"}, "voice"), ("audio/speech", {"model": "m"}, "input"),
    ("images/edits", FORM + b"--b--\r\n", "image"), ("audio/transcriptions", FORM + b"--b--\r\n", "file"),
    ("audio/transcriptions", FORM, None), ("audio/transcriptions", b"--b--", "model"),
    ("rerank", {"model": "m", "documents": ["x"]}, "query"), ("rerank", {"model": "m", "query": "x"}, "documents")])
def test_refusals(sim, path, body, param):
    kind = {"Content-Type": "multipart/form-data; boundary=b"} if isinstance(body, bytes) else {}
    status, _, answer = sim.call("POST", f"/v1/{path}", body, kind)
    assert status == 400 and json.loads(answer)["error"]["param"] == param
    judge("ErrorResponse").validate(json.loads(answer))


@pytest.mark.parametrize("path, body, schema", [
    ("embeddings", {"model": "m", "input": "x"}, "CreateEmbeddingResponse"),
    ("moderations", {"input": ["x", "[sim finish=refusal]"]}, "CreateModerationResponse"),
    ("images/generations", {"model": "gpt-image-1", "prompt": "x"}, "ImagesResponse"),
    ("images/generations", {"model": "dall-e-3", "prompt": "x"}, "ImagesResponse")])
def test_document(sim, path, body, schema):
    status, answer = post(sim, f"/v1/{path}", body)
    assert status == 200
    judge(schema).validate(answer)
