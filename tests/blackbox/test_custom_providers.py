"""Providers of an organisation's own: called, priced, changed and deleted; and that no other tenant
lists, calls, restricts to, edits or reaches them."""
import json
import re
import uuid
from decimal import Decimal

import anthropic
import openai
import pytest

from control_client import Person
from custom_tenants import other, people, served, server, tenant  # noqa: F401
from harness import Simulator, say, wait_until

ASKS = {
    "openai": ("/v1/chat/completions", lambda model: say("hello", model)),
    "responses": ("/v1/responses", lambda model: {"model": model, "input": "hello"}),
    "anthropic": ("/v1/messages", lambda model: say("hello", model, max_tokens=9)),
    "google": ("/v1beta/models/{model}:generateContent",
               lambda model: {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
    "bedrock": ("/model/{model}/converse",
                lambda model: {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}),
    "embeddings": ("/v1/embeddings", lambda model: {"model": model, "input": "hello"}),
}


# ---------------------------------------------------------------- calls

@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("client", ["openai", "anthropic"])
@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_clients_of_both_protocols_call_servers_of_both(tenant, protocol, client, streamed):
    tenant.add(protocol=protocol, secret="sk-of-the-server")
    asked = dict(model="lab/llama", messages=[{"role": "user", "content": "hello"}], max_tokens=50)
    text = ""
    if client == "openai":
        sdk = openai.OpenAI(base_url=tenant.gateway.base_url, api_key=tenant.key, max_retries=0)
        got = sdk.chat.completions.with_raw_response.create(stream=streamed, **asked)
        if streamed:
            text = "".join(c.choices[0].delta.content or "" for c in got.parse() if c.choices)
        else:
            text = got.parse().choices[0].message.content
    else:
        sdk = anthropic.Anthropic(base_url=tenant.gateway.root, api_key=tenant.key, max_retries=0)
        got = sdk.messages.with_raw_response.create(stream=streamed, **asked)
        if streamed:
            text = "".join(e.delta.text for e in got.parse()
                           if e.type == "content_block_delta" and e.delta.type == "text_delta")
        else:
            text = got.parse().content[0].text
    assert "hello" in text
    row = tenant.row(got.headers)
    last = tenant.server.get("/_sim/last")
    assert json.loads(last["body"])["model"] == "org/llama:8b" == row["upstream_model"]
    headers = {k.lower(): v for k, v in last["headers"]}
    name, value = {"openai": ("authorization", "Bearer %s"), "anthropic": ("x-api-key", "%s")}[protocol]
    assert headers[name] == value % "sk-of-the-server" and tenant.key not in json.dumps(last)
    assert ("anthropic-version" in headers) == (protocol == "anthropic")
    want = Decimal(row["input_tokens"]) * 2 + Decimal(row["output_tokens"]) * Decimal("8.5")
    assert row["input_tokens"] > 0 and row["output_tokens"] > 0 and not row["estimated"]
    assert Decimal(str(row["cost"])) == want / 1000000
    assert row["provider_key_id"]


def test_a_server_that_asks_for_no_key_gets_none(tenant):
    made = tenant.add()
    assert made["provider_keys"] == 0
    status, head, answer = tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))
    assert status == 200, answer
    names = {name.lower() for name, _ in tenant.server.get("/_sim/last")["headers"]}
    assert not names & {"authorization", "x-api-key", "cookie"}
    row = tenant.row(head)
    assert row["provider_key_id"] is None and row["attempts"][0]["status"] == 200
    assert answer["metadata"]["used_provider"] == "lab" and answer["metadata"]["used_model"] == "lab/llama"


def test_a_disabled_key_is_no_leave_to_call_without(tenant):
    tenant.add(secret="sk-of-the-server")
    key = next(k for k in tenant.owner.all(tenant.path + "/provider-keys") if k["provider"] == "lab")
    assert tenant.owner.call("PATCH", f"{tenant.path}/provider-keys/{key['id']}", {"disabled": True})[0] == 200
    wait_until(lambda: "lab/llama" not in tenant.listed(), 5, "the gateway knows")
    status, _, answer = tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))
    assert status == 403 and "No provider key for 'lab/llama'" in answer["error"]["message"]


