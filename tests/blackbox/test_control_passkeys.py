"""Passkeys: added, used alone and as the second step, renamed, removed; and every lie about them."""
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import harness
from authenticator import ATTESTED, EDDSA, ES256, PRESENT, RS256, VERIFIED, Authenticator, decode, encode
from control_client import Person, check_answer
from harness import PASSWORD, http
from mailbox import Mailbox
from test_weather import weather  # noqa: F401
from test_control_second_factor import fresh_person, sign_in, somewhere, steady, turn_on  # noqa: F401

PATH = "/api/v1/account/passkeys"
WRONG = "urn:doteb:problem:wrong-passkey"


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    yield box
    box.stop()


def start(installation, url, **settings):
    control = harness.Control(installation, start=False, DOTEB_TRUSTED_PROXIES="127.0.0.1", **settings)
    control.origin = url.format(control.port)
    control.env["DOTEB_PUBLIC_URL"] = control.origin
    control.spawn([harness.BUILD / "control/doteb-control", "serve"], control.env)
    control.wait_ready(control.root + "/readyz")
    return control


@pytest.fixture(scope="module")
def control(installation, mailbox):
    control = start(installation, "http://localhost:{}", **mailbox.settings())
    yield control
    control.stop()


def key_of(control, *args, **kwargs):
    return Authenticator(control.origin, *args, **kwargs)


def begin_add(person):
    status, options = person.call("POST", PATH + "/begin", {"password": PASSWORD})
    assert status == 200, options
    return options


def add(person, key, **lies):
    """(status, body)"""
    return person.call("POST", PATH, key.create(begin_add(person), **lies))


def added(person, *args, **kwargs):
    key = key_of(person.control, *args, **kwargs)
    status, item = add(person, key)
    assert status == 201, item
    key.item = item
    return key


def ask(visitor, second_step=False):
    status, options = visitor.call("POST", "/api/v1/session/passkey/begin", {"second_step": second_step},
                                   somewhere())
    assert status == 200, options
    return options


def answer(visitor, body):
    """(status, body); on success the visitor has the cookie."""
    status, head, data = http("POST", visitor.control.root + "/api/v1/session/passkey", body,
                              somewhere() | visitor.auth())
    check_answer("POST", "/api/v1/session/passkey", status, head, data)
    if status == 200:
        visitor.cookie = head["set-cookie"].split(";")[0]
        visitor.session = json.loads(data)
        visitor.csrf = visitor.session["csrf_token"]
    else:
        assert not head["set-cookie"]
    return status, json.loads(data)


def enter(control, key, **lies):
    visitor = Person(control)
    status, body = answer(visitor, key.get(ask(visitor), **lies))
    return status if status == 200 else (status, body["type"])


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_adding_one_and_signing_in_with_it(installation, control, mailbox, algorithm):
    person = fresh_person(installation, control)
    options = begin_add(person)
    assert options["rp"]["id"] == "localhost" and options["attestation"] == "none"
    assert options["user"]["name"] == person.email and options["excludeCredentials"] == []
    assert decode(options["user"]["id"]) == uuid.UUID(person.session["user"]["id"]).bytes
    key = added(person, algorithm)
    assert key.item["name"] == "Test key" and key.item["last_used_at"] is None
    assert begin_add(person)["excludeCredentials"] == [{"type": "public-key", "id": encode(key.id)}]
    assert mailbox.wait(person.email)["Subject"] == "A passkey was added"
    visitor = Person(control)
    options = ask(visitor)
    assert options["allowCredentials"] == [] and options["userVerification"] == "required"
    status, body = answer(visitor, key.get(options))
    assert status == 200 and body["user"]["email"] == person.email
    assert visitor.get("/api/v1/account")["email"] == person.email
    item, = visitor.get(PATH)["items"]
    assert item["last_used_at"] and item["id"] == key.item["id"]
    assert enter(control, key) == 200
    row = person.all(person.org_path + "/audit", action="session.create")[0]
    assert row["after"] == {"passkey": "Test key"}


