"""Accounts that people make and keep: mail, sign-up, forgotten passwords, addresses, sessions."""
import json
import time
import uuid

import pytest

import harness
from control_client import Person, add_user, check_answer
from harness import PASSWORD, http, wait_until
from mailbox import Mailbox, link_of, text_of

NEW = "a-new-password-1"


@pytest.fixture(scope="module")
def mailbox():
    box = Mailbox()
    yield box
    box.stop()


@pytest.fixture(scope="module")
def quiet(pg, template, scratch):
    """An installation without the daemon of the other tests, which would send its mails."""
    pg.create_database("doteb_quiet", template)
    return harness.Installation(pg, "doteb_quiet", scratch / "quiet")


@pytest.fixture(scope="module")
def control(installation, mailbox):
    control = harness.Control(installation, **mailbox.settings(
        DOTEB_SIGNUP="open", DOTEB_TRUSTED_PROXIES="127.0.0.1"))
    yield control
    control.stop()


def fresh():
    return f"{uuid.uuid4().hex}@example.com"


def somewhere():
    """A network address of one's own: the limits of one test do not touch another."""
    return {"X-Forwarded-For": "2001:db8:" + uuid.uuid4().hex[:4] + ":" + uuid.uuid4().hex[:4] + "::1"}


def post(control, path, body, **headers):
    """(status, parsed problem or None, headers) of a stranger's call."""
    status, head, data = http("POST", control.root + path, body, somewhere() | headers)
    check_answer("POST", path, status, head, data)
    return status, json.loads(data) if data else None, head


def ask_sign_up(control, mailbox, email):
    assert post(control, "/api/v1/sign-up", {"email": email})[0] == 204
    mail, = wait_until(lambda: [m for m in mailbox.to(email) if m["Subject"].startswith("Confirm")],
                       15, f"the mail to {email}")
    path, token = link_of(mail)
    assert path == "/sign-up/finish"
    return token


def sign_up(control, mailbox, email=None, password=PASSWORD):
    email = email or fresh()
    token = ask_sign_up(control, mailbox, email)
    status, session, head = post(control, "/api/v1/sign-up/finish",
                                 {"token": token, "name": "Mira Osei", "password": password})
    assert status == 200, session
    person = Person(control)
    person.email, person.password = email, password
    person.cookie = head["set-cookie"].split(";")[0]
    person.session, person.csrf = session, session["csrf_token"]
    return person


# ---------------------------------------------------------------- mail

def test_a_mail_is_whole(control, mailbox):
    email = fresh()
    ask_sign_up(control, mailbox, email)
    mail = mailbox.wait(email)
    assert mail.envelope[0] == "doteb@example.com"
    assert (mail["From"], mail["To"], mail["Subject"]) == \
        ("doteb <doteb@example.com>", email, "Confirm your e-mail address")
    assert mail["Message-ID"].endswith("@example.com>") and mail["Date"].datetime
    assert mail["Auto-Submitted"] == "auto-generated"
    path, token = link_of(mail)
    html = mail.get_body(("html",)).get_content()
    assert f'<a href="{control.root}{path}#{token}">' in html
    assert control.root in text_of(mail)


def test_mail_waits_for_its_server(quiet):
    """The server is away, then slow to take it; control is started anew in between. Sent once."""
    box = Mailbox()
    box.refuse = "451 later"
    settings = box.settings(DOTEB_SIGNUP="open")
    control, email = harness.Control(quiet, **settings), fresh()
    try:
        assert post(control, "/api/v1/sign-up", {"email": email})[0] == 204
        wait_until(lambda: control.log_events("mail_failed"), 15, "a failure")
        row = quiet.rows("select recipient, attempts, last_error, encode(text_sealed, 'escape') "
                                "as text from outbox")[0]
        assert row["recipient"] == email and row["attempts"] == 1 and "451" in row["last_error"]
        assert "/sign-up" not in row["text"]
        control.stop()
        quiet.query("update outbox set next_try_at = now()")
        box.refuse = None
        control = harness.Control(quiet, **settings)
        box.wait(email)
        wait_until(lambda: quiet.query("select count(*) from outbox") == "0", 10, "its end")
        assert len(box.to(email)) == 1
        assert link_of(box.to(email)[0])[1] not in control.log.read_text()
    finally:
        control.stop()
        box.stop()


