"""Audio to write down, pictures to make and to edit, speech: forms and streams of what is no chat.
Official SDKs ask; what reaches the provider is held byte by byte, and the row of each request costs
what the provider counted.
"""
import http.client as http_client
import json
import re

import openai
import pytest

from harness import Gateway, http, wait_until
from raw_provider import RawProvider
from test_operations import await_model, last, row

WORDS = "so it was"
MODELS = {
    "hearer": (["transcriptions", "streaming"],
               {"input": "2.5e-6", "output": "10e-6", "audio_input": "6e-6"}),
    "clock": (["transcriptions"], {"per_audio_minute": "0.006"}),
    "painter": (["image_generations", "vision", "streaming"],
                {"per_image_default": "0.03", "per_image_high/2k": "0.08", "per_image_1K": "0.02"}),
    "sketcher": (["image_generations", "vision", "streaming"],
                 {"input": "5e-6", "output": "30e-6", "image_input": "0.002"}),
    "blind": (["image_generations"], {"per_image": "0.01"}),
    "talker": (["speech_generations", "streaming"], {"input": "0.6e-6", "output": "12e-6"}),
}
CATALOGUE = {"models": [
    {"id": name, "name": name, "output": ["text"],
     "offers": [{"provider": "tencent", "provider_model": f"{name}-2026", "price": price,
                 "capabilities": capabilities}]} for name, (capabilities, price) in MODELS.items()]}
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00" \
      b"\x02\x00\x10\x00data\x00\x00\x00\x00" + bytes(range(256)) * 125   # 2 s of 16,000 bytes each
PNG = b"\x89PNG\r\n\x1a\n--\r\n-" + bytes(range(256))


@pytest.fixture(scope="module")
def raw(installation, gateway, key, tmp_path_factory):
    raw = RawProvider()
    installation.add_provider_key("tencent", raw.root)
    path = tmp_path_factory.mktemp("catalogue") / "media.json"
    path.write_text(json.dumps(CATALOGUE))
    installation.command("catalogue", "import", str(path))
    await_model(gateway, key, "talker")
    yield raw
    raw.stop()


@pytest.fixture
def client(raw, gateway, key):
    return openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0)


def sse(*events, named=False):
    return [(f"event: {e['type']}\n" if named else "").encode() + b"data: " + json.dumps(e).encode()
            + b"\n\n" for e in events]


def row_of(installation, answer, **expected):
    found = installation.row_of(answer.headers["x-request-id"])
    assert {k: found[k] for k in expected} == expected, found
    return found


def parts(head, body):
    """What the provider got: [(head of the part, its bytes)]."""
    boundary = re.search(rb'(?im)^content-type: multipart/form-data; boundary="?([^"\r\n]+)', head)[1]
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert pieces[0] == b"" and pieces[-1] in (b"--", b"--\r\n")
    return [tuple(p.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)) for p in pieces[1:-1]]


def values(head, body):
    found = {}
    for part, content in parts(head, body):
        found.setdefault(re.search(rb'name="([^"]+)"', part)[1].decode(), []).append(content)
    return found


# ---------------------------------------------------------------- transcriptions

def test_a_transcription(client, installation, simulator):
    """Through the simulated provider, with what its SDK sends and reads."""
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("a.wav", WAV), prompt=f'[sim text="{WORDS}" audio_in=5]',
        language="en", extra_body={"unknown": "kept"})
    assert answer.text == WORDS
    assert last(simulator)["target"].endswith("/audio/transcriptions")
    usage = answer.usage
    found = row(installation, simulator, model="gpt-4o-transcribe", provider="openai", status=200,
                outcome=0, estimated=False, input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens, endpoint=12)
    text = usage.input_tokens - usage.input_token_details.audio_tokens
    assert usage.input_token_details.audio_tokens == 5
    assert found["cost"] == pytest.approx(text * 2.5e-6 + 5 * 6e-6 + usage.output_tokens * 10e-6)
    assert usage.model_extra["cost"] == pytest.approx(found["cost"])


def test_a_translation(raw, client, installation):
    raw.say("translation", [json.dumps({"text": WORDS, "usage": {"type": "duration", "seconds": 7}}).encode()],
            kind="application/json")
    answer = client.audio.translations.with_raw_response.create(
        model="clock", file=("a.mp3", b"ID3\x04"), prompt="[raw translation]")
    assert answer.parse().text == WORDS
    assert b"POST /audio/translations HTTP/1.1" in raw.heads["translation"]
    found = row_of(installation, answer, model="clock", status=200, estimated=False, endpoint=13,
                   input_tokens=0, output_tokens=0)
    assert found["cost"] == pytest.approx(7 * 0.0001, abs=1e-15)
    assert [(x["kind"], x["quantity"]) for x in found["cost_lines"]] == [("per_audio_hour", 7000)]


