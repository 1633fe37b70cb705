"""Pages of other origins: whose preflights are answered, who may read answers, and that nothing of it
stands in for a key."""
import json

import pytest

import harness
from harness import http

PAGE = "https://dashboard.example.com"
ASK = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
HELLO = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def open_gateway(installation, key):
    gateway = harness.Gateway(installation, "cors", DOTEB_CORS_ORIGINS=f"https://a.example, {PAGE}")
    yield gateway
    gateway.stop()


def preflight(gateway, origin, **more):
    return http("OPTIONS", gateway.base_url + "/chat/completions", headers={"Origin": origin} | ASK | more)


def test_a_preflight_of_a_listed_origin(open_gateway):
    status, head, body = preflight(open_gateway, PAGE)
    assert (status, body) == (204, b"")
    assert head["access-control-allow-origin"] == PAGE and head["vary"] == "origin"
    assert head["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in head["access-control-allow-methods"]
    assert head["access-control-allow-credentials"] is None


@pytest.mark.parametrize("origin", ["https://evil.example", PAGE + ".evil.example", "http://dashboard.example.com",
                                    "https://dashboard.example.com:444", "null", "https://", "*", ","])
def test_others_are_told_nothing(origin, open_gateway, key):
    status, head, _ = preflight(open_gateway, origin)
    assert status >= 400 and head["access-control-allow-origin"] is None
    status, head, _ = http("POST", open_gateway.base_url + "/chat/completions", HELLO,
                           {"Origin": origin, "Authorization": f"Bearer {key}"})
    assert status == 200 and head["access-control-allow-origin"] is None and head["vary"] == "origin"


def test_answers_streams_and_errors_can_be_read(open_gateway, key):
    for body, auth, want in ((HELLO, key, 200), (HELLO | {"stream": True}, key, 200), (HELLO, "wrong", 401),
                             (HELLO | {"model": "no/such"}, key, 404)):
        status, head, _ = http("POST", open_gateway.base_url + "/chat/completions", body,
                               {"Origin": PAGE, "Authorization": f"Bearer {auth}"})
        assert status == want and head["access-control-allow-origin"] == PAGE
        assert "x-request-id" in head["access-control-expose-headers"]


def test_a_listed_origin_is_no_key(open_gateway):
    status, _, body = http("POST", open_gateway.base_url + "/chat/completions", HELLO, {"Origin": PAGE})
    assert status == 401, body
    # Only a preflight is answered without one; any other OPTIONS is a method that there is not.
    status, head, _ = http("OPTIONS", open_gateway.base_url + "/chat/completions", headers={"Origin": PAGE})
    assert status >= 400
    status, _, _ = http("OPTIONS", open_gateway.base_url + "/models", json.dumps({}).encode(), {"Origin": PAGE} | ASK)
    assert status >= 400


def test_without_the_setting_there_is_none_of_it(gateway, key):
    status, head, _ = preflight(gateway, PAGE)
    assert status >= 400 and head["access-control-allow-origin"] is None
    status, head, _ = http("POST", gateway.base_url + "/chat/completions", HELLO,
                           {"Origin": PAGE, "Authorization": f"Bearer {key}"})
    assert status == 200 and head["vary"] is None and head["access-control-allow-origin"] is None


def test_all_origins(installation, key):
    gateway = harness.Gateway(installation, "cors-all", DOTEB_CORS_ORIGINS="*")
    try:
        assert preflight(gateway, "https://any.example")[1]["access-control-allow-origin"] == "https://any.example"
    finally:
        gateway.stop()
