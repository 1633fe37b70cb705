"""The request log and usage: filters, pages, details, and sums that agree with the log."""
import csv
import datetime as dt
import io
import itertools
import json
import uuid
from collections import Counter, defaultdict
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from activity_log import NOW, OUTCOMES, SQL_UUID7, UTC, Log, stamp
from control_client import Person, add_organisation, add_user

@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def log(installation, owner):
    other = installation.query(f"insert into projects values ('{owner.org}', gen_random_uuid(), 'Second') "
                               "returning project_id")
    log = Log(installation, owner, seed=7)
    made = [owner.call("POST", owner.keys_path, {"name": f"k{i}"})[1]["id"] for i in range(2)]
    log.keys, log.second = made, other
    for i in range(140):
        at = NOW - dt.timedelta(seconds=log.rng.randrange(5 * 86400), milliseconds=log.rng.randrange(999))
        log.add(owner.project if i % 3 else other, made[i % 2], at)
    # Equal times: the id decides.
    same = NOW - dt.timedelta(hours=1)
    for _ in range(6):
        log.add(owner.project, made[0], same)
    log.add(owner.project, made[0], NOW - dt.timedelta(days=60), outcome=0)
    log.write()
    return log


@pytest.fixture(scope="module")
def path(owner):
    return owner.org_path + "/requests"


def ids(items):
    return [i["id"] for i in items]


def newest_first(rows):
    return [r["id"] for r in sorted(rows, key=lambda r: (r["at"], r["id"]), reverse=True)]


def test_all_requests_in_order_page_by_page(owner, log, path):
    for limit in (1 + len(log.rows), 200, 50, 7):
        if limit <= 200:
            assert ids(owner.all(path, limit=limit)) == newest_first(log.rows)


def test_items_say_what_the_rows_say(owner, log, path):
    items = {i["id"]: i for i in owner.all(path, limit=200)}
    for r in log.rows:
        i = items[r["id"]]
        assert i["created_at"] == stamp(r["at"]) and i["project_id"] == r["project"]
        assert (i["model"], i["provider"], i["outcome"]) == (r["model"][1], r["provider"][1],
                                                            OUTCOMES[r["outcome"]])
        assert Decimal(i["cost"]) == r["cost"] and i["input_tokens"] == r["input"]
        assert i["duration_ms"] == r["us"] / 1000 and i["api_key"]["id"] == r["key"]
        assert i["ttft_ms"] == (None if r["ttft"] is None else r["ttft"] / 1000)
        assert i["endpoint"] == "chat.completions" and i["finish_reason"] is None