def test_a_refused_recipient_is_given_up(quiet):
    box = Mailbox()
    box.refuse = "550 no such user"
    control = harness.Control(quiet, **box.settings(DOTEB_SIGNUP="open"))
    try:
        assert post(control, "/api/v1/sign-up", {"email": fresh()})[0] == 204
        event = wait_until(lambda: control.log_events("mail_given_up"), 15, "the end")[0]
        assert "550" in event["error"]
        assert quiet.query("select count(*) from outbox") == "0"
    finally:
        control.stop()
        box.stop()


def test_without_tls_nothing_is_sent(quiet):
    box = Mailbox()
    control = harness.Control(quiet, **box.settings(DOTEB_SIGNUP="open", DOTEB_SMTP_TLS="true"))
    try:
        assert post(control, "/api/v1/sign-up", {"email": fresh()})[0] == 204
        wait_until(lambda: control.log_events("mail_failed"), 15, "a failure")
        assert box.mails == [] and box.tries == 0
    finally:
        control.stop()
        quiet.query("delete from outbox")
        box.stop()


def test_an_instance_without_mail_says_so(quiet):
    control = harness.Control(quiet, DOTEB_SIGNUP="open")
    try:
        assert json.loads(http("GET", control.root + "/api/v1/instance")[2]) == \
            {"sign_up": "open", "mail": False, "mail_late": False, "passkeys": "insecure"}
        for path in ("sign-up", "password-reset"):
            status, problem, _ = post(control, "/api/v1/" + path, {"email": fresh()})
            assert (status, problem["type"]) == (403, "urn:doteb:problem:no-mail")
        assert control.log_events("no_mail_is_sent")
        person = Person(control, quiet.email)
        assert person.call("POST", "/api/v1/account/email",
                           {"email": fresh(), "password": PASSWORD})[1]["type"].endswith("no-mail")
    finally:
        control.stop()


def test_mail_can_go_to_the_log_instead(quiet):
    control, email = harness.Control(quiet, DOTEB_SIGNUP="open", DOTEB_MAIL_LOG="true"), fresh()
    try:
        assert post(control, "/api/v1/sign-up", {"email": email})[0] == 204
        event = wait_until(lambda: control.log_events("mail_not_sent_but_logged"), 15, "the mail")[0]
        assert event["to"] == email and "/sign-up/finish#" in event["text"]
    finally:
        control.stop()


# ---------------------------------------------------------------- sign-up

def test_signing_up(control, mailbox, installation):
    person = sign_up(control, mailbox)
    org = person.session["organisations"][0]
    assert (org["name"], org["role"], org["is_operator"]) == ("Mira Osei", "owner", False)
    assert [p["name"] for p in org["projects"]] == ["Default"]
    assert person.session["user"]["email"] == person.email and not person.session["user"]["is_operator"]
    # The data key is the organisation's own and opens: it seals a provider's secret.
    assert person.call("POST", person.org_path + "/provider-keys",
                       {"provider": "openai", "secret": "sk-123456789012"})[0] == 201
    assert person.call("POST", person.keys_path, {"name": "first"})[0] == 201
    again = Person(control, person.email.upper())
    assert again.session["user"] == person.session["user"]
    audit = person.all(person.org_path + "/audit", action="account.create")
    assert [a["actor"]["name"] for a in audit] == [person.email]
    assert PASSWORD not in json.dumps(audit)


def test_the_organisation_can_have_another_name(control, mailbox):
    token = ask_sign_up(control, mailbox, fresh())
    status, session, _ = post(control, "/api/v1/sign-up/finish", {
        "token": token, "name": "Mira", "organisation": "Northwind", "password": PASSWORD})
    assert status == 200 and session["organisations"][0]["name"] == "Northwind"


