"""What the operator of an instance does, against both daemons: prices and switches over what imports say,
files that are looked at before they are applied, organisations that are suspended, settings."""
import json
import socket
import uuid
from http.client import HTTPResponse

import pytest

from control_client import Person, add_organisation, add_user
from harness import Control, http, say, wait_until

I = "/api/v1/instance"
MODEL = "gpt-4o-mini"


@pytest.fixture(scope="module")
def operator(control, installation):
    return Person(control, installation.email)


def offer_of(operator, model=MODEL, provider="openai"):
    return next(o for o in operator.all(I + "/offers", q=model, provider=provider) if o["model"]["slug"] == model)


def row(model, price, provider="openai", name=None):
    """A model of a catalogue file with one offer."""
    return {"id": model, "name": model, "offers": [
        {"provider": provider, "provider_model": name or model, "context": 1000, "price": price}]}


def give(operator, *models, prune=False, status=201):
    body = {"name": "prices.json", "content": json.dumps({"models": list(models)}), "prune": prune}
    got, answer = operator.call("POST", I + "/catalogue-versions", body)
    assert got == status, answer
    return answer


def apply(operator, version, status=200):
    got, answer = operator.call("POST", f"{I}/catalogue-versions/{version['id']}/apply")
    assert got == status, answer
    return answer


def patch(operator, path, body, status=200, headers=None):
    got, answer = operator.call("PATCH", I + path, body, headers)
    assert got == status, answer
    return answer


def cost_of(installation, gateway, key, model):
    status, head, answer = gateway.chat(key, say("hello", model=f"openai/{model}"))
    assert status == 200, answer
    found = installation.row_of(head["x-request-id"])
    return float(found["cost"]), int(found["input_tokens"]), int(found["output_tokens"])


def costs(installation, gateway, key, model, price_in, price_out):
    """The gateway charges these prices by now."""
    cost, tokens_in, tokens_out = cost_of(installation, gateway, key, model)
    return abs(cost - (tokens_in * price_in + tokens_out * price_out)) < 1e-12


def test_a_price_and_a_switch_hold_over_an_import(operator, installation, gateway, key):
    offer = offer_of(operator)
    assert offer["override"] is None and offer["price"] == offer["catalogue"]["price"]
    path = f"/offers/{offer['id']}"
    changed = patch(operator, path, {"price": {"input": "0.001", "output": "0.002"}}, headers={"If-Match": offer["etag"]})
    assert changed["price"] == {"input": "0.001", "output": "0.002"} == changed["override"]["price"]
    assert changed["catalogue"]["price"] == offer["price"]
    wait_until(lambda: costs(installation, gateway, key, MODEL, 0.001, 0.002), what="the override's price")

    # An import says otherwise: it is said what it would do, and the operator's price stays.
    version = give(operator, row(MODEL, {"input": "5e-6", "output": "6e-6"}))
    change = next(i for i in version["changes"]["items"] if i["what"] == "offer")
    assert (change["kind"], change["overridden"], change["new"]) == \
        ("changed", True, {"input": "0.000005", "output": "0.000006"})
    apply(operator, version)
    now = offer_of(operator)
    assert now["price"] == {"input": "0.001", "output": "0.002"}
    assert now["catalogue"]["price"] == {"input": "0.000005", "output": "0.000006"}
    assert costs(installation, gateway, key, MODEL, 0.001, 0.002)

    # Taken away, what the import said holds.
    assert patch(operator, path, {"price": None})["override"] is None
    wait_until(lambda: costs(installation, gateway, key, MODEL, 5e-6, 6e-6), what="the catalogue's price")
    patch(operator, path, {"switch": "on"}, 412, {"If-Match": offer["etag"]})


def models_of(gateway, key):
    status, _, body = http("GET", gateway.root + "/v1/models", headers={"Authorization": f"Bearer {key}"})
    assert status == 200
    return {m["id"].split("/")[-1] for m in json.loads(body)["data"]}