def test_adding_asks_for_the_password_and_its_own_challenge(installation, control):
    person, other = (fresh_person(installation, control) for _ in range(2))
    assert person.call("POST", PATH + "/begin", {"password": "wrong"})[1]["type"].endswith(":wrong-password")
    key = key_of(control)
    for lies in ({"challenge": encode(bytes(32))}, {"type": "webauthn.get"},
                 {"origin": "http://localhost:1"}, {"origin": "https://localhost"}, {"crossOrigin": True},
                 {"origin": "http://127.0.0.1:" + str(control.port)}, {"rp_id": "example.com"},
                 {"flags": VERIFIED | ATTESTED}, {"flags": PRESENT}):
        options = begin_add(person)
        assert refused(person, key.create(options, **lies)), lies
        assert refused(person, key.create(options)) == ("challenge" not in lies), "a lie uses up what it answers"
    options = begin_add(person)
    for challenge in (options["challenge"] + "=", ask(Person(control))["challenge"]):   # one to sign in with adds nothing
        assert refused(person, key.create(options | {"challenge": challenge}))
    assert refused(other, key.create(options))            # nor somebody else's, whose it is no more then
    assert refused(person, key.create(options))
    for cut in ("AAAA", "not base64!", encode(bytes(36)), encode(b"{}")):
        assert refused(person, key.create(begin_add(person)) | {"authenticator_data": cut}), cut
    assert person.call("POST", PATH, key.create(options) | {"authenticator_data": ""})[0] == 422
    whole = decode(key.create(options)["authenticator_data"])
    for size in range(0, len(whole), 7):
        assert refused(person, key.create(begin_add(person)) | {"authenticator_data": encode(whole[:size]) or "A"})
    items = person.get(PATH)["items"]
    assert len(items) == 1, "the one that an unknown challenge left unanswered"
    assert person.call("POST", f"{PATH}/{items[0]['id']}/remove", {"password": PASSWORD})[0] == 204
    body = key.create(begin_add(person))
    assert person.call("POST", PATH, body)[0] == 201
    assert refused(person, body)        # each challenge once
    assert add(person, key)[0] == 409 and add(other, key)[0] == 409   # each credential once


def refused(person, body):
    status, answer = person.call("POST", PATH, body)
    assert (status, answer.get("type")) in ((403, WRONG), (201, None)), answer
    return status == 403


def test_what_does_not_sign_in(installation, control):
    person = fresh_person(installation, control)
    key = added(person)
    for lies in ({"challenge": encode(bytes(32))}, {"type": "webauthn.create"}, {"origin": "https://localhost"},
                 {"origin": "http://evil.example"}, {"crossOrigin": True}, {"rp_id": "evil.example"},
                 {"flags": VERIFIED}, {"flags": PRESENT}):
        assert enter(control, key, **lies) == (403, WRONG), lies
        assert enter(control, key) == 200, "the right one still works"
    visitor = Person(control)
    for field in ("client_data", "authenticator_data", "signature", "user_handle", "id"):
        body = key.get(ask(visitor))
        wrong = bytearray(decode(body[field]))
        wrong[-1 if field != "client_data" else 1] ^= 1
        assert answer(visitor, body | {field: encode(bytes(wrong))})[1]["type"] == WRONG, field
        if field != "client_data":      # whose challenge can be read no more
            assert answer(visitor, body)[1]["type"] == WRONG, "a wrong answer uses up what it answers"
        assert enter(control, key) == 200
    body = key.get(ask(visitor))
    del body["user_handle"]
    assert answer(visitor, body)[1]["type"] == WRONG      # whose it is must be said
    status, _ = answer(visitor, key.get(ask(visitor)))
    assert status == 200


def test_a_challenge_is_answered_once_and_soon(installation, control):
    person = fresh_person(installation, control)
    key = added(person)
    visitor = Person(control)
    options = ask(visitor)
    body = key.get(options)
    assert answer(visitor, body)[0] == 200
    assert answer(Person(control), body)[1]["type"] == WRONG
    assert answer(Person(control), key.get(options))[1]["type"] == WRONG     # signed anew


def test_asking_a_stranger_keeps_nothing(installation, control):
    installation.query("delete from passkey_challenges")
    key = added(fresh_person(installation, control))
    visitor = Person(control)
    options = [ask(visitor) for _ in range(20)]
    assert len({o["challenge"] for o in options}) == 20 and kept(installation) == 0
    assert answer(visitor, key.get(options[0]))[0] == 200 and kept(installation) == 1
    assert options[0]["challenge"] not in installation.query("select string_agg(c::text, '') from passkey_challenges c")
    body = key.get(options[1])
    assert answer(Person(control), body | {"signature": encode(bytes(70))})[1]["type"] == WRONG
    assert kept(installation) == 2, "the refused one is used up"
    assert answer(Person(control), body)[1]["type"] == WRONG
    # What somebody is asked is kept, and no more than a few.
    person = fresh_person(installation, control)
    asked = [begin_add(person) for _ in range(8)]
    assert kept(installation) == 7
    assert refused(person, key_of(control).create(asked[0])), "the oldest are forgotten"
    assert person.call("POST", PATH, key_of(control).create(asked[-1]))[0] == 201


def kept(installation):
    return int(installation.query("select count(*) from passkey_challenges"))