def test_a_link_works_once_and_not_for_ever(control, mailbox, installation):
    body = {"name": "Mira", "password": PASSWORD}
    token = ask_sign_up(control, mailbox, fresh())
    short = post(control, "/api/v1/sign-up/finish", body | {"token": token, "password": "short"})
    assert (short[0], short[1]["field"]) == (422, "password")       # and the link still works
    common = post(control, "/api/v1/sign-up/finish", body | {"token": token, "password": "PassWord"})
    assert (common[0], common[1]["field"]) == (422, "password") and "most common" in common[1]["detail"]
    assert post(control, "/api/v1/sign-up/finish", body | {"token": token})[0] == 200
    gone = post(control, "/api/v1/sign-up/finish", body | {"token": token})
    assert (gone[0], gone[1]["type"], gone[2]["set-cookie"]) == (410, "urn:doteb:problem:link", None)
    old = ask_sign_up(control, mailbox, fresh())
    installation.query("update account_tokens set expires_at = now() - interval '1 s' "
                       f"where token_hash = sha256('{old}')")
    assert post(control, "/api/v1/sign-up/finish", body | {"token": old})[0] == 410
    email = fresh()
    first, = [ask_sign_up(control, mailbox, email)]
    second = (post(control, "/api/v1/sign-up", {"email": email}), link_of(mailbox.wait(email, 2))[1])[1]
    assert first != second
    assert post(control, "/api/v1/sign-up/finish", body | {"token": first})[0] == 200
    assert post(control, "/api/v1/sign-up/finish", body | {"token": second})[0] == 410
    assert installation.query(f"select count(*) from users where email = '{email}'") == "1"


def test_a_link_opens_only_what_it_is_for(control, mailbox):
    token = ask_sign_up(control, mailbox, fresh())
    assert post(control, "/api/v1/password-reset/finish", {"token": token, "password": NEW})[0] == 410
    assert post(control, "/api/v1/email-change/finish", {"token": token})[0] == 410


def test_tokens_are_kept_as_hashes_only(control, mailbox, installation):
    token = ask_sign_up(control, mailbox, fresh())
    dump = installation.query("select string_agg(t::text, '') from account_tokens t")
    assert token not in dump
    assert installation.query("select count(*) from account_tokens where token_hash = "
                              f"sha256('{token}')") == "1"
    assert token not in control.log.read_text()


def test_links_begin_with_the_public_url_whatever_the_host(control, mailbox):
    email = fresh()
    assert post(control, "/api/v1/sign-up", {"email": email}, Host="evil.example",
                **{"X-Forwarded-Host": "evil.example"})[0] == 204
    assert "evil" not in mailbox.wait(email).as_string()


@pytest.mark.parametrize("path,known_subject,unknown_subject", [
    ("/api/v1/sign-up", "You have an account already", "Confirm your e-mail address"),
    ("/api/v1/password-reset", "Choose a new password", "There is no account with this address")])
def test_who_has_an_account_shows_in_the_mail_only(control, mailbox, installation, path,
                                                   known_subject, unknown_subject):
    answers, times = set(), {True: [], False: []}
    for i in range(12):
        for known in (True, False) if i % 2 else (False, True):
            email = fresh()
            add_user(installation, email if known else fresh(), "viewer")
            start = time.monotonic()
            status, body, head = post(control, path, {"email": email.upper() if i % 2 else email})
            times[known].append(time.monotonic() - start)
            answers.add((status, json.dumps(body), head["set-cookie"]))
            kept = known and path.endswith("reset")     # who has an account is written to as it is kept
            mail = mailbox.wait(email.upper() if i % 2 and not kept else email)   # its sending is not in the next one's time
            assert mail["Subject"] == (known_subject if known else unknown_subject)
            assert ("#" in text_of(mail)) == (known == (path == "/api/v1/password-reset"))
    assert answers == {(204, "null", None)}
    # The fastest of each, since others work on the machine; hashing a password would take 50 times as long.
    fastest = {k: min(v) for k, v in times.items()}
    assert 0.33 < fastest[True] / fastest[False] < 3, times
    # and the same rows in the database
    assert installation.query("select count(*) from account_tokens where expires_at <= created_at") >= "12"


def test_mails_to_one_address_are_limited(control, mailbox):
    email = fresh()
    codes = [post(control, "/api/v1/sign-up", {"email": email})[0] for _ in range(5)]
    assert codes == [204, 204, 204, 429, 429]
    status, _, head = post(control, "/api/v1/password-reset", {"email": email.upper()})
    assert status == 429 and int(head["retry-after"]) > 30
    assert post(control, "/api/v1/sign-up", {"email": fresh()})[0] == 204


