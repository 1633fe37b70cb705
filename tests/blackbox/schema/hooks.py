"""What schemathesis is told about our API: who calls, and what of the world its calls are about.

Loaded by `st` (SCHEMATHESIS_HOOKS); DOTEB_SCHEMA_WORLD names a JSON file: the caller's headers and the
ids there are. A made-up id would only ever meet 404: ids that are well-formed are replaced by ones that
exist, and what a call makes joins them.
"""
import json
import os
import re
import secrets
import urllib.request

import schemathesis
from schemathesis.core.parameters import ParameterLocation

WORLD = json.load(open(os.environ["DOTEB_SCHEMA_WORLD"], encoding="utf-8"))
IDS = WORLD["ids"]
KEEP = 50      # of each kind; the newest are deleted first, so that there are always some
NEGATIVE = "negative"


def collection_of(template):
    words = template.split("/")
    return words[words.index("{id}") - 1] if "{id}" in words else None


def sign_in():
    """A session that may be ended."""
    body = json.dumps(WORLD["login"]).encode()
    ask = urllib.request.Request(WORLD["root"] + "/api/v1/session", body, somewhere() |
                                 {"Content-Type": "application/json"})
    with urllib.request.urlopen(ask, timeout=30) as answer:
        csrf = json.load(answer)["csrf_token"]
        return {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": csrf}


def somewhere():
    """Limits by network address do not end the run."""
    return {"X-Forwarded-For": "2001:db8:" + ":".join(secrets.token_hex(2) for _ in range(3)) + "::1"}


@schemathesis.hook
def before_load_schema(ctx, raw_schema):
    """Who calls is said by before_call alone. CSRF: test_control_contract.py."""
    raw_schema.pop("security", None)
    for item in raw_schema["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
                operation["parameters"] = [p for p in operation.get("parameters", [])
                                           if not p.get("$ref", "").endswith("/Csrf")]


@schemathesis.hook
def before_call(ctx, case, kwargs):
    headers = somewhere() | WORLD["headers"]
    ends_session = WORLD["login"] and case.method == "DELETE" and case.path.endswith("/session")
    if ends_session:
        headers |= sign_in()
    # A sign-in that succeeds ends the session that came along.
    if case.path in ("/api/v1/session", "/api/v1/session/second-factor", "/api/v1/session/passkey") and case.method == "POST":
        headers.pop("Cookie", None)
    kwargs["auth"] = lambda request: request.headers.update(headers) or request
    # A rename may have made up the very name that this call types to confirm: then the world is gone.
    if case.path.endswith("/archive") and isinstance(case.body, dict) and isinstance(case.body.get("name"), str):
        case.body = case.body | {"name": secrets.token_hex(8)}
    component = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    if component is None or component.mode.value == NEGATIVE:
        return
    new = dict(case.path_parameters)
    known = {"org": WORLD["org"], "project": WORLD["project"]}
    mine = IDS.get(collection_of(case.path))
    if mine:
        known["id"] = mine[-1]
    new.update({name: value for name, value in known.items() if name in new})
    case.path_parameters = new


@schemathesis.hook
def after_call(ctx, case, response):
    collection = collection_of(case.path)
    if case.method == "POST" and response.status_code == 201 and not collection:
        name = case.path.rsplit("/", 1)[1]
        made = response.json()
        if name in IDS and re.fullmatch("[0-9a-f-]{36}", str(made.get("id"))):
            IDS[name] = (IDS[name] + [made["id"]])[-KEEP:]
    if case.method == "DELETE" and response.status_code == 204 and len(IDS.get(collection, ())) > 1:
        IDS[collection].pop()


@schemathesis.check
def closed_to_strangers(ctx, response, case):
    """Nobody gets in but where the document says so."""
    needs = case.operation.definition.raw.get("x-role") != "none"
    if WORLD["stranger"] and needs and response.status_code < 400:
        raise AssertionError(f"{response.status_code} for nobody")