def test_five_minutes_later(installation, mailbox, weather):
    control = start(installation, "http://localhost:{}", **mailbox.settings(), **weather.environment)
    try:
        key = added(fresh_person(installation, control))
        for seconds, status in ((298, 200), (303, 403), (86400, 403)):
            options = ask(Person(control))
            weather.set(clock_step_us=seconds * 1000000)
            assert answer(Person(control), key.get(options))[0] == status, seconds
            weather.set()
        # What is kept goes by the database's clock.
        person = fresh_person(installation, control)
        options = begin_add(person)
        installation.query("update passkey_challenges set expires_at = now()")
        assert refused(person, key_of(control).create(options))
    finally:
        control.stop()


def test_one_answer_at_the_same_time_opens_once(installation, control):
    key = added(fresh_person(installation, control))
    body = key.get(ask(Person(control)))
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: answer(Person(control), body)[0], range(4))) == [200, 403, 403, 403]


def test_a_counter_never_goes_back(installation, control):
    person = fresh_person(installation, control)
    key = added(person)
    key.count = 40
    assert enter(control, key) == 200 and key.count == 41
    for count in (41, 40, 1, 0):      # the device has counted once more before it signs
        key.count = count - 1
        assert enter(control, key) == (403, WRONG), count
    key.count = 41
    assert enter(control, key) == 200
    still = added(person, counts=False)          # many devices count nothing
    assert enter(control, still) == 200 and enter(control, still) == 200


def test_nothing_tells_which_passkeys_there_are(installation, control):
    person = fresh_person(installation, control)
    key, stranger = added(person), key_of(control)
    stranger.handle = uuid.uuid4().bytes
    visitor = Person(control)
    unknown = answer(visitor, stranger.get(ask(visitor)))
    wrong = answer(visitor, key.get(ask(visitor)) | {"signature": encode(bytes(70))})
    assert unknown == wrong and unknown[0] == 403
    assert sorted(ask(visitor)) == sorted(ask(visitor))
    installation.query(f"update users set disabled_at = now() where email = '{person.email}'")
    assert answer(visitor, key.get(ask(visitor))) == unknown


def test_as_the_second_step(installation, control):
    person = fresh_person(installation, control)
    key = added(person)
    assert sign_in(Person(control), person.email)[0] == 200   # two-step sign-in is off: the password is enough
    turn_on(person)
    other = fresh_person(installation, control)
    others_key = added(other)
    turn_on(other)
    visitor = Person(control)
    assert sign_in(visitor, person.email) == (202, {"second_factor": "totp", "passkey": True})
    options = ask(visitor, second_step=True)
    assert options["allowCredentials"] == [{"type": "public-key", "id": encode(key.id)}]
    assert options["userVerification"] == "preferred"
    assert answer(visitor, others_key.get(options))[1]["type"] == WRONG      # somebody else's
    assert answer(visitor, key.get(options))[1]["type"] == WRONG             # which used it up
    stranger = Person(control)
    assert answer(stranger, key.get(ask(visitor, second_step=True)))[0] == 401    # not without the half session
    assert sign_in(stranger, other.email)[0] == 202
    assert answer(stranger, key.get(ask(visitor, second_step=True)))[1]["type"] == WRONG   # nor with another's
    half = visitor.cookie
    status, body = answer(visitor, key.get(ask(visitor, second_step=True), flags=PRESENT))   # a touch is enough here
    assert status == 200 and body["user"]["email"] == person.email and visitor.cookie != half
    assert visitor.call("POST", "/api/v1/session/passkey/begin", {"second_step": True}, somewhere())[0] == 401
    # A touch without a finger, a face or a PIN is not enough where no password was given.
    assert enter(control, key, flags=PRESENT) == (403, WRONG)
    assert enter(control, key) == 200


def test_a_second_step_s_challenge_signs_in_nobody(installation, control):
    person = fresh_person(installation, control)
    key = added(person)
    turn_on(person)
    visitor = Person(control)
    assert sign_in(visitor, person.email)[0] == 202
    assert answer(Person(control), key.get(ask(visitor, second_step=True), flags=PRESENT))[0] == 401


