"""Signing in, sessions, guessing, HTTP manners and the dashboard's files."""
import gzip
import json
import signal
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import harness
from control_client import Person, add_user, check_answer
from harness import PASSWORD, http


def login(control, email, password, headers=None):
    status, head, body = http("POST", control.root + "/api/v1/session",
                              {"email": email, "password": password}, headers)
    check_answer("POST", "/api/v1/session", status, head, body)
    return status, head, json.loads(body)


def fresh_user(installation):
    email = f"{uuid.uuid4().hex}@example.com"
    add_user(installation, email, "viewer")
    return email


def test_session_shows_who_and_where(control, installation):
    person = Person(control, installation.email.upper())
    assert person.session["user"]["email"] == installation.email
    assert person.session["user"]["is_operator"]
    org = person.session["organisations"][0]
    assert (org["role"], org["is_operator"], org["projects"][0]["name"]) == ("owner", True, "Default")
    assert person.session["gateway_url"].endswith("/v1")
    assert person.session["provider_base_url_override"] is True
    assert person.get("/api/v1/session") == person.session


def test_a_session_shows_some_of_very_many_organisations(control, installation):
    """The newest, the one that is asked for, and how many there are; all of them are listed in pages."""
    email = fresh_user(installation)           # a viewer of the operator's
    uid = installation.query(f"select user_id from users where email = '{email}'")
    installation.query(
        "with o as (insert into organisations (organisation_id, name, data_key_sealed) select gen_random_uuid(), "
        "'Crowd ' || lpad(n::text, 3, '0'), data_key_sealed from organisations, generate_series(1, 230) n where is_operator "
        "returning organisation_id, name), p as (insert into projects (organisation_id, project_id, name) select "
        "organisation_id, gen_random_uuid(), 'P' || n from o, generate_series(1, 210) n where o.name = 'Crowd 230') "
        "insert into members (organisation_id, user_id, role, created_at) select organisation_id, "
        f"'{uid}', 'viewer', now() - interval '1 day' + right(name, 3)::int * interval '1 second' from o")
    person = Person(control, email)
    shown = person.session["organisations"]
    assert (len(shown), person.session["organisations_total"]) == (200, 231)
    names = [o["name"] for o in shown]
    assert names == sorted(names, key=str.lower) and shown[-1]["is_operator"]
    assert names[0] == "Crowd 032" and [len(o["projects"]) for o in shown if o["name"] == "Crowd 230"] == [200]
    listed = person.all("/api/v1/account/organisations", limit=100)
    assert [o["name"] for o in listed][1:] == [f"Crowd {n:03}" for n in range(230, 0, -1)]
    assert len({o["id"] for o in listed}) == 231 and listed[1]["role"] == "viewer"
    assert [o["name"] for o in person.get("/api/v1/account/organisations", q="CROWD 00")["items"]] == \
        [f"Crowd 00{n}" for n in range(9, 0, -1)]
    assert person.get("/api/v1/account/organisations", q="%")["items"] == []
    oldest = listed[-1]
    with_it = person.get("/api/v1/session", organisation=oldest["id"])["organisations"]
    assert len(with_it) == 200 and with_it[0]["id"] == oldest["id"]
    assert person.get("/api/v1/session", organisation=str(uuid.uuid4()))["organisations"] == shown
    foreign = Person(control, fresh_user(installation))
    assert oldest["id"] not in [o["id"] for o in foreign.get("/api/v1/session", organisation=oldest["id"])["organisations"]]
    installation.query(f"update organisations set archived_at = now() where organisation_id = '{oldest['id']}'")
    assert oldest["id"] not in [o["id"] for o in person.get("/api/v1/session", organisation=oldest["id"])["organisations"]]
    for path in ("/api/v1/session?organisation=x", "/api/v1/account/organisations?cursor=x"):
        assert person.call("GET", path)[0] == 422


