"""Migrations and the command line: repeated, at once, edited, of a newer program, wrong use."""
import hashlib
import json
import subprocess

import pytest

import harness
from harness import BUILD, ROOT, http

CONTROL = BUILD / "control/doteb-control"
FILES = sorted(p.name for p in (ROOT / "migrations").glob("*.sql"))


@pytest.fixture
def empty(pg, scratch, request):
    name = f"empty_{abs(hash(request.node.name))}"
    pg.create_database(name, "template0")
    return harness.Installation(pg, name, scratch / name)


def applied(installation):
    return installation.query("select name from schema_migrations order by version").splitlines()


def test_migrating_is_complete_and_can_be_repeated(empty):
    empty.command("migrate")
    assert applied(empty) == FILES
    before = empty.query("select string_agg(m::text, '') from schema_migrations m")
    empty.command("migrate")
    assert empty.query("select string_agg(m::text, '') from schema_migrations m") == before
    days = empty.query("select count(*) from pg_class where relname ~ '^requests_r30_\\d{8}$'")
    assert int(days) >= 9
    # A gateway that was reading while tables were written anew reads again.
    noted = "select count(*) from config_changes c where table_name = 'schema_migrations' and exists (select 1 from " \
        "schema_migrations m where m.xmin::text = (c.changed_xid::text::bigint % (1::bigint << 32))::text)"
    assert empty.query(noted) == str(len(FILES))


def test_six_at_once_do_the_work_once(empty):
    running = [subprocess.Popen([CONTROL, "migrate"], env=empty.env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True) for _ in range(6)]
    outputs = [p.communicate(timeout=120)[0] for p in running]
    assert [p.returncode for p in running] == [0] * 6, outputs
    assert applied(empty) == FILES
    assert sum(f"{len(FILES)} of {len(FILES)} migrations applied now" in o for o in outputs) == 1
    assert empty.query("select count(*) from instance") == "1"


def test_an_interrupted_run_is_taken_up_again(empty):
    """Killed anywhere: every file is in whole or not at all."""
    for delay in (0.05, 0.15, 0.3, 0.6, 1.0):
        p = subprocess.Popen([CONTROL, "migrate"], env=empty.env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        try:
            p.wait(delay)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    empty.command("migrate")
    assert applied(empty) == FILES
    assert "unchanged" in empty.command("migrate")


@pytest.mark.parametrize("sql,why", [
    ("update schema_migrations set sha256 = '\\x00' where version = 1", "was changed after it was applied"),
    ("insert into schema_migrations values (9999, '9999_future.sql', '\\x00')", "belongs to a newer doteb"),
    ("delete from schema_migrations where version = 1", "gap"),
])
def test_what_does_not_fit_is_refused_in_words(sql, why, empty):
    empty.command("migrate")
    empty.query(sql)
    for words in (["migrate"], ["key", "create", "--project", "Default", "--name", "x"], ["serve"]):
        done = empty.command(*words, check=False)
        assert done.returncode == 1 and why in done.stderr, done.stderr


def test_nothing_runs_on_an_empty_database(empty):
    for words in (["serve"], ["admin", "create", "--email", "a@b.c"],
                  ["key", "create", "--project", "p", "--name", "n"]):
        done = empty.command(*words, check=False)
        assert done.returncode == 1 and "doteb-control migrate" in done.stderr


def test_the_operator_is_made_once(empty):
    empty.command("migrate")
    password = empty.command("admin", "create", "--email", "Op@Example.com", "--name", "Op")
    assert len(password) == 24
    done = empty.command("admin", "create", "--email", "op@example.com", check=False)
    assert done.returncode == 1 and "already" in done.stderr and done.stdout == ""
    done = empty.command("admin", "create", "--email", "op@example.com", "--if-missing", check=False)
    assert done.returncode == 0
    empty.command("admin", "create", "--email", "two@example.com", "--password-stdin", text="long enough\n")
    assert empty.query("select count(*), count(*) filter (where is_operator) from organisations") == "1|1"
    assert empty.query("select count(*) from members where role = 'owner'") == "2"
    assert empty.query("select count(*) from users where password_hash like '$argon2id$%'") == "2"
    for args, text in ((["--email", "nobody"], None), (["--email", "a b@c.d"], None)):
        assert empty.command("admin", "create", *args, text=text, check=False).returncode == 2
    for text in ("", "\n", "short\n", "x" * 2000 + "\n"):
        done = empty.command("admin", "create", "--email", "new@example.com", "--password-stdin", text=text,
                             check=False)
        assert done.returncode == 1 and "password" in done.stderr


def test_another_master_key_is_noticed(empty):
    empty.command("migrate")
    other = {"DOTEB_MASTER_KEY": "77" * 32}
    for words in (["serve"], ["admin", "create", "--email", "a@b.c"]):
        done = empty.command(*words, check=False, env=other)
        assert done.returncode == 1 and "another master key" in done.stderr
    for bad in ("", "zz" * 32, "77"):
        done = empty.command("serve", check=False, env={"DOTEB_MASTER_KEY": bad})
        assert done.returncode == 1 and "DOTEB_MASTER_KEY" in done.stderr
        assert not bad or bad not in done.stderr
    # Rotation: the new key first, the old one still opens.
    both = {"DOTEB_MASTER_KEY": "77" * 32 + "," + harness.MASTER_KEY}
    assert empty.command("admin", "create", "--email", "a@b.c", env=both)


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["admin"], ["admin", "create"], ["key", "create", "--project", "p"],
    ["key", "create", "--project"], ["migrate", "now"], ["catalogue", "import"], ["--nope"],
    ["catalogue", "import", "x", "--format", "yaml"], ["provider-key", "add", "--secret-stdin"]])
