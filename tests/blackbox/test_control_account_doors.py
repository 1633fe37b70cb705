"""Ways into an account that must stay shut: other spellings of an address, links whose ground is gone, floods of mail."""
import uuid

import pytest

import harness
from control_client import Person, add_user
from harness import PASSWORD, wait_until
from mailbox import Mailbox, link_of
from test_control_accounts import (NEW, ask_sign_up, control, fresh, mailbox, post, quiet, sign_up,  # noqa: F401
                                   somewhere)


def test_what_let_a_link_be_sent_may_be_taken_back(quiet):
    box = Mailbox()
    control = harness.Control(quiet, **box.settings(DOTEB_SIGNUP="open", DOTEB_TRUSTED_PROXIES="127.0.0.1"))
    try:
        operator, email = Person(control, quiet.email), fresh()
        body = {"token": ask_sign_up(control, box, email), "name": "Mira", "password": PASSWORD}

        def finish(mode):
            assert operator.call("PATCH", "/api/v1/instance/settings", {"sign_up": mode})[0] == 200
            status, answer, _ = post(control, "/api/v1/sign-up/finish", body)
            return status if status == 200 else (status, answer["type"])
        for mode in ("closed", "invite"):
            assert finish(mode) == (403, "urn:doteb:problem:sign-up-closed")
        made = operator.call("POST", operator.org_path + "/invitations", {"email": email, "role": "viewer"})[1]
        assert finish("closed") == (403, "urn:doteb:problem:sign-up-closed")
        assert operator.call("DELETE", f"{operator.org_path}/invitations/{made['id']}")[0] == 204
        assert finish("invite")[0] == 403 and finish("environment") == 200
    finally:
        control.stop()
        box.stop()


def test_invitations_fill_nobody_s_letter_box(control, mailbox):
    """Whoever sends them, and however often they are taken back and sent again."""
    email, (owner, other) = fresh(), (sign_up(control, mailbox) for _ in range(2))
    codes = []
    for _ in range(3):
        status, made = owner.call("POST", owner.org_path + "/invitations", {"email": email, "role": "viewer"}, somewhere())
        codes.append(status)
        codes.append(owner.call("POST", f"{owner.org_path}/invitations/{made['id']}/resend", None, somewhere())[0])
    assert codes == [201, 200, 201, 200, 201, 429]
    status, problem = other.call("POST", other.org_path + "/invitations", {"email": email.upper(), "role": "viewer"}, somewhere())
    assert (status, problem["type"]) == (429, "urn:doteb:problem:too-many-guesses")
    assert other.get(other.org_path + "/invitations")["items"] == []
    # A team is not held up: forty people from one network address.
    here = somewhere()
    assert {other.call("POST", other.org_path + "/invitations", {"email": fresh(), "role": "viewer"}, here)[0]
            for _ in range(40)} == {201}


def test_a_reset_mail_goes_to_the_address_that_is_kept(control, mailbox):
    """Not to what a stranger makes of it, though it is the same address to the database."""
    person = sign_up(control, mailbox)
    assert post(control, "/api/v1/password-reset", {"email": person.email.upper()})[0] == 204
    assert mailbox.wait(person.email, 2)["Subject"] == "Choose a new password"
    assert mailbox.to(person.email.upper()) == []


def test_links_of_an_account_that_was_disabled_meanwhile(control, mailbox, installation):
    person, new = sign_up(control, mailbox), fresh()
    post(control, "/api/v1/password-reset", {"email": person.email})
    reset = link_of(mailbox.wait(person.email, 2))[1]
    assert person.call("POST", "/api/v1/account/email", {"email": new, "password": PASSWORD})[0] == 204
    change = link_of(mailbox.wait(new))[1]
    installation.query(f"update users set disabled_at = now() where email = '{person.email}'")
    assert post(control, "/api/v1/password-reset/finish", {"token": reset, "password": NEW})[0] == 410
    assert post(control, "/api/v1/email-change/finish", {"token": change})[0] == 410
    assert installation.query(f"select count(*) from users where email = '{new}'") == "0"
    installation.query(f"update users set disabled_at = null where email = '{person.email}'")
    assert post(control, "/api/v1/email-change/finish", {"token": change})[0] == 204


@pytest.fixture(scope="module")
def folding(pg, scratch):
    """A database to which other letters than ASCII's have two cases, too, as most have it."""
    pg.query("create database doteb_folding template template0 encoding 'UTF8' locale 'C.UTF-8'")
    installation = harness.Installation(pg, "doteb_folding", scratch / "folding")
    installation.command("migrate")
    installation.create_operator()
    assert installation.query("select lower('\u00c9\u212a') = '\u00e9k'") == "t"
    return installation


def test_other_letters_for_the_same_address_are_no_other_guesses(folding):
    """Of an address that has an account and of one that has none: nothing tells them apart."""
    known, unknown = (f"jos\u00e9.kk.{uuid.uuid4().hex}@example.com" for _ in range(2))
    add_user(folding, known)
    control = harness.Control(folding, DOTEB_MAIL_LOG="true", DOTEB_TRUSTED_PROXIES="127.0.0.1")
    try:
        for email in (known, unknown):
            spelt = [email, email.replace("\u00e9", "\u00c9"), email.replace("k", "\u212a"), email.upper()]
            codes = [post(control, "/api/v1/session", {"email": spelt[i % 4], "password": "guess"})[0] for i in range(9)]
            assert codes[:5] == [401] * 5 and 429 in codes[5:], codes
        asked = fresh().replace("@", "\u00e9@")
        codes = [post(control, "/api/v1/password-reset", {"email": e})[0]
                 for e in (asked, asked.upper(), asked.replace("\u00e9", "\u00c9"), asked.upper())]
        assert codes == [204, 204, 204, 429]
        # A stranger's spelling of the address is not where the link goes.
        assert post(control, "/api/v1/password-reset", {"email": known.replace("k", "\u212a")})[0] == 204
        sent = wait_until(lambda: [e for e in control.log_events("mail_not_sent_but_logged") if "/reset/finish#" in e["text"]],
                          15, "the mail")
        assert [e["to"] for e in sent] == [known]
    finally:
        control.stop()
