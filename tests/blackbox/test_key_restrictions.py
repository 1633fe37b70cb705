"""What an API key is restricted to: addresses, providers, models; and what revoking one would break."""
import json
import uuid

import pytest

from control_client import Person
from harness import Gateway, http, say, wait_until

ASKS = {
    "openai": ("/v1/chat/completions", lambda model: say("hello", model)),
    "anthropic": ("/v1/messages", lambda model: say("hello", model, max_tokens=9)),
    "google": ("/v1beta/models/{model}:generateContent",
               lambda model: {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
    "bedrock": ("/model/{model}/converse",
                lambda model: {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}),
}
ERROR = {
    "openai": lambda e: (e["error"]["code"], e["error"]["message"]),
    "anthropic": lambda e: (e["error"]["type"], e["error"]["message"]),
    "google": lambda e: (e["error"]["status"], e["error"]["message"]),
    "bedrock": lambda e: (None, e["message"]),
}


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def gateway(installation, simulator, key):
    """Believes what loopback says of whom it speaks for."""
    installation.add_provider_key("groq", simulator.base_url)
    gateway = Gateway(installation, DOTEB_TRUSTED_PROXIES="127.0.0.0/8")
    yield gateway
    gateway.stop()


def create(owner, **fields):
    return owner.call("POST", owner.keys_path, {"name": uuid.uuid4().hex} | fields)


def make(owner, gateway, **fields):
    status, made = create(owner, **fields)
    assert status == 201, made
    wait_until(lambda: ask(gateway, made["key"])[0] != 401, 1.5, "the key at the gateway")
    return made


def patch(owner, made, **fields):
    return owner.call("PATCH", f"{owner.keys_path}/{made['id']}", fields)


def ask(gateway, key, address=None, path="/v1/key", body=None):
    """(status, headers, parsed)"""
    headers = {"Authorization": f"Bearer {key}"} | ({"X-Forwarded-For": address} if address else {})
    status, head, data = http("POST" if body else "GET", gateway.root + path, body, headers)
    return status, head, json.loads(data)


def asked(gateway, key, dialect, model, address=None):
    path, body = ASKS[dialect]
    return ask(gateway, key, address, path.replace("{model}", model.replace("/", "%2F")), body(model))


def chat(gateway, key, model="openai/gpt-4", **headers):
    return gateway.chat(key, say("hello", model), headers)


@pytest.mark.parametrize("ranges,inside,outside", [
    (["10.1.0.0/16"], ["10.1.2.3", "10.1.255.255"], ["10.2.0.1", "11.1.0.1", "::1", "2001:db8::1"]),
    (["192.0.2.7"], ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.2.6", "192.0.2.71"]),
    (["2001:db8::/33"], ["2001:db8:7fff::1"], ["2001:db8:8000::1", "10.0.0.1"]),
    (["2001:db8::5", "0.0.0.0/0"], ["2001:db8::5", "1.2.3.4"], ["2001:db8::6"]),
], ids=["v4", "one", "v6", "both"])
def test_addresses(ranges, inside, outside, owner, gateway):
    made = make(owner, gateway, ip_ranges=ranges)
    for address in inside:
        assert ask(gateway, made["key"], address)[0] == 200, address
    for address in outside:
        status, _, body = ask(gateway, made["key"], address)
        assert (status, body["error"]["code"]) == (403, "ip_not_allowed"), address
    assert ask(gateway, made["key"])[0] == (200 if "0.0.0.0/0" in ranges else 403)


def test_a_client_cannot_name_its_own_address(owner, gateway):
    """Behind the proxy only what the proxy itself said counts: the last entry."""
    made = make(owner, gateway, ip_ranges=["10.0.0.1"])
    assert ask(gateway, made["key"], "10.0.0.1, 203.0.113.9")[0] == 403
    assert ask(gateway, made["key"], "203.0.113.9, 10.0.0.1")[0] == 200
    assert ask(gateway, made["key"], "nonsense")[0] == 403


def test_without_a_trusted_proxy_nobody_is_believed(owner, gateway, installation):
    made = make(owner, gateway, ip_ranges=["10.0.0.1"])
    plain = Gateway(installation, "plain")
    try:
        assert ask(plain, made["key"], "10.0.0.1")[0] == 403
        patch(owner, made, ip_ranges=["127.0.0.1"])
        wait_until(lambda: ask(plain, made["key"], "10.0.0.1")[0] == 200, 1.5, "the change")
    finally:
        plain.stop()


@pytest.mark.parametrize("dialect", ASKS)
def test_each_dialect_says_so_in_its_own_words(dialect, owner, gateway, installation):
    made = make(owner, gateway, ip_ranges=["10.0.0.0/8"], models=["openai/gpt-4"])
    status, head, body = asked(gateway, made["key"], dialect, "openai/gpt-4", "192.0.2.1")
    code, message = ERROR[dialect](body)
    assert status == 403 and "address" in message and "10.0.0.0" not in message, body
    assert code in (None, "ip_not_allowed", "permission_error", "PERMISSION_DENIED")
    assert installation.row_of(head["x-request-id"])["status"] == 403
    status, _, body = asked(gateway, made["key"], dialect, "openai/gpt-4o", "10.0.0.1")
    assert status == 403 and "openai/gpt-4o" in ERROR[dialect](body)[1], body
    if dialect == "openai":
        assert (body["error"]["code"], body["error"]["param"]) == ("model_not_allowed", "model")
    assert asked(gateway, made["key"], dialect, "openai/gpt-4", "10.0.0.1")[0] == 200


@pytest.mark.parametrize("fields,good,bad", [
    ({"models": ["gpt-4"]}, ["gpt-4", "openai/gpt-4"], ["gpt-4o", "openai/gpt-4o"]),
    ({"models": ["gpt-4o*"]}, ["gpt-4o", "openai/gpt-4o-mini"], ["gpt-4"]),
    ({"models": ["openai/*"]}, ["gpt-4", "openai/gpt-4o"], ["groq/gpt-oss-20b"]),
    ({"models": ["*"]}, ["gpt-4"], []),
    ({"providers": ["openai"]}, ["gpt-4"], ["groq/gpt-oss-20b"]),
    ({"providers": ["openai"], "models": ["groq/*"]}, [], ["gpt-4", "groq/gpt-oss-20b"]),
], ids=json.dumps)
def test_models_and_providers(fields, good, bad, owner, gateway):
    made = make(owner, gateway, **fields)
    for model in good:
        assert chat(gateway, made["key"], model)[0] == 200, model
    for model in bad:
        status, _, body = chat(gateway, made["key"], model)
        assert (status, body["error"]["code"], body["error"]["param"]) == (403, "model_not_allowed", "model"), model
    status, _, body = chat(gateway, made["key"], "gpt-4xyz")
    assert (status, body["error"]["code"]) == (404, "model_not_found")


LISTS = {"openai": ({}, lambda b: [m["id"] for m in b["data"]]),
         "anthropic": ({"anthropic-version": "2023-06-01"}, lambda b: [m["id"] for m in b["data"]]),
         "google": ({"x-goog-api-key": "KEY"}, lambda b: [m["name"].removeprefix("models/") for m in b["models"]])}


@pytest.mark.parametrize("dialect", LISTS)
def test_lists_show_what_the_key_may_call(dialect, owner, gateway, key):
    made = make(owner, gateway, models=["gpt-4o*"], providers=["openai"])
    headers, ids = LISTS[dialect]

    def listed(secret):
        sent = {k: secret if v == "KEY" else v for k, v in headers.items()} | {"Authorization": f"Bearer {secret}"}
        status, _, body = http("GET", gateway.base_url + "/models", headers=sent)
        assert status == 200, body
        return ids(json.loads(body))
    all_of_them, mine = listed(key), listed(made["key"])
    assert mine and all(m.removeprefix("openai/").startswith("gpt-4o") for m in mine)
    assert any(m.startswith("groq/") for m in all_of_them) and set(mine) < set(all_of_them)
    assert ask(gateway, made["key"], path="/v1/models/gpt-4o")[0] == 200
    assert ask(gateway, made["key"], path="/v1/models/gpt-4")[0] == 404


def test_failover_stays_inside(owner, gateway, installation, simulator):
    """A model with several providers: the allowed one fails, and no other is asked."""
    slug, other = "gpt-oss-120b", "cerebras"
    installation.add_provider_key(other, simulator.base_url)
    made, free = make(owner, gateway, providers=["groq"]), make(owner, gateway)
    wait_until(lambda: ask(gateway, free["key"], path=f"/v1/models/{other}/{slug}")[0] == 200, 3, "the provider key")

    def attempts(secret):
        status, _, body = gateway.chat(secret, say(f"x [sim fail_first=9:500 tag={uuid.uuid4().hex}]", f"groq/{slug}"))
        assert status == 502, body
        return {a["provider"] for a in body["error"]["attempts"]}
    assert attempts(made["key"]) == {"groq"}
    assert attempts(free["key"]) == {"groq", other}
    assert chat(gateway, made["key"], f"{other}/{slug}")[0] == 403


def test_changes_hold_within_a_second_and_rotation_keeps_them(owner, gateway, installation):
    made = make(owner, gateway)
    assert chat(gateway, made["key"])[0] == 200
    status, shown = patch(owner, made, models=["gpt-4o"], ip_ranges=["127.0.0.1", "::1"])
    assert status == 200 and (shown["models"], shown["ip_ranges"], shown["providers"]) == \
        (["gpt-4o"], ["127.0.0.1", "::1"], [])
    wait_until(lambda: chat(gateway, made["key"])[0] == 403, 1, "the restriction", 0.01)
    rotated = owner.call("POST", f"{owner.keys_path}/{made['id']}/rotate", {})[1]
    assert rotated["models"] == ["gpt-4o"]
    wait_until(lambda: chat(gateway, rotated["key"])[0] == 403, 1.5, "the new secret")
    assert chat(gateway, made["key"])[0] == 403    # the secret before it, too
    late = Gateway(installation, "late")
    try:
        assert chat(late, rotated["key"])[0] == 403 and chat(late, rotated["key"], "gpt-4o")[0] == 200
    finally:
        late.stop()
    row = owner.get(owner.org_path + "/audit", target=made["id"], action="api_key.update")["items"][0]
    assert (row["before"]["models"], row["after"]["models"]) == ([], ["gpt-4o"])
    assert patch(owner, made, models=[])[1]["ip_ranges"] == ["127.0.0.1", "::1"]
    wait_until(lambda: chat(gateway, made["key"])[0] == 200, 1, "the restriction's end", 0.01)


@pytest.mark.parametrize("fields,field,word", [
    ({"models": "gpt-4"}, "models", "array"),
    ({"models": ["gpt-4", 5]}, "models[1]", "string"),
    ({"models": ["gpt-4", "gpt-4"]}, "models[1]", "already"),
    ({"models": ["gpt-4oo"]}, "models[0]", "gpt-4o"),
    ({"models": ["openai/gtp-4"]}, "models[0]", "gpt-4"),
    ({"models": ["*gpt"]}, "models[0]", "end"),
    ({"models": ["nobody/*"]}, "models[0]", "begins"),
    ({"models": [""]}, "models[0]", "characters"),
    ({"models": ["a\nib"]}, "models[0]", "spaces"),
    ({"models": ["gpt-4"] * 101}, "models", "100"),
    ({"providers": ["openai", "opneai"]}, "providers[1]", "openai"),
    ({"providers": ["*"]}, "providers[0]", "slug"),
    ({"ip_ranges": ["10.0.0.0/8", "10.0.0.300"]}, "ip_ranges[1]", "address"),
    ({"ip_ranges": ["10.1.0.0/8"]}, "ip_ranges[0]", "10.0.0.0/8"),
    ({"ip_ranges": ["2001:db8::1/32"]}, "ip_ranges[0]", "2001:db8::/32"),
    ({"ip_ranges": ["10.0.0.0/33"]}, "ip_ranges[0]", "network"),
    ({"ip_ranges": None}, "ip_ranges", "array"),
], ids=lambda x: json.dumps(x)[:40])
def test_what_is_refused(fields, field, word, owner):
    for status, body in (create(owner, **fields), patch(owner, owner.get(owner.keys_path, limit=1)["items"][0], **fields)):
        assert (status, body["field"]) == (422, field) and word in body["detail"], body


def test_spellings_of_litellm_are_understood(owner):
    status, made = create(owner, models=["gemini/*", "bedrock/*"])
    assert status == 201 and made["models"] == ["gemini/*", "bedrock/*"]


def test_what_the_gateway_cannot_read_closes_the_key(owner, gateway, installation):
    made = make(owner, gateway)
    for column, value, code in (("ip_ranges", "nonsense", "ip_not_allowed"), ("models", "gone", "model_not_allowed")):
        installation.query(f"update api_keys set {column} = array['{value}'] where api_key_id = '{made['id']}'")
        wait_until(lambda: chat(gateway, made["key"])[2].get("error", {}).get("code") == code, 1.5, code)
        with pytest.raises(ValueError, match="restrictions_check"):   # it would look like none at all
            installation.query(f"update api_keys set {column} = array[''] where api_key_id = '{made['id']}'")
        installation.query(f"update api_keys set {column} = '{{}}' where api_key_id = '{made['id']}'")


def test_what_revoking_would_break(owner, gateway, installation):
    made = make(owner, gateway)
    path = f"{owner.keys_path}/{made['id']}/impact"
    nothing = {"requests": 0, "cost": "0"}
    other = make(owner, gateway)
    assert owner.get(path) == {"last_used_at": None, "day": nothing, "week": nothing, "clients": [],
                               "recent": {"requests": 0, "since": None, "addresses": 0}}
    ids = []
    for agent, address in (("curl/8", "10.0.0.1"), ("curl/8", "10.0.0.2"), ("app/1", "10.0.0.1")):
        status, head, _ = chat(gateway, made["key"], **{"User-Agent": agent, "X-Forwarded-For": address,
                                                        "X-Source": "shop"})
        assert status == 200
        ids.append(head["x-request-id"])
    ids.append(chat(gateway, other["key"])[1]["x-request-id"])
    for request in ids:
        installation.row_of(request)
    got = owner.get(path)
    assert got["day"]["requests"] == got["week"]["requests"] == got["recent"]["requests"] == 3
    assert float(got["day"]["cost"]) > 0 and got["recent"]["addresses"] == 2 and got["last_used_at"]
    assert [(c["user_agent"], c["source"], c["requests"], c["addresses"]) for c in got["clients"]] == \
        [("curl/8", "shop", 2, 2), ("app/1", "shop", 1, 1)]
    assert owner.call("GET", f"{owner.keys_path}/{uuid.uuid4()}/impact")[0] == 404


def test_a_project_says_what_its_new_keys_get(owner, gateway, installation):
    """What the maker says goes before it; keys that are there stay as they are."""
    project = owner.keys_path.removesuffix("/api-keys")
    old = make(owner, gateway)
    defaults = {"key_expires_days": 30, "key_models": ["openai/*"], "key_providers": ["openai"],
                "key_ip_ranges": ["10.0.0.0/8"]}
    try:
        status, changed = owner.call("PATCH", project, defaults)
        assert status == 200 and {k: changed[k] for k in defaults} == defaults
        made = make(owner, gateway)
        assert (made["models"], made["providers"], made["ip_ranges"]) == (["openai/*"], ["openai"], ["10.0.0.0/8"])
        days = installation.query("select round(extract(epoch from expires_at - now()) / 86400) from api_keys "
                                  f"where api_key_id = '{made['id']}'")
        assert days == "30"
        assert ask(gateway, made["key"], "192.0.2.1")[0] == 403
        own = make(owner, gateway, expires_at=None, models=[], providers=["groq"], ip_ranges=[])
        assert (own["expires_at"], own["models"], own["providers"], own["ip_ranges"]) == (None, [], ["groq"], [])
        printed = installation.create_key("from the command line")
        assert ask(gateway, old["key"], "192.0.2.1")[0] == 200
        wait_until(lambda: ask(gateway, printed, "192.0.2.1")[0] == 403, 1.5, "the key at the gateway")
    finally:
        none = {"key_expires_days": None, "key_models": [], "key_providers": [], "key_ip_ranges": []}
        assert owner.call("PATCH", project, none)[0] == 200
    assert make(owner, gateway)["expires_at"] is None


@pytest.mark.parametrize("fields,field", [
    ({"key_expires_days": 0}, "key_expires_days"), ({"key_expires_days": 3651}, "key_expires_days"),
    ({"key_models": ["gpt-nonsense-9"]}, "key_models[0]"), ({"key_providers": ["nobody"]}, "key_providers[0]"),
    ({"key_ip_ranges": ["10.0.0.0/8", "x"]}, "key_ip_ranges[1]")])
def test_defaults_of_a_project_are_judged_as_a_key_s(fields, field, owner):
    status, problem = owner.call("PATCH", owner.keys_path.removesuffix("/api-keys"), fields)
    assert (status, problem["field"]) == (422, field)
    status, problem = owner.call("POST", owner.org_path + "/projects", {"name": "never made"} | fields)
    assert (status, problem["field"]) == (422, field)