@pytest.mark.parametrize("place", ["before", "behind"])
def test_the_form_passes_but_for_the_model(raw, gateway, key, place):
    """Wherever `model` stands; the file's bytes, names and headers are the client's."""
    raw.say("form", [b'{"text":"x","usage":{"type":"duration","seconds":1}}'], kind="application/json")
    model = (b'Content-Disposition: form-data; name="model"', b"clock")
    others = [(b'content-disposition: form-data; name="prompt"\r\nX-Own: 1', b"[raw form]"),
              (b'Content-Disposition: form-data; name="file"; filename="\xc3\xa4 b.wav"\r\n'
               b"Content-Type: audio/wav", WAV + b"\r\n--not-the-boundary\r\n"),
              (b'Content-Disposition: form-data; name="timestamp_granularities[]"', b"word"),
              (b'Content-Disposition: form-data; name="timestamp_granularities[]"', b"segment")]
    sent = [model] + others if place == "before" else others + [model]
    body = b"".join(b"--b o\r\n%s\r\n\r\n%s\r\n" % p for p in sent) + b"--b o--\r\n"
    status, _, text = http("POST", gateway.base_url + "/audio/transcriptions", body,
                           {"authorization": f"Bearer {key}",
                            "content-type": 'multipart/form-data; boundary="b o"'})
    assert status == 200, text
    assert raw.bodies["form"] == body.replace(b"\r\n\r\nclock\r\n", b"\r\n\r\nclock-2026\r\n")
    assert parts(raw.heads["form"], raw.bodies["form"])


def test_a_verbose_one_tells_its_length(raw, client, installation):
    raw.say("verbose", [b'{"task":"transcribe","language":"english","duration":8.470000267028809,'
                        b'"text":"so it was","segments":[]}'], kind="application/json")
    answer = client.audio.transcriptions.with_raw_response.create(
        model="clock", file=("a.mp3", b"ID3\x04"), prompt="[raw verbose]", response_format="verbose_json")
    assert answer.parse().duration == pytest.approx(8.47)
    found = row_of(installation, answer, status=200, estimated=False)
    assert found["cost"] == pytest.approx(8.471 * 0.0001, abs=1e-15)


@pytest.mark.parametrize("model, cost", [("clock", 2 * 0.0001), ("hearer", None)])
@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_plain_text_is_passed_and_estimated(raw, client, installation, form, model, cost):
    """It tells no usage: two seconds of WAV are known by its head, tokens are ten a second."""
    raw.say("plain", [b"so ", b"it was\n"], kind="text/plain; charset=utf-8")
    answer = client.audio.transcriptions.with_raw_response.create(
        model=model, file=("a.wav", WAV), prompt="[raw plain]", response_format=form)
    assert answer.text() == "so it was\n" if callable(answer.text) else answer.text == "so it was\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    found = row_of(installation, answer, status=200, outcome=0, estimated=True)
    if cost:
        assert found["cost"] == pytest.approx(cost, abs=1e-15)
    else:
        assert 20 < found["input_tokens"] < 300 and found["output_tokens"] == 3


DELTAS = [{"type": "transcript.text.delta", "delta": d} for d in ("so ", "it ", "was")]
DONE = {"type": "transcript.text.done", "text": WORDS,
        "usage": {"type": "tokens", "input_tokens": 30, "output_tokens": 4, "total_tokens": 34,
                  "input_token_details": {"text_tokens": 10, "audio_tokens": 20}}}


@pytest.mark.parametrize("end", [[], [b"data: [DONE]\n\n"]])
def test_a_streamed_transcription(raw, client, installation, end):
    raw.say("stream", sse(*DELTAS, DONE) + end)
    with client.audio.transcriptions.with_streaming_response.create(
            model="hearer", file=("a.wav", WAV), prompt="[raw stream]", stream=True) as answer:
        events = list(answer.parse())
    assert "".join(e.delta for e in events[:-1]) == WORDS == events[-1].text
    assert values(raw.heads["stream"], raw.bodies["stream"])["stream"] == [b"true"]
    assert b"accept: text/event-stream" in raw.heads["stream"]
    found = row_of(installation, answer, status=200, outcome=0, streamed=True, estimated=False,
                   input_tokens=30, output_tokens=4)
    assert found["cost"] == pytest.approx(10 * 2.5e-6 + 20 * 6e-6 + 4 * 10e-6, abs=1e-15)
    assert events[-1].usage.model_extra["cost"] == pytest.approx(found["cost"])