def test_further_provider_keys(tenant):
    tenant.add()
    made = tenant.make("/provider-keys", {"provider": "lab", "secret": "sk-second-0123456789",
                                          "models": ["lab/llama"]})
    assert (made["provider"], made["models"]) == ("lab", ["lab/llama"])

    def signed():
        assert tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))[0] == 200
        return "sk-second-0123456789" in json.dumps(tenant.server.get("/_sim/last"))
    wait_until(signed, 5, "the key in use")
    status, body = tenant.owner.call("POST", tenant.path + "/provider-keys",
                                     {"provider": "lab", "secret": "sk-1", "models": ["gpt-4"]})
    assert (status, body["field"]) == (422, "models")


def test_names_of_a_model(tenant):
    tenant.add(models=[{"upstream_id": "org/llama:8b", "id": "llama"}, {"upstream_id": "qwen3:32b"}])
    for model in ("lab/llama", "lab/org/llama:8b", "lab/qwen3:32b"):
        status, _, answer = tenant.gateway.chat(tenant.key, say("hello", model))
        assert status == 200, (model, answer)
    assert {m for m in tenant.listed() if m.startswith("lab/")} == {"lab/llama", "lab/qwen3:32b"}
    for model in ("llama", "qwen3:32b", "org/llama:8b", "lab/llam", "lab/", "LAB/llama"):
        status, _, answer = tenant.gateway.chat(tenant.key, say("hello", model))
        assert status == 404 and answer["error"]["code"] == "model_not_found", model
    status, one = tenant.ask("GET", "/v1/models/lab/llama")
    assert (status, one["id"], one["owned_by"]) == (200, "lab/llama", "lab")


def test_capabilities_are_held_to(tenant):
    tenant.add(models=[{"upstream_id": "plain", "capabilities": []},
                       {"upstream_id": "embed", "capabilities": ["embeddings"]}])
    assert tenant.gateway.chat(tenant.key, say("hello", "lab/plain"))[0] == 200
    assert tenant.gateway.chat(tenant.key, say("hello", "lab/plain", stream=True))[0] == 400
    status, answer = tenant.ask("POST", "/v1/embeddings", {"model": "lab/embed", "input": "hello"})
    assert status == 200 and answer["data"][0]["embedding"], answer
    assert tenant.ask("POST", "/v1/embeddings", {"model": "lab/plain", "input": "hello"})[0] == 400


# ---------------------------------------------------------------- other tenants

@pytest.mark.parametrize("dialect", ASKS)
def test_another_tenant_cannot_call_it_by_any_name(tenant, other, dialect):
    tenant.add(slug="mine", models=[{"upstream_id": "org/llama:8b", "id": "llama",
                                     "capabilities": ["streaming", "embeddings"]}])
    before = served(tenant.server)
    path, body = ASKS[dialect]
    for model in ("mine/llama", "mine/org/llama:8b", "lab/llama", "mine/llama:x"):
        status, answer = other.ask("POST", path.replace("{model}", model.replace("/", "%2F")), body(model))
        assert status == 404, (model, answer)
        for near in re.findall(r"Did you mean ([^?]*)\?", json.dumps(answer)):
            assert "mine/" not in near
        missing = other.ask("POST", path.replace("{model}", "none%2Fx"), body("none/x"))
        assert missing[0] == 404   # just as what nobody has
    assert served(tenant.server) == before


def test_its_models_are_suggested_to_its_own(tenant, other):
    tenant.add(slug="mine", models=[{"upstream_id": "org/zebrafish:8b", "id": "zebrafish"}])
    barred = tenant.restricted(models=["gpt-4o-mini"])
    for key, suggested in ((tenant.key, True), (barred, False), (other.key, False)):
        for model in ("mine/zebrafsh", "zebrafsh"):
            status, answer = tenant.ask("POST", "/v1/chat/completions", say("x", model), key=key)
            assert status == 404 and ("Did you mean mine/zebrafish" in answer["error"]["message"]) == suggested, answer