def test_renaming_and_removing(installation, control, mailbox):
    person = fresh_person(installation, control)
    other = fresh_person(installation, control)
    key, kept = added(person), added(person)
    one = f"{PATH}/{key.item['id']}"
    assert person.get(PATH)["items"][0]["etag"] == key.item["etag"]
    status, item = person.call("PATCH", one, {"name": "Phone"}, {"If-Match": key.item["etag"]})
    assert status == 200 and item["name"] == "Phone" and item["etag"] != key.item["etag"]
    assert person.call("PATCH", one, {"name": "Late"}, {"If-Match": key.item["etag"]})[0] == 412
    assert person.call("PATCH", one, {"name": ""})[0] == 422
    for path in (one, f"{PATH}/{uuid.uuid4()}"):
        assert other.call("PATCH", path, {"name": "x"})[0] == 404
        assert other.call("POST", path + "/remove", {"password": PASSWORD})[0] == 404
    assert other.get(PATH)["items"] == []
    assert person.call("POST", one + "/remove", {"password": "wrong"})[1]["type"].endswith(":wrong-password")
    assert person.call("POST", one + "/remove", {"password": PASSWORD}, {"If-Match": key.item["etag"]})[0] == 412
    assert enter(control, key) == 200
    assert person.call("POST", one + "/remove", {"password": PASSWORD})[0] == 204
    assert enter(control, key) == (403, WRONG) and enter(control, kept) == 200
    assert [i["id"] for i in person.get(PATH)["items"]] == [kept.item["id"]]
    assert mailbox.wait(person.email, 3)["Subject"] == "A passkey was removed"
    rows = [r for r in person.all(person.org_path + "/audit", action="account") if r["actor"]["name"] == person.email]
    assert [r["action"] for r in rows] == ["account.remove_passkey", "account.rename_passkey",
                                           "account.add_passkey", "account.add_passkey"]
    assert rows[0]["before"]["name"] == "Phone" and rows[0]["after"] is None


def test_twenty_are_enough(installation, control):
    person = fresh_person(installation, control)
    options = begin_add(person)
    added(person)
    installation.query("insert into passkeys (passkey_id, user_id, name, credential_id, algorithm, public_key, "
                       "sign_count) select gen_random_uuid(), user_id, 'x', uuid_send(gen_random_uuid()), -7, '', 0 "
                       f"from users, generate_series(1, 19) where email = '{person.email}'")
    status, body = person.call("POST", PATH, key_of(control).create(options))
    assert (status, body["type"]) == (409, "urn:doteb:problem:conflict")
    assert person.call("POST", PATH + "/begin", {"password": PASSWORD})[0] == 409
    assert len(person.get(PATH)["items"]) == 20


def test_guessing_is_slowed_down(installation, control):
    key = added(fresh_person(installation, control))
    visitor = Person(control)
    wrong = encode(bytes(70))
    statuses = [answer(visitor, key.get(ask(visitor)) | {"signature": wrong})[0] for _ in range(7)]
    assert statuses[:5] == [403] * 5 and 429 in statuses[5:]
    # An office may open the sign-in page all at once: asking is no guess, and has its own, large, measure.
    here = somewhere()
    asked = [visitor.call("POST", "/api/v1/session/passkey/begin", {}, here)[0] for _ in range(250)]
    assert asked == [200] * 250
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: visitor.call("POST", "/api/v1/session/passkey/begin", {}, here)[0], range(600)))
    assert 429 in asked
    status, _, _ = http("POST", control.root + "/api/v1/session",
                        {"email": fresh_person(installation, control).email, "password": PASSWORD}, here)
    assert status == 200, "it holds up nothing else"


def test_recover_removes_them(installation, control):
    person = fresh_person(installation, control)
    key = added(person)
    done = installation.command("admin", "recover", "--email", person.email, check=False)
    assert done.returncode == 0
    assert "no passkey" in done.stderr
    assert enter(control, key) == (403, WRONG)


@pytest.mark.parametrize("url,state", [("http://127.0.0.1:{}", "insecure"), ("http://doteb.example:{}", "insecure"),
                                       ("https://192.0.2.1", "ip_address"), ("https://[2001:db8::1]:{}", "ip_address"),
                                       ("https://doteb.example", "available")])
def test_where_there_are_none(installation, url, state):
    control = start(installation, url)
    try:
        assert Person(control).get("/api/v1/instance")["passkeys"] == state
        visitor = fresh_person(installation, control)
        # What a request calls this host changes nothing.
        headers = somewhere() | {"Host": "localhost"}
        for path, body in (("/api/v1/session/passkey/begin", {}), (PATH + "/begin", {"password": PASSWORD})):
            status, body = visitor.call("POST", path, body, headers)
            if state == "available":
                assert (body.get("rpId") or body["rp"]["id"]) == "doteb.example"
            else:
                assert (status, body["type"]) == (403, "urn:doteb:problem:no-passkeys")
    finally:
        control.stop()


def test_every_change_is_in_the_audit_log(installation):
    """After all of the above; and no row holds what a passkey is."""
    seen = set(installation.query("select distinct action from audit_log").split("\n"))
    assert {"account.add_passkey", "account.rename_passkey", "account.remove_passkey"} <= seen
    assert installation.query("select count(*) from audit_log where (before::text || after::text) ~ "
                              "'credential|public_key|challenge'") == "0"