def test_wrong_use(words, empty):
    done = empty.command(*words, check=False)
    assert done.returncode == 2 and done.stderr.startswith("doteb-control: "), done


@pytest.mark.parametrize("name,value", [
    ("DOTEB_CONTROL_LISTEN", "nonsense"), ("DOTEB_CONTROL_METRICS_LISTEN", "nonsense"),
    ("DOTEB_TRUSTED_PROXIES", "10.0.0.0/40"), ("DOTEB_CONTROL_LISTEN", "127.0.0.1:99999"),
    ("DOTEB_PUBLIC_URL", "example.com"), ("DOTEB_GATEWAY_URL", "http://x/"), ("DOTEB_LOG_LEVEL", "loud"),
    ("DOTEB_SESSION_DAYS", "0"), ("DOTEB_JOB_THREADS", "many"), ("DOTEB_UPSTREAM_ALLOW", "10/8"),
    ("DOTEB_DATABASE_URL", "")])
def test_bad_settings_are_named(name, value, empty):
    empty.command("migrate")
    done = empty.command("serve", check=False, env={name: value})
    assert done.returncode == 1 and name in done.stderr, done.stderr


def test_words_that_need_no_database():
    env = {"PATH": "/usr/bin:/bin"}
    for word, expected in (("--help", "provider-key add"), ("--version", "doteb-control 0."),
                           ("--print-config-doc", "| `DOTEB_SESSION_DAYS`"), ("--print-routes", "GET /readyz")):
        done = subprocess.run([CONTROL, word], env=env, capture_output=True, text=True, check=True)
        assert expected in done.stdout, word


def test_configuration_is_shown_without_secrets(empty):
    out = empty.command("--print-config")
    assert "DOTEB_SESSION_DAYS=14" in out and harness.MASTER_KEY not in out


