"""What the gateway does is what control shows: a key made here works there, a request there is a row
here, with its cost line by line, and a catalogue import holds for the next request."""
import json
from decimal import Decimal

import pytest

from control_client import Person
from harness import ROOT, http, say, wait_until


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


def works(gateway, key):
    return http("GET", gateway.base_url + "/key", headers={"Authorization": f"Bearer {key}"})[0]


def test_a_key_made_in_the_dashboard_works_at_once_and_a_revoked_one_no_more(owner, gateway):
    made = owner.call("POST", owner.keys_path, {"name": "live"})[1]
    wait_until(lambda: works(gateway, made["key"]) == 200, 3, "the new key")
    assert owner.call("DELETE", f"{owner.keys_path}/{made['id']}")[0] == 204
    wait_until(lambda: works(gateway, made["key"]) == 401, 3, "the end of the key")


def seen(owner, request_id):
    def look():
        status, body = owner.call("GET", f"{owner.org_path}/requests/{request_id}")
        return body if status == 200 else None
    return wait_until(look, 15, "the request in the log")


def test_a_request_is_shown_line_by_line(owner, gateway, key):
    status, head, answer = gateway.chat(key, say("[sim tokens_in=1000 tokens_out=500]", temperature=0.7),
                                        {"X-Title": "My app", "x-session-id": "s-1",
                                         "x-doteb-tags": "blue,green"})
    assert status == 200
    got = seen(owner, head["x-request-id"])
    assert (got["input_tokens"], got["output_tokens"], got["cost"]) == (1000, 500, "0.06")
    assert (got["model"], got["provider"], got["requested_model"]) == ("gpt-4", "openai", "openai/gpt-4")
    assert (got["outcome"], got["finish_reason"], got["status"]) == ("ok", "stop", 200)
    lines = {x["kind"]: x for x in got["cost_lines"]}
    assert set(lines) == {"input", "output"}
    assert lines["input"] == {"kind": "input", "quantity": 1000, "unit": "token", "price": "0.00003",
                              "multiplier": "1", "amount": "0.03"}
    assert sum(Decimal(x["amount"]) for x in got["cost_lines"]) == Decimal(got["cost"])
    (attempt,) = got["attempts_detail"]
    assert (attempt["provider"], attempt["model"], attempt["status"], attempt["error"]) == \
        ("openai", "gpt-4", 200, None)
    assert 0 < attempt["duration_ms"] <= got["duration_ms"] and attempt["first_byte_ms"] > 0
    steps = {s["name"]: s["us"] for s in got["steps"]}
    assert "auth" in steps and "account" in steps and sum(steps.values()) <= got["duration_ms"] * 1000 * 1.05
    assert got["session"] == "s-1" and got["tags"] == ["blue", "green"] and got["title"] == "My app"
    listed = owner.get(f"{owner.org_path}/requests")["items"][0]
    assert listed == {k: got[k] for k in listed}


def test_usage_and_the_key_s_spend_follow(owner, gateway, installation, key):
    before = owner.get(owner.org_path + "/usage")["totals"]
    ids = [gateway.chat(key, say("[sim tokens_in=100 tokens_out=10]"))[1]["x-request-id"] for _ in range(3)]
    rows = [seen(owner, i) for i in ids]
    after = owner.get(owner.org_path + "/usage")["totals"]
    assert after["requests"] - before["requests"] == 3
    assert Decimal(after["cost"]) - Decimal(before["cost"]) == sum(Decimal(r["cost"]) for r in rows)
    spent = {k["id"]: k for k in owner.all(owner.keys_path)}[rows[0]["api_key"]["id"]]
    whole = owner.all(owner.org_path + "/requests", api_key=spent["id"])
    assert spent["requests"] == len(whole)
    assert Decimal(spent["cost"]) == sum(Decimal(r["cost"]) for r in whole)


def test_a_failed_request_says_why(owner, gateway, key):
    status, head, _ = gateway.chat(key, say("hi", model="no-such-model"))
    assert status == 404
    got = seen(owner, head["x-request-id"])
    assert (got["outcome"], got["error"], got["model"]) == ("client_error", "NO_MODEL", None)
    assert got["requested_model"] == "no-such-model" and got["cost"] == "0"


def test_a_new_price_holds_for_the_next_request_and_no_earlier_one(owner, gateway, installation, key, tmp_path):
    ask = lambda: gateway.chat(key, say("[sim tokens_in=1000 tokens_out=0]"))[1]["x-request-id"]  # noqa: E731
    old = ask()
    model = next(m for m in json.loads((ROOT / "catalogue/models/openai.json").read_text())["models"]
                 if m["id"] == "gpt-4")
    for offer in model["offers"]:
        offer["price"] = {"input": "7e-6", "output": "8e-6"}
    (tmp_path / "new.json").write_text(json.dumps({"models": [model]}))
    before = seen(owner, old)
    installation.command("catalogue", "import", tmp_path / "new.json")
    wait_until(lambda: seen(owner, ask())["cost_lines"][0]["price"] == "0.000007", 10, "the new price")
    assert seen(owner, old) == before
    assert before["cost_lines"][0]["price"] == "0.00003"


def test_a_disabled_provider_key_is_not_used(owner, gateway, key, simulator):
    (mine,) = owner.all(owner.org_path + "/provider-keys")
    path = f"{owner.org_path}/provider-keys/{mine['id']}"
    assert owner.call("PATCH", path, {"disabled": True})[0] == 200
    wait_until(lambda: gateway.chat(key, say("hi"))[0] == 403, 5, "the refusal")
    assert owner.call("PATCH", path, {"disabled": False})[0] == 200
    wait_until(lambda: gateway.chat(key, say("hi"))[0] == 200, 5, "the key again")


def test_a_key_added_in_the_dashboard_reaches_the_provider(owner, gateway, key, simulator):
    status, _ = owner.call("POST", owner.org_path + "/provider-keys",
                           {"provider": "groq", "secret": "gsk_" + "1" * 30, "base_url": simulator.base_url})
    assert status == 201
    model = next(m["id"] for m in owner.all("/api/v1/models", provider="groq", capability="streaming"))
    wait_until(lambda: gateway.chat(key, say("hi", model=f"groq/{model}"))[0] == 200, 5, "the provider")
    sent = {k.lower(): v for k, v in dict(simulator.get("/_sim/last")["headers"]).items()}
    assert sent["authorization"] == "Bearer gsk_" + "1" * 30
