"""Failover: the next key where the key is at fault, the next provider where the provider is; every
attempt is on the row, and nothing is tried again once bytes have left."""
import itertools
import json

import pytest

import harness
from harness import http, say, wait_until
from raw_provider import RawProvider

tags = itertools.count(1)


@pytest.fixture(scope="module")
def strict_provider(scratch):
    """A provider that knows one key."""
    simulator = harness.Simulator(scratch / "strict-provider", "--api-key", "sk-good")
    yield simulator
    simulator.stop()


@pytest.fixture(scope="module")
def gateway(installation, simulator, strict_provider):
    """gpt-4 at two providers, openai the cheaper or equal one; groq with a bad key before a good one."""
    installation.add_provider_key("openai", simulator.base_url)
    installation.add_provider_key("azure", simulator.base_url, "azure-secret")
    installation.add_provider_key("groq", strict_provider.base_url, "sk-bad", "first")
    installation.add_provider_key("groq", strict_provider.base_url, "sk-good", "second")
    gateway = harness.Gateway(installation)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def key(installation):
    return installation.create_key()


@pytest.fixture(scope="module")
def groq_model(installation):
    return installation.query("select p.slug || '/' || m.slug from offers o join models m using (model_id) "
                              "join providers p using (provider_id) where p.slug = 'groq' and o.enabled "
                              "and o.capabilities @> '{streaming}' and m.output = '{text}' order by m.slug limit 1")


def attempts(installation, head):
    row = installation.row_of(head["x-request-id"])
    return row, [(a["status"], a["error"]) for a in row["attempts"]]


def test_a_refused_key_gives_way_to_the_next(gateway, key, installation, groq_model):
    status, head, answer = gateway.chat(key, say("hi", groq_model))
    assert status == 200 and head["x-doteb-attempts"] == "2"
    row, tried = attempts(installation, head)
    assert [s for s, _ in tried] == [401, 200] and tried[0][1] == "UPSTREAM_AUTH"
    assert row["attempts"][0]["provider_key_id"] != row["attempts"][1]["provider_key_id"]
    assert [a["provider"] for a in answer["metadata"]["attempts"]] == ["groq", "groq"]


@pytest.mark.parametrize("message, code", [("Incorrect API key provided: sk-***.", "invalid-argument"),
                                           ("Your credit balance is too low to access the API.", None),
                                           ("No.", "invalid_api_key")])
def test_a_400_that_blames_the_account_gives_way(gateway, installation, key, simulator, message, code):
    """xAI, Anthropic and Google answer 400 where others answer 401 or 402."""
    raw = RawProvider()
    error = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    raw.say("poor", [json.dumps(error).encode()], status="400 Bad Request", kind="application/json")
    model = "mistral/" + installation.query(
        "select m.slug from offers o join models m using (model_id) join providers p using (provider_id) "
        "where p.slug = 'mistral' and o.enabled and m.output = '{text}' order by m.slug limit 1")
    installation.add_provider_key("mistral", raw.root + "/v1", "sk-poor", "poor")
    installation.add_provider_key("mistral", simulator.base_url, "sk-rich", "rich")
    def served():
        status, head, _ = gateway.chat(key, say("[raw poor]", model))
        return status == 200 and attempts(installation, head)[1]
    try:
        tried = wait_until(served, what="the new keys to be followed")
        assert tried == [(400, "UPSTREAM_AUTH"), (200, "")]
        wait_until(lambda: installation.query(
            "select sum(refused) > 0 and sum(ok) = 0 and max(last_refused_status) = 400 from rollup_provider_keys "
            "where provider_key_id = (select provider_key_id from provider_keys where label = 'poor')") == "t",
            what="the key's state to say so")
    finally:
        installation.query("delete from provider_keys where label in ('poor', 'rich')")
        raw.stop()


@pytest.mark.parametrize("fault", ["500", "503", "429", "408"])
def test_a_failing_provider_gives_way_to_the_next(gateway, key, installation, fault):
    status, head, answer = gateway.chat(key, say(f"x [sim fail_first=1:{fault} tag=t{next(tags)}]", "openai/gpt-4"))
    assert status == 200, answer
    assert head["x-doteb-provider"] == "azure", "the named provider first, then the other"
    assert [s for s, _ in attempts(installation, head)[1]] == [int(fault), 200]


def test_a_stream_fails_over_before_its_first_content(gateway, key, installation):
    status, head, raw = http("POST", gateway.base_url + "/chat/completions",
                             say(f"x [sim fail_first=1:500 tag=t{next(tags)} chunks=3]", "openai/gpt-4", stream=True),
                             {"x-api-key": key})
    assert status == 200 and raw.endswith(b"data: [DONE]\n\n")
    row, tried = attempts(installation, head)
    assert [s for s, _ in tried] == [500, 200] and row["provider"] == "azure"


def test_no_fallback_forbids_it(gateway, key, installation):
    status, head, answer = gateway.chat(key, say(f"x [sim fail_first=1:500 tag=t{next(tags)}]", "openai/gpt-4"),
                                        {"x-no-fallback": "true"})
    assert status == 502 and head["x-doteb-provider"] == "openai"
    assert len(attempts(installation, head)[1]) == 1


def test_a_rejected_request_is_not_repeated(gateway, key, installation):
    status, head, _ = gateway.chat(key, say("x [sim status=400]", "openai/gpt-4"))
    assert status == 400 and len(attempts(installation, head)[1]) == 1


def test_after_the_last_attempt_the_truth(gateway, key, installation):
    status, head, answer = gateway.chat(key, say("x [sim status=429 retry_after=3]", "gpt-4"))
    assert (status, head["retry-after"]) == (429, "3")
    assert [a["status"] for a in answer["error"]["attempts"]] == [429, 429]
    row, tried = attempts(installation, head)
    assert len(tried) == 2 and row["outcome"] == 3 and row["cost"] == 0


def test_nothing_is_repeated_after_content(gateway, key, installation, simulator):
    before = len(simulator.get("/_sim/requests?since=0"))
    status, head, raw = http("POST", gateway.base_url + "/chat/completions",
                             say("x [sim chunks=6 gap_ms=60 cut_chunk=4]", "openai/gpt-4", stream=True),
                             {"x-api-key": key})
    assert status == 200 and b'"error"' in raw
    assert len(attempts(installation, head)[1]) == 1
    assert len(simulator.get("/_sim/requests?since=0")) == before + 1
