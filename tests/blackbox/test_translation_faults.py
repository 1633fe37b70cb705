"""Faults between two protocols, each injected, each with its cure: streams that die, hang or report an
error after their first content; odd framing, odd bytes; errors in every protocol's own words. The
simulator fails as it is asked to. Before the first content: test_translation_failover.py.
"""
import json

import botocore.exceptions
import pytest

import event_order
import harness
import stream_tap
from dialect_clients import CLIENTS as SDKS
from dialect_clients import Ask
from raw_requests import question, send
from translation_cells import (CELLS, CLIENTS, ERRORS, PASSED, PROVIDERS, RESPONSES_PASSED, ask,
                               check_error)


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


@pytest.fixture(scope="module")
def gateway(installation, key):
    gateway = harness.Gateway(installation, DOTEB_FIRST_BYTE_TIMEOUT="400ms", DOTEB_IDLE_TIMEOUT="400ms")
    yield gateway
    gateway.stop()


# ---------------------------------------------------------------- streams that go well, in odd ways

ODD = ["split=1", "split=3 crlf=1 comment=1 flush=1", "no_done=1", "usage=none",
       "usage=every chunk_bytes=1", "long_line=70000 framing=close json_type=1"]
WORDS = 'text="Grüße 😀 \\" \\\\ an alle\tund jeden"'
SAID = 'Grüße 😀 " \\ an alle\tund jeden'


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("client,provider", CELLS)
def test_a_stream_however_it_is_cut_and_framed(gateway, key, client, provider, odd):
    answer = ask(gateway, key, client, provider, f"[sim {WORDS} {odd}]")
    assert answer.status == 200 and not answer.aborted, answer.body
    passed = (client, provider) in PASSED
    if "no_done" in odd and (provider in ("openai-responses", "bedrock") or
                             (client, provider) == RESPONSES_PASSED):
        event_order.check_broken(client, answer.body)   # there the end says how it went
        return
    text, calls = event_order.check(client, answer.body, usage=not passed or odd != "usage=none")
    assert text.replace("x" * 70000, "") == SAID and not calls