def test_the_cookie_is_closed_to_scripts_and_stored_only_as_a_hash(control, installation):
    status, head, body = login(control, installation.email, PASSWORD)
    cookie = head["set-cookie"]
    token = cookie.split(";")[0].split("=")[1]
    assert {x.strip() for x in cookie.split(";")[1:3]} <= {"Path=/", "HttpOnly"}
    assert "SameSite=Lax" in cookie and "Secure" not in cookie and "Domain" not in cookie
    dump = installation.pg.query("select string_agg(s::text, '') from sessions s",
                                 installation.database)
    assert token not in dump and len(token) == 43
    assert installation.query("select count(*) from sessions where session_hash = "
                              f"sha256('{token}')") == "1"


def test_the_cookie_is_secure_behind_https(installation):
    control = harness.Control(installation, DOTEB_PUBLIC_URL="https://doteb.example.com")
    try:
        status, head, _ = login(control, installation.email, PASSWORD,
                                {"Origin": "https://doteb.example.com"})
        assert status == 200 and "; Secure" in head["set-cookie"]
        assert "strict-transport-security" in head
        assert login(control, installation.email, PASSWORD, {"Origin": control.root})[0] == 403
    finally:
        control.stop()


def test_wrong_password_and_unknown_user_look_the_same(control, installation):
    known, times = fresh_user(installation), {True: [], False: []}
    answers = set()
    for i in range(4):
        for right_user in (True, False):
            email = known if right_user else f"nobody{i}@example.com"
            start = time.monotonic()
            status, head, body = login(control, email, "wrong-password")
            times[right_user].append(time.monotonic() - start)
            answers.add((status, json.dumps(body, sort_keys=True), "set-cookie" in head))
    assert len(answers) == 1 and answers.pop()[0] == 401
    # Argon2 is most of the time in both: neither is a tenth of the other.
    fastest = {k: min(v) for k, v in times.items()}
    assert 0.2 < fastest[True] / fastest[False] < 5, times


def test_disabled_users_cannot_sign_in(control, installation):
    email = fresh_user(installation)
    assert login(control, email, PASSWORD)[0] == 200
    installation.query(f"update users set disabled_at = now() where email = '{email}'")
    assert login(control, email, PASSWORD)[0] == 401


def test_guesses_for_an_address_are_slowed_down(installation):
    control = harness.Control(installation)
    email = fresh_user(installation)
    try:
        codes = [login(control, email, f"guess {i}")[0] for i in range(7)]
        assert codes[:4] == [401] * 4 and 429 in codes[4:]
        status, head, body = login(control, email.upper(), PASSWORD)
        assert status == 429 and int(head["retry-after"]) >= 1  # the right one, too
        assert login(control, installation.email, PASSWORD)[0] == 200  # others are not held up
        harness.wait_until(lambda: login(control, email, PASSWORD)[0] == 200, 20, "the delay's end")
        assert [login(control, email, f"guess {i}")[0] for i in range(3)] == [401] * 3
    finally:
        control.stop()


def test_guesses_from_one_network_address_are_slowed_down(installation):
    control = harness.Control(installation)
    try:
        codes = [login(control, f"{uuid.uuid4()}@example.com", "guess")[0] for i in range(23)]
        assert codes[:19] == [401] * 19 and 429 in codes[19:]
    finally:
        control.stop()


