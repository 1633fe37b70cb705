"""What each official SDK's own retries make of the gateway's errors. With one provider a failure that
may pass is the SDK's to repeat, as without a gateway; what the gateway has tried elsewhere already is
not repeated by SDKs that read `x-should-retry`. Attempts are counted at both ends.
"""
import itertools
import time

import anthropic
import boto3
import botocore.config
import botocore.exceptions
import google.genai
import google.genai.errors
import openai
import pytest
from google.genai import types as gtypes

import harness
import stream_tap

RETRIES = 2
ALONE, PAIR = "openai/gpt-4o-mini", "gpt-4o"   # the first has one provider here, the second two
tags = itertools.count(1)


def with_openai(gateway, key):
    client = openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=RETRIES)
    return lambda model, text: client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}])


def with_responses(gateway, key):
    client = openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=RETRIES)
    return lambda model, text: client.responses.create(model=model, input=text, store=False)


def with_anthropic(gateway, key):
    client = anthropic.Anthropic(base_url=gateway.root, api_key=key, max_retries=RETRIES)
    return lambda model, text: client.messages.create(
        model=model, max_tokens=50, messages=[{"role": "user", "content": text}])


def with_google(gateway, key):
    client = google.genai.Client(api_key=key, http_options=gtypes.HttpOptions(
        base_url=gateway.root, retry_options=gtypes.HttpRetryOptions(
            attempts=1 + RETRIES, initial_delay=0.1, jitter=0.1)))
    return lambda model, text: client.models.generate_content(model=model, contents=text)


def with_bedrock(gateway, key):
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=gateway.root, aws_access_key_id="x",
        aws_secret_access_key="x", config=botocore.config.Config(
            retries={"total_max_attempts": 1 + RETRIES, "mode": "standard"}, signature_version=botocore.UNSIGNED))
    client.meta.events.register("before-send.bedrock-runtime", lambda request, **_: request.headers.update(
        {"Authorization": f"Bearer {key}"}))
    return lambda model, text: client.converse(
        modelId=model, messages=[{"role": "user", "content": [{"text": text}]}])


SDKS = {"openai": with_openai, "openai-responses": with_responses, "anthropic": with_anthropic,
        "google": with_google, "bedrock": with_bedrock}
READS_ADVICE = ("openai", "openai-responses", "anthropic")   # the others know no such header
ERRORS = (openai.APIStatusError, anthropic.APIStatusError, google.genai.errors.APIError,
          botocore.exceptions.ClientError)


@pytest.fixture(scope="module")
def key(installation, simulator):
    installation.add_provider_key("openai", simulator.base_url)
    installation.add_provider_key("azure", simulator.base_url)
    installation.query("update offers set enabled = false from providers p, models m where "
                       "p.provider_id = offers.provider_id and m.model_id = offers.model_id and "
                       "p.slug = 'azure' and m.slug = 'gpt-4o-mini'")
    return installation.create_key()


class Count:
    """What was asked of the gateway, and by it, while this was open."""

    def __init__(self, simulator):
        self.simulator = simulator

    def __enter__(self):
        self.seq = self.simulator.get("/_sim/counters")["last_seq"]
        self.before = sum(stream_tap.statuses.values())
        self.begin = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begin
        self.asked = sum(stream_tap.statuses.values()) - self.before
        self.upstream = self.simulator.get("/_sim/counters")["last_seq"] - self.seq


def failing(count, status):
    return f"hi [sim fail_first={count}:{status} tag=retry{next(tags)}]"


@pytest.mark.parametrize("status", [500, 503, 429])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_failure_that_passes_is_repeated_once(gateway, key, simulator, sdk, status):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count:
        call(ALONE, failing(1, status))
    assert (count.asked, count.upstream) == (2, 2)


@pytest.mark.parametrize("sdk", SDKS)
def test_a_failure_that_stays_is_given_up_after_the_sdks_retries(gateway, key, simulator, sdk):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count, pytest.raises(ERRORS):
        call(ALONE, failing(9, 503))
    assert (count.asked, count.upstream) == (1 + RETRIES, 1 + RETRIES)


@pytest.mark.parametrize("sdk", SDKS)
def test_one_provider_of_two_that_fails_is_no_failure(gateway, key, simulator, sdk):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count:
        call(PAIR, failing(1, 503))
    assert (count.asked, count.upstream) == (1, 2)


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize("sdk", SDKS)
def test_what_the_gateway_tried_elsewhere_is_not_tried_all_over(gateway, key, simulator, sdk, status):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count, pytest.raises(ERRORS):
        call(PAIR, failing(99, status))
    asked = 1 if sdk in READS_ADVICE else 1 + RETRIES
    assert (count.asked, count.upstream) == (asked, 2 * asked)


@pytest.mark.parametrize("status", [400, 401, 404])
@pytest.mark.parametrize("sdk", SDKS)
def test_what_cannot_pass_is_not_repeated(gateway, key, simulator, sdk, status):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count, pytest.raises(ERRORS):
        call(ALONE, f"hi [sim status={status}]")
    again = status == 401 and sdk not in READS_ADVICE   # ours, not the caller's: a 502
    assert (count.asked, count.upstream) == ((1 + RETRIES,) * 2 if again else (1, 1))


@pytest.mark.parametrize("sdk", READS_ADVICE)
def test_a_limit_that_is_over_soon_is_waited_for(gateway, key, simulator, sdk):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count, pytest.raises(ERRORS) as e:
        call(ALONE, "hi [sim status=429 retry_after=1]")
    assert (count.asked, count.upstream) == (1 + RETRIES, 1 + RETRIES)
    assert count.seconds >= RETRIES and e.value.response.headers["retry-after"] == "1"


@pytest.mark.parametrize("sdk", READS_ADVICE)
def test_a_limit_that_stays_is_final(gateway, key, simulator, sdk):
    call = SDKS[sdk](gateway, key)
    with Count(simulator) as count, pytest.raises(ERRORS):
        call(ALONE, "hi [sim status=429 retry_after=90]")
    assert (count.asked, count.upstream) == (1, 1) and count.seconds < 2


@pytest.fixture(scope="module")
def unready(installation):
    """A gateway that has never seen its database."""
    gateway = harness.Gateway(installation, "unready", start=False)
    gateway.spawn([harness.BUILD / "gateway/doteb-gateway"],
                  gateway.env | {"DOTEB_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nowhere"})
    harness.wait_until(lambda: harness.http("GET", gateway.admin + "/healthz")[0] == 200, what="a start")
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("sdk", SDKS)
def test_the_gateways_503_is_repeated_when_it_says(unready, key, simulator, sdk):
    call = SDKS[sdk](unready, key)
    before = stream_tap.statuses[503]
    with Count(simulator) as count, pytest.raises(ERRORS):
        call(ALONE, "hi")
    assert stream_tap.statuses[503] - before == count.asked == 1 + RETRIES and count.upstream == 0
    assert sdk not in READS_ADVICE or count.seconds >= RETRIES
