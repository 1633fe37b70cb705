"""API keys and provider keys: shown once or never, revoked, sealed; hostile text everywhere."""
import hashlib
import hmac
import json
import re
import subprocess
import uuid

import pytest

import harness
from control_client import Person, add_user

HOSTILE = ["'; drop table api_keys; --", "\" or 1=1 --", "$1", "%s%n", "\\'", "{{7*7}}", "<script>",
           "\u202e evil", "\U0001f600", "a" * 100, "x'||pg_sleep(9)||'", "\\u0000", "../../etc/passwd"]


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def developer(control, installation):
    add_user(installation, "dev@example.com", "developer")
    return Person(control, "dev@example.com")


def dump(installation):
    return subprocess.run(["pg_dump", installation.pg.url(installation.database)], check=True,
                          capture_output=True, text=True).stdout


def test_a_key_is_shown_once_and_stored_as_a_keyed_hash(owner, installation, control):
    status, made = owner.call("POST", owner.keys_path, {"name": "ci"})
    assert status == 201 and made["last4"] == made["key"][-4:]
    assert made["owner"]["email"] == installation.email
    assert (made["requests"], made["cost"], made["last_used_at"]) == (0, "0", None)
    listed = next(k for k in owner.all(owner.keys_path) if k["id"] == made["id"])
    assert listed == {k: v for k, v in made.items() if k != "key"}
    stored = installation.query(f"select encode(hash, 'hex') from api_keys where api_key_id = "
                                f"'{made['id']}'")
    inner = hashlib.sha256(made["key"].encode()).digest()
    assert stored != inner.hex() and len(stored) == 64
    text = dump(installation)
    assert made["key"] not in text and made["key"][9:40] not in text
    assert made["key"] not in control.log.read_text()
    assert hmac.new(b"", inner, "sha256").hexdigest() != stored


def test_revoking(owner, installation):
    made = owner.call("POST", owner.keys_path, {"name": "gone"})[1]
    path = f"{owner.keys_path}/{made['id']}"
    assert owner.call("DELETE", path)[0] == 204
    first = installation.query(f"select revoked_at from api_keys where api_key_id = '{made['id']}'")
    assert owner.call("DELETE", path)[0] == 204  # again: the same, and the time stays
    assert installation.query("select revoked_at from api_keys where api_key_id = "
                              f"'{made['id']}'") == first
    ids = lambda status: {k["id"] for k in owner.all(owner.keys_path, status=status)}  # noqa: E731
    assert made["id"] not in ids("active")
    assert made["id"] in ids("revoked") & ids("all")


def test_a_developer_revokes_their_own_only(owner, developer):
    theirs = developer.call("POST", developer.keys_path, {"name": "mine"})[1]
    mine = owner.call("POST", owner.keys_path, {"name": "owner's"})[1]
    assert developer.call("DELETE", f"{developer.keys_path}/{mine['id']}")[0] == 403
    assert developer.call("DELETE", f"{developer.keys_path}/{theirs['id']}")[0] == 204


def test_expiry(owner, installation):
    status, made = owner.call("POST", owner.keys_path,
                              {"name": "short", "expires_at": "2099-12-31T23:30:00.5+01:00"})
    assert status == 201 and made["expires_at"] == "2099-12-31T22:30:00.500Z"
    assert owner.call("POST", owner.keys_path, {"name": "n", "expires_at": None})[0] == 201
    for bad in ("2020-01-01T00:00:00Z", "tomorrow", "2099-02-30T00:00:00Z", "2099-01-01", 5, ""):
        status, body = owner.call("POST", owner.keys_path, {"name": "n", "expires_at": bad})
        assert (status, body["field"]) == (422, "expires_at"), bad
    installation.query(f"update api_keys set expires_at = now() where api_key_id = '{made['id']}'")
    assert made["id"] in {k["id"] for k in owner.all(owner.keys_path, status="revoked")}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(name, owner):
    status, made = owner.call("POST", owner.keys_path, {"name": name})
    assert (status, made["name"]) == (201, name)
    assert name in {k["name"] for k in owner.all(owner.keys_path)}


@pytest.mark.parametrize("name", ["", "a" * 101, "tab\there", "\u0000", 7, None, [], {}])
def test_bad_names(name, owner):
    status, body = owner.call("POST", owner.keys_path, {"name": name})
    assert status in (400, 422) and (status == 400 or body["field"] == "name"), body


QUERIES = [("limit", "0"), ("limit", "201"), ("limit", "x"), ("limit", "1;drop"), ("status", "any"),
           ("cursor", "'"), ("cursor", "AAAA"), ("cursor", "////"), ("nonsense", "1")]