def test_lists_are_each_tenant_s(tenant, other):
    tenant.add(slug="mine")
    assert "mine/llama" in tenant.listed()
    for path in ("/v1/models", "/v1beta/models"):
        assert "mine" not in json.dumps(other.ask("GET", path)[1])
    assert other.ask("GET", "/v1/models/mine/llama")[0] == 404
    assert [p["slug"] for p in other.owner.all(other.path + "/custom-providers")] == ["theirs"]
    assert "mine" not in json.dumps(other.owner.all("/api/v1/models", limit=200))
    assert "mine" not in json.dumps(other.owner.all("/api/v1/providers", limit=200))


def test_two_tenants_have_the_same_slug(tenant, other, scratch):
    second = Simulator(scratch / f"second-{uuid.uuid4().hex}")
    try:
        tenant.add(secret="sk-of-the-first")
        other.server = second
        other.add(secret="sk-of-the-second")
        seen = []
        for one, secret in ((tenant, "sk-of-the-first"), (other, "sk-of-the-second")):
            status, head, _ = one.gateway.chat(one.key, say("hello", "lab/llama"))
            assert status == 200 and secret in json.dumps(one.server.get("/_sim/last"))
            seen.append((one.row(head)["provider_id"], one.row(head)["model_id"]))
        assert seen[0][0] != seen[1][0] and seen[0][1] != seen[1][1]
    finally:
        second.stop()


def test_another_tenant_s_api(tenant, other, control):
    made = tenant.add()
    stranger = Person(control, other.installation.email)
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        path = f"{other.path}/custom-providers/{made['id']}"
        assert other.owner.call(method, path, body)[0] == 404
        assert stranger.call(method, f"{tenant.path}/custom-providers/{made['id']}", body)[0] == 404
    assert other.owner.call("GET", f"{other.path}/custom-providers/{made['id']}/impact")[0] == 404
    status, body = other.owner.call("POST", other.path + "/provider-keys", {"provider": "lab", "secret": "sk-12345678"})
    assert (status, body["field"]) == (422, "provider")
    assert tenant.owner.get(f"{tenant.path}/custom-providers/{made['id']}") == made
    assert "lab/llama" in tenant.listed()


def test_rows_that_cross_are_refused_by_the_database(tenant, other):
    tenant.add()
    with pytest.raises(ValueError, match="provider_keys_custom_provider_fkey"):
        tenant.installation.query(
            "insert into provider_keys (organisation_id, provider_key_id, provider_id, sealed) "
            f"select '{other.org}', gen_random_uuid(), provider_id, 'x' from custom_providers "
            f"where organisation_id = '{tenant.org}' and slug = 'lab'")


# ---------------------------------------------------------------- restrictions

@pytest.mark.parametrize("fields,own,theirs", [
    ({"models": ["lab/llama"]}, True, False), ({"models": ["lab/*"]}, True, True),
    ({"models": ["lab/lla*"]}, True, False), ({"models": ["lab/org/llama:8b"]}, True, False),
    ({"providers": ["lab"]}, True, True), ({"providers": ["openai"]}, False, False),
    ({"models": ["gpt-4"]}, False, False)])
def test_restrictions_of_api_keys(tenant, fields, own, theirs):
    tenant.add(models=[{"upstream_id": "org/llama:8b", "id": "llama"}, {"upstream_id": "qwen"}])
    key = tenant.restricted(**fields)
    for model, may in (("lab/llama", own), ("lab/qwen", theirs)):
        status, _, answer = tenant.gateway.chat(key, say("hello", model))
        assert status == (200 if may else 403), (model, answer)
    assert ("lab/llama" in tenant.listed(key), "lab/qwen" in tenant.listed(key)) == (own, theirs)