def test_mails_from_one_network_address_are_limited(control):
    here = somewhere()
    codes = [post(control, "/api/v1/password-reset", {"email": fresh()}, **here)[0] for _ in range(22)]
    assert codes[:20] == [204] * 20 and 429 in codes[20:]


@pytest.mark.parametrize("email", ["a", "a@b@c", "a b@example.com", "<a@example.com>",
                                   "a@example.com,b@example.com", "a@example.com\r\nBcc: b@example.com"])
def test_what_is_no_address(control, email):
    status, problem, _ = post(control, "/api/v1/sign-up", {"email": email})
    assert (status, problem["field"]) == (422, "email")


def test_sign_up_can_be_closed(quiet, mailbox):
    control, email = harness.Control(quiet, **mailbox.settings(DOTEB_SIGNUP="closed")), fresh()
    try:
        status, problem, _ = post(control, "/api/v1/sign-up", {"email": email})
        assert (status, problem["type"]) == (403, "urn:doteb:problem:sign-up-closed")
        assert json.loads(http("GET", control.root + "/api/v1/instance")[2]) == \
            {"sign_up": "closed", "mail": True, "mail_late": False, "passkeys": "insecure"}
    finally:
        control.stop()


def test_by_default_only_the_invited_sign_up(quiet):
    box = Mailbox()
    control, invited, other = harness.Control(quiet, **box.settings()), fresh(), fresh()
    try:
        assert json.loads(http("GET", control.root + "/api/v1/instance")[2])["sign_up"] == "invite"
        owner = Person(control, quiet.email)
        link = owner.call("POST", owner.org_path + "/invitations",
                          {"email": invited, "role": "developer"})[1]["link"]
        assert post(control, "/api/v1/sign-up", {"email": other})[0] == 204
        assert box.wait(other)["Subject"] == "Accounts are by invitation"
        assert "#" not in text_of(box.wait(other))
        person = sign_up(control, box, invited)
        status, joined = person.call("POST", "/api/v1/invitations/accept", {"token": link.split("#")[1]})
        assert status == 200 and joined == {"organisation_id": owner.org, "role": "developer"}
        # A revoked or expired one opens nothing.
        late = fresh()
        made = owner.call("POST", owner.org_path + "/invitations", {"email": late, "role": "viewer"})[1]
        assert owner.call("DELETE", f"{owner.org_path}/invitations/{made['id']}")[0] == 204
        assert post(control, "/api/v1/sign-up", {"email": late})[0] == 204
        assert box.wait(late, 2)["Subject"] == "Accounts are by invitation"
    finally:
        control.stop()
        box.stop()


@pytest.mark.parametrize("path", ["sign-up", "sign-up/finish", "password-reset", "password-reset/finish",
                                  "email-change/finish", "session/second-factor"])
def test_other_sites_cannot_ask(control, path):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        status, problem, _ = post(control, "/api/v1/" + path, {}, **headers)
        assert (status, problem["type"]) == (403, "urn:doteb:problem:origin")


# ---------------------------------------------------------------- password

def test_a_forgotten_password(control, mailbox):
    person = sign_up(control, mailbox)
    elsewhere = Person(control, person.email)
    tokens = []
    for n in (2, 3):
        assert post(control, "/api/v1/password-reset", {"email": person.email})[0] == 204
        path, token = link_of(mailbox.wait(person.email, n))
        assert path == "/reset/finish"
        tokens.append(token)
    status, _, head = post(control, "/api/v1/password-reset/finish", {"token": tokens[0], "password": NEW})
    assert status == 204 and head["set-cookie"] is None      # signing in is a step of its own
    for who in (person, elsewhere):
        assert who.call("GET", "/api/v1/session")[0] == 401
    for token in tokens:
        assert post(control, "/api/v1/password-reset/finish", {"token": token, "password": NEW})[0] == 410
    login = {"email": person.email, "password": PASSWORD}
    assert post(control, "/api/v1/session", login)[0] == 401
    again = Person(control, person.email, NEW)
    assert mailbox.wait(person.email, 4)["Subject"] == "Your password was changed"
    assert [a["action"] for a in again.all(again.org_path + "/audit", action="account.reset_password")] == ["account.reset_password"]