def test_offers_and_models_are_switched(operator, installation, gateway, key):
    offer = offer_of(operator, "gpt-4")
    off = patch(operator, f"/offers/{offer['id']}", {"switch": "off"})
    assert (off["enabled"], off["catalogue"]["enabled"], off["override"]["enabled"]) == (False, True, False)
    assert offer["id"] in {o["id"] for o in operator.all(I + "/offers", only="off")}
    assert [o["id"] for o in operator.all(I + "/offers", only="overridden")] == [offer["id"]]

    def status(model):
        return gateway.chat(key, say("hello", model="openai/" + model))[0]
    wait_until(lambda: status("gpt-4") != 200, what="the offer to be off")
    apply(operator, give(operator, row("gpt-4", {"input": "1e-6", "output": "2e-6"})))
    assert offer_of(operator, "gpt-4")["enabled"] is False and status("gpt-4") != 200
    patch(operator, f"/offers/{offer['id']}", {"switch": "catalogue"})
    wait_until(lambda: status("gpt-4") == 200, what="the offer to be on")

    # What an override switches on is offered, to a provider key's models too.
    installation.query(f"update offers set enabled = false where uid = '{offer['id']}'")
    patch(operator, f"/offers/{offer['id']}", {"switch": "on"})
    body = {"provider": "openai", "secret": "sk-123", "models": ["gpt-4"]}
    got, made = operator.call("POST", operator.org_path + "/provider-keys", body)
    assert (got, made["models"]) == (201, ["gpt-4"]), made
    patch(operator, f"/offers/{offer['id']}", {"switch": "off"})
    got, answer = operator.call("POST", operator.org_path + "/provider-keys", body)
    assert (got, answer["field"]) == (422, "models"), answer
    assert operator.call("DELETE", f"{operator.org_path}/provider-keys/{made['id']}")[0] == 204
    installation.query(f"update offers set enabled = true where uid = '{offer['id']}'")
    patch(operator, f"/offers/{offer['id']}", {"switch": "catalogue"})
    wait_until(lambda: status("gpt-4") == 200, what="the offer to be on again")

    model = next(m for m in operator.all(I + "/models", q="gpt-4") if m["slug"] == "gpt-4")
    assert patch(operator, f"/models/{model['id']}", {"enabled": False}, headers={"If-Match": model["etag"]})["enabled"] is False
    wait_until(lambda: "gpt-4" not in models_of(gateway, key), what="the model to be gone")
    patch(operator, f"/models/{model['id']}", {"enabled": True})
    wait_until(lambda: "gpt-4" in models_of(gateway, key), what="the model to be back")


def test_a_file_is_looked_at_applied_and_gone_back_to(operator, installation, gateway, key):
    name = f"m-{uuid.uuid4().hex[:8]}"
    first = give(operator, row(name, {"input": "1e-6", "output": "1e-6"}, name="gpt-4"))
    assert first["applied_at"] is None and first["changes"]["added"] == 1
    assert [(i["kind"], i["model"], i["old"]) for i in first["changes"]["items"]] == [("added", name, None)]
    assert not operator.all(I + "/offers", q=name), "nothing is changed before it is applied"
    assert "items" not in operator.all(I + "/catalogue-versions")[0]["changes"]
    applied = apply(operator, first)
    assert applied["applied_by"] == installation.email and applied["changes"] == first["changes"]
    wait_until(lambda: name in models_of(gateway, key), what="the new model")
    assert costs(installation, gateway, key, name, 1e-6, 1e-6)

    second = give(operator, row(name, {"input": "9e-6", "output": "9e-6"}, name="gpt-4"))
    item, = second["changes"]["items"]
    assert (item["kind"], item["old"]["input"], item["new"]["input"], item["fields"]) == \
        ("changed", "0.000001", "0.000009", [])
    apply(operator, second)
    wait_until(lambda: costs(installation, gateway, key, name, 9e-6, 9e-6), what="the new price")

    apply(operator, first, 412)  # its preview says "added": no longer true
    status, again = operator.call("POST", f"{I}/catalogue-versions/{first['id']}/preview")
    assert status == 200 and again["changes"]["items"][0]["new"]["input"] == "0.000001"
    apply(operator, first)
    wait_until(lambda: costs(installation, gateway, key, name, 1e-6, 1e-6), what="the old price")

    audit = operator.all(operator.org_path + "/audit", action="catalogue.import")
    assert audit[0]["target"]["id"] == first["id"] and audit[0]["after"]["changes"]["changed"] == 1