@pytest.mark.parametrize("bytes_", ["bad_utf8=1", "lone_surrogate=1"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_odd_bytes_reach_no_client_that_would_choke(gateway, key, client, provider, bytes_):
    """A translated stream is UTF-8 and JSON; one that is passed is what the provider said."""
    answer = ask(gateway, key, client, provider, f"[sim {WORDS} {bytes_}]")
    assert answer.status == 200
    if (client, provider) in PASSED and bytes_ == "bad_utf8=1":
        stream_tap.forgive("the provider's own bytes")
        return
    text, _ = event_order.check(client, answer.body)
    assert text.endswith(SAID[8:])


ARGUMENTS = {"location": 'Zü"rich \\ \n ☃ 😀 </s>', "n": [1.50, None, {"a": {}}]}


@pytest.mark.parametrize("odd", ["split=1", "chunk_bytes=2"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_arguments_of_calls_arrive_whole(gateway, key, client, provider, odd):
    """And byte for byte where both sides stream them as text."""
    given = json.dumps(ARGUMENTS, separators=(",", ":"), ensure_ascii=False)
    answer = ask(gateway, key, client, provider, f"[sim call=look args={json.dumps(given)} {odd}]",
                 tools=True)
    _, calls = event_order.check(client, answer.body)
    assert [name for _, name, _ in calls] == ["look"]
    assert json.loads(calls[0][2]) == ARGUMENTS
    if "google" not in (client, provider):
        assert json.dumps(json.loads(calls[0][2])) == json.dumps(ARGUMENTS)


@pytest.mark.parametrize("client,provider", CELLS)
def test_parallel_calls_are_told_apart(gateway, key, client, provider):
    answer = ask(gateway, key, client, provider, "[sim tools=3 split=1]", tools=True)
    _, calls = event_order.check(client, answer.body)
    ids = [i for i, _, _ in calls]
    assert len(calls) == 3 and (client == provider == "google" or len(set(ids)) == 3), calls


@pytest.mark.parametrize("client,provider", CELLS)
def test_thinking_is_no_text(gateway, key, client, provider):
    answer = ask(gateway, key, client, provider, '[sim thinking="to myself" text=aloud split=1]')
    text, calls = event_order.check(client, answer.body)
    assert text == "aloud" and not calls
    assert b"myself" in answer.body


@pytest.mark.parametrize("client,provider", CELLS)
def test_a_call_that_was_cut_is_never_a_whole_one(gateway, key, client, provider):
    """Within its arguments the connection ends: nobody may run it."""
    given = json.dumps(json.dumps({"location": "x" * 400}))
    cut = "cut_byte=400 split=50" if provider == "google" else "cut_chunk=9"   # Google's come in one piece
    answer = ask(gateway, key, client, provider, f"[sim call=look args={given} chunk_bytes=20 gap_ms=5 {cut}]",
                 tools=True)
    if answer.status != 200:   # nothing of it had been said
        check_error(client, answer, 502)
        return
    event_order.check_broken(client, answer.body)


@pytest.mark.parametrize("finish", ["malformed", "blocked", "length", "content_filter"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_odd_finishes_end_the_stream_in_order(gateway, key, client, provider, finish):
    """Or, where the provider says that it failed, with an error: never both, never neither."""
    answer = ask(gateway, key, client, provider, f"hi [sim finish={finish}]")
    if answer.status != 200:
        check_error(client, answer, 502)
        return
    event_order.judge(client, answer.body)


@pytest.mark.parametrize("client,provider", CELLS)
def test_the_stream_is_no_pretence(gateway, key, client, provider):
    """The first words arrive while the provider is still speaking."""
    answer = ask(gateway, key, client, provider, "[sim text=word chunks=6 gap_ms=80]")
    first = next(t for t, piece in zip(answer.times, answer.pieces) if b"word" in piece)
    assert len(answer.pieces) >= 4 and first < answer.seconds - 0.15, answer.times
    event_order.check(client, answer.body)


# ---------------------------------------------------------------- streams that fail after content

BROKEN = ["cut_chunk=12", "reset=1 cut_chunk=12", "error_chunk=12"]


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("client,provider", CELLS)
def test_a_broken_stream_is_never_ended_as_if_whole(gateway, key, client, provider, fault):
    answer = ask(gateway, key, client, provider, f"[sim text=word chunks=40 gap_ms=5 {fault}]")
    assert answer.status == 200 and b"word" in answer.body
    assert not answer.aborted
    event_order.check_broken(client, answer.body)


@pytest.mark.parametrize("client,provider", list(zip(CLIENTS, reversed(PROVIDERS))))
def test_a_stream_that_falls_silent_is_an_error_soon(gateway, key, client, provider):
    answer = ask(gateway, key, client, provider, "[sim text=word chunks=40 hang_chunk=12]")
    assert answer.status == 200 and 0.3 < answer.seconds < 3
    event_order.check_broken(client, answer.body)


@pytest.mark.parametrize("fault", ["cut_chunk=12", "error_chunk=12"])
@pytest.mark.parametrize("client,provider", CELLS)
def test_the_sdk_raises_when_a_stream_breaks(gateway, key, client, provider, fault):
    name, model, _ = PROVIDERS[provider]
    if client == "openai-responses" and (client, provider) in PASSED and "error" in fault:
        return   # OpenAI's own event, at which its Python SDK ends without a word
    with pytest.raises(ERRORS[client]):
        SDKS[client](gateway, key).stream(f"{name}/{model}", Ask(f"[sim text=word chunks=40 gap_ms=5 {fault}]"))


# ---------------------------------------------------------------- errors

STATUSES = {400: 400, 401: 502, 404: 404, 429: 429, 503: 502, 529: 502}
CLASSES = {400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError",
           404: "NotFoundError", 413: "RequestTooLargeError", 429: "RateLimitError"}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("client,provider", [x for x in CELLS if x not in PASSED])
def test_a_providers_error_has_the_clients_shape(gateway, key, client, provider, status):
    answer = ask(gateway, key, client, provider, f"[sim status={status} retry_after=7]", stream=bool(status % 2))
    check_error(client, answer, STATUSES[status])
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    alone = answer.headers["x-doteb-attempts"] == "1"   # some have the model twice
    assert ("x-should-retry" in answer.headers) == (status in (400, 401, 404) or (status != 429 and not alone))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client,provider", CELLS)
def test_an_error_in_a_200_is_an_error(gateway, key, client, provider, stream):
    answer = ask(gateway, key, client, provider, "[sim error_in_200=1]", stream=stream)
    assert "simulat" in check_error(client, answer, 502), answer.body   # in the provider's words


EXCEPTIONS = {400: "ValidationException", 401: "UnrecognizedClientException", 404: "ResourceNotFoundException",
              429: "ThrottlingException", 502: "ModelErrorException"}


def code_of(error):
    if isinstance(error, botocore.exceptions.ClientError):
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    return getattr(error, "status_code", None) or error.code


def sdk_error(client, gateway, key, model, ask_):
    with pytest.raises(SDKS[client].error) as e:
        SDKS[client](gateway, key).plain(model, ask_)
    return e.value


@pytest.mark.parametrize("client", CLIENTS)
def test_the_gateways_own_errors_are_the_sdks_classes(gateway, key, client):
    good = "openai/gpt-5.2"
    # boto3 looks at a request itself: what it lets through, the provider may refuse.
    too_few = Ask("x", max_tokens=-1) if client != "bedrock" else Ask("[sim status=400]")
    for status, error, word in [
            (401, sdk_error(client, gateway, "sk-nonsense", good, Ask("x")), "API key"),
            (404, sdk_error(client, gateway, key, "no-such-model", Ask("x")), "no-such-model"),
            (400, sdk_error(client, gateway, key, good, too_few), "max" if client != "bedrock" else "simulator"),
            (429, sdk_error(client, gateway, key, good, Ask("[sim status=429]")), "limit"),
            (502, sdk_error(client, gateway, key, good, Ask("[sim status=500]")), "failed")]:
        assert code_of(error) == status and word in str(error), error
        if client == "bedrock":
            assert error.response["Error"]["Code"] == EXCEPTIONS[status]
        elif client != "google":
            name = CLASSES.get(status, "InternalServerError")
            assert type(error).__name__ == name, (status, error)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wrong_field_is_named(gateway, key, client):
    wrong = {"openai-responses": "input", "google": "contents"}.get(client, "messages")
    path, body = question(client, "openai/gpt-5.2", "x")
    assert wrong in check_error(client, send(gateway, key, client, path, body | {wrong: 7}), 400)
    check_error(client, send(gateway, key, client, path, b"{"), 400)