def test_old_rows_are_cleared_and_partitions_made(empty):
    empty.command("migrate")
    empty.create_operator()
    empty.query("select ensure_request_partitions((now() - interval '40 days')::date, 1)")
    empty.query("insert into config_changes (changed_at, table_name) values (now() - interval '2 days', 'x')")
    empty.query("insert into sessions (session_hash, user_id, csrf_token, expires_at) select '\\x01', user_id, "
                "'', now() - interval '2 days' from users")
    empty.query("drop table " + ", ".join(empty.query(
        "select oid::regclass from pg_class where relname ~ '^request.*_\\d{8}$' and "
        "right(relname, 8) > to_char(now(), 'YYYYMMDD')").splitlines()))
    control = harness.Control(empty)
    try:
        harness.wait_until(lambda: empty.query("select count(*) from config_changes where table_name = 'x'")
                           == "0", 20, "the first housekeeping")
        harness.wait_until(lambda: empty.query("select count(*) from sessions") == "0", 20, "sessions")
    finally:
        control.stop()
    days = empty.query("select count(*), min(right(relname, 8)) >= to_char(now() - interval '40 days', 'YYYYMMDD')"
                       " from pg_class where relname ~ '^requests_r365_\\d{8}$'").split("|")
    assert int(days[0]) >= 9
    old = empty.query("select string_agg(relname, ',' order by relname) from pg_class where relname ~ "
                      "'^requests_r\\d+_\\d{8}$' and right(relname, 8) < to_char(now() - interval '20 days', "
                      "'YYYYMMDD')")
    assert [x.split("_")[1] for x in old.split(",")] == ["r365", "r90"]  # 7 and 30 days are over


def schema_before(installation, last):
    """The schema as it was when `last` was the newest migration."""
    installation.query("create table schema_migrations (version integer primary key, name text not null, "
                       "sha256 bytea not null, applied_at timestamptz not null default now())")
    for name in [n for n in FILES if n <= last]:
        file = ROOT / "migrations" / name
        done = subprocess.run(["psql", "-XAtq", "-1", "-v", "ON_ERROR_STOP=1", "-f", file,
                               installation.pg.url(installation.database)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        installation.query(f"insert into schema_migrations values ({int(name[:4])}, '{name}', "
                           f"'\\x{hashlib.sha256(file.read_bytes()).hexdigest()}')")


def test_an_upgrade_in_the_order_of_the_document(empty):
    """docs/operations.md: a gateway that is ahead of the schema waits, and goes on by itself; control
    refuses to start; what a newer program did to the schema hurts no gateway that runs or starts."""
    schema_before(empty, "0013_search.sql")
    done = empty.command("serve", check=False)
    assert done.returncode == 1 and "run `doteb-control migrate`" in done.stderr
    gateway = harness.Gateway(empty, start=False)
    gateway.spawn([BUILD / "gateway/doteb-gateway"], gateway.env)
    control = None
    try:
        harness.wait_until(lambda: http("GET", gateway.admin + "/healthz")[0] == 200, 20, "the gateway to be up")
        harness.wait_until(lambda: "does not exist" in gateway.log.read_text(), 20, "its log to name what is missing")
        assert http("GET", gateway.admin + "/readyz")[0] == 503 and gateway.alive()
        out = empty.command("migrate")
        assert f"{len([n for n in FILES if n > '0013_search.sql'])} of {len(FILES)} migrations applied now" in out
        harness.wait_until(lambda: http("GET", gateway.admin + "/readyz")[0] == 200, 20, "the gateway to be ready")

        control = harness.Control(empty)
        empty.query("insert into schema_migrations values (9999, '9999_future.sql', '\\x00')")
        empty.query("alter table providers add column of_the_future text not null default ''")
        status, _, body = http("GET", control.root + "/readyz")
        assert status == 503 and "belongs to a newer doteb" in json.loads(body)["detail"]
        assert http("GET", control.root + "/api/v1/instance")[0] == 200, "who is connected goes on"
        gateway.stop()
        gateway.start()
    finally:
        gateway.stop()
        if control:
            control.stop()