def test_files_that_are_no_catalogue(operator):
    for content, why in (("[]", "catalogue"), ('{"mod', "catalogue"), (json.dumps({"models": []}), "no row")):
        status, answer = operator.call("POST", I + "/catalogue-versions", {"name": "x", "content": content})
        assert (status, answer["field"]) == (422, "content") and why in answer["detail"]
    bad = give(operator, row("ok-model", {"input": "1e-6"}), row("No Slug!", {"input": "1e-6"}))
    assert bad["changes"]["refused"] >= 1 and bad["changes"]["refusals"]
    big = {"name": "x", "content": json.dumps({"models": [], "x": "y" * (2 << 20)})}
    status, answer = operator.call("POST", I + "/catalogue-versions", big)
    assert status == 422, "over the usual 1 MB it is still read"
    status, answer = operator.call("POST", I + "/catalogue-versions", {"name": "x", "content": "y" * (8 << 20)})
    assert status == 413


def test_bad_overrides_are_refused(operator):
    path = f"/offers/{offer_of(operator)['id']}"
    for body, field in (({}, None), ({"price": {}}, "price"), ({"price": {"input": "a lot"}}, "price"),
                        ({"price": {"input": 1}}, "price"), ({"switch": "maybe"}, "switch")):
        assert patch(operator, path, body, 422).get("field") == field
    patch(operator, f"/offers/{uuid.uuid4()}", {"switch": "on"}, 404)
    patch(operator, f"/models/{uuid.uuid4()}", {"enabled": True}, 404)


def ask_to_upload(control, who, length, *more, csrf=True):
    """A connection that has sent the head of an upload, and nothing of its body."""
    sock = socket.create_connection(("127.0.0.1", control.port), timeout=10)
    lines = ["POST /api/v1/instance/catalogue-versions HTTP/1.1", "Host: x", "Content-Type: application/json", length,
             *more, *[f"{k}: {v}" for k, v in who.auth().items()], *([f"X-CSRF-Token: {who.csrf}"] if csrf else [])]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    return sock


def answer_of(sock):
    with sock:
        answer = HTTPResponse(sock)
        answer.begin()
        return answer.status, json.loads(answer.read()), answer.getheader("connection")


EIGHT_MB = f"Content-Length: {8 << 20}"