def test_another_tenant_cannot_restrict_to_it(tenant, other):
    tenant.add(slug="mine")
    for fields in ({"models": ["mine/llama"]}, {"models": ["mine/*"]}, {"providers": ["mine"]}):
        status, body = other.owner.call("POST", f"{other.path}/projects/{other.project}/api-keys",
                                        {"name": "x"} | fields)
        assert status == 422 and body["field"].startswith(next(iter(fields))), body


# ---------------------------------------------------------------- what people see

def test_activity_and_analytics_name_it(tenant, other):
    tenant.add()
    status, head, _ = tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))
    id = tenant.row(head)["request_id"]
    item = tenant.owner.get(f"{tenant.path}/requests/{id}")
    assert (item["model"], item["provider"]) == ("lab/llama", "lab")
    assert [(a["provider"], a["model"]) for a in item["attempts_detail"]] == [("lab", "org/llama:8b")]
    for query in ({"model": "lab/llama"}, {"provider": "lab"}):
        assert [r["id"] for r in tenant.owner.get(tenant.path + "/requests", **query)["items"]] == [id]
        assert other.owner.get(other.path + "/requests", **query)["items"] == []
    for by, key in (("model", "lab/llama"), ("provider", "lab")):
        series = tenant.owner.get(tenant.path + "/usage", group_by=by)["series"]
        assert [s["key"] for s in series] == [key]
        groups = tenant.owner.get(tenant.path + "/analytics", group_by=by, measures="requests,cost,cache_savings",
                                  **{by: key})["groups"]
        assert [g["key"][0] for g in groups] == [key], groups


# ---------------------------------------------------------------- changes

def test_a_price_counts_at_once(tenant):
    made = tenant.add()

    def cost():
        row = tenant.row(tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))[1])
        return Decimal(str(row["cost"])), row["input_tokens"], row["output_tokens"]
    spent, _, _ = cost()
    assert spent > 0
    status, now = tenant.change(made, body={"models": [
        {"upstream_id": "org/llama:8b", "id": "llama", "price_per_million": {"input": "0.000001", "output": "0"}}]},
        headers={"If-Match": f'"{made["etag"]}"'})
    assert status == 200 and now["models"][0]["price_per_million"] == {
        "input": "0.000001", "output": "0", "cached_input": None}

    def cheap():
        spent, tokens_in, _ = cost()
        return spent == Decimal(tokens_in) / 10 ** 12
    wait_until(cheap, 10, "the new price")
    assert tenant.change(made, body={"name": "x"}, headers={"If-Match": f'"{made["etag"]}"'})[0] == 412


def test_models_go_and_come_back_as_the_same(tenant):
    two = [{"upstream_id": "a"}, {"upstream_id": "b"}]
    made = tenant.add(models=two)
    ids = "select model_id from custom_models where organisation_id = '%s' and slug = 'lab/b'" % tenant.org
    before = tenant.installation.query(ids)
    assert [m["id"] for m in tenant.change(made, body={"models": two[:1]})[1]["models"]] == ["a"]
    wait_until(lambda: tenant.gateway.chat(tenant.key, say("x", "lab/b"))[0] == 404, 5, "it is gone")
    assert [m["id"] for m in tenant.change(made, body={"models": two[::-1]})[1]["models"]] == ["b", "a"]
    wait_until(lambda: tenant.gateway.chat(tenant.key, say("x", "lab/b"))[0] == 200, 5, "it is back")
    assert tenant.installation.query(ids) == before


def test_another_address_and_its_keys(tenant, simulator):
    made = tenant.add(secret="sk-of-the-server")
    status, body = tenant.change(made, body={"base_url": simulator.base_url})
    assert (status, body["field"]) == (422, "base_url") and "given for another server" in body["detail"]
    assert tenant.change(made, body={"base_url": made["base_url"] + "/"})[0] == 200
    free = tenant.add(slug="free")
    assert tenant.change(free, body={"base_url": simulator.base_url})[0] == 200

    def moved():
        status, _, answer = tenant.gateway.chat(tenant.key, say("hello", "free/llama"))
        assert status == 200, answer
        last = simulator.get("/_sim/last")
        return last and json.loads(last["body"])["model"] == "org/llama:8b"
    wait_until(moved, 5, "the other server is called")
    before = served(tenant.server)
    assert tenant.gateway.chat(tenant.key, say("hello", "free/llama"))[0] == 200
    assert served(tenant.server) == before


