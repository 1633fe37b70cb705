"""Two-step sign-in: codes of an authenticator app (RFC 6238) and recovery codes."""
import base64
import hmac
import json
import re
import struct
import time
import urllib.parse
import uuid

import pytest

import harness
from control_client import Person, add_user, check_answer
from harness import PASSWORD, http
from mailbox import Mailbox

PATH = "/api/v1/account/second-factor"


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    yield box
    box.stop()


@pytest.fixture(scope="module")
def control(installation, mailbox):
    control = harness.Control(installation, **mailbox.settings(DOTEB_TRUSTED_PROXIES="127.0.0.1"))
    yield control
    control.stop()


def totp(secret, shift=0):
    """The code of now, or of `shift` steps from now: written from the RFC, not from our C."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + shift), "sha1")
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}"


def somewhere():
    return {"X-Forwarded-For": "2001:db8:" + uuid.uuid4().hex[:4] + ":" + uuid.uuid4().hex[:4] + "::1"}


def fresh_person(installation, control):
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email, "owner")
    person = Person(control)
    person.email = email
    sign_in(person, person.email)
    return person


def sign_in(person, email, password=PASSWORD):
    """The first step: (status, body); the person has the cookie."""
    status, head, body = http("POST", person.control.root + "/api/v1/session",
                              {"email": email, "password": password}, somewhere() | person.auth())
    check_answer("POST", "/api/v1/session", status, head, body)
    if head["set-cookie"]:
        person.cookie = head["set-cookie"].split(";")[0]
    person.session = json.loads(body)
    person.csrf = person.session.get("csrf_token")
    return status, person.session


def second_step(person, code):
    """(status, body); on success the person has the new cookie."""
    status, head, body = http("POST", person.control.root + "/api/v1/session/second-factor",
                              {"code": code}, somewhere() | person.auth())
    check_answer("POST", "/api/v1/session/second-factor", status, head, body)
    if status == 200:
        person.cookie = head["set-cookie"].split(";")[0]
        person.session = json.loads(body)
        person.csrf = person.session["csrf_token"]
    return status, json.loads(body)


def turn_on(person):
    """(secret, recovery codes). The code of the step before is spent, the one of now is not."""
    status, body = person.call("POST", PATH, {"password": PASSWORD})
    assert status == 200, body
    status, codes = person.call("POST", PATH + "/confirm", {"code": totp(body["secret"], -1)})
    assert status == 200, codes
    return body["secret"], codes["recovery_codes"]


def settle():
    """Not within the last seconds of a step, in which codes change under the test."""
    left = 30 - time.time() % 30
    if left < 6:
        time.sleep(left + 0.1)


@pytest.fixture(autouse=True)
def steady():
    settle()


def test_turning_it_on(installation, control, mailbox):
    person = fresh_person(installation, control)
    assert person.call("POST", PATH, {"password": "wrong"})[1]["type"].endswith(":wrong-password")
    status, body = person.call("POST", PATH, {"password": PASSWORD})
    assert status == 200 and re.fullmatch("[A-Z2-7]{32}", body["secret"])
    uri = urllib.parse.urlsplit(body["uri"])
    query = dict(urllib.parse.parse_qsl(uri.query))
    assert (uri.scheme, uri.netloc, urllib.parse.unquote(uri.path)) == ("otpauth", "totp", f"/doteb:{person.email}")
    assert query == {"secret": body["secret"], "issuer": "doteb", "algorithm": "SHA1", "digits": "6", "period": "30"}
    # Not on yet: signing in asks for no code, and a wrong one does not turn it on.
    assert sign_in(Person(control), person.email)[0] == 200
    assert person.call("POST", PATH + "/confirm", {"code": "000000"})[1]["type"].endswith(":wrong-code")
    assert not person.get("/api/v1/account")["second_factor"]
    status, codes = person.call("POST", PATH + "/confirm", {"code": totp(body["secret"])})
    assert status == 200 and len(set(codes["recovery_codes"])) == 10
    assert all(re.fullmatch("([A-Z2-7]{4}-){3}[A-Z2-7]{4}", c) for c in codes["recovery_codes"])
    account = person.get("/api/v1/account")
    assert account["second_factor"] and account["recovery_codes_left"] == 10
    assert person.call("POST", PATH, {"password": PASSWORD})[0] == 409
    assert mailbox.wait(person.email)["Subject"] == "Two-step sign-in is on"
    dump = installation.query("select string_agg(f::text, '') from second_factors f") + \
        installation.query("select string_agg(r::text, '') from recovery_codes r")
    plain = base64.b32decode(body["secret"]).hex()
    assert plain not in dump and not any(c in dump for c in codes["recovery_codes"])


def test_signing_in_with_it(installation, control):
    person = fresh_person(installation, control)
    secret, _ = turn_on(person)
    other = Person(control)
    status, body = sign_in(other, person.email)
    assert (status, body) == (202, {"second_factor": "totp", "passkey": False})
    # The half session opens nothing.
    for method, path in (("GET", "/api/v1/session"), ("GET", "/api/v1/account"), ("DELETE", "/api/v1/session")):
        assert other.call(method, path)[0] == 401
    half = other.cookie
    assert second_step(other, "000000")[1]["type"].endswith(":wrong-code")
    status, body = second_step(other, totp(secret))
    assert status == 200 and body["user"]["email"] == person.email
    assert other.cookie != half                           # rotated
    assert other.call("GET", "/api/v1/session")[0] == 200
    stale = Person(control)
    stale.cookie = half
    assert second_step(stale, totp(secret, 1))[0] == 401  # and the half one is over
    assert len(person.get("/api/v1/account/sessions")["items"]) == 2


def test_a_code_is_taken_once(installation, control):
    person = fresh_person(installation, control)
    secret, _ = turn_on(person)
    code = totp(secret)
    for expected in (200, 403):
        other = Person(control)
        assert sign_in(other, person.email)[0] == 202
        assert second_step(other, code)[0] == expected
    assert second_step(other, totp(secret, -1))[0] == 403   # older than one that was taken
    assert second_step(other, totp(secret, 1))[0] == 200    # a clock that is ahead
    assert sign_in(other, person.email)[0] == 202
    assert second_step(other, totp(secret, 2))[0] == 403    # too far ahead


def test_one_code_at_the_same_time_opens_once(installation, control):
    from concurrent.futures import ThreadPoolExecutor
    person = fresh_person(installation, control)
    secret, _ = turn_on(person)
    people = [Person(control) for _ in range(4)]
    assert [sign_in(p, person.email)[0] for p in people] == [202] * 4
    code = totp(secret)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda p: second_step(p, code)[0], people))
    assert statuses == [200, 403, 403, 403]


def test_recovery_codes(installation, control):
    person = fresh_person(installation, control)
    secret, codes = turn_on(person)
    other = Person(control)
    assert sign_in(other, person.email)[0] == 202
    assert second_step(other, codes[0].lower().replace("-", " "))[0] == 200
    assert other.get("/api/v1/account")["recovery_codes_left"] == 9
    assert sign_in(other, person.email)[0] == 202
    assert second_step(other, codes[0])[0] == 403           # once
    assert second_step(other, codes[1])[0] == 200
    stranger = fresh_person(installation, control)
    turn_on(stranger)
    assert sign_in(other, stranger.email)[0] == 202
    assert second_step(other, codes[2])[0] == 403           # somebody else's
    status, body = person.call("POST", PATH + "/recovery-codes", {"password": PASSWORD, "code": totp(secret)})
    assert status == 200 and not set(body["recovery_codes"]) & set(codes)
    assert sign_in(other, person.email)[0] == 202
    assert second_step(other, codes[3])[0] == 403           # void
    assert second_step(other, body["recovery_codes"][0])[0] == 200


def test_turning_it_off(installation, control, mailbox):
    person = fresh_person(installation, control)
    secret, codes = turn_on(person)
    body = {"password": PASSWORD, "code": totp(secret)}
    assert person.call("POST", PATH + "/remove", body | {"password": "wrong"})[0] == 403
    assert person.call("POST", PATH + "/remove", body | {"code": "000000"})[0] == 403
    assert person.get("/api/v1/account")["second_factor"]
    assert person.call("POST", PATH + "/remove", body)[0] == 204
    account = person.get("/api/v1/account")
    assert not account["second_factor"] and account["recovery_codes_left"] == 0
    assert sign_in(Person(control), person.email)[0] == 200
    assert mailbox.wait(person.email, 2)["Subject"] == "Two-step sign-in is off"
    rows = person.all(person.org_path + "/audit", action="account")
    rows = [r for r in rows if r["actor"]["name"] == person.email]
    assert [(r["action"], r["after"]["second_factor"]) for r in rows] == \
        [("account.second_factor_off", False), ("account.second_factor_on", True)]
    assert secret not in json.dumps(rows) and not any(c in json.dumps(rows) for c in codes)


def test_guessing_codes_is_slowed_down(installation, control):
    person = fresh_person(installation, control)
    secret, _ = turn_on(person)
    other = Person(control)
    codes = []
    for i in range(7):    # signing in anew between guesses, from elsewhere, does not help
        assert sign_in(other, person.email)[0] == 202
        codes.append(second_step(other, f"{i:06}")[0])
    assert codes[:5] == [403] * 5 and 429 in codes[5:]
    assert second_step(other, totp(secret))[0] == 429      # the right one, too


def test_a_half_session_is_short(installation, control):
    person = fresh_person(installation, control)
    secret, _ = turn_on(person)
    other = Person(control)
    assert sign_in(other, person.email)[0] == 202
    left = installation.query("select extract(epoch from max(expires_at) - now()) from sessions where half")
    assert 590 < float(left) <= 600
    installation.query("update sessions set expires_at = now() where half")
    assert second_step(other, totp(secret))[0] == 401
    stranger = Person(control)
    assert second_step(stranger, totp(secret))[0] == 401
    assert second_step(person, totp(secret))[0] == 401     # a whole session is no half one


def test_a_new_password_ends_half_sessions_and_keeps_the_second_step(installation, control):
    person = fresh_person(installation, control)
    secret, _ = turn_on(person)
    other = Person(control)
    assert sign_in(other, person.email)[0] == 202
    assert person.call("POST", "/api/v1/account/password",
                       {"password": PASSWORD, "new_password": "another-password"})[0] == 204
    assert second_step(other, totp(secret))[0] == 401
    assert sign_in(other, person.email, "another-password")[0] == 202


def test_a_wrong_password_never_gets_to_the_second_step(installation, control):
    person = fresh_person(installation, control)
    turn_on(person)
    status, body = sign_in(Person(control), person.email, "wrong")
    assert (status, body["type"]) == (401, "urn:doteb:problem:wrong-login")


def test_every_change_is_in_the_audit_log(installation):
    """After all of the above."""
    seen = set(installation.query("select distinct action from audit_log").split("\n"))
    assert {"account.second_factor_on", "account.second_factor_off", "account.new_recovery_codes"} <= seen
