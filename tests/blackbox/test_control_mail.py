"""Mail over what real mail servers ask for: STARTTLS, TLS from the start, a login. And what is said
of a server that refuses or does not answer: nothing is ever sent in clear text instead."""
import base64
import json
import socket
import ssl
import subprocess
import threading
import time
from datetime import datetime

import pytest
from aiosmtpd.smtp import AuthResult

import harness
from harness import http, wait_until
from mailbox import Mailbox, link_of

NAME, SECRET = "doteb", "a-secret-of-the-mail-server"


@pytest.fixture(scope="module")
def certificate(scratch):
    """A self-signed certificate for the name localhost, and a server's context with it."""
    cert, key = scratch / "mail.crt", scratch / "mail.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


class Guarded(Mailbox):
    """A mailbox behind a login; `logins` are the passwords that were tried."""

    def __init__(self, certificate, how="starttls", **options):
        self.cert, context = certificate
        self.how, self.logins, self.senders, self.refuse_sender = how, [], 0, None
        if how == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        elif how == "tls":
            options |= {"ssl_context": context}
        login = {"authenticator": self.login, "auth_required": True,
                 "auth_require_tls": how == "starttls"}
        super().__init__(**login | options)

    def login(self, server, session, envelope, mechanism, data):
        self.logins.append(data.password.decode())
        return AuthResult(success=self.logins[-1] == SECRET, handled=False)

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.senders += 1
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    def settings(self, **more):
        scheme = "smtps" if self.how == "tls" else "smtp"
        return super().settings() | {
            "DOTEB_SMTP_URL": f"{scheme}://localhost:{self.port}", "DOTEB_SMTP_TLS": "true",
            "DOTEB_SMTP_CA_FILE": str(self.cert), "DOTEB_SMTP_USERNAME": NAME,
            "DOTEB_SMTP_PASSWORD": SECRET} | more


@pytest.fixture
def server(certificate):
    """Makes servers; they end with the test."""
    made = []

    def make(*words, **options):
        made.append(Guarded(certificate, *words, **options))
        return made[-1]
    yield make
    for box in made:
        box.stop()


def mail_test(installation, settings, to="mira@example.com"):
    """(exit code, stdout, stderr) of `doteb-control mail test`, which never shows the password."""
    done = installation.command("mail", "test", to, check=False, env=settings)
    plain = base64.b64encode(f"\0{NAME}\0{SECRET}".encode()).decode()
    for secret in (SECRET, plain, base64.b64encode(SECRET.encode()).decode()):
        assert secret not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_mail_arrives_over_tls_and_with_a_login(installation, server, how):
    box = server(how)
    code, out, err = mail_test(installation, box.settings())
    assert (code, box.logins) == (0, [SECRET]), err
    assert "> (credentials)" in out and "< 235" in out
    assert ("> STARTTLS" in out) == (how == "starttls")
    assert box.to("mira@example.com")[0]["Subject"] == "Mail from doteb works"
    assert "took the mail to mira@example.com" in err


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_without_trust_in_the_certificate_nothing_is_sent(installation, server, how):
    for settings in ({"DOTEB_SMTP_CA_FILE": ""}, {"DOTEB_SMTP_URL": None}):
        box = server(how)
        if "DOTEB_SMTP_URL" in settings:   # trusted, and somebody else's
            settings = {"DOTEB_SMTP_URL": box.settings()["DOTEB_SMTP_URL"].replace("localhost", "127.0.0.1")}
        code, out, err = mail_test(installation, box.settings(**settings))
        assert (code, box.logins, box.senders, box.mails) == (1, [], 0, [])
        assert "DOTEB_SMTP_CA_FILE" in err and "not trusted" in err
        assert "> MAIL" not in out


def test_a_certificate_of_ones_own_will_do_where_plain_text_would(installation, server):
    """As a mail server on the same machine has it; smtps:// promises more."""
    box = server("starttls")
    settings = {"DOTEB_SMTP_CA_FILE": "", "DOTEB_SMTP_TLS": "false"}
    assert mail_test(installation, box.settings(**settings))[0] == 0
    box = server("tls")
    assert mail_test(installation, box.settings(**settings))[0] == 1 and box.senders == 0


OPEN = {"DOTEB_SMTP_TLS": "false", "DOTEB_SMTP_FROM": "doteb@example.com"}


@pytest.mark.parametrize("server,login,near", [
    ("localhost:25", {}, True), ("LOCALHOST", {}, True), ("127.0.0.1:25", {}, True), ("127.8.9.1", {}, True),
    ("[::1]:25", {}, True), ("[::1]", {}, True), ("anna:secret@localhost:25/name", {}, True),
    ("localhost", {"DOTEB_SMTP_USERNAME": NAME}, True),
    ("192.0.2.1:25", {}, False), ("mail.example.com", {}, False), ("localhost.example.com:25", {}, False),
    ("[2001:db8::1]:25", {}, False), ("localhost@mail.example.com:25", {}, False), ("mail.example.com/localhost", {}, False),
    ("mail.example.com", {"DOTEB_SMTP_USERNAME": NAME}, False), ("anna:secret@192.0.2.1:25", {}, False)])
def test_clear_text_to_another_machine_is_warned_of_and_never_a_login(installation, server, login, near):
    settings = OPEN | {"DOTEB_SMTP_URL": "smtp://" + server} | login
    refused = not near and (login or "@" in server)
    if refused:
        done = installation.command("serve", check=False, env=settings)
        assert done.returncode == 1 and "DOTEB_SMTP_TLS" in done.stderr and "secret" not in done.stderr
        return
    warned = warnings_of(installation, settings)
    assert bool(warned) == (not near)
    assert near or "opens accounts" in warned[0]["risk"]