FILTERS = {
    "project": lambda log, r: r["project"] == log.second,
    "api_key": lambda log, r: r["key"] == log.keys[0],
    "model": lambda log, r: r["model"] == log.models[1],
    "provider": lambda log, r: r["provider"] == log.providers[1],
    "from": lambda log, r: r["at"] >= NOW - dt.timedelta(days=2),
    "to": lambda log, r: r["at"] < NOW - dt.timedelta(days=2),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(name, owner, log, path):
    edge = (NOW - dt.timedelta(days=2)).isoformat().replace("+00:00", "Z")
    value = {"project": log.second, "api_key": log.keys[0], "model": log.models[1][1],
             "provider": log.providers[1][1], "from": edge, "to": edge}[name]
    want = newest_first(r for r in log.rows if FILTERS[name](log, r))
    assert 0 < len(want) < len(log.rows)
    assert ids(owner.all(path, limit=20, **{name: value})) == want


@pytest.mark.parametrize("word,keep", [
    ("ok", lambda r: r["outcome"] == 0), ("error", lambda r: r["outcome"] != 0),
    ("2xx", lambda r: r["status"] < 300), ("4xx", lambda r: 400 <= r["status"] < 500),
    ("5xx", lambda r: r["status"] >= 500)])
def test_status_filter(word, keep, owner, log, path):
    assert ids(owner.all(path, status=word)) == newest_first(filter(keep, log.rows))


@pytest.mark.parametrize("n", range(6))
def test_outcome_filter(n, owner, log, path):
    got = ids(owner.all(path, outcome=OUTCOMES[n]))
    assert got == newest_first(r for r in log.rows if r["outcome"] == n)


def test_search_by_id_and_its_beginning(owner, log, path):
    for r in (log.rows[0], log.rows[-1]):
        whole = r["id"]
        for q in (whole, whole.upper(), whole.replace("-", ""), whole[:20], whole[:11]):
            assert whole in ids(owner.all(path, q=q)), q
        start = whole[:8]
        assert set(ids(owner.all(path, q=start))) == {x["id"] for x in log.rows if x["id"].startswith(start)}
    assert owner.all(path, q=str(uuid.uuid4())) == []
    for bad in ("0192", "xxxxxxxx", "-" * 12, "0" * 37, "' or 1=1"):
        status, body = owner.call("GET", path, q=bad)
        assert (status, body["field"]) == (422, "q"), bad


@pytest.mark.parametrize("name,value", [
    ("from", "yesterday"), ("to", "1"), ("project", "x"), ("api_key", "1' or '1'='1"), ("status", "3xx"),
    ("outcome", "7"), ("limit", "-1"), ("cursor", "Zm9v"), ("order", "asc"), ("model", "a" * 257)])
def test_bad_filters_are_named(name, value, owner, path):
    status, body = owner.call("GET", path, **{name: value})
    assert (status, body["field"]) == (422, name)


def test_hostile_filters_find_nothing(owner, log, path):
    for value in ("'; drop table requests; --", "%", "x' or 'a'='a", "$1"):
        assert owner.all(path, model=value) == owner.all(path, provider=value) == []


def test_pages_are_stable_while_requests_arrive(owner, log, installation, path):
    want, seen, cursor = newest_first(log.rows), [], None
    late = Log(installation, owner, seed=8)
    while True:
        page = owner.get(path, limit=20, **({"cursor": cursor} if cursor else {}))
        seen += ids(page["items"])
        late.rows.clear()
        row = late.add(owner.project, log.keys[0], dt.datetime.now(UTC), outcome=0)
        installation.query(
            "insert into requests select * from json_populate_record((select r from requests r limit 1), "
            f"'{{\"request_id\": \"{row['id']}\", \"day\": \"{row['at'].date()}\", "
            f"\"created_at\": \"{row['at'].isoformat()}\", \"retention_days\": 30}}')")
        log.rows.append(row | {"stray": True})
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == want
    installation.query("delete from requests where request_id in ("
                       + ",".join(f"'{r['id']}'" for r in log.rows if r.get("stray")) + ")")
    log.rows[:] = [r for r in log.rows if not r.get("stray")]


def test_a_request_in_full(owner, log, installation, path):
    row = next(r for r in log.rows if r["outcome"] == 0)
    offer, provider_id, provider_model = installation.query(
        "select offer_id, provider_id, provider_model from offers order by 1 limit 1").split("|")
    slug = installation.query(f"select slug from providers where provider_id = {provider_id}")
    label = installation.query(f"insert into labels (organisation_id, kind, value) values ('{owner.org}', 1, "
                               "'my-app') returning label_id")
    installation.query(f"update requests set source_id = {label}, requested_model_id = {label} "
                       f"where request_id = '{row['id']}'")
    lines = [{"kind": "input", "quantity": 1000, "price": "0.00000175", "multiplier": "1.000",
              "amount": "0.00175"}, {"kind": "web_search", "quantity": 1, "price": "0.01",
                                     "multiplier": "2.500", "amount": "0.025"}]
    attempts = [{"offer_id": int(offer), "provider_id": int(provider_id), "provider_key_id": None,
                 "status": 0, "error": "UPSTREAM_CONNECT", "start_us": 120, "first_byte_us": -1,
                 "duration_us": 5000},
                {"offer_id": 0, "provider_id": 0, "provider_key_id": None, "status": 200, "error": "",
                 "start_us": 6000, "first_byte_us": 41234, "duration_us": 99999}]
    installation.query(
        "insert into request_details (organisation_id, retention_days, day, request_id, upstream_model, "
        "session, user_agent, client_ip, tags, metadata, params, cost_lines, attempts, steps) values "
        f"('{owner.org}', 30, '{row['at'].date()}', '{row['id']}', 'gpt-x-2026', 's1', 'curl/8', "
        f"'2001:db8::1', '{{a,b}}', '{{\"k\": \"v\"}}', '{{\"temperature\": 0.70}}', "
        f"'{json.dumps(lines)}', '{json.dumps(attempts)}', '[12, 3, 4, 5, 6, 90000, 700, 8]')")
    got = owner.get(f"{path}/{row['id']}")
    listed = next(i for i in owner.all(path) if i["id"] == row["id"])
    assert {k: got[k] for k in listed} == listed
    assert (got["source"], got["upstream_model"], got["client_ip"]) == ("my-app", "gpt-x-2026", "2001:db8::1")
    assert (got["tags"], got["metadata"], got["session"]) == (["a", "b"], {"k": "v"}, "s1")
    assert got["cost_lines"] == [
        {"kind": "input", "quantity": 1000, "unit": "token", "price": "0.00000175", "multiplier": "1",
         "amount": "0.00175"},
        {"kind": "web_search", "quantity": 1, "unit": "call", "price": "0.01", "multiplier": "2.5",
         "amount": "0.025"}]
    assert got["attempts_detail"] == [
        {"provider": slug, "model": provider_model, "status": None, "error": "UPSTREAM_CONNECT",
         "start_ms": 0.12, "first_byte_ms": None, "duration_ms": 5.0, "platform_key": False},
        {"provider": None, "model": None, "status": 200, "error": None, "start_ms": 6.0,
         "first_byte_ms": 41.234, "duration_ms": 99.999, "platform_key": False}]
    assert got["steps"][0] == {"name": "auth", "us": 12} and got["steps"][5]["name"] == "upstream"


def test_a_request_without_details_is_shown_too(owner, log, path):
    got = owner.get(f"{path}/{log.rows[-1]['id']}")
    assert got["tags"] == got["cost_lines"] == got["steps"] == [] and got["metadata"] is None


def test_requests_of_others_are_not_there(owner, log, installation, control, path):
    org, _ = add_organisation(installation, "nosy")
    add_user(installation, "nosy@example.com", "owner", org)
    nosy = Person(control, "nosy@example.com")
    mine = f"/api/v1/organisations/{org}/requests"
    assert nosy.all(mine) == nosy.all(mine, project=owner.project) == nosy.all(mine, api_key=log.keys[0]) == []
    assert nosy.call("GET", f"{mine}/{log.rows[0]['id']}")[0] == 404
    totals = nosy.get(f"/api/v1/organisations/{org}/usage", project=owner.project)["totals"]
    assert totals["requests"] == 0 and totals["p50_ms"] is None


# ---------------------------------------------------------------- usage

def z(at):
    return at.isoformat().replace("+00:00", "Z")


def usage(owner, frm, to, **query):
    return owner.get(owner.org_path + "/usage", from_=z(frm), to=z(to), **query)


def sums(rows):
    return {"requests": len(rows), "ok": sum(r["outcome"] == 0 for r in rows),
            "errors": sum(r["outcome"] != 0 for r in rows), "input_tokens": sum(r["input"] for r in rows),
            "output_tokens": sum(r["output"] for r in rows),
            "cached_tokens": sum(r["cached"] for r in rows), "cost": sum((r["cost"] for r in rows), Decimal())}


def as_sums(point):
    return {k: Decimal(point[k]) if k == "cost" else point[k] for k in
            ("requests", "ok", "errors", "input_tokens", "output_tokens", "cached_tokens", "cost")}


STEPS = {"30m": dt.timedelta(minutes=30), "1h": dt.timedelta(hours=1), "1d": dt.timedelta(days=1)}
WEEK = (NOW - dt.timedelta(days=6), NOW + dt.timedelta(minutes=1))


@pytest.mark.parametrize("step", STEPS)
def test_points_and_totals_equal_the_log(step, owner, log):
    got = usage(owner, *WEEK, step=step)
    (series,) = got["series"]
    assert (series["key"], series["label"], got["step"]) == ("all", "All", step)
    starts = [dt.datetime.fromisoformat(p["t"].replace("Z", "+00:00")) for p in series["points"]]
    assert all(b - a == STEPS[step] for a, b in zip(starts, starts[1:]))  # no gaps
    assert z(starts[0])[:19] == got["from"][:19] and starts[0] <= WEEK[0] < starts[0] + STEPS[step]
    inside = [r for r in log.rows if r["at"] >= starts[0]]
    for start, point in zip(starts, series["points"]):
        assert as_sums(point) == sums([r for r in inside if start <= r["at"] < start + STEPS[step]])
    assert as_sums(got["totals"]) == sums(inside)


@pytest.mark.parametrize("group,key", [
    ("model", lambda r: r["model"][1] or "none"), ("provider", lambda r: r["provider"][1] or "none"),
    ("api_key", lambda r: r["key"]), ("project", lambda r: r["project"])])
def test_groups(group, key, owner, log):
    got = usage(owner, *WEEK, step="1d", group_by=group)
    start = dt.datetime.fromisoformat(got["from"].replace("Z", "+00:00"))
    want = defaultdict(list)
    for r in log.rows:
        if r["at"] >= start:
            want[key(r)].append(r)
    totals = {s["key"]: sum(Decimal(p["cost"]) for p in s["points"]) for s in got["series"]}
    assert totals == {k: sums(v)["cost"] for k, v in want.items()}
    assert list(totals.values()) == sorted(totals.values(), reverse=True)
    counted = {s["key"]: sum(p["requests"] for p in s["points"]) for s in got["series"]}
    assert counted == Counter(key(r) for rows in want.values() for r in rows)


def test_the_rest_is_one_series(owner, log):
    got = usage(owner, *WEEK, step="1d", group_by="model", limit=1)
    assert [s["key"] for s in got["series"]][1:] == ["other"] and len(got["series"]) == 2
    assert sum(p["requests"] for s in got["series"] for p in s["points"]) == got["totals"]["requests"]


def test_one_project(owner, log):
    got = usage(owner, *WEEK, step="1d", project=log.second)
    start = dt.datetime.fromisoformat(got["from"].replace("Z", "+00:00"))
    assert as_sums(got["totals"]) == sums([r for r in log.rows if r["at"] >= start and r["project"] == log.second])


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/New_York", "Asia/Kolkata", "Pacific/Apia"])
def test_days_of_a_time_zone(zone, owner, log):
    got = usage(owner, *WEEK, step="1d", tz=zone)
    want = defaultdict(list)
    for r in log.rows:
        want[r["at"].astimezone(ZoneInfo(zone)).date()].append(r)
    for p in got["series"][0]["points"]:
        local = dt.datetime.fromisoformat(p["t"].replace("Z", "+00:00")).astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (0, 0)
        assert as_sums(p) == sums(want[local.date()]), local


def test_days_are_whole_over_a_change_of_clocks(owner):
    got = usage(owner, dt.datetime(2026, 3, 28, 12, tzinfo=UTC), dt.datetime(2026, 3, 30, 12, tzinfo=UTC),
                step="1d", tz="Europe/Vienna")
    assert [p["t"] for p in got["series"][0]["points"]] == [
        "2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]
    assert got["to"] == "2026-03-30T22:00:00.000Z"
    hours = usage(owner, dt.datetime(2026, 10, 24, 22, tzinfo=UTC), dt.datetime(2026, 10, 25, 23, tzinfo=UTC),
                  step="1h", tz="Europe/Vienna")
    assert len(hours["series"][0]["points"]) == 25
    kolkata = usage(owner, *WEEK, step="1h", tz="Asia/Kolkata")
    assert all(p["t"][14:16] == "30" for p in kolkata["series"][0]["points"])


def test_percentiles_are_within_a_bucket(owner, log):
    got = usage(owner, *WEEK, step="1d")["totals"]
    start = WEEK[0].replace(hour=0, minute=0, second=0)
    for name, field in (("p", "us"), ("ttft_p", "ttft")):
        values = sorted(r[field] for r in log.rows if r[field] and r["at"] >= start)
        for percent in (50, 95):
            exact = values[int(len(values) * percent / 100)]
            assert exact / 1.5 < got[f"{name}{percent}_ms"] * 1000 < exact * 1.5


def test_nothing_is_zeros_not_absence(owner):
    got = usage(owner, dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2020, 1, 3, tzinfo=UTC))
    assert len(got["series"][0]["points"]) == 96 and got["step"] == "30m"
    assert {p["cost"] for p in got["series"][0]["points"]} == {"0"}
    grouped = usage(owner, dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2020, 1, 3, tzinfo=UTC),
                    group_by="model")
    assert grouped["series"] == []