def test_behind_a_trusted_proxy_each_client_has_its_own_guesses(installation):
    """And nobody can say that he is another: only what the proxy itself saw counts."""
    control = harness.Control(installation, DOTEB_TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1")
    guess = lambda chain: login(control, f"{uuid.uuid4()}@example.com", "guess",  # noqa: E731
                                {"X-Forwarded-For": chain})[0]
    try:
        codes = [guess(f"203.0.113.{i}, 198.51.100.7, 10.1.1.1") for i in range(23)]
        assert codes[:19] == [401] * 19 and 429 in codes[19:]
        assert guess("198.51.100.8") == 401
        status, _, _ = login(control, installation.email, PASSWORD, {"X-Forwarded-For": "[2001:db8::9]:4711"})
        assert status == 200
        assert installation.query("select count(*) from sessions where host(ip) = '2001:db8::9'") == "1"
    finally:
        control.stop()


def test_metrics_are_on_an_address_of_their_own(control, installation):
    before = scrape(control)
    assert login(control, installation.email, PASSWORD)[0] == 200
    assert login(control, "nobody@example.com", "guess")[0] == 401
    after = scrape(control)
    assert after["2xx"] > before["2xx"] and after["4xx"] > before["4xx"]
    root = f"http://127.0.0.1:{control.metrics_port}"
    assert http("GET", root + "/")[0] == 404 and http("POST", root + "/metrics", b"")[0] == 405
    assert b"doteb_control" not in http("GET", control.root + "/metrics")[2]


def scrape(control):
    status, head, body = http("GET", f"http://127.0.0.1:{control.metrics_port}/metrics")
    assert status == 200 and head["content-type"].startswith("text/plain; version=0.0.4")
    found = [x.rsplit(" ", 1) for x in body.decode().splitlines() if x.startswith("doteb_control_requests_total{")]
    return {name.split('"')[1]: float(n) for name, n in found}


def test_signing_in_again_ends_the_session_before(control, installation):
    person = Person(control, fresh_user(installation))
    old = person.cookie
    person.sign_in()
    assert person.cookie != old
    assert person.call("GET", "/api/v1/session")[0] == 200
    person.cookie = old
    assert person.call("GET", "/api/v1/session")[0] == 401


def test_signing_out_ends_the_session(control, installation):
    person, other = (Person(control, installation.email) for _ in range(2))
    assert person.call("DELETE", "/api/v1/session")[0] == 204
    assert "Max-Age=0" in person.headers["set-cookie"]
    assert person.call("GET", "/api/v1/session")[0] == 401
    assert other.call("GET", "/api/v1/session")[0] == 200


def test_a_query_that_nobody_reads_is_refused(control, installation):
    """Whatever the method; and nothing is done."""
    person = Person(control, fresh_user(installation))
    for query, status in (("x=1", 422), ("%zz", 400), ("name=%ff", 400)):
        for method, path in (("DELETE", "/api/v1/session"), ("DELETE", "/api/v1/account/sessions"),
                             ("GET", "/api/v1/session"), ("DELETE", f"/api/v1/account/sessions/{uuid.uuid4()}")):
            assert person.call(method, f"{path}?{query}")[0] == status, (method, path, query)
        assert person.call("PATCH", f"/api/v1/account?{query}", {"name": "Other"})[0] == status
    assert person.get("/api/v1/account")["name"] != "Other"
    anybody = Person(control)
    assert anybody.call("POST", "/api/v1/session?next=/", {"email": person.email, "password": PASSWORD})[0] == 422
    assert anybody.call("DELETE", "/api/v1/session?x=1")[0] == 401
    assert person.call("DELETE", "/api/v1/session?")[0] == 204


def test_expired_sessions_are_over(control, installation):
    person = Person(control, fresh_user(installation))
    installation.query("update sessions set expires_at = now() where user_id = "
                       f"'{person.session['user']['id']}'")
    assert person.call("GET", "/api/v1/session")[0] == 401


def test_login_from_another_site_s_page_is_refused(control, installation):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert login(control, installation.email, PASSWORD, headers)[0] == 403
    assert login(control, installation.email, PASSWORD, {"Sec-Fetch-Site": "same-origin"})[0] == 200
    assert login(control, installation.email, PASSWORD, {"Origin": control.root})[0] == 200


BAD_BODIES = [
    (b"", 400, None), (b"{", 400, None), (b"[]", 422, None), (b'"x"', 400, None), (b"nul", 400, None),
    (b'{"email":"a@b.c","password":"x","email":"d@e.f"}', 400, None),
    (b'{"email":"a@b.c"}', 422, "password"), (b'{"password":"x"}', 422, "email"),
    (b'{"email":1,"password":"x"}', 422, "email"), (b'{"email":null,"password":"x"}', 422, "email"),
    (b'{"email":"","password":"x"}', 422, "email"), (b'{"email":"a@b.c","password":""}', 422, "password"),
    (b'{"email":"a@b.c","password":"x","admin":true}', 422, "admin"),
    (b'{"email":"' + b"a" * 255 + b'","password":"x"}', 422, "email"),
    (b'{"email":"a@b.c","password":"' + b"x" * 1025 + b'"}', 422, "password"),
    (b'{"email":"a\\nb@c.d","password":"x"}', 422, "email"),
    (b'{"email":"a\\u0000b","password":"x"}', 400, None),
    (b'{"email":"\xff\xfe","password":"x"}', 400, None),
    (b'{"email":"\xed\xa0\x80","password":"x"}', 400, None),
    (b'{"email":"a@b.c","password":"x"} x', 400, None), (b"[" * 100000, 400, None),
    (b'{"email":"a@b.c","password":{"x":1}}', 422, "password"),
]


@pytest.mark.parametrize("body,status,field", BAD_BODIES)
def test_bad_bodies_are_named(body, status, field, control):
    got, head, data = http("POST", control.root + "/api/v1/session", body,
                           {"Content-Type": "application/json"})
    check_answer("POST", "/api/v1/session", got, head, data)
    assert (got, json.loads(data).get("field")) == (status, field), data


def test_errors_do_not_repeat_the_body(control):
    body = b'{"password":"hunter2-very-secret", oops'
    _, _, data = http("POST", control.root + "/api/v1/session", body,
                      {"Content-Type": "application/json"})
    assert b"hunter2" not in data
    assert "hunter2" not in control.log.read_text()


def test_media_type_and_size(control):
    url = control.root + "/api/v1/session"
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        assert http("POST", url, b"{}", {"Content-Type": media})[0] == 415
    assert http("POST", url, b"{}", {"Content-Type": "application/json; charset=utf-8"})[0] == 422
    big = b'{"email":"' + b"a" * (1 << 20) + b'"}'
    status, head, body = http("POST", url, big, {"Content-Type": "application/json"})
    check_answer("POST", "/api/v1/session", status, head, body)
    assert status == 413


def raw(control, data, wait=5):
    """What a socket gets back for these bytes."""
    with socket.create_connection(("127.0.0.1", control.port), timeout=wait) as s:
        s.sendall(data)
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
                if b"\r\n\r\n" in got and b"Connection: close" not in got:
                    break
        except TimeoutError:
            pass
    return got


@pytest.mark.parametrize("head", [
    b"Content-Length: 2\r\nContent-Length: 2\r\n",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    b"Cookie: a=1\r\nCookie: b=2\r\n",
    b"Ho st: x\r\n",
    b"Host: second\r\n",
])
def test_ambiguous_requests_are_refused_and_the_connection_ended(head, control):
    got = raw(control, b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              + head + b"\r\n{}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 400") and got.count(b"HTTP/1.1 ") == 1, got


def test_queries_of_very_many_arguments_leave_nothing(installation):
    """For which the HTTP server has no room at some number."""
    control = harness.Control(installation)
    for n in range(0, 1000, 50):
        raw(control, f"GET /?{'&' * n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    control.stop()   # the sanitizers would tell of anything left behind


def test_chunked_bodies_and_kept_connections_work(control):
    body = b'{"email":"x@y.z","password":"nope"}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
                      for i in range(0, len(body), 7)) + b"0\r\n\r\n"
    got = raw(control, b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert got.startswith(b"HTTP/1.1 401"), got


def test_a_body_that_never_comes_holds_nobody_up(control, installation):
    with socket.create_connection(("127.0.0.1", control.port)) as s:
        s.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  b"Content-Length: 50\r\n\r\n{")
        assert http("GET", control.root + "/readyz")[0] == 200
        assert Person(control, installation.email).session


def test_every_answer_carries_the_security_headers(control):
    for path in ("/", "/healthz", "/api/v1/session", "/nowhere.js", "/api/none"):
        _, head, _ = http("GET", control.root + path)
        policy = head["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy
        assert head["x-content-type-options"] == "nosniff" and head["x-frame-options"] == "DENY"


@pytest.fixture
def dashboard(installation, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<html>one</html>")
    (tmp_path / "assets/app-1a.js").write_text("var a;" * 100)
    (tmp_path / "assets/app-1a.js.gz").write_bytes(gzip.compress(b"var a;" * 100))
    (tmp_path / "assets/app-1a.js.br").write_bytes(b"not really brotli")
    (tmp_path / ".secret").write_text("x")
    (tmp_path / "link.txt").symlink_to("/etc/passwd")
    control = harness.Control(installation, DOTEB_DASHBOARD_DIR=str(tmp_path))
    yield control, tmp_path
    control.stop()


def test_dashboard_files(dashboard):
    control, folder = dashboard
    get = lambda path, **h: http("GET", control.root + path,  # noqa: E731
                                 headers={k.replace("_", "-"): v for k, v in h.items()})
    for path in ("/", "/index.html", "/activity", "/projects/1/requests/2", "/activity?x=.js"):
        status, head, body = get(path)
        assert (status, body) == (200, b"<html>one</html>"), path
        assert head["cache-control"] == "no-cache" and head["content-type"].startswith("text/html")
    status, head, body = get("/assets/app-1a.js", Accept_Encoding="gzip, br;q=0")
    assert head["content-encoding"] == "gzip" and gzip.decompress(body) == b"var a;" * 100
    assert "immutable" in head["cache-control"] and head["vary"] == "Accept-Encoding"
    assert get("/assets/app-1a.js", Accept_Encoding="br, gzip")[1]["content-encoding"] == "br"
    plain = get("/assets/app-1a.js")
    assert "content-encoding" not in plain[1] and plain[2] == b"var a;" * 100
    assert get("/assets/app-1a.js", If_None_Match=plain[1]["etag"])[0] == 304
    assert get("/assets/app-1a.js", If_None_Match='"other"')[0] == 200
    for path in ("/.secret", "/link.txt", "/assets/none.js", "/../control.log", "/assets/%2e%2e/.secret",
                 "/assets/app-1a.js.map", "/x.php"):
        assert get(path)[0] == 404, path
    assert http("POST", control.root + "/", b"x")[0] == 405
    status, head, body = http("HEAD", control.root + "/")
    assert (status, body, head["content-length"]) == (200, b"", "16")


def test_dashboard_files_are_read_again_when_they_change(dashboard):
    control, folder = dashboard
    (folder / "index.html").write_text("<html>two, longer</html>")
    harness.wait_until(lambda: b"two" in http("GET", control.root + "/")[2], 10, "the new file")


def test_health_without_a_database(pg, installation, scratch):
    """Readiness tells, liveness stays, calls get 503 with a time to come back; then all recovers."""
    other = harness.Postgres(scratch / "other-postgres")
    other.start()
    lonely = harness.Installation(other, "postgres", scratch / "lonely")
    lonely.command("migrate")
    lonely.create_operator()
    control = harness.Control(lonely)
    try:
        person = Person(control, lonely.email)
        other.stop()
        assert http("GET", control.root + "/healthz")[0] == 200
        harness.wait_until(lambda: http("GET", control.root + "/readyz")[0] == 503, 10, "readyz 503")
        status, head, body = person.raw("GET", "/api/v1/session")
        assert status == 503 and head["retry-after"] == "1"
        other.start()
        harness.wait_until(lambda: person.call("GET", "/api/v1/session")[0] == 200, 10, "recovery")
        # A restart that nobody called in is noticed before the next call, on every connection.
        with ThreadPoolExecutor(8) as pool:
            call = lambda _: person.call("GET", person.org_path + "/requests")[0]  # noqa: E731
            assert set(pool.map(call, range(24))) == {200}
            other.stop()
            other.start()
            assert set(pool.map(call, range(24))) == {200}
    finally:
        control.stop()
        other.stop()


def test_stopping_lets_calls_finish(installation):
    control = harness.Control(installation)
    with socket.create_connection(("127.0.0.1", control.port)) as s:
        body = json.dumps({"email": installation.email, "password": PASSWORD}).encode()
        s.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(0.03)
        control.stop()
        s.settimeout(5)
        assert s.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_call_that_comes_with_the_end_is_answered(installation):
    """Its bytes and SIGTERM wait for the daemon together: it is read after the job threads are gone, or
    its connection is not accepted any more. The daemon ends well."""
    control = harness.Control(installation)
    control.process.send_signal(signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", control.port)) as s:
        s.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        control.process.send_signal(signal.SIGTERM)
        control.process.send_signal(signal.SIGCONT)
        s.settimeout(10)
        try:
            answer = s.recv(4096)[:12]
        except ConnectionResetError:
            answer = b""
        assert answer in (b"HTTP/1.1 200", b"HTTP/1.1 503", b"")
    control.stop()


def test_many_at_once(installation):
    """Mixed calls from many connections, while the dashboard's files are read again and again."""
    control = harness.Control(installation, DOTEB_JOB_THREADS="3")
    try:
        people = [Person(control, installation.email) for _ in range(3)]

        def work(i):
            person = people[i % 3]
            if i % 20 == 0:
                control.process.send_signal(signal.SIGHUP)
            if i % 7 == 0:
                return person.call("POST", person.keys_path, {"name": f"many {i}"})[0]
            path = ("/api/v1/session", person.keys_path, person.org_path + "/requests",
                    person.org_path + "/usage", "/api/v1/models?limit=5")[i % 5]
            return person.call("GET", path)[0]
        with ThreadPoolExecutor(12) as pool:
            statuses = list(pool.map(work, range(240)))
        assert set(statuses) <= {200, 201}
        keys = [k["name"] for k in people[0].all(people[0].keys_path) if k["name"].startswith("many")]
        assert sorted(keys) == sorted(f"many {i}" for i in range(0, 240, 7))
    finally:
        control.stop()


def test_beyond_the_queue_calls_are_turned_away_at_once(installation):
    control = harness.Control(installation, DOTEB_JOB_THREADS="1", DOTEB_JOB_QUEUE="1")
    try:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda i: login(control, f"q{i}@example.com", "guess"), range(12)))
        statuses = [a[0] for a in answers]
        assert set(statuses) == {401, 503}, statuses
        assert all(a[1]["retry-after"] == "1" for a in answers if a[0] == 503)
        assert http("GET", control.root + "/readyz")[0] == 200
    finally:
        control.stop()


def test_slow_drips_are_cut_off(control):
    """MHD's own timeout sees only silence: heads and bodies have deadlines of their own."""
    def drip(first, seconds):
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", control.port)) as s:
            s.sendall(first)
            s.settimeout(0.5)
            while time.monotonic() - start < seconds + 10:
                try:
                    s.sendall(b"a")
                    if s.recv(1) == b"":
                        return time.monotonic() - start
                except TimeoutError:
                    pass
                except OSError:
                    return time.monotonic() - start
        return None
    post = (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 5000\r\n\r\n")
    cases = [(b"GET / HTTP/1.1\r\nX-Slow: ", 15), (post, 30)]
    with ThreadPoolExecutor(2) as pool:
        for (_, seconds), took in zip(cases, pool.map(lambda c: drip(*c), cases)):
            assert took and seconds - 1 < took < seconds + 5, (seconds, took)