def test_a_transcription_that_breaks_off(raw, client, installation):
    raw.say("broken", [*sse(*DELTAS), 0.1], end="cut")
    with client.audio.transcriptions.with_streaming_response.create(
            model="hearer", file=("a.wav", WAV), prompt="[raw broken]", stream=True) as answer:
        with pytest.raises(openai.APIError):
            list(answer.parse())
    found = row_of(installation, answer, outcome=3, error="UPSTREAM_CUT", estimated=True)
    assert found["cost"] > 0


def form(*fields, boundary=b"b"):
    lead = b"\r\n--" + boundary
    return b"".join(lead + b"\r\nContent-Disposition: form-data; name=" + name + b"\r\n\r\n" + value
                    for name, value in fields)[2:] + lead + b"--\r\n"


FILE = (b'"file"; filename="a.wav"', WAV)
MODEL = (b'"model"', b"clock")


@pytest.mark.parametrize("path, body, field", [
    ("audio/transcriptions", form(FILE), "model"),
    ("audio/transcriptions", form(MODEL), "file"),
    ("audio/transcriptions", form(MODEL, (b'"file"', b"no file")), "file"),
    ("audio/transcriptions", form(MODEL, FILE, MODEL), "model"),
    ("audio/transcriptions", form(FILE, (b'"model"; filename="x"', b"clock")), "model"),
    ("audio/transcriptions", form(FILE, (b'"model"', b"gpt-4")), "model"),
    ("audio/transcriptions", form(FILE, MODEL, (b'"stream"', b"yes")), "stream"),
    ("audio/transcriptions", form(FILE, MODEL, (b'"stream"', b"true")), "model"),   # cannot stream
    ("audio/translations", form(FILE, MODEL, (b'"stream"', b"true")), "stream"),
    ("audio/transcriptions", form(FILE, MODEL)[:-2] + b"x", None),
    ("audio/transcriptions", form(FILE, MODEL)[:-8], None),
    ("audio/transcriptions", b"", None),
    ("images/edits", form((b'"model"', b"painter"), (b'"image"; filename="a.png"', PNG)), "prompt"),
    ("images/edits", form((b'"model"', b"painter"), (b'"prompt"', b"x")), "image"),
    ("images/edits", form((b'"model"', b"blind"), (b'"prompt"', b"x"), (b'"image"; filename="a"', PNG)), "model"),
    ("images/edits", form((b'"model"', b"painter"), (b'"prompt"', b"x"), (b'"n"', b"0"),
                          (b'"image"; filename="a"', PNG)), "n"),
])
def test_what_is_wrong_with_a_form_is_named(raw, gateway, key, path, body, field):
    status, _, text = http("POST", f"{gateway.base_url}/{path}", body,
                           {"authorization": f"Bearer {key}", "content-type": "multipart/form-data; boundary=b"})
    error = json.loads(text)["error"]
    assert (status, error["param"]) == (400, field), error


@pytest.mark.parametrize("path, kind", [
    ("audio/transcriptions", "application/json"), ("audio/transcriptions", "multipart/form-data"),
    ("audio/transcriptions", "multipart/form-data; boundary=a; boundary=b"), ("embeddings", "multipart/form-data; boundary=b"),
    ("images/edits", "multipart/form-data"), ("images/generations", "multipart/form-data; boundary=b")])
def test_other_media_are_refused(raw, gateway, key, path, kind):
    status, _, text = http("POST", f"{gateway.base_url}/{path}", form(FILE, MODEL),
                           {"authorization": f"Bearer {key}", "content-type": kind})
    error = json.loads(text)["error"]
    assert (status, error["param"], error["code"]) == (415, "content-type", "unsupported_media_type")


