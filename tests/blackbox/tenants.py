"""An organisation with one member a role and one of everything, for tests that go through the route
table; what each route is called with stands here, once."""
import atexit
import functools
import tempfile
import uuid

from control_client import Person, add_user, printed_routes
from harness import Simulator

ROLES = ["viewer", "developer", "admin", "owner"]
O = "/api/v1/organisations/{org}"
P = O + "/projects/{project}"

SERVER = {"protocol": "openai", "base_url": "http://127.0.0.1:9/v1", "models": [{"upstream_id": "m"}]}



@functools.cache
def a_server():
    """What a tenant's own base URL may name: goes with the tests' process."""
    folder = tempfile.TemporaryDirectory(prefix="doteb-server-")
    server = Simulator(folder.name, "--die-with-parent")
    atexit.register(lambda: (server.stop(), folder.cleanup()))
    return server


# The body of each route that takes one, made of a world and who calls.
BODIES = {
    ("POST", "/api/v1/organisations"): lambda w, who: {"name": "made"},
    ("PATCH", O): lambda w, who: {"name": "renamed"},
    ("POST", O + "/archive"): lambda w, who: {"name": w.name},
    ("PATCH", O + "/members/{id}"): lambda w, who: {"role": "developer"},
    ("POST", O + "/invitations"): lambda w, who: {"email": f"{uuid.uuid4().hex}@example.com", "role": "viewer"},
    ("POST", "/api/v1/invitations/lookup"): lambda w, who: {"token": w.token},
    ("POST", "/api/v1/invitations/accept"): lambda w, who: {"token": w.invite(who.email)},
    ("POST", O + "/projects"): lambda w, who: {"name": uuid.uuid4().hex},
    ("PATCH", P): lambda w, who: {"name": uuid.uuid4().hex},
    ("POST", P + "/api-keys"): lambda w, who: {"name": "k"},
    ("PATCH", P + "/api-keys/{id}"): lambda w, who: {"disabled": True},
    ("POST", P + "/api-keys/{id}/rotate"): lambda w, who: {"grace_hours": 1},
    ("POST", P + "/signing-keys"): lambda w, who: {"api_key_id": w.ids["api-keys"]},
    ("POST", O + "/management-tokens"): lambda w, who: {"name": "t", "role": "viewer", "scopes": ["read"]},
    ("POST", O + "/provider-keys"): lambda w, who: {"provider": "openai", "secret": "sk-1"},
    ("PATCH", O + "/provider-keys/{id}"): lambda w, who: {"label": "x"},
    ("POST", O + "/custom-providers"): lambda w, who: {"slug": "c" + uuid.uuid4().hex, **SERVER},
    ("POST", O + "/custom-providers/discover"): lambda w, who: {"protocol": "openai", "base_url": a_server().base_url},
    ("PATCH", O + "/custom-providers/{id}"): lambda w, who: {"name": "renamed"},
    ("POST", O + "/provider-keys/{id}/rotation"): lambda w, who: {"secret": "sk-210987654321"},
    ("POST", O + "/provider-keys/order"): lambda w, who: {"provider": "openai", "ids": w.reversed_keys("openai")},
    ("POST", O + "/views"): lambda w, who: {"name": uuid.uuid4().hex, "page": "activity", "query": "status=error"},
    ("PATCH", O + "/views/{id}"): lambda w, who: {"name": uuid.uuid4().hex},
    ("POST", "/api/v1/session"): lambda w, who: {"email": who.email, "password": who.password},
}
# A person's own account: what these do is in test_control_accounts.py, _second_factor.py and _passkeys.py.
BODIES |= {(method, "/api/v1/" + path): lambda w, who: {} for method, path in (
    ("POST", "session/second-factor"), ("POST", "sign-up"), ("POST", "sign-up/finish"),
    ("POST", "password-reset"), ("POST", "password-reset/finish"), ("POST", "email-change/finish"),
    ("PATCH", "account"), ("POST", "account/password"), ("POST", "account/email"),
    ("POST", "account/second-factor"), ("POST", "account/second-factor/confirm"),
    ("POST", "account/second-factor/remove"), ("POST", "account/second-factor/recovery-codes"),
    ("POST", "session/passkey"), ("POST", "session/passkey/begin"), ("POST", "account/passkeys"),
    ("POST", "account/passkeys/begin"), ("POST", "account/deletion"), ("PATCH", "account/passkeys/{id}"), ("POST", "account/passkeys/{id}/remove"))}
# What must have been done before to the provider key that a route is called with.
BEFORE = {
    ("POST", O + "/provider-keys/{id}/rotation/switch"): ["rotation"],
    ("POST", O + "/provider-keys/{id}/rotation/confirm"): ["rotation", "rotation/switch"],
    ("DELETE", O + "/provider-keys/{id}/rotation"): ["rotation"],
}
# Nobody listens there: a provider that is asked in vain.
NOWHERE = "http://127.0.0.1:1"
# The operator's: what they do is in test_operator.py.
BODIES |= {(method, "/api/v1/instance/" + path): lambda w, who: {} for method, path in (
    ("PATCH", "offers/{id}"), ("PATCH", "models/{id}"), ("POST", "catalogue-versions"), ("PATCH", "feed"),
    ("POST", "organisations/{id}/suspend"), ("PATCH", "settings"))}