def test_a_large_body_is_taken_of_nobody_who_is_refused(operator, control, installation):
    """The answer is there before a byte of the body is sent; and such calls keep no place of those that are few."""
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email)
    stranger, nobody = Person(control, email), Person(control)
    waiting = [ask_to_upload(control, nobody, EIGHT_MB) for _ in range(6)]
    assert answer_of(ask_to_upload(control, nobody, EIGHT_MB))[0::2] == (401, "close")
    assert answer_of(ask_to_upload(control, nobody, "Transfer-Encoding: chunked"))[0] == 401
    assert answer_of(ask_to_upload(control, nobody, EIGHT_MB, "Authorization: Bearer sk-doteb-mgmt-x"))[0] == 401
    assert answer_of(ask_to_upload(control, stranger, EIGHT_MB))[1]["type"] == "urn:doteb:problem:role"
    assert answer_of(ask_to_upload(control, operator, EIGHT_MB, csrf=False))[1]["type"] == "urn:doteb:problem:csrf"
    # The operator's is waited for, four at a time.
    few = [ask_to_upload(control, operator, EIGHT_MB, "Expect: 100-continue") for _ in range(4)]
    for sock in few:
        assert sock.recv(64).startswith(b"HTTP/1.1 100")
    assert answer_of(ask_to_upload(control, operator, EIGHT_MB, "Expect: 100-continue"))[0] == 503
    for sock in few + waiting:
        sock.close()
    body = json.dumps({"name": "large", "content": "y" * (7 << 20)}).encode()
    for framing, bytes_ in ((f"Content-Length: {len(body)}", body),
                            ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
                            ("Transfer-Encoding: chunked", b"0\r\n\r\n"), ("Content-Length: 2", b"{}"),
                            ("Content-Length: 0", b"")):
        def upload():
            sock = ask_to_upload(control, operator, framing)
            sock.sendall(bytes_)
            answer = answer_of(sock)
            return answer[0] != 503 and answer
        assert wait_until(upload, what="a place")[0] in (400, 422), framing


def test_a_suspended_organisation_is_refused_by_a_running_gateway(operator, installation, control, gateway, simulator):
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email)
    owner = Person(control, email)
    org = owner.call("POST", "/api/v1/organisations", {"name": "Debtors"})[1]["id"]
    owner.sign_in()
    owner.call("POST", f"/api/v1/organisations/{org}/provider-keys",
               {"provider": "openai", "secret": "sk-1", "base_url": simulator.base_url})
    _, made = owner.call("POST", f"/api/v1/organisations/{org}/projects/{owner.project}/api-keys", {"name": "k"})
    key = made["key"]
    wait_until(lambda: gateway.chat(key, say("hello", model="openai/gpt-4"))[0] == 200, what="its key to work")

    row, = [o for o in operator.all(I + "/organisations", q="debtors") if o["id"] == org]
    wait_until(lambda: [o for o in operator.all(I + "/organisations", q="debtors")][0]["requests"] >= 1,
               what="its requests to be counted")
    assert (row["members"], row["api_keys"], row["suspended_at"]) == (1, 1, None)
    status, now = operator.call("POST", f"{I}/organisations/{org}/suspend", {"reason": "Unpaid since May"})
    assert status == 200 and now["suspended_reason"] == "Unpaid since May"
    answer = wait_until(lambda: (a := gateway.chat(key, say("hello", model="openai/gpt-4"))) and a[0] == 403 and a,
                        seconds=1, what="the gateway to refuse it")
    assert answer[2]["error"]["code"] == "organisation_suspended"
    status, _, body = http("POST", gateway.root + "/v1/messages", json.dumps(
        {"model": "openai/gpt-4", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}).encode(),
        {"x-api-key": key, "Content-Type": "application/json"})
    assert status == 403 and json.loads(body)["error"]["type"] == "permission_error"

    owner.sign_in()
    mine, = [o for o in owner.session["organisations"] if o["id"] == org]
    assert mine["suspended"]["reason"] == "Unpaid since May"
    assert owner.get(f"/api/v1/organisations/{org}")["id"] == org, "its members can still look"
    assert [o["id"] for o in operator.all(I + "/organisations", state="suspended")] == [org]

    assert operator.call("POST", f"{I}/organisations/{org}/resume")[0] == 200
    wait_until(lambda: gateway.chat(key, say("hello", model="openai/gpt-4"))[0] == 200, seconds=1,
               what="its key to work again")
    said = [a["action"] for a in operator.all(operator.org_path + "/audit") if a["target"] and a["target"]["id"] == org]
    assert said[:2] == ["organisation.resume", "organisation.suspend"]
    # In the organisation's own log, too, and nothing there about who of the operators it was.
    rows = owner.all(f"/api/v1/organisations/{org}/audit", action="organisation")[:2]
    assert [r["action"] for r in rows] == said[:2]
    assert [r["actor"] for r in rows] == [{"kind": "operator", "id": None, "name": "the operator"}] * 2
    assert all(r["ip"] is None and r["user_agent"] == "" and r["target"] == {"id": org, "name": "Debtors"} for r in rows)
    assert rows[1]["after"]["suspended_reason"] == "Unpaid since May" and rows[1]["before"]["suspended_at"] is None
    assert set(rows[0]["after"]) == {"id", "name", "platform_keys", "suspended_at", "suspended_reason"}
    assert installation.email not in json.dumps(rows)
    assert operator.call("POST", f"{I}/organisations/{org}/resume")[0] == 200, "the same again is no change"
    assert owner.all(f"/api/v1/organisations/{org}/audit", action="organisation")[:2] == rows
    assert '"operator","the operator","",' in owner.call("GET", f"/api/v1/organisations/{org}/audit/export", action="organisation")[1]
    assert operator.call("POST", f"{I}/organisations/{operator.org}/suspend", {"reason": "x"})[0] == 409
    assert operator.call("POST", f"{I}/organisations/{uuid.uuid4()}/suspend", {"reason": "x"})[0] == 404