def test_a_large_file(raw, gateway, key, client, installation):
    """25 MB go through; what is over DOTEB_BODY_MAX (64 MB) is refused before the provider is asked."""
    sound = bytes(range(256)) * (25 * 4096)
    raw.say("large", [b'{"text":"x","usage":{"type":"duration","seconds":1}}'], kind="application/json")
    answer = client.audio.transcriptions.with_raw_response.create(
        model="clock", file=("a.mp3", sound), prompt="[raw large]")
    assert values(raw.heads["large"], raw.bodies["large"])["file"] == [sound]
    row_of(installation, answer, status=200, estimated=False)
    connection = http_client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.putrequest("POST", "/v1/audio/transcriptions")
    for name, value in {"authorization": f"Bearer {key}", "content-length": 65 << 20,
                        "content-type": "multipart/form-data; boundary=b"}.items():
        connection.putheader(name, value)
    connection.endheaders()   # and not a byte of the body
    refused = connection.getresponse()
    assert (refused.status, json.loads(refused.read())["error"]["code"]) == (413, "request_too_large")
    connection.close()


def test_what_passes_is_in_memory_once(raw, installation, key):
    """DOTEB_BODIES_MAX bounds the client's body, which is sent from where it is; it is given back."""
    raw.say("bounded", [b'{"text":"x","usage":{"type":"duration","seconds":1}}'], kind="application/json")
    gateway = Gateway(installation, "bounded", DOTEB_BODIES_MAX="3MB")
    try:
        await_model(gateway, key, "clock")
        for size, status in ((3 << 20, 503), (2 << 20, 200), (2 << 20, 200), (2 << 20, 200)):
            body = form(MODEL, (b'"prompt"', b"[raw bounded]"), (FILE[0], bytes(size)))
            # A client may have its answer a moment before the memory is given back.
            wait_until(lambda: gateway.metrics()["doteb_body_bytes"] == 0, what="no body is in memory")
            answer = http("POST", gateway.base_url + "/audio/transcriptions", body,
                          {"authorization": f"Bearer {key}", "content-type": "multipart/form-data; boundary=b"})
            assert answer[0] == status, answer
    finally:
        gateway.stop()


# ---------------------------------------------------------------- pictures

def pictures(n, **more):
    return [json.dumps({"created": 1, "data": [{"b64_json": "eA=="}] * n, **more}).encode()]


@pytest.mark.parametrize("asked, each", [
    ({}, "0.03"), ({"quality": "high", "size": "2K"}, "0.08"), ({"size": "1K"}, "0.02"),
    ({"quality": "high"}, "0.03")])
@pytest.mark.parametrize("n", [1, 3])
def test_pictures_cost_each(raw, client, installation, asked, each, n):
    """So many as came, not as were asked for."""
    raw.say("pictures", pictures(n), kind="application/json")
    answer = client.images.with_raw_response.generate(model="painter", prompt="[raw pictures]", n=4, **asked)
    assert len(answer.parse().data) == n
    found = row_of(installation, answer, status=200, estimated=False, input_tokens=0, output_tokens=0)
    assert found["cost"] == pytest.approx(n * float(each), abs=1e-15)
    assert [(x["kind"], x["quantity"], x["price"]) for x in found["cost_lines"]] == [("per_image", n, each)]


def test_pictures_are_edited(client, installation, simulator):
    answer = client.images.edit(model="gpt-image-2", image=[("a.png", PNG), ("b.png", PNG)],
                                mask=("m.png", PNG), prompt="a lighthouse", n=2)
    assert len(answer.data) == 2
    assert last(simulator)["target"].endswith("/images/edits")
    found = row(installation, simulator, model="gpt-image-2", status=200, estimated=False, endpoint=14,
                input_tokens=answer.usage.input_tokens, output_tokens=answer.usage.output_tokens)
    assert found["cost"] == pytest.approx(answer.usage.input_tokens * 5e-6
                                          + answer.usage.output_tokens * 30e-6)


