"""A mail server that keeps what it gets, and says no when told to."""
import email
import email.policy
import re

from aiosmtpd.controller import Controller

from harness import free_port, wait_until


class Mailbox:
    """`mails` are parsed messages, oldest first; `refuse` an SMTP answer to every recipient."""

    def __init__(self, **options):
        self.mails, self.refuse, self.tries = [], None, 0
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.tries += 1
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail.envelope = (envelope.mail_from, envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 OK"

    def settings(self, **more):
        return {"DOTEB_SMTP_URL": f"smtp://127.0.0.1:{self.port}", "DOTEB_SMTP_TLS": "false",
                "DOTEB_SMTP_FROM": "doteb <doteb@example.com>"} | more

    def to(self, address):
        return [m for m in self.mails if m.envelope[1] == [address]]

    def wait(self, address, count=1, seconds=15):
        """The newest of `count` mails to the address, once they are there."""
        return wait_until(lambda: len(self.to(address)) >= count and self.to(address), seconds,
                          f"mail {count} to {address}")[-1]

    def stop(self):
        self.controller.stop()


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def link_of(mail):
    """(path, token) of the one link with a token."""
    found = re.findall(r"https?://[^\s/]+(/\S+?)#(\S{43})$", text_of(mail), re.M)
    assert len(found) == 1, text_of(mail)
    return found[0]