def warnings_of(installation, settings):
    """Of a control that is started with them; its log is that of the ones before, too."""
    began = time.time()
    control = harness.Control(installation, **settings)
    control.stop()
    return [e for e in control.log_events("mail_can_be_read_on_the_way")
            if datetime.fromisoformat(e["time"]).timestamp() >= began - 0.001]


def test_with_tls_nothing_is_warned_of(installation):
    settings = {"DOTEB_SMTP_FROM": "doteb@example.com", "DOTEB_SMTP_USERNAME": NAME}
    for more in ({"DOTEB_SMTP_URL": "smtp://mail.example.com"},
                 {"DOTEB_SMTP_URL": "smtps://mail.example.com", "DOTEB_SMTP_TLS": "false"}):
        assert not warnings_of(installation, settings | more)


def test_without_starttls_nothing_is_sent(installation, server):
    box = server("plain")
    code, out, err = mail_test(installation, box.settings())
    assert (code, box.logins, box.senders) == (1, [], 0)
    assert "no STARTTLS" in err and "DOTEB_SMTP_TLS" in err
    assert "< 220" in out and "> EHLO" in out
    assert mail_test(installation, box.settings(DOTEB_SMTP_TLS="false"))[0] == 0


def test_what_the_server_answers_is_said(installation, server):
    box = server()
    code, out, err = mail_test(installation, box.settings(DOTEB_SMTP_PASSWORD="wrong"))
    assert code == 1 and "535" in err and "DOTEB_SMTP_PASSWORD" in err and box.senders == 0
    box.refuse_sender = "550 5.7.60 not your sender"
    code, out, err = mail_test(installation, box.settings())
    assert code == 1 and "not your sender" in err and "DOTEB_SMTP_FROM" in err
    box.refuse_sender, box.refuse = None, "550 5.1.1 no such user"
    code, out, err = mail_test(installation, box.settings())
    assert code == 1 and "no such user" in err and "> RCPT TO:<mira@example.com>" in out


def test_what_is_no_mail_server(installation):
    settings = {"DOTEB_SMTP_FROM": "doteb@example.com"}
    code, _, err = mail_test(installation, settings)
    assert code == 1 and "DOTEB_SMTP_URL is not set" in err
    settings["DOTEB_SMTP_URL"] = f"smtp://anna:pass-of-anna@localhost:{harness.free_port()}"
    code, out, err = mail_test(installation, settings)
    assert code == 1 and "nobody takes connections" in err and "pass-of-anna" not in out + err
    assert mail_test(installation, settings, "nobody")[0] == 2


def hanging(farewell):
    """A server that says nothing; with `farewell`, only of QUIT. Returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as file:
            if farewell:
                file.write(b"220 hello\r\n"), file.flush()
            body = False
            for line in file:
                word = line.strip().upper()
                if not farewell or word == b"QUIT" or (body and word != b"."):
                    continue
                body = word == b"DATA"
                file.write(b"354 go on\r\n" if body else b"250 fine\r\n"), file.flush()
    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize("farewell", [False, True])
def test_a_server_that_hangs_has_a_deadline(installation, farewell):
    """Who took the mail and does not say goodbye gets no second one."""
    began = time.monotonic()
    with hanging(farewell) as listener:
        done = installation.command("mail", "test", "mira@example.com", check=False, env={
            "DOTEB_SMTP_URL": f"smtp://127.0.0.1:{listener.getsockname()[1]}",
            "DOTEB_SMTP_FROM": "doteb@example.com", "DOTEB_SMTP_TLS": "false"})
    assert done.returncode == (0 if farewell else 1), done.stderr
    assert time.monotonic() - began < (10 if farewell else 25)
    assert farewell or "port 465 wants smtps://" in done.stderr


def instance(control):
    return json.loads(http("GET", control.root + "/api/v1/instance")[2])


def sign_up(control, email):
    assert http("POST", control.root + "/api/v1/sign-up", {"email": email})[0] == 204


def due(installation):
    installation.query("update outbox set next_try_at = now()")


def test_mail_waits_until_the_operator_has_mended_it(installation, server):
    """A wrong password, then a sender that is not ours, then a server that greets with no: nothing of
    that is the mail's fault, so it is not given up. People and the operator are told meanwhile."""
    box = server()
    settings = {"DOTEB_SIGNUP": "open"}
    control = harness.Control(installation, **box.settings(DOTEB_SMTP_PASSWORD="wrong", **settings))
    try:
        assert instance(control)["mail_late"] is False
        sign_up(control, "late@example.com")
        event = wait_until(lambda: control.log_events("mail_failed"), 15, "a failure")[0]
        assert event["answer"].startswith("535") and "DOTEB_SMTP_PASSWORD" in event["advice"]
        wait_until(lambda: instance(control)["mail_late"], 10, "word of it")
        control.stop()

        box.refuse_sender = "550 sender not allowed"
        control = harness.Control(installation, **box.settings(**settings))
        due(installation)
        event = wait_until(lambda: [x for x in control.log_events("mail_failed") if "550" in x["answer"]],
                           15, "another failure")[0]
        assert "DOTEB_SMTP_FROM" in event["advice"]
        box.refuse_sender, box.refuse = None, "554 5.7.1 late@example.com: relay access denied"
        due(installation)
        event = wait_until(lambda: [x for x in control.log_events("mail_failed") if "554" in x["answer"]],
                           15, "a third one")[0]
        assert "late@example.com" not in control.log.read_text()
        box.refuse = None
        due(installation)
        assert link_of(box.wait("late@example.com"))[0] == "/sign-up/finish"
        wait_until(lambda: not instance(control)["mail_late"], 10, "the end of it")
        assert len(box.to("late@example.com")) == 1 and not control.log_events("mail_given_up")
        assert SECRET not in control.log.read_text()
    finally:
        control.stop()