def test_a_reset_link_lives_an_hour(control, mailbox, installation):
    person = sign_up(control, mailbox)
    post(control, "/api/v1/password-reset", {"email": person.email})
    token = link_of(mailbox.wait(person.email, 2))[1]
    left = float(installation.query("select extract(epoch from expires_at - now()) from account_tokens "
                                    f"where token_hash = sha256('{token}')"))
    assert 3500 < left <= 3600
    installation.query(f"update users set disabled_at = now() where email = '{person.email}'")
    post(control, "/api/v1/password-reset", {"email": person.email})
    assert mailbox.wait(person.email, 3)["Subject"] == "There is no account with this address"


def test_changing_the_password(control, mailbox):
    person = sign_up(control, mailbox)
    other = Person(control, person.email)
    post(control, "/api/v1/password-reset", {"email": person.email})
    token = link_of(mailbox.wait(person.email, 2))[1]
    path = "/api/v1/account/password"
    status, problem = person.call("POST", path, {"password": "wrong", "new_password": NEW})
    assert (status, problem["type"], problem["field"]) == (403, "urn:doteb:problem:wrong-password", "password")
    for bad in ("short", "qwertyuiop"):
        status, problem = person.call("POST", path, {"password": PASSWORD, "new_password": bad})
        assert (status, problem["field"]) == (422, "new_password")
    before, id = person.cookie, person.get("/api/v1/account/sessions")["items"][0]["id"]
    assert person.call("POST", path, {"password": PASSWORD, "new_password": NEW})[0] == 204
    cookie = person.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and 1200000 < int(cookie.split("Max-Age=")[1].split(";")[0]) <= 14 * 86400
    # Whoever has a copy of this browser's cookie is out, too; the session is the same otherwise.
    assert person.call("GET", "/api/v1/session")[0] == 401
    person.cookie = cookie.split(";")[0]
    assert person.cookie != before and person.get("/api/v1/session")["csrf_token"] == person.csrf
    assert [i["id"] for i in person.get("/api/v1/account/sessions")["items"]] == [id]
    assert other.call("GET", "/api/v1/session")[0] == 401
    assert post(control, "/api/v1/password-reset/finish", {"token": token, "password": PASSWORD})[0] == 410
    Person(control, person.email, NEW)
    assert mailbox.wait(person.email, 3)["Subject"] == "Your password was changed"


def test_the_present_password_cannot_be_guessed_with_a_session(control, mailbox):
    person = sign_up(control, mailbox)
    codes = [person.call("POST", "/api/v1/account/password", {"password": f"guess {i}", "new_password": NEW},
                         somewhere())[0] for i in range(7)]
    assert codes[:5] == [403] * 5 and 429 in codes[5:]


# ---------------------------------------------------------------- name and address

def test_the_name(control, mailbox):
    person = sign_up(control, mailbox)
    assert person.get("/api/v1/account")["name"] == "Mira Osei"
    status, account = person.call("PATCH", "/api/v1/account", {"name": "Mira O."})
    assert status == 200 and account["name"] == "Mira O." and account["email"] == person.email
    assert person.call("PATCH", "/api/v1/account", {"name": "Mira O."})[0] == 200
    rows = person.all(person.org_path + "/audit", action="account.update")
    assert [(r["before"]["name"], r["after"]["name"]) for r in rows] == [("Mira Osei", "Mira O.")]
    for body, field in (({"name": ""}, "name"), ({"name": "a\nb"}, "name"), ({"email": "a@b"}, "email")):
        assert person.call("PATCH", "/api/v1/account", body)[1]["field"] == field


def test_another_address(control, mailbox):
    person, new = sign_up(control, mailbox), fresh()
    path = "/api/v1/account/email"
    assert person.call("POST", path, {"email": new, "password": "wrong"})[0] == 403
    post(control, "/api/v1/password-reset", {"email": person.email})
    reset = link_of(mailbox.wait(person.email, 2))[1]
    assert person.call("POST", path, {"email": new, "password": PASSWORD})[0] == 204
    assert person.get("/api/v1/account")["email"] == person.email      # not before it is confirmed
    link, token = link_of(mailbox.wait(new))
    assert link == "/email/finish"
    assert post(control, "/api/v1/email-change/finish", {"token": token})[0] == 204
    assert post(control, "/api/v1/email-change/finish", {"token": token})[0] == 410
    assert person.get("/api/v1/account")["email"] == new
    assert mailbox.wait(person.email, 3)["Subject"] == "Your e-mail address was changed"
    # What was sent to the old address no longer opens the account.
    assert post(control, "/api/v1/password-reset/finish", {"token": reset, "password": NEW})[0] == 410
    assert post(control, "/api/v1/session", {"email": person.email, "password": PASSWORD})[0] == 401
    again = Person(control, new)
    row, = again.all(again.org_path + "/audit", action="account.change_email")
    assert (row["before"]["email"], row["after"]["email"]) == (person.email, new)