@pytest.mark.parametrize("name,value", QUERIES)
def test_bad_query_parameters_are_named(name, value, owner):
    status, body = owner.call("GET", owner.keys_path, **{name: value})
    assert (status, body["field"]) == (422, name)


def test_broken_query_strings(owner):
    for query in ("limit=1&limit=2", "limit=%zz", "status=%ff", "limit=%00"):
        status, body = owner.call("GET", owner.keys_path + "?" + query)
        assert status in (400, 422), query


def test_pages_are_stable_while_rows_arrive(owner):
    for i in range(12):
        owner.call("POST", owner.keys_path, {"name": f"page {i}"})
    before = [k["id"] for k in owner.all(owner.keys_path, limit=200)]
    seen, cursor = [], None
    while True:
        page = owner.get(owner.keys_path, limit=5, **({"cursor": cursor} if cursor else {}))
        seen += [k["id"] for k in page["items"]]
        owner.call("POST", owner.keys_path, {"name": "arrives while paging"})
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == before


def test_spend_of_a_key_s_life_is_shown(owner, installation):
    made = owner.call("POST", owner.keys_path, {"name": "spent"})[1]
    installation.query("insert into spend_windows values "
                       f"('{owner.org}', 4, '{made['id']}', 4, 'epoch', 3, 99, 0.0000425, "
                       "'2026-11-22T10:00:00Z'), "
                       f"('{owner.org}', 4, '{made['id']}', 2, '2026-11-22', 1, 1, 7, now())")
    got = next(k for k in owner.all(owner.keys_path) if k["id"] == made["id"])
    assert (got["requests"], got["cost"], got["last_used_at"]) == \
        (3, "0.0000425", "2026-11-22T10:00:00.000Z")


# ---------------------------------------------------------------- provider keys

def add(person, **fields):
    return person.call("POST", person.org_path + "/provider-keys", fields)


def test_a_provider_s_secret_can_never_be_read_back(owner, installation, control):
    secret = "sk-proj-" + uuid.uuid4().hex
    status, made = add(owner, provider="openai", label="main", secret=secret)
    assert status == 201 and made["last4"] == secret[-4:] and made["base_url"] is None
    short = add(owner, provider="openai", secret="shorty-abcd")[1]
    assert short["last4"] == ""
    text = json.dumps(owner.all(owner.org_path + "/provider-keys")) + control.log.read_text()
    everything = text + dump(installation)
    for form in (secret, secret.encode().hex(), secret[:20], "shorty-abcd", b"shorty-abcd".hex()):
        assert form not in everything
    # The same secret twice does not look the same.
    add(owner, provider="openai", secret=secret)
    sealed = installation.query("select count(distinct sealed), count(*) from provider_keys")
    assert sealed.split("|")[0] == sealed.split("|")[1]


def test_provider_keys_are_listed_in_order_and_changed(owner):
    ids = [add(owner, provider="anthropic", secret=f"sk-ant-{i}-0123456789")[1]["id"] for i in range(3)]
    mine = lambda: [k for k in owner.all(owner.org_path + "/provider-keys", limit=2)  # noqa: E731
                    if k["provider"] == "anthropic"]
    assert [(k["id"], k["position"]) for k in mine()] == [(x, i) for i, x in enumerate(ids)]
    path = f"{owner.org_path}/provider-keys/{ids[0]}"
    status, got = owner.call("PATCH", path, {"disabled": True, "label": "old", "position": 9})
    assert status == 200 and got["disabled_at"] and (got["label"], got["position"]) == ("old", 9)
    assert owner.call("PATCH", path, {"disabled": True})[1]["disabled_at"] == got["disabled_at"]
    assert [k["id"] for k in mine()] == [ids[1], ids[2], ids[0]]
    assert owner.call("PATCH", path, {"disabled": False})[1]["disabled_at"] is None
    for bad in ({}, {"position": -1}, {"position": 1.5}, {"disabled": "yes"}, {"secret": "x"},
                {"label": "x" * 101}, {"disabled": None}):
        assert owner.call("PATCH", path, bad)[0] == 422, bad