def test_the_pictures_pass_byte_for_byte(raw, client, installation):
    raw.say("edit", pictures(1, usage={"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}),
            kind="application/json")
    answer = client.images.with_raw_response.edit(
        model="sketcher", image=[("a.png", PNG), ("b.png", PNG[::-1])], mask=("m.png", b"mask"),
        prompt="[raw edit]")
    got = values(raw.heads["edit"], raw.bodies["edit"])
    assert (got["image[]"], got["mask"], got["model"]) == ([PNG, PNG[::-1]], [b"mask"], [b"sketcher-2026"])
    found = row_of(installation, answer, status=200, estimated=False, input_tokens=10, output_tokens=20)
    assert found["cost"] == pytest.approx(10 * 5e-6 + 20 * 30e-6 + 2 * 0.002, abs=1e-15)


@pytest.mark.parametrize("field", ["image", "images"])
def test_edits_as_json(raw, gateway, key, installation, field):
    raw.say("json", pictures(1, usage={"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}),
            kind="application/json")
    picture = {"image_url": "data:image/png;base64,eA=="}
    body = {"model": "sketcher", "prompt": "[raw json]", field: picture if field == "image" else [picture] * 3}
    status, headers, text = http("POST", gateway.base_url + "/images/edits", body,
                                 {"authorization": f"Bearer {key}"})
    assert status == 200, text
    assert json.loads(raw.bodies["json"]) == body | {"model": "sketcher-2026"}
    found = installation.row_of(headers["x-request-id"])
    assert found["cost"] == pytest.approx(10 * 5e-6 + 20 * 30e-6 + 0.002 * (1 if field == "image" else 3), abs=1e-15)


PARTIAL = {"type": "image_generation.partial_image", "b64_json": "eA==", "partial_image_index": 0,
           "background": "auto", "created_at": 1, "output_format": "png", "quality": "low", "size": "auto"}
USAGE = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30,
         "input_tokens_details": {"text_tokens": 10, "image_tokens": 0}}


def completed(kind, **more):
    return PARTIAL | {"type": f"{kind}.completed"} | more


@pytest.mark.parametrize("model, usage, cost", [
    ("sketcher", {"usage": USAGE}, 10 * 5e-6 + 20 * 30e-6), ("painter", {}, 0.03)])
def test_pictures_streamed(raw, client, installation, model, usage, cost):
    raw.say("drawing", sse(PARTIAL, completed("image_generation", **usage), named=True))
    with client.images.with_streaming_response.generate(
            model=model, prompt="[raw drawing]", stream=True, partial_images=1) as answer:
        events = list(answer.parse())
    assert [e.type for e in events] == ["image_generation.partial_image", "image_generation.completed"]
    found = row_of(installation, answer, status=200, outcome=0, streamed=True, estimated=False)
    assert found["cost"] == pytest.approx(cost, abs=1e-15)
    if usage:
        assert events[-1].usage.model_extra["cost"] == pytest.approx(cost)


def test_an_edit_streamed(raw, client, installation):
    raw.say("redrawing", sse(completed("image_edit", usage=USAGE), named=True))
    with client.images.with_streaming_response.edit(
            model="sketcher", image=("a.png", PNG), prompt="[raw redrawing]", stream=True) as answer:
        events = list(answer.parse())
    assert [e.type for e in events] == ["image_edit.completed"]
    found = row_of(installation, answer, status=200, streamed=True, estimated=False)
    assert found["cost"] == pytest.approx(10 * 5e-6 + 20 * 30e-6 + 0.002, abs=1e-15)


def test_a_stream_that_is_an_error(raw, client, installation):
    raw.say("refused", sse({"type": "error", "error": {"type": "image_generation_error", "code": "moderation_blocked",
                                                       "message": "no", "param": None}}, named=True))
    with pytest.raises(openai.APIStatusError) as e:
        client.images.generate(model="sketcher", prompt="[raw refused]", stream=True)
    assert e.value.status_code >= 400
    row_of(installation, e.value.response, cost=0)


# ---------------------------------------------------------------- speech

def test_speech_as_events(raw, client, installation):
    raw.say("voice", sse({"type": "speech.audio.delta", "audio": "eA=="}, {"type": "speech.audio.delta", "audio": "eQ=="},
                         {"type": "speech.audio.done", "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}}))
    with client.audio.speech.with_streaming_response.create(
            model="talker", voice="alloy", input="[raw voice]", stream_format="sse") as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: {")]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [e["type"] for e in events] == ["speech.audio.delta"] * 2 + ["speech.audio.done"]
    found = row_of(installation, answer, status=200, outcome=0, streamed=True, estimated=False,
                   input_tokens=14, output_tokens=101)
    assert found["cost"] == pytest.approx(14 * 0.6e-6 + 101 * 12e-6, abs=1e-15)
    assert events[-1]["usage"]["cost"] == pytest.approx(found["cost"])


def test_speech_as_events_that_breaks_off(raw, client, installation):
    raw.say("hoarse", [*sse({"type": "speech.audio.delta", "audio": "eA=="}), 0.1], end="cut")
    with client.audio.speech.with_streaming_response.create(
            model="talker", voice="alloy", input="[raw hoarse]", stream_format="sse") as answer:
        text = answer.read().decode()
    assert "event: error" in text or '"error"' in text
    found = row_of(installation, answer, outcome=3, error="UPSTREAM_CUT", estimated=True)
    assert found["cost"] > 0