ROUTES = [r for r in printed_routes() if r[2] == "user"]
OPERATOR_ROUTES = [r for r in ROUTES if r[3] == "operator"]
MEMBER_ROUTES = [r for r in ROUTES if "{org}" in r[1]]


class World:
    """Made anew for each cell: what a cell does to it no other sees."""

    def __init__(self, installation, people):
        self.people, self.installation = people, installation
        owner = people["owner"]
        self.name = f"tenant {uuid.uuid4()}"
        status, made = owner.call("POST", "/api/v1/organisations", {"name": self.name})
        assert status == 201, made
        self.org = made["id"]
        self.project = owner.get(self.path + "/projects")["items"][0]["id"]
        for role in ROLES[:-1]:
            self.join(people[role].session["user"]["id"], role)
        guest = installation.query(
            "insert into users (user_id, email, password_hash) values (gen_random_uuid(), "
            f"'{uuid.uuid4()}@example.com', 'none') returning user_id")
        self.join(guest, "viewer")
        invitation = self.make("/invitations", {"email": f"{uuid.uuid4().hex}@example.com", "role": "viewer"})
        self.token = invitation["link"].split("#")[1]
        key = self.make_key(owner, "theirs")
        self.ids = {
            "api-keys": key["id"], "signing-keys": self.make_pair(owner, key["id"])["id"],
            "provider-keys": self.make("/provider-keys", {"provider": "openai", "secret": "sk-123456789012",
                                                           "base_url": NOWHERE})["id"],
            "custom-providers": self.make("/custom-providers", {"slug": "theirs", **SERVER})["id"],
            "management-tokens": self.make_token()["id"],
            "views": self.make_view(owner, shared=True)["id"],
            "invitations": invitation["id"], "members": guest, "requests": str(uuid.uuid4()),
        }
        self.second = self.make("/provider-keys", {"provider": "openai", "secret": "sk-123456789012"})["id"]

    @property
    def path(self):
        return f"/api/v1/organisations/{self.org}"

    def join(self, user, role):
        self.installation.query("insert into members (organisation_id, user_id, role) values "
                                f"('{self.org}', '{user}', '{role}')")

    def make(self, where, body, who=None):
        status, made = (who or self.people["owner"]).call("POST", self.path + where, body)
        assert status == 201, made
        return made

    def reversed_keys(self, provider):
        keys = self.people["owner"].all(self.path + "/provider-keys")
        return [k["id"] for k in reversed(keys) if k["provider"] == provider]

    def make_key(self, who, name):
        return self.make(f"/projects/{self.project}/api-keys", {"name": name}, who)

    def make_pair(self, who, key):
        return self.make(f"/projects/{self.project}/signing-keys", {"api_key_id": key}, who)

    def make_token(self, scopes=("read",), role="viewer", who=None):
        return self.make("/management-tokens", {"name": "script", "role": role, "scopes": list(scopes)}, who)

    def make_view(self, who, **more):
        return self.make("/views", {"name": uuid.uuid4().hex, "page": "analytics"} | more, who)

    def invite(self, email):
        return self.make("/invitations", {"email": email, "role": "viewer"})["link"].split("#")[1] \
            if not self.is_member(email) else self.token

    def is_member(self, email):
        return any(m["user"]["email"] == email for m in self.people["owner"].all(self.path + "/members"))

    def concrete(self, template, org=None, project=None, id=None):
        words = template.split("/")
        collection = words[words.index("{id}") - 1] if "{id}" in words else None
        return (template.replace("{org}", org or self.org).replace("{project}", project or self.project)
                .replace("{id}", id or self.ids.get(collection) or str(uuid.uuid4())))

    def body(self, method, template, who):
        for step in BEFORE.get((method, template), []):
            self.people["owner"].call("POST", self.concrete(O + "/provider-keys/{id}/") + step,
                                      {"secret": "sk-210987654321"} if step == "rotation" else None)
        make = BODIES.get((method, template))
        return make(self, who) if make else None

    def own(self, method, template, who):
        """(path, body) of the call on what is the caller's own."""
        if "/members/" in template:
            return self.concrete(template, id=who.session["user"]["id"]), None
        if "/views/" in template:
            return self.concrete(template, id=self.make_view(who)["id"]), self.body(method, template, who)
        key = self.make_key(who, "mine")["id"]
        if template.endswith("/signing-keys"):
            return self.concrete(template), {"api_key_id": key}
        mine = self.make_pair(who, key)["id"] if "signing" in template else key
        return self.concrete(template, id=mine), self.body(method, template, who)


def make_people(control, installation, *more):
    """One person a role, with sessions, members of nothing yet; and those of `more`."""
    people = {}
    for name in [*ROLES, *more]:
        email = f"{name}-{uuid.uuid4().hex[:8]}@example.com"
        add_user(installation, email)
        people[name] = Person(control, email)
    return people
