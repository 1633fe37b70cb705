"""What a tired person reads: help, settings that are wrong, databases and disks that do not fit. Each message
names the setting or the command that mends it.
"""
import json
import re
import resource
import subprocess

import pytest

import harness
from harness import BUILD, http, wait_until

CONTROL, GATEWAY = BUILD / "control/doteb-control", BUILD / "gateway/doteb-gateway"
NOTHING = {"PATH": "/usr/bin:/bin"}


def run(*words, env=None, **more):
    return subprocess.run([*map(str, words)], env=env or NOTHING, capture_output=True, text=True, timeout=60, **more)


@pytest.fixture
def database(pg, scratch, request):
    """A new database, named and made as the test says: (encoding) -> Installation."""
    def make(encoding):
        name = f"new_{abs(hash(request.node.name))}"
        pg.query(f"create database {name} encoding '{encoding}' template template0 locale 'C'", "postgres")
        return harness.Installation(pg, name, scratch / name)
    return make


# ---------------------------------------------------------------- words

VERBS = ["serve", "migrate", "catalogue import", "catalogue sign", "admin create", "admin recover", "mail test",
         "master-key rotate", "key create", "provider-key add"]


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
@pytest.mark.parametrize("program", [CONTROL, GATEWAY])
def test_help_fits_a_terminal(program, word):
    done = run(program, word)
    assert done.returncode == 0 and "docs/configuration.md" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_its_help_without_any_setting(verb):
    assert f"\n  doteb-control {verb}" in run(CONTROL, "--help").stdout
    done = run(CONTROL, *verb.split(), "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"  doteb-control {verb}"), done
    assert done.stdout.count("doteb-control") == 1 and not done.stderr


@pytest.mark.parametrize("program,words,says", [
    (CONTROL, [], "expected a verb; see doteb-control --help"),
    (CONTROL, ["srve"], "there is no verb `srve`; see doteb-control --help"),
    (CONTROL, ["catalogue"], "`catalogue` wants a second word:\n  doteb-control catalogue import FILE"),
    (CONTROL, ["key", "add"], "there is no verb `key add`, but:\n  doteb-control key create --project"),
    (CONTROL, ["catalogue", "sign", "--key", "x"], "FILE is missing"),
    (GATEWAY, ["serve"], "serve: there is no such word; expected:"),
    (GATEWAY, ["drain"], "drain: wrong words; expected:"),
])
def test_a_wrong_word_is_named_beside_the_right_ones(program, words, says):
    done = run(program, *words)
    assert done.returncode == 2 and done.stderr.startswith(f"{program.name}: {says}"), done.stderr


# ---------------------------------------------------------------- settings

@pytest.mark.parametrize("name,value,says", [
    ("DOTEB_DATABASE_URL", "db.example.com", "not a PostgreSQL URL (postgresql://user@host:port/name)"),
    ("DOTEB_CA_FILE", "/nowhere.pem", "cannot be read"),
    ("DOTEB_MASTER_KEY", "abc", "`openssl rand -hex 32` makes one"),
])
@pytest.mark.parametrize("words", [[CONTROL, "serve"], [GATEWAY]])
def test_a_setting_that_cannot_work_ends_the_start(installation, tmp_path, words, name, value, says):
    done = run(*words, env=installation.env | {"DOTEB_SPOOL_DIR": str(tmp_path), name: value})
    assert done.returncode in (1, 2) and name in done.stderr and says in done.stderr, done.stderr


@pytest.mark.parametrize("value", ["example.com", "https://example.com/", "https://A.example.com", "https://*.example.com",
                                   "https://a.example.com, ftp"])
def test_an_origin_that_no_browser_sends(installation, tmp_path, value):
    done = run(GATEWAY, env=installation.env | {"DOTEB_SPOOL_DIR": str(tmp_path), "DOTEB_CORS_ORIGINS": value})
    assert done.returncode == 2 and "DOTEB_CORS_ORIGINS: '" in done.stderr and "is no origin" in done.stderr, done.stderr


def test_the_mail_servers_authority(installation):
    done = installation.command("serve", check=False, env={
        "DOTEB_SMTP_URL": "smtp://localhost", "DOTEB_SMTP_FROM": "a@b.c", "DOTEB_SMTP_CA_FILE": "/nowhere.pem"})
    assert done.returncode == 1 and "DOTEB_SMTP_CA_FILE: this file cannot be read" in done.stderr


@pytest.mark.parametrize("program", [CONTROL, GATEWAY])
def test_passwords_in_urls_are_not_shown(installation, program, tmp_path):
    env = installation.env | {"DOTEB_DATABASE_URL": "postgresql://me:hidden@localhost/x",
                              "DOTEB_SMTP_URL": "smtp://me:hidden@localhost", "DOTEB_SMTP_FROM": "a@b.c"}
    shown = run(program, "--print-config", env=env).stdout
    assert "DOTEB_DATABASE_URL=(set)\n" in shown and "hidden" not in shown


def test_the_databases_url_can_come_from_a_file(installation, tmp_path):
    path = tmp_path / "url"
    path.write_text(installation.env["DOTEB_DATABASE_URL"] + "\n")
    env = {k: v for k, v in installation.env.items() if k != "DOTEB_DATABASE_URL"}
    done = run(CONTROL, "key", "create", "--project", "Default", "--name", "x",
               env=env | {"DOTEB_DATABASE_URL_FILE": str(path)})
    assert done.returncode == 0 and done.stdout.startswith("sk-doteb-"), done.stderr


def test_a_setting_with_export_before_it_counts(installation, tmp_path):
    path = tmp_path / "control.conf"
    for line, says in (("export DOTEB_SIGNUP=no", "DOTEB_SIGNUP: give open, invite or closed"),
                       ("export DOTEB_SIGN_UP=no", "DOTEB_CONFIG, line 1: there is no setting DOTEB_SIGN_UP")):
        path.write_text(line + "\n")
        done = installation.command("--print-config", check=False, env={"DOTEB_CONFIG": str(path)})
        assert done.returncode == 1 and says in done.stderr


# ---------------------------------------------------------------- gateways

def test_a_second_gateway_does_not_share_the_firsts_ports(gateway, installation, tmp_path):
    env = gateway.env | {"DOTEB_SPOOL_DIR": str(tmp_path)}
    done = run(GATEWAY, env=env)
    assert done.returncode == 1 and "DOTEB_ADMIN_LISTEN: cannot listen" in done.stderr
    assert "Address already in use" in done.stderr


def why_not_ready(installation, name, **settings):
    """What the log of a gateway that cannot become ready says."""
    gateway = harness.Gateway(installation, name, start=False)
    try:
        gateway.spawn([GATEWAY], gateway.env | settings)
        why = wait_until(lambda: gateway.log_events("loader.failed"), 20, "a reason")[0]["why"]
        assert http("GET", gateway.admin + "/readyz")[0] == 503
        return why
    finally:
        gateway.stop()


def test_another_master_key(installation):
    why = why_not_ready(installation, "key", DOTEB_MASTER_KEY="77" * 32)
    assert why.startswith("DOTEB_MASTER_KEY does not open this database")


def test_a_database_without_schema(database):
    why = why_not_ready(database("UTF8"), "empty")
    assert why.startswith("run `doteb-control migrate`, this version's: 42P01")


def test_a_limit_of_file_sizes_is_said(installation, tmp_path):
    limit = 1 << 20
    done = run(GATEWAY, env=installation.env | {"DOTEB_SPOOL_DIR": str(tmp_path)},
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1 and "DOTEB_SPOOL_DIR" in done.stderr and "File too large" in done.stderr


# ---------------------------------------------------------------- control

def test_a_database_of_another_encoding_is_not_begun(database):
    latin = database("LATIN1")
    done = latin.command("migrate", check=False)
    assert done.returncode == 1 and "encoding is LATIN1, and must be UTF8" in done.stderr
    assert latin.query("select to_regclass('organisations') is null") == "t"


def test_an_instance_from_nothing(database, tmp_path):
    """The steps of docs/operations.md, in their order; what was left out is said."""
    page = (harness.ROOT / "docs" / "operations.md").read_text().partition("## From nothing")[2]
    steps = re.findall(r"^doteb-control (.*)$", page.partition("\n## ")[0], re.MULTILINE)
    assert steps == ["migrate", "admin create --email you@example.com", "serve"]
    instance = database("UTF8")
    instance.command(*steps[0].split())
    for created in (False, True):
        if created:
            assert len(instance.command(*steps[1].split()).split()[-1]) >= 12   # a password to sign in with
        control = harness.Control(instance)
        try:
            assert len(control.log_events("no_operator")) == (0 if created else 1)
        finally:
            control.stop()
            control.log.unlink()
    gateway = harness.Gateway(instance)
    gateway.stop()


def test_a_client_at_the_dashboards_address_is_sent_to_the_gateway(installation, tmp_path):
    control = harness.Control(installation, DOTEB_GATEWAY_URL="https://api.example.com/v1")
    try:
        for method, path in (("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/v1"),
                             ("POST", "/v1beta/models/x:generateContent")):
            status, _, body = http(method, control.root + path, b"{}" if method == "POST" else None)
            assert status == 404 and "models are called at https://api.example.com/v1." in json.loads(body)["detail"]
        assert http("GET", control.root + "/v1x")[0] == http("GET", control.root + "/login")[0]
    finally:
        control.stop()


def test_a_dashboard_that_is_not_there(installation, tmp_path):
    control = harness.Control(installation, DOTEB_DASHBOARD_DIR=str(tmp_path))
    try:
        said = control.log_events("dashboard_missing")[0]
        assert said["level"] == "warn" and said["DOTEB_DASHBOARD_DIR"] == str(tmp_path)
        status, _, body = http("GET", control.root + "/")
        assert status == 404 and "DOTEB_DASHBOARD_DIR" in json.loads(body)["detail"]
    finally:
        control.stop()


@pytest.mark.parametrize("words,says", [
    (["--provider", "opnai"], "the catalogue has no provider opnai; did you mean openai?"),
    (["--provider", "something-else"], "the catalogue has no provider something-else\n"),
    (["--provider", "azure"], "--resource is missing: azure's address needs it"),
])
def test_a_provider_key_that_leads_nowhere(installation, words, says):
    before = installation.query("select count(*) from provider_keys")
    done = installation.command("provider-key", "add", *words, "--secret-stdin", text="sk-x\n", check=False)
    assert done.returncode == 1 and says in done.stderr, done.stderr
    assert installation.query("select count(*) from provider_keys") == before


def test_a_provider_key_that_is_stored_says_so(installation):
    words = ["provider-key", "add", "--provider", "azure", "--resource", "mine", "--secret-stdin", "--if-missing"]
    assert installation.command(*words, text="sk-x\n") == "azure: the key is stored, unchecked; the dashboard can check it"
    assert installation.command(*words, text="sk-x\n") == "azure: there is a key with this label; nothing was changed"