def test_defaults(owner):
    got = owner.get(owner.org_path + "/usage")
    assert got["step"] == "30m" and len(got["series"][0]["points"]) in (48, 49)


@pytest.mark.parametrize("name,query", [
    ("tz", {"tz": "Mars/Olympus"}), ("tz", {"tz": "EST5EDT4"}), ("tz", {"tz": "'; select 1"}),
    ("step", {"step": "1m"}), ("from", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
    ("step", {"step": "30m", "from": "2020-01-01T00:00:00Z"}), ("group_by", {"group_by": "tag"}),
    ("limit", {"limit": "51"}), ("project", {"project": "x"}), ("to", {"to": "9999999999"})])
def test_bad_usage_queries_are_named(name, query, owner):
    status, body = owner.call("GET", owner.org_path + "/usage", **query)
    assert (status, body["field"]) == (422, name)


def test_filters_by_cost_duration_and_streaming(owner, log, path):
    costs, times = sorted(r["cost"] for r in log.rows), sorted(r["us"] for r in log.rows)
    cost, ms = costs[len(costs) // 2], times[len(times) // 2] // 1000 + 1
    for query, keep in (({"min_cost": f"{cost:f}"}, lambda r: r["cost"] >= cost),
                        ({"min_duration_ms": ms}, lambda r: r["us"] >= ms * 1000),
                        ({"streamed": "false"}, lambda r: True), ({"streamed": "true"}, lambda r: False)):
        assert ids(owner.all(path, limit=200, **query)) == newest_first(filter(keep, log.rows)), query


def test_filters_together(owner, log, path):
    """Whatever index leads to the rows, the others are looked at on the way."""
    times = sorted(r["us"] for r in log.rows)
    ms = times[len(times) // 3] // 1000 + 1
    filters = {
        "project": (log.second, lambda r: r["project"] == log.second),
        "api_key": (log.keys[0], lambda r: r["key"] == log.keys[0]),
        "model": (log.models[1][1], lambda r: r["model"] == log.models[1]),
        "provider": (log.providers[0][1], lambda r: r["provider"] == log.providers[0]),
        "status": ("error", lambda r: r["outcome"] != 0), "outcome": ("ok", lambda r: r["outcome"] == 0),
        "min_duration_ms": (ms, lambda r: r["us"] >= ms * 1000), "streamed": ("false", lambda r: True),
        "to": ((NOW - dt.timedelta(days=2)).isoformat().replace("+00:00", "Z"),
               lambda r: r["at"] < NOW - dt.timedelta(days=2))}
    found = 0
    for names in itertools.combinations(filters, 2):
        want = newest_first(r for r in log.rows if all(filters[n][1](r) for n in names))
        assert ids(owner.all(path, limit=20, **{n: filters[n][0] for n in names})) == want, names
        found += len(want)
    assert found > 300


def test_what_fits_seldom_is_found_a_stretch_at_a_time(owner, installation):
    """Half-hours that cost enough without a request that does: a call looks through some days of them, and says
    where to go on."""
    org, project = add_organisation(installation, f"seldom {uuid.uuid4()}")
    installation.query(f"insert into members (organisation_id, user_id, role) values ('{org}', "
                       f"'{owner.session['user']['id']}', 'viewer')")
    days = 50
    installation.query(f"select ensure_request_partitions((now() at time zone 'UTC')::date - {days}, {days + 1})")
    installation.query(
        "insert into requests (organisation_id, retention_days, day, request_id, created_at, project_id, api_key_id, "
        f"user_id, endpoint, status, outcome, streamed, estimated, cost, duration_us) select '{org}', 365, "
        f"(at at time zone 'UTC')::date, {SQL_UUID7}, at, '{project}', '{project}', '{project}', 1, 200, 0, "
        f"false, false, case when n = 1 and d = {days - 1} then 2 else 0.6 end, 1 from generate_series(1, {days - 1}) d, "
        "generate_series(1, 2) n, lateral (select date_trunc('ms', now()) - d * interval '1 day' + n * interval '1 ms') as t(at)")
    installation.query(
        "insert into rollup_usage (organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id, requests, ok, cost) "
        "select organisation_id, date_bin('30 minutes', created_at, 'epoch'), project_id, api_key_id, user_id, 0, 0, count(*), "
        f"count(*), sum(cost) from requests where organisation_id = '{org}' group by 1, 2, 3, 4, 5")
    mine = f"/api/v1/organisations/{org}/requests"
    for query in ({}, {"project": project}, {"api_key": project}):
        first = owner.get(mine, min_cost=1, **query)
        assert first["items"] == [] and first["next_cursor"]
        found = owner.all(mine, min_cost=1, **query)
        assert [i["cost"] for i in found] == ["2"]
        assert len(owner.all(mine, limit=50, **query)) == 2 * (days - 1)
        # Rollups rule these out, a day in a statement.
        month = z(NOW - dt.timedelta(days=40))
        assert owner.get(mine, min_cost=3, from_=month, **query) == {"items": [], "next_cursor": None}
    status, text = owner.call("GET", mine + "/export", min_cost=1)
    assert status == 200 and len(text.splitlines()) == 2
    installation.query(f"delete from requests where organisation_id = '{org}'")


def test_search_by_what_the_client_said(owner, log, installation, path):
    named = [log.rows[3], log.rows[11]]
    label = installation.query("insert into labels (organisation_id, kind, value) values "
                               f"('{owner.org}', 2, 'ada@example.com') returning label_id")
    # A source of that name is no end user.
    installation.query(f"insert into labels (organisation_id, kind, value) values ('{owner.org}', 1, 'a-source')")
    for r in named:
        installation.query(f"update requests set end_user_id = {label} where request_id = '{r['id']}'")
        installation.query("insert into request_details (organisation_id, retention_days, day, request_id, "
                           f"client_request_id) values ('{owner.org}', 30, '{r['at'].date()}', '{r['id']}', 'order-7')")
    for query in ({"end_user": "ada@example.com"}, {"client_request_id": "order-7"}):
        assert ids(owner.all(path, **query)) == newest_first(named)
        assert ids(owner.all(path, limit=1, **query)) == newest_first(named)
        assert ids(owner.all(path, api_key=log.keys[0], **query)) == newest_first(
            r for r in named if r["key"] == log.keys[0])
    for query in ({"end_user": "ada"}, {"end_user": "a-source"}, {"client_request_id": "order-8"},
                  {"client_request_id": "' or '1'='1"}):
        assert owner.all(path, **query) == [], query
    plan = installation.query(
        "set enable_seqscan = off; explain select request_id from request_details where "
        f"organisation_id = '{owner.org}' and client_request_id = 'order-7'")
    assert "organisation_id_client_request_id" in plan and "Seq Scan" not in plan, plan


def test_csv_holds_what_the_list_shows(owner, log, installation, path):
    label = installation.query("insert into labels (organisation_id, kind, value) values "
                               f"('{owner.org}', 4, '=cmd|'' /C calc''!A0') returning label_id")
    evil = log.rows[5]
    installation.query(f"update requests set requested_model_id = {label} where request_id = '{evil['id']}'")
    for query in ({}, {"status": "error"}, {"project": log.second}):
        status, text = owner.call("GET", path + "/export", **query)
        assert status == 200 and owner.headers["content-disposition"] == 'attachment; filename="requests.csv"'
        rows = list(csv.DictReader(io.StringIO(text)))
        items = owner.all(path, limit=200, **query)
        assert [r["id"] for r in rows] == ids(items)
        for row, item in zip(rows, items):
            assert (row["time"], row["outcome"], row["cost_usd"], row["model"]) == (
                item["created_at"], item["outcome"], item["cost"], item["model"] or "")
            assert float(row["duration_ms"]) == item["duration_ms"] and row["api_key"] == item["api_key"]["name"]
    found = [r for r in csv.DictReader(io.StringIO(owner.call("GET", path + "/export")[1])) if r["id"] == evil["id"]]
    assert found[0]["requested_model"] == "'=cmd|' /C calc'!A0"


def test_csv_of_too_many_is_refused(owner, installation, path):
    org, project = add_organisation(installation, f"large {uuid.uuid4()}")
    installation.query(f"insert into members (organisation_id, user_id, role) values ('{org}', "
                       f"'{owner.session['user']['id']}', 'viewer')")
    installation.query("select ensure_request_partitions((now() at time zone 'UTC')::date - 1, 2)")
    installation.query(
        "insert into requests (organisation_id, retention_days, day, request_id, created_at, project_id, api_key_id, "
        f"user_id, endpoint, status, outcome, streamed, estimated, duration_us) select '{org}', 30, "
        f"(at at time zone 'UTC')::date, {SQL_UUID7}, at, '{project}', '{project}', '{project}', 1, 200, 0, "
        "false, false, 1 from generate_series(1, 20001) n, lateral (select date_trunc('ms', now()) - n * interval '1 ms') as t(at)")
    export = f"/api/v1/organisations/{org}/requests/export"
    status, body = owner.call("GET", export)
    assert (status, body["field"]) == (422, "from")
    first = owner.get(f"/api/v1/organisations/{org}/requests", limit=2)["items"][1]["created_at"]
    status, text = owner.call("GET", export, to=first)
    assert status == 200 and len(text.splitlines()) > 19900
    installation.query(f"delete from requests where organisation_id = '{org}'")