def test_deleting_it(tenant):
    made = tenant.add(secret="sk-of-the-server")
    head = tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))[1]
    id = tenant.row(head)["request_id"]
    path = f"{tenant.path}/custom-providers/{made['id']}"
    impact = wait_until(lambda: (i := tenant.owner.get(path + "/impact"))["requests"] and i, 10, "it is counted")
    assert impact["requests"] == 1 and impact["provider_keys"] == 1 and Decimal(impact["cost"]) > 0
    assert [m["model"] for m in impact["by_model"]] == ["lab/llama"] and len(impact["by_key"]) == 1
    assert tenant.change(made, "DELETE")[0] == 204
    assert tenant.change(made, "DELETE")[0] == 404
    wait_until(lambda: tenant.gateway.chat(tenant.key, say("x", "lab/llama"))[0] == 404, 5, "it is gone")
    assert "lab/llama" not in tenant.listed()
    item = tenant.owner.get(f"{tenant.path}/requests/{id}")
    assert (item["model"], item["provider"]) == ("lab/llama", "lab")
    assert not [k for k in tenant.owner.all(tenant.path + "/provider-keys") if k["provider"] == "lab"]
    again = tenant.add()
    assert again["id"] != made["id"] and again["provider_keys"] == 0
    assert tenant.gateway.chat(tenant.key, say("hello", "lab/llama"))[0] == 200


def test_it_is_audited_without_its_secret(tenant):
    made = tenant.add(secret="sk-never-written-down")
    tenant.change(made, body={"name": "Renamed"})
    tenant.change(made, "DELETE")
    items = tenant.owner.all(tenant.path + "/audit", action="custom_provider")
    assert [i["action"] for i in items if i["target"]["id"] == made["id"]] == [
        "custom_provider.delete", "custom_provider.update", "custom_provider.create"]
    assert "sk-never" not in json.dumps(items)


# ---------------------------------------------------------------- the catalogue beside it

def test_an_import_neither_touches_nor_shadows_it(tenant, installation, scratch):
    tenant.add(slug="acme", models=[{"upstream_id": "org/llama:8b", "id": "llama"}])
    file = scratch / "acme.json"
    file.write_text(json.dumps({
        "providers": [{"id": "acme", "name": "Acme", "base_url": "https://acme.invalid/v1", "dialect": "openai",
                       "framing": "sse", "chat_path": "/chat/completions", "signer": "bearer"}],
        "models": [{"id": "acme-llama", "name": "Acme's", "offers": [
            {"provider": "acme", "provider_model": "llama", "capabilities": ["streaming"], "context": 1000,
             "price": {"input": "1e-6", "output": "1e-6"}}]}]}))
    custom = "select json_agg(c order by provider_id), (select json_agg(m order by model_id) from custom_models m) " \
             "from custom_providers c"
    before = installation.query(custom)
    said = installation.command("catalogue", "import", file)
    assert re.search(r"refused +0 rows", said), said
    assert installation.query(custom) == before
    assert installation.query("select count(*) from offers join models using (model_id) where slug = 'acme-llama'") == "1"
    status, _, answer = tenant.gateway.chat(tenant.key, say("hello", "acme/llama"))
    assert status == 200, answer
    assert json.loads(tenant.server.get("/_sim/last")["body"])["model"] == "org/llama:8b"
    status, body = tenant.owner.call("POST", tenant.path + "/custom-providers", {
        "slug": "acme", "protocol": "openai", "base_url": tenant.server.base_url})
    assert status == 422 and "catalogue" in body["detail"]