@pytest.mark.parametrize("fields,field", [
    ({"provider": "openai"}, "secret"), ({"secret": "x"}, "provider"),
    ({"provider": "nope", "secret": "x"}, "provider"), ({"provider": "openai", "secret": ""}, "secret"),
    ({"provider": "openai", "secret": "a\u00e9"}, "secret"), ({"provider": "openai", "secret": " x"}, "secret"),
    ({"provider": "openai", "secret": "x" * 16385}, "secret"),
    ({"provider": "openai", "secret": "x", "label": "y" * 101}, "label"),
    ({"provider": "google-vertex", "secret": "x"}, "options.region"),
    ({"provider": "google-vertex", "secret": "x", "options": {"region": "eu"}}, "options.project"),
    ({"provider": "openai", "secret": "x", "options": {"region": "evil.example/"}}, "options.region"),
    ({"provider": "openai", "secret": "x", "options": {"region": "-a"}}, "options.region"),
    ({"provider": "openai", "secret": "x", "options": {"host": "a"}}, "options.host"),
    ({"provider": "openai", "secret": "x", "options": {"deployment": "a/b"}}, "options.deployment"),
    ({"provider": "openai", "secret": "x", "options": {"deployment": ".."}}, "options.deployment"),
    ({"provider": "openai", "secret": "x", "options": {"api_version": "2024&x=1"}}, "options.api_version"),
    ({"provider": "openai", "secret": "x", "options": {"api_version": 2024}}, "options.api_version"),
    ({"provider": "openai", "secret": "x", "options": []}, "options"),
])
def test_bad_provider_keys(fields, field, owner):
    status, body = add(owner, **fields)
    assert (status, body["field"]) == (422, field)


VERTEX = {"region": "europe-west1", "project": "my-project-1"}
ACCOUNT = {"type": "service_account", "client_email": "robot@my-project-1.example", "project_id": "my-project-1",
           "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n",
           "token_uri": "https://oauth2.googleapis.com/token"}
PAIR = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def test_options_are_kept(owner):
    status, got = add(owner, provider="google-vertex", secret=json.dumps(ACCOUNT, indent=2), options=VERTEX)
    assert status == 201 and got["options"] == VERTEX
    options = {"resource": "my-resource", "deployment": "GPT-4.1_mini", "api_version": "2025-04-01-preview"}
    status, got = add(owner, provider="azure", secret="0123456789abcdef", options=options)
    assert status == 201 and got["options"] == options


def test_the_command_line_takes_all_of_stdin(installation):
    """A service account's JSON has line ends; a header still is one line."""
    def command(text, provider="google-vertex"):
        return installation.command("provider-key", "add", "--provider", provider, "--label", "piped", "--region",
                                    VERTEX["region"], "--project", VERTEX["project"], "--secret-stdin",
                                    text=text, check=False)
    assert command(json.dumps(ACCOUNT, indent=2) + "\n").returncode == 0
    assert installation.query("select count(*) from provider_keys where label = 'piped'") == "1"
    for text, why in (("", "expected on stdin"), ("\n", "expected on stdin"), ("x" * 20000, "longer than"),
                      (json.dumps(ACCOUNT) + "\0x", "zero byte"), ("{\n", "service")):
        done = command(text)
        assert done.returncode == 1 and why in done.stderr, done.stderr
    done = command("sk-0123456789\nx-evil: 1\n", "openai")
    assert done.returncode == 1 and "one line" in done.stderr


@pytest.mark.parametrize("changes,names", [
    ({"type": "authorized_user"}, "service_account"), ({"type": None}, "service_account"),
    ({"type": 7}, "service_account"), ({"client_email": None}, "client_email"), ({"client_email": ""}, "client_email"),
    ({"private_key": None}, "private_key"), ({"private_key": "MIIEvQIBADANBg"}, "private_key"),
    ({"private_key": ACCOUNT["private_key"].replace("PRIVATE", "ENCRYPTED PRIVATE")}, "unencrypted"),
    ({"token_uri": "https://evil.example/token"}, "token_uri"), ({"token_uri": None}, None),
    ({"project_id": None}, None),
])
def test_service_accounts_are_looked_at(changes, names, owner):
    account = {k: v for k, v in (ACCOUNT | changes).items() if v is not None}
    status, body = add(owner, provider="google-vertex", secret=json.dumps(account), options=VERTEX)
    if names is None:
        assert status == 201
        return
    assert (status, body["field"]) == (422, "secret") and names in body["detail"]
    assert "MIIEvQ" not in json.dumps(body) and "evil" not in json.dumps(body)


@pytest.mark.parametrize("secret", ["ya29.a0AfH6SM", "{", "[]", "{}", json.dumps(ACCOUNT) + "x",
                                    json.dumps(ACCOUNT)[:-1] + ', "token_uri": "https://evil.example"}'])
def test_what_is_no_service_account(secret, owner):
    status, body = add(owner, provider="google-vertex", secret=secret, options=VERTEX)
    assert (status, body["field"]) == (422, "secret")