def test_an_address_that_another_has(control, mailbox):
    person, other = sign_up(control, mailbox), sign_up(control, mailbox)
    assert person.call("POST", "/api/v1/account/email",
                       {"email": other.email, "password": PASSWORD})[0] == 204   # the same answer
    assert mailbox.wait(other.email, 2)["Subject"] == "This address has an account already"
    # Taken between asking and confirming
    new = fresh()
    assert person.call("POST", "/api/v1/account/email", {"email": new, "password": PASSWORD})[0] == 204
    token = link_of(mailbox.wait(new))[1]
    post(control, "/api/v1/sign-up", {"email": new})
    finish = link_of(mailbox.wait(new, 2))[1]
    assert post(control, "/api/v1/sign-up/finish",
                {"token": finish, "name": "Quick", "password": PASSWORD})[0] == 200
    assert post(control, "/api/v1/email-change/finish", {"token": token})[0] == 410
    assert person.get("/api/v1/account")["email"] == person.email


# ---------------------------------------------------------------- sessions

def test_sessions_are_listed_and_ended(control, mailbox, installation):
    person, stranger = sign_up(control, mailbox), sign_up(control, mailbox)
    http("POST", control.root + "/api/v1/session", {"email": person.email, "password": PASSWORD},
         {"User-Agent": "Telephone/1", "X-Forwarded-For": "192.0.2.7"})
    phone, others = None, [Person(control, person.email) for _ in range(2)]
    items = person.get("/api/v1/account/sessions")["items"]
    assert len(items) == 4 and [i["current"] for i in items] == [True, False, False, False]
    phone, = [i for i in items if i["user_agent"] == "Telephone/1"]
    assert phone["ip"] == "192.0.2.7"
    path = "/api/v1/account/sessions/"
    assert stranger.call("DELETE", path + phone["id"])[0] == 204     # another's: nothing happens
    assert len(person.get("/api/v1/account/sessions")["items"]) == 4
    assert person.call("DELETE", path + phone["id"])[0] == 204
    assert phone["id"] not in [i["id"] for i in person.get("/api/v1/account/sessions")["items"]]
    assert person.call("DELETE", "/api/v1/account/sessions")[0] == 204
    assert [o.call("GET", "/api/v1/session")[0] for o in others] == [401, 401]
    assert [i["current"] for i in person.get("/api/v1/account/sessions")["items"]] == [True]
    assert stranger.call("GET", "/api/v1/session")[0] == 200
    hashes = installation.query("select string_agg(session_hash::text, ' ') from sessions")
    assert not any(i["id"].replace("-", "") in hashes for i in items)


def test_signing_in_gives_a_session_that_nobody_else_chose(control, mailbox):
    """Fixation: the cookie that came along ends, and is never taken over."""
    person = sign_up(control, mailbox)
    planted = "doteb_session=" + "A" * 43
    before = person.cookie
    for cookie in (planted, before):
        status, _, head = post(control, "/api/v1/session", {"email": person.email, "password": PASSWORD},
                               Cookie=cookie)
        assert status == 200 and head["set-cookie"].split(";")[0] not in (planted, before)
        person.cookie = cookie
        assert person.call("GET", "/api/v1/session")[0] == 401


def test_every_change_is_in_the_audit_log_and_asking_is_none(installation):
    """After all of the above."""
    seen = set(installation.query("select distinct action from audit_log").split("\n"))
    assert {"account.create", "account.update", "account.reset_password", "account.change_password",
            "account.change_email", "session.end", "session.end_others"} <= seen
    assert not any(".ask" in action for action in seen)
