"""A person at the control API: session, CSRF token, and every answer held against the document."""
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import yaml

from harness import BUILD, PASSWORD, ROOT, http

DOCUMENT = yaml.safe_load((ROOT / "docs/openapi/control.yaml").read_text())


def schema_at(pointer):
    """A schema of the document that can find its neighbours."""
    return {"$ref": "#" + pointer, "components": DOCUMENT["components"],
            "paths": DOCUMENT["paths"]}


def escape(word):
    return word.replace("~", "~0").replace("/", "~1")


def template_of(path):
    """The document's path template of a concrete path."""
    for template in sorted(DOCUMENT["paths"], key=lambda t: t.count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return template
    return None


def check_answer(method, path, status, headers, body):
    """The answer is one that the document allows: status, media type and shape."""
    template = template_of(path.split("?")[0])
    operation = DOCUMENT["paths"].get(template, {}).get(method.lower())
    if status in (404, 405) and not operation:
        jsonschema.validate(json.loads(body), schema_at("/components/schemas/Problem"))
        return
    assert operation, f"{method} {path} is not in the document"
    response = operation["responses"].get(str(status))
    assert response, f"{method} {template} answers {status}, which the document does not name: {body}"
    pointer = f"/paths/{escape(template)}/{method.lower()}/responses/{status}"
    if "$ref" in response:
        pointer = response["$ref"][1:]
        response = DOCUMENT["components"]["responses"][pointer.rsplit("/", 1)[1]]
    if "content" not in response:
        assert body == b"", body
        return
    media = headers["content-type"].split(";")[0]
    assert media in response["content"], f"{media} for {method} {template} {status}"
    assert headers["cache-control"] == "no-store"
    if media in ("text/csv", "text/event-stream"):
        return
    jsonschema.validate(json.loads(body), schema_at(f"{pointer}/content/{escape(media)}/schema"))
    if status >= 400:
        assert json.loads(body)["status"] == status


def first_event(method, url, body, headers):
    """As http(), of an answer that never ends by itself: its first line."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers), timeout=10) as r:
            return r.status, r.headers, r.readline()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


class Script:
    """Calls with a management token, as Person does with a session."""

    def __init__(self, control, token):
        self.control, self.token = control, token
        self.headers = {}

    def raw(self, method, path, body=None, headers=None):
        status, head, data = http(method, self.control.root + path, body,
                                  {"Authorization": f"Bearer {self.token}"} | (headers or {}))
        check_answer(method, path, status, head, data)
        self.headers = head
        return status, head, data

    def call(self, method, path, body=None, headers=None):
        status, head, data = self.raw(method, path, body, headers)
        text = head.get("content-type", "").startswith("text/csv")
        return status, data.decode() if text else json.loads(data) if data else None


class Person:
    """Signs in and calls. call() gives (status, parsed body or None)."""

    def __init__(self, control, email=None, password=PASSWORD):
        self.control, self.email, self.password = control, email, password
        self.cookie = self.csrf = self.session = None
        self.headers = {}
        if email:
            self.sign_in()

    def sign_in(self):
        status, head, body = http("POST", self.control.root + "/api/v1/session",
                                  {"email": self.email, "password": self.password}, self.auth())
        check_answer("POST", "/api/v1/session", status, head, body)
        assert status == 200, body
        self.cookie = head["set-cookie"].split(";")[0]
        self.session = json.loads(body)
        self.csrf = self.session["csrf_token"]

    def auth(self):
        return {"Cookie": self.cookie} if self.cookie else {}

    def raw(self, method, path, body=None, headers=None, csrf=True):
        """(status, headers, bytes), checked against the document."""
        all_headers = self.auth() | (headers or {})
        if csrf and self.csrf and method != "GET":
            all_headers["X-CSRF-Token"] = self.csrf
        ask = first_event if "/requests/events" in path else http
        status, head, data = ask(method, self.control.root + path, body, all_headers)
        check_answer(method, path, status, head, data)
        self.headers = head
        return status, head, data

    def call(self, method, path, body=None, headers=None, csrf=True, **query):
        if query:
            path += "?" + urllib.parse.urlencode({k.rstrip("_"): v for k, v in query.items()})
        status, _, data = self.raw(method, path, body, headers, csrf)
        if self.headers.get("content-type", "").startswith(("text/csv", "text/event-stream")):
            return status, data.decode()
        return status, json.loads(data) if data else None

    def get(self, path, **query):
        status, body = self.call("GET", path, **query)
        assert status == 200, (path, query, body)
        return body

    def all(self, path, limit=50, **query):
        """Every item of a list, page by page."""
        items, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = self.get(path, limit=limit, **query, **more)
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items

    @property
    def org(self):
        return self.session["organisations"][0]["id"]

    @property
    def project(self):
        return self.session["organisations"][0]["projects"][0]["id"]

    @property
    def keys_path(self):
        return f"/api/v1/organisations/{self.org}/projects/{self.project}/api-keys"

    @property
    def org_path(self):
        return f"/api/v1/organisations/{self.org}"


def add_user(installation, email, role=None, org=None):
    """A user with the operator's password, perhaps a member; returns the id."""
    uid = installation.query(
        "insert into users (user_id, email, name, password_hash) select gen_random_uuid(), "
        f"'{email}', split_part('{email}', '@', 1), password_hash from users "
        f"where email = '{installation.email}' returning user_id")
    if role:
        org = org or installation.query("select organisation_id from organisations where is_operator")
        installation.query("insert into members (organisation_id, user_id, role) "
                           f"values ('{org}', '{uid}', '{role}')")
    return uid


def add_organisation(installation, name):
    """(organisation, project) ids. Its data key is the operator's blob, which does not open for it:
    good enough for everything that does not seal."""
    org = installation.query(
        "insert into organisations (organisation_id, name, data_key_sealed) select "
        f"gen_random_uuid(), '{name}', data_key_sealed from organisations where is_operator "
        "returning organisation_id")
    project = installation.query(
        f"insert into projects (organisation_id, project_id, name) values ('{org}', "
        "gen_random_uuid(), 'Default') returning project_id")
    return org, project


def printed_routes():
    """[(method, path, auth, role, role for what is others', action)] as the program says."""
    import subprocess
    done = subprocess.run([BUILD / "control/doteb-control", "--print-routes"], capture_output=True,
                          text=True, check=True)
    return [tuple(line.split()) for line in done.stdout.splitlines()]