def test_organisations_are_paged_and_found(operator, installation):
    for n in range(3):
        add_organisation(installation, f"Paged {n}")
    all_of_them = operator.all(I + "/organisations", limit=2)
    assert len({o["id"] for o in all_of_them}) == len(all_of_them) >= 4
    assert len(operator.all(I + "/organisations", limit=2, q="paged")) == 3


def test_settings_hold_without_a_restart(operator, control, installation):
    def public():
        return json.loads(http("GET", control.root + "/api/v1/instance")[2])["sign_up"]
    before = operator.get(I + "/settings")
    assert (before["sign_up"], before["sign_up_from"], before["announcement"]) == ("invite", "environment", "")
    now = patch(operator, "/settings", {"sign_up": "closed", "announcement": "Maintenance on Sunday"},
                headers={"If-Match": before["etag"]})
    assert (now["sign_up"], now["sign_up_from"], public()) == ("closed", "settings", "closed")
    assert Person(control, installation.email).session["announcement"] == "Maintenance on Sunday"
    patch(operator, "/settings", {"announcement": "x"}, 412, {"If-Match": before["etag"]})
    patch(operator, "/settings", {"sign_up": "environment", "announcement": ""})
    assert public() == "invite"
    assert patch(operator, "/settings", {}, 422)


def test_the_state_shows_no_secret(operator, installation, gateway):
    state = operator.get(I + "/state")
    settings = {e["name"]: e["value"] for e in state["environment"]}
    assert settings["DOTEB_MASTER_KEY"] == settings["DOTEB_DATABASE_URL"] == "set"
    assert settings["DOTEB_SIGNUP"] == "invite"
    text = json.dumps(state)
    assert installation.env["DOTEB_MASTER_KEY"] not in text and installation.env["DOTEB_DATABASE_URL"] not in text
    assert state["master_keys"][0]["id"] == state["sealing_key"]
    assert "0016_operator.sql" in [m["name"] for m in state["migrations"]]
    wait_until(lambda: operator.get(I + "/state")["gateways"], what="the gateway to be seen")


def test_who_is_no_operator_is_refused_though_owner_of_the_operator_s_organisation(control, installation):
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email, "owner")
    owner = Person(control, email)
    for path in ("/offers", "/models", "/catalogue-versions", "/organisations", "/settings", "/state"):
        assert owner.call("GET", I + path)[0] == 403
    _, token = owner.call("POST", owner.org_path + "/management-tokens",
                          {"name": "t", "role": "owner", "scopes": ["read", "organisation"]})
    status, _, body = http("GET", control.root + I + "/settings", headers={"Authorization": f"Bearer {token['token']}"})
    assert status == 403 and json.loads(body)["type"] == "urn:doteb:problem:scope"