@pytest.mark.parametrize("secret,names", [
    ("ABSKQmVkcm9ja0FQSUtleS0xMjM0", None), (json.dumps(PAIR), None),
    (json.dumps(PAIR | {"session_token": "IQoJb3JpZ2luX2VjEXAMPLE=="}), None),
    (json.dumps(PAIR | {"session_token": None}), None),
    (json.dumps(PAIR | {"session_token": 7}), "session_token"),
    (json.dumps(PAIR | {"access_key_id": ""}), "access_key_id"), ('{"access_key_id": "A"}', "secret_access_key"),
    ('{"AccessKeyId": "A", "SecretAccessKey": "b"}', "access_key_id"), ("{broken", "access_key_id"),
    ("two\nlines", "one line"),
])
def test_key_pairs_are_looked_at(secret, names, owner):
    status, body = add(owner, provider="aws-bedrock", secret=secret, options={"region": "us-east-1"})
    if names is None:
        assert status == 201
        return
    assert (status, body["field"]) == (422, "secret") and names in body["detail"]
    assert "wJalrXUtnFEMI" not in json.dumps(body)


def test_a_header_is_one_line(owner):
    """A line end in what is sent as a header would make a header of the next line."""
    status, body = add(owner, provider="openai", secret="sk-0123456789\r\nx-evil: 1")
    assert (status, body["field"]) == (422, "secret")


@pytest.mark.parametrize("url", [
    "ftp://example.com", "http://", "https://user:pw@example.com", "https://example.com/?q=1",
    "https://example.com/#f", "https://exa mple.com", "https://example.com:99999", "//example.com",
    "https://example.com\\@evil.example", "https://[::1", "javascript:alert(1)",
    "https://" + "a" * 300 + ".example", "file:///etc/passwd"])
def test_base_urls_that_are_none(url, owner):
    status, body = add(owner, provider="openai", secret="sk-0123456789ab", base_url=url)
    assert (status, body["field"]) == (422, "base_url")


def test_base_urls_of_one_s_own(owner, installation):
    """Loopback is allowed in this installation; see the next test for others."""
    status, got = add(owner, provider="openai", secret="sk-0123456789ab", base_url="http://127.0.0.1:4010/v1")
    assert (status, got["base_url"]) == (201, "http://127.0.0.1:4010/v1")


def test_base_urls_off_and_guarded(installation):
    off = harness.Control(installation, DOTEB_BASE_URL_OVERRIDE="false")
    person = Person(off, installation.email)
    assert person.session["provider_base_url_override"] is False
    status, body = add(person, provider="openai", secret="x", base_url="https://example.com/v1")
    assert (status, body["type"]) == (403, "urn:doteb:problem:base-url-override")
    off.stop()
    guarded = harness.Control(installation, DOTEB_BASE_URL_OVERRIDE_PRIVATE="false",
                              DOTEB_UPSTREAM_ALLOW="192.0.2.0/24")
    person = Person(guarded, installation.email)
    for host in ("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]",
                 "100.64.0.1", "192.168.1.1", "0.0.0.0", "[fe80::1]", "[64:ff9b::a00:1]", "2130706433",
                 "0x7f.1"):
        status, body = add(person, provider="openai", secret="x", base_url=f"http://{host}/v1")
        assert (status, body["field"]) == (422, "base_url"), host
    for host in ("93.184.215.14", "192.0.2.7"):
        assert add(person, provider="openai", secret="x", base_url=f"https://{host}/v1")[0] == 201, host
    guarded.stop()


def test_the_command_line_adds_provider_keys(installation, owner):
    words = ["provider-key", "add", "--provider", "openai", "--label", "cli", "--secret-stdin"]
    for _ in range(2):
        installation.command(*words, "--if-missing", text="sk-from-stdin-0123\n")
    listed = [k for k in owner.all(owner.org_path + "/provider-keys") if k["label"] == "cli"]
    assert [k["last4"] for k in listed] == ["0123"]
    for extra, text in ((["--provider", "none"], "x\n"), (["--base-url", "nope"], "x\n"), ([], "\n"),
                        (["--api-version", "a&b"], "x\n"), (["--provider", "google-vertex"], "sk-no-account\n")):
        done = installation.command(*words, *extra, text=text, check=False)
        assert done.returncode != 0 and done.stderr.startswith("doteb-control: "), done
        assert "sk-" not in done.stderr


def test_the_command_line_makes_keys(installation, owner):
    key = installation.command("key", "create", "--project", "default", "--name", "from cli")
    assert re.fullmatch(r"sk-doteb-[0-9A-Za-z]{49}", key)
    assert "from cli" in {k["name"] for k in owner.all(owner.keys_path)}
    done = installation.command("key", "create", "--project", "none", "--name", "x", check=False)
    assert done.returncode == 1 and done.stdout == "" and "none" in done.stderr
