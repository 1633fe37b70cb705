"""Calls made from docs/openapi/control.yaml by schemathesis, as one of three callers. What is not in
the document, not as the document says, or the daemon's own fault fails; so does a broken body or
parameter that is taken. test_control_schemathesis.py runs it for minutes, `make fuzz-api` for longer."""
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import harness
from control_client import DOCUMENT, Person, add_user

HERE = Path(__file__).resolve().parent
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
          "unsupported_method", "allow_header_conformance", "closed_to_strangers"]
# An answer that never ends: test_control_live.py.
ENDLESS = "/api/v1/organisations/{org}/requests/events"
SCOPES = DOCUMENT["components"]["schemas"]["Scope"]["enum"]
CALLERS = ["owner", "token", "nobody"]


class World:
    """An organisation of an owner of its own, with one of everything."""

    def __init__(self, installation, control, caller):
        self.control = control
        self.file = installation.folder / f"world-{caller}-{uuid.uuid4().hex[:8]}.json"
        email = f"owner-{uuid.uuid4().hex[:8]}@example.com"
        add_user(installation, email)
        self.owner = owner = Person(control, email)
        self.org = self.make("", {"name": "fuzzed"})["id"]
        self.project = owner.get(self.path + "/projects")["items"][0]["id"]
        key = self.make(self.path + f"/projects/{self.project}/api-keys", {"name": "k"})["id"]
        guest = installation.query(
            "insert into users (user_id, email, password_hash) values (gen_random_uuid(), "
            f"'{uuid.uuid4()}@example.com', 'none') returning user_id")
        installation.query("insert into members (organisation_id, user_id, role) "
                           f"values ('{self.org}', '{guest}', 'viewer')")
        token = self.make(self.path + "/management-tokens", {"name": "t", "role": "owner", "scopes": SCOPES})
        ids = {
            "api-keys": [key],
            "signing-keys": [self.make(self.path + f"/projects/{self.project}/signing-keys",
                                       {"api_key_id": key})["id"]],
            "provider-keys": [self.make(self.path + "/provider-keys", {
                "provider": "openai", "secret": "sk-123456789012"})["id"]],
            "management-tokens": [self.make(self.path + "/management-tokens", {
                "name": "t", "role": "viewer", "scopes": ["read"]})["id"]],
            "invitations": [self.make(self.path + "/invitations", {
                "email": f"guest-{uuid.uuid4().hex[:8]}@example.com", "role": "viewer"})["id"]],
            "members": [guest],
            "views": [self.make(self.path + "/views", {"name": "v", "page": "activity"})["id"]],
        }
        headers = {"owner": owner.auth() | {"X-CSRF-Token": owner.csrf},
                   "token": {"Authorization": f"Bearer {token['token']}"}, "nobody": {}}[caller]
        self.file.write_text(json.dumps({
            "root": control.root, "org": self.org, "project": self.project, "ids": ids,
            "headers": headers, "stranger": caller == "nobody",
            "login": {"email": email, "password": harness.PASSWORD} if caller == "owner" else None}))

    @property
    def path(self):
        return f"/api/v1/organisations/{self.org}"

    def make(self, path, body):
        status, made = self.owner.call("POST", path or "/api/v1/organisations", body)
        assert status == 201, made
        return made

    def check_still_there(self):
        """The run neither ended its own session nor archived what it was about."""
        assert self.owner.get(self.path)["id"] == self.org


def settings(mailbox):
    """Of the control daemon: nothing that would refuse a call before it is looked at."""
    return mailbox.settings(DOTEB_SIGNUP="open", DOTEB_TRUSTED_PROXIES="127.0.0.1")


def run(world, *options):
    """(exit code, what st printed)."""
    env = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "DOTEB_SCHEMA_WORLD": str(world.file),
                        "PYTHONPATH": str(HERE), "NO_PROXY": "*", "COLUMNS": "120"}
    done = subprocess.run(
        [Path(sys.executable).parent / "st", "--no-color", "run", harness.ROOT / "docs/openapi/control.yaml",
         "--url", world.control.root, "--checks", ",".join(CHECKS), "--exclude-path", ENDLESS,
         "--generation-with-security-parameters", "false",
         "--request-timeout", "30", "--continue-on-failure", "--warnings", "off", "--output-truncate", "true", *map(str, options)],
        env=env, cwd=world.file.parent, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
