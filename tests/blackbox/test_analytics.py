"""Analytics: sums, days and percentiles against the request log by hand; what the pages' queries read."""
import bisect
import csv
import datetime as dt
import io
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

import demo_data
import harness
import query_cost
from control_client import Person, add_organisation, add_user
from demo_data import UTC, stamp
from test_control_live import Viewer

BUFFERS_MAX = 500
OUTCOMES = ["ok", "client_error", "gateway_error", "upstream_error", "client_gone", "interrupted"]


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def now():
    return dt.datetime.now(UTC)


@pytest.fixture(scope="module")
def demo(pg, installation, owner):
    """20,000 requests of a month, and the log as rows."""
    demo_data.fill(pg, installation.database, owner.org, owner.session["user"]["id"], 20000)
    rows = installation.rows(
        "select r.created_at, r.project_id::text as project, r.api_key_id::text as key, r.user_id::text as user, "
        "m.slug as model, p.slug as provider, r.outcome, r.input_tokens, r.cached_tokens, r.output_tokens, "
        "r.cost::text, r.duration_us, r.ttft_us from requests r left join models m using (model_id) "
        f"left join providers p using (provider_id) where r.organisation_id = '{owner.org}'")
    for row in rows:
        row["at"] = dt.datetime.fromisoformat(row["created_at"])
        row["cost"] = Decimal(row["cost"])
    return rows


def ask(owner, **query):
    return owner.get(owner.org_path + "/analytics", **query)


def local_day(at, zone):
    """The day of the half-hour that `at` lies in, as an instant."""
    grain = at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)
    day = grain.astimezone(ZoneInfo(zone)).date()
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(UTC)


def late_zone():
    """Where it is 22 or 23 o'clock: of the day that is not over much is read."""
    east = 22 - dt.datetime.now(UTC).hour
    return f"Etc/GMT{-east:+}" if east <= 14 else f"Etc/GMT{24 - east:+}"


LATE = late_zone()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/Los_Angeles", "Asia/Kolkata", LATE])
def test_days_of_a_zone_are_the_logs(owner, demo, now, zone):
    answer = ask(owner, **{"from": stamp(now - dt.timedelta(days=29))}, tz=zone, group_by="model", limit=50,
                 measures="requests,errors,input_tokens,cached_tokens,output_tokens,cost")
    times = [dt.datetime.fromisoformat(t) for t in answer["times"]]
    assert answer["step"] == "1d" and times[0] == local_day(now - dt.timedelta(days=29), zone)
    want = defaultdict(lambda: [0, 0, 0, 0, 0, Decimal(0)])
    for r in demo:
        day = local_day(r["at"], zone)
        if day >= times[0]:
            cell = want[r["model"], day]
            for i, v in enumerate((1, r["outcome"] != 0, r["input_tokens"], r["cached_tokens"],
                                   r["output_tokens"], r["cost"])):
                cell[i] += v
    got = {}
    for group in answer["groups"]:
        for i, t in enumerate(times):
            p = group["points"]
            if p["requests"][i]:
                got[group["key"][0], t] = [p["requests"][i], p["errors"][i], p["input_tokens"][i],
                                           p["cached_tokens"][i], p["output_tokens"][i], Decimal(p["cost"][i])]
    assert got == want and len(answer["groups"]) == 20
    total = answer["total"]
    assert total["totals"]["requests"] == sum(total["points"]["requests"]) == sum(c[0] for c in want.values())
    costs = [Decimal(g["totals"]["cost"]) for g in answer["groups"]]
    assert costs == sorted(costs, reverse=True) and sum(costs) == Decimal(total["totals"]["cost"])


def test_groups_two_deep_filters_and_the_others(owner, demo, now):
    since = {"from": stamp(now - dt.timedelta(days=29)), "tz": "UTC"}
    start = local_day(now - dt.timedelta(days=29), "UTC")
    rows = [r for r in demo if r["at"] >= start]
    want = Counter((r["key"], r["provider"] or "none") for r in rows)
    answer = ask(owner, **since, group_by="api_key,provider", sort="requests", limit=5)
    top = {tuple(g["key"]): g["totals"]["requests"] for g in answer["groups"]}
    assert list(top.values()) == sorted(want.values(), reverse=True)[:5]
    assert all(want[k] == n for k, n in top.items())
    assert answer["other"]["groups"] == len(want) - 5 and answer["total"]["groups"] == len(want)
    assert answer["other"]["totals"]["requests"] == len(rows) - sum(top.values())
    key = answer["groups"][0]["key"][0]
    assert answer["groups"][0]["label"][0] in [k["name"] for j in owner.get(owner.org_path + "/projects")["items"]
                                               for k in owner.all(f"{owner.org_path}/projects/{j['id']}/api-keys")]
    for name, field, value in (("api_key", "key", key), ("model", "model", "claude-opus-5"),
                               ("provider", "provider", "groq"), ("user", "user", rows[0]["user"]),
                               ("project", "project", rows[0]["project"])):
        n = ask(owner, **since, **{name: value})["total"]["totals"]["requests"]
        assert n == sum(r[field] == value for r in rows) > 0, name
    assert ask(owner, **since, provider="none")["total"]["totals"]["requests"] == sum(
        r["provider"] is None for r in rows) > 0
    assert ask(owner, **since, model="no-such-model")["total"]["totals"]["requests"] == 0


def test_outcomes_split_requests_and_nothing_else(owner, demo, now):
    answer = ask(owner, **{"from": stamp(now - dt.timedelta(days=29))}, group_by="outcome,provider", limit=50,
                 measures="requests,cost,p95_ms,cache_savings")
    start = local_day(now - dt.timedelta(days=29), "UTC")
    want = Counter((OUTCOMES[r["outcome"]], r["provider"] or "none") for r in demo if r["at"] >= start)
    assert {tuple(g["key"]): g["totals"]["requests"] for g in answer["groups"]} == want
    for g in answer["groups"]:
        assert g["totals"]["cost"] is None and g["totals"]["p95_ms"] is None and g["totals"]["cache_savings"] is None


def bucket(us):
    i = 0
    while 2 ** ((i + 1) / 2) <= us:
        i += 1
    return i


def percentile(values, percent):
    """By the buckets, as control/percentile.c says it."""
    counts = Counter(bucket(v) for v in values)
    rank, before = len(values) * percent / 100, 0
    for i in sorted(counts):
        if before + counts[i] >= rank:
            low, high = 2 ** (i / 2), 2 ** ((i + 1) / 2)
            return (low + (high - low) * (rank - before) / counts[i]) / 1000
        before += counts[i]
    return None


@pytest.mark.parametrize("days", [1, 29])   # half-hours alone, spans and half-hours
def test_percentiles_throughput_and_savings_by_hand(owner, installation, demo, now, days):
    answer = ask(owner, **{"from": stamp(now - dt.timedelta(days=days))}, group_by="provider", limit=20,
                 measures="requests,p50_ms,p95_ms,p99_ms,ttft_p50_ms,ttft_p95_ms,ttft_p99_ms,throughput,cache_savings")
    start = dt.datetime.fromisoformat(answer["from"])
    price = {(r["model"], r["provider"]): r for r in installation.rows(
        "select m.slug as model, p.slug as provider, (x.prices->>'input')::numeric::text as input, "
        "coalesce(x.prices->>'cached_input', x.prices->>'input')::numeric::text as cached from offers f "
        "join models m using (model_id) join providers p using (provider_id) join lateral (select prices || "
        "coalesce(prices #> '{tiers,0}', '{}') as prices from offer_prices o where o.offer_id = f.offer_id "
        "order by effective_from desc limit 1) x on true where x.prices ? 'input'")}
    for group in answer["groups"]:
        rows = [r for r in demo if (r["provider"] or "none") == group["key"][0] and r["at"] >= start]
        totals = group["totals"]
        assert totals["requests"] == len(rows) > 0
        took = [r["duration_us"] for r in rows]
        first = [r["ttft_us"] for r in rows if r["ttft_us"] is not None]
        for percent in (50, 95, 99):
            assert totals[f"p{percent}_ms"] == pytest.approx(percentile(took, percent), abs=0.001)
            want = percentile(first, percent)
            assert totals[f"ttft_p{percent}_ms"] == (want and pytest.approx(want, abs=0.001))
        assert totals["throughput"] == pytest.approx(
            sum(r["output_tokens"] for r in rows) / (sum(took) / 1e6), abs=0.001)
        saved = sum(((Decimal(price[r["model"], r["provider"]]["input"]) - Decimal(price[r["model"], r["provider"]]["cached"]))
                     * r["cached_tokens"] for r in rows if r["cached_tokens"]), Decimal(0))
        assert Decimal(totals["cache_savings"]) == pytest.approx(saved, abs=Decimal("1e-9"))


def usage_by_hand(rows, got):
    """(model, t) -> sums of `rows`, by the half-hour that each began in, and the rows within."""
    times = sorted({dt.datetime.fromisoformat(p["t"]) for s in got["series"] for p in s["points"]})
    end, sums, inside = dt.datetime.fromisoformat(got["to"]), defaultdict(lambda: [0, 0, 0, 0, 0, Decimal(0)]), []
    for r in rows:
        grain = r["at"].replace(minute=r["at"].minute // 30 * 30, second=0, microsecond=0)
        if times[0] <= grain < end:
            inside.append(r)
            cell = sums[r["model"], times[bisect.bisect_right(times, grain) - 1]]
            for i, v in enumerate((1, r["outcome"] == 0, r["input_tokens"], r["cached_tokens"], r["output_tokens"], r["cost"])):
                cell[i] += v
    return sums, inside


@pytest.mark.parametrize("step, zone", [("3h", "UTC"), ("3h", "Asia/Kathmandu"), *(("1d", zone) for zone in (
    "UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Chatham", LATE))])
def test_usage_of_spans_is_the_logs(owner, demo, installation, now, zone, step):
    """What begins and ends within a span, spans that are still open, and times to come."""
    project, days = demo[0]["project"], 28 if step == "1d" else 9
    for start, end, query in ((days, 0, {}), (days * 0.83, 3.17, {}), (days * 0.91, -0.2, {}), (days, 2, {"project": project})):
        for _ in range(2):   # makes the spans, reads them
            got = owner.get(owner.org_path + "/usage", from_=stamp(now - dt.timedelta(days=start)), tz=zone, step=step,
                            to=stamp(now - dt.timedelta(days=end)), group_by="model", limit=50, **query)
            want, inside = usage_by_hand([r for r in demo if not query or r["project"] == project], got)
            cells = {(s["key"], dt.datetime.fromisoformat(p["t"])): [
                p["requests"], p["ok"], p["input_tokens"], p["cached_tokens"], p["output_tokens"], Decimal(p["cost"])]
                for s in got["series"] for p in s["points"] if p["requests"]}
            assert cells == want and len(inside) > 100
            totals = got["totals"]
            assert (totals["requests"], Decimal(totals["cost"])) == (len(inside), sum(r["cost"] for r in inside))
            took, first = [r["duration_us"] for r in inside], [r["ttft_us"] for r in inside if r["ttft_us"] is not None]
            for name, values in (("p", took), ("ttft_p", first)):
                for percent in (50, 95):
                    assert totals[f"{name}{percent}_ms"] == pytest.approx(percentile(values, percent), abs=0.001)
    def made(step):
        return int(installation.query(
            "select count(*) from spans join span_sets using (organisation_id, set_id) where "
            f"organisation_id = '{owner.org}' and zone = '{zone}' and step = '{step}'"))
    assert made(step) >= (60 if step == "3h" else 25)
    assert zone != LATE or made("3h") >= 6, "the day that is not over"


@pytest.mark.parametrize("days, zone", [(0.9, "UTC"), (6, "Europe/Vienna"), (13, "Asia/Kolkata")])
def test_the_period_before_is_as_long_as_what_is_over(owner, demo, now, days, zone):
    answer = ask(owner, **{"from": stamp(now - dt.timedelta(days=days))}, tz=zone, compare="previous")
    before = [dt.datetime.fromisoformat(answer["compared_with"][k]) for k in ("from", "to")]
    start = dt.datetime.fromisoformat(answer["from"])
    assert before[1] == start
    assert abs((before[1] - before[0]) - (dt.datetime.now(UTC) - start)) < dt.timedelta(minutes=31)
    rows = [r for r in demo if before[0] <= r["at"] < before[1]]
    previous = answer["total"]["previous"]
    assert previous["requests"] == len(rows) > 0
    assert Decimal(previous["cost"]) == sum(r["cost"] for r in rows)


@pytest.fixture(scope="module")
def quiet(control, installation, owner):
    """An organisation of its own, whose half-hours a test writes."""
    org, _ = add_organisation(installation, "quiet")
    add_user(installation, "quiet@example.com", "owner", org)
    return Person(control, "quiet@example.com")


def add_grains(installation, person, grains, **more):
    values = {"requests": 1, "ok": 1, "cost": 1, "model_id": 0} | more
    installation.query(
        f"insert into rollup_usage (organisation_id, grain, project_id, api_key_id, user_id, provider_id, "
        f"{', '.join(values)}) select '{person.org}', g::timestamptz, '{person.project}', "
        f"'{person.project}', '{person.session['user']['id']}', 0, {', '.join(map(str, values.values()))} "
        f"from unnest(array{grains}) g")


@pytest.mark.parametrize("zone, day, hours", [
    ("Europe/Vienna", dt.date(2026, 3, 29), 23), ("Europe/Vienna", dt.date(2025, 10, 26), 25),
    ("America/New_York", dt.date(2026, 3, 8), 23), ("America/New_York", dt.date(2025, 11, 2), 25),
    ("Asia/Kolkata", dt.date(2026, 3, 29), 24), ("UTC", dt.date(2026, 3, 29), 24),
    ("Australia/Lord_Howe", dt.date(2026, 4, 5), 24.5), ("Asia/Kathmandu", dt.date(2026, 4, 5), 24)])
def test_days_on_which_clocks_change(installation, quiet, zone, day, hours):
    """A request in each half-hour of three days: each day's sum says how long it was."""
    z = ZoneInfo(zone)
    start = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(), z).astimezone(UTC)
    end = dt.datetime.combine(day + dt.timedelta(days=2), dt.time(), z).astimezone(UTC)
    grain = start.replace(minute=start.minute // 30 * 30)
    grains = []
    while grain < end:
        grains.append(stamp(grain))
        grain += dt.timedelta(minutes=30)
    installation.query(f"delete from rollup_usage where organisation_id = '{quiet.org}'")
    installation.query(f"delete from span_sets where organisation_id = '{quiet.org}'")
    add_grains(installation, quiet, grains)
    for step, want in (("1d", [48, hours * 2, 48]), ("3h", None)):
        query = {"from": stamp(start + dt.timedelta(hours=1)), "to": stamp(end - dt.timedelta(hours=1))}
        answer = ask(quiet, **query, tz=zone, step=step, measures="requests")
        got = answer["total"]["points"]["requests"]
        times = [dt.datetime.fromisoformat(t) for t in [*answer["times"], answer["to"]]]
        assert [n / 2 for n in got] == [(b - a).total_seconds() / 3600 for a, b in zip(times, times[1:])]
        if want:
            assert got == want
        else:
            clocks = {t.astimezone(z).hour % 3 for t in times if t.minute == 0 and zone in ("Europe/Vienna", "UTC")}
            assert clocks <= {0}


def test_what_is_written_late_is_counted(installation, quiet):
    """A gateway whose spool waited for days writes into spans that were made already."""
    installation.query(f"delete from rollup_usage where organisation_id = '{quiet.org}'")
    at = dt.datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(days=4)
    query = {"from": stamp(at - dt.timedelta(days=2)), "to": stamp(at + dt.timedelta(days=2)), "step": "1d"}
    add_grains(installation, quiet, [stamp(at)])
    count = f"select count(*) from rollup_spans where organisation_id = '{quiet.org}'"
    for n in (1, 2, 3):
        if n == 2:
            add_grains(installation, quiet, [stamp(at + dt.timedelta(minutes=30))])
        if n == 3:
            installation.query(f"update rollup_usage set requests = 2 where organisation_id = '{quiet.org}' "
                               f"and grain = '{stamp(at)}'")
        for _ in range(2):
            assert ask(quiet, **query)["total"]["totals"]["requests"] == n
        assert int(installation.query(count)) > 0


def test_many_who_ask_first_at_once_make_spans_once(owner, demo, installation, now):
    query = {"from": stamp(now - dt.timedelta(days=20)), "tz": "Pacific/Auckland", "step": "1d"}
    with ThreadPoolExecutor(4) as pool:
        totals = [a["total"]["totals"] for a in pool.map(lambda _: ask(owner, **query), range(4))]
    assert totals.count(totals[0]) == 4
    assert installation.query(
        "select count(*) - count(distinct (starts_at, api_key_id, model_id, provider_id)) from rollup_spans "
        f"join span_sets using (organisation_id, set_id) where organisation_id = '{owner.org}' "
        "and zone = 'Pacific/Auckland'") == "0"


def test_few_sets_of_spans_are_kept(installation, quiet):
    zones = [f"Etc/GMT+{i}" for i in range(1, 12)] + [f"Etc/GMT-{i}" for i in range(1, 12)]
    for zone in zones:
        ask(quiet, **{"from": stamp(dt.datetime.now(UTC) - dt.timedelta(days=3))}, step="1d", tz=zone)
    kept = installation.query(f"select count(*) from span_sets where organisation_id = '{quiet.org}'")
    assert int(kept) <= 17


def test_nothing_of_another_organisation(owner, demo, installation, quiet):
    installation.query(f"delete from rollup_usage where organisation_id = '{quiet.org}'")
    key = demo[0]["key"]
    for query in ({}, {"api_key": key}, {"project": demo[0]["project"]}, {"group_by": "api_key"}):
        answer = ask(quiet, **{"from": stamp(dt.datetime.now(UTC) - dt.timedelta(days=20))}, **query)
        assert answer["total"]["totals"]["requests"] == 0 and answer["groups"] == []
    assert quiet.get(quiet.org_path + "/failures")["items"] == []


def test_csv_says_the_same_and_runs_no_formula(owner, demo, installation, now):
    key = demo[-1]["key"]
    installation.query(f"update api_keys set name = '=1+1\"' where api_key_id = '{key}'")
    query = {"from": stamp(now - dt.timedelta(days=10)), "group_by": "api_key,model", "limit": "3", "tz": "Europe/Vienna",
             "measures": "requests,cost,p95_ms"}
    status, text = owner.call("GET", owner.org_path + "/analytics/export", **query)
    assert status == 200 and "attachment" in owner.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(text)))
    answer = ask(owner, **query)
    for word, points in [(g["key"], g["points"]) for g in answer["groups"]] + [(["other"] * 2, answer["other"]["points"])]:
        mine = [x for x in lines if [x["api_key"], x["model"]] == word]
        assert sum(int(x["requests"]) for x in mine) == sum(points["requests"]) > 0
        assert sum(Decimal(x["cost"]) for x in mine) == sum(map(Decimal, points["cost"]))
    status, text = owner.call("GET", owner.org_path + "/analytics/export", **query | {"group_by": "api_key", "limit": "50"})
    names = {x["api_key"]: x["api_key name"] for x in csv.DictReader(io.StringIO(text))}
    assert names[key] == "'=1+1\""
    installation.query(f"update api_keys set name = 'k' where api_key_id = '{key}'")


@pytest.mark.parametrize("query, field", [
    ({"tz": "Mars/Olympus"}, "tz"), ({"tz": "CET-1CEST"}, "tz"), ({"tz": "Europe/Vienna'; --"}, "tz"),
    ({"group_by": "colour"}, "group_by"), ({"group_by": "model,provider,user"}, "group_by"),
    ({"group_by": "model,model"}, "group_by"), ({"group_by": "none,model"}, "group_by"),
    ({"measures": "requests,secrets"}, "measures"), ({"sort": "cost", "group_by": "outcome"}, "sort"),
    ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
    ({"from": "2020-01-01T00:00:00Z"}, "from"), ({"from": "2999-01-01T00:00:00Z"}, "from"),
    ({"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "step": "30m"}, "step"),
    ({"from": "2025-06-01T00:00:00Z", "to": "2026-06-01T00:00:00Z", "limit": "200"}, "limit"),
    ({"limit": "201"}, "limit"), ({"step": "5m"}, "step"), ({"colour": "red"}, "colour"),
    ({"model": ""}, "model"), ({"project": "x"}, "project")])
def test_refusals_name_the_field(owner, query, field):
    for path in ("/analytics", "/analytics/export"):
        status, problem = owner.call("GET", owner.org_path + path, **query)
        assert status == 422 and problem["field"] == field, problem


def test_failures_are_the_logs(owner, demo):
    got = owner.get(owner.org_path + "/failures", limit=50)["items"]
    want = sorted((r for r in demo if r["outcome"] not in (0, 4)), key=lambda r: r["at"], reverse=True)[:50]
    assert [(g["outcome"], g["model"], g["provider"]) for g in got] == [
        (OUTCOMES[r["outcome"]], r["model"], r["provider"]) for r in want]
    project = want[0]["project"]
    mine = owner.get(owner.org_path + "/failures", limit=50, project=project)["items"]
    assert mine and {g["project_id"] for g in mine} == {project}


@pytest.fixture(scope="module")
def larger(pg, template, scratch):
    """Four times the requests, in an installation of its own."""
    pg.create_database("doteb_larger", template)
    installation = harness.Installation(pg, "doteb_larger", scratch / "larger")
    org, user = installation.query("select organisation_id || ' ' || user_id from members").split()
    demo_data.fill(pg, "doteb_larger", org, user, 80000)
    return installation


def test_pages_read_little_and_no_more_of_more(pg, owner, demo, installation, larger, now):
    """At most 500 pages of 8 KB a statement. With so few requests most half-hours of a key have none, so
    that four times as many still fill more rows; `make test-scale-analytics` holds 10 M against 1 M."""
    few, many = (query_cost.of_pages(pg, i, now) for i in (installation, larger))
    print(query_cost.table(few, many))
    assert len(few) > 25 and few.keys() == many.keys()
    assert max(many.values()) <= BUFFERS_MAX, query_cost.table(few, many)
    assert sum(many.values()) <= 2.5 * sum(few.values())


def test_every_page_reads_little(pg, larger, now):
    """Each filter of the list, too, and those that nothing fits."""
    found = query_cost.of_pages(pg, larger, now, every=True, zones=(LATE,))
    print(query_cost.table(found))
    assert len(found) > 200
    assert max(found.values()) <= BUFFERS_MAX, query_cost.table(found)


def test_many_projects_are_not_asked_one_by_one(pg, larger):
    """The latest failures and the live feed, which are of a whole organisation."""
    query_cost.explain_all(larger)
    control = harness.Control(larger)
    try:
        person = Person(control, larger.email)
        larger.query(f"insert into projects (organisation_id, project_id, name) select '{person.org}', gen_random_uuid(), "
                     "'team ' || n from generate_series(1, 600) n")
        log = query_cost.Log(pg.folder / "server.log")
        assert person.get(person.org_path + "/failures")["items"]
        Viewer(person).reload()
        read = {name: max(s["buffers"] for s in log.statements() if mark in s["sql"])
                for name, mark in (("failures", "r.outcome <> 4"), ("feed", "r.request_id <> all"))}
        assert max(read.values()) <= BUFFERS_MAX, read
    finally:
        control.stop()


def test_the_measure_of_buffers_can_fail(pg, larger):
    query_cost.explain_all(larger)
    log = query_cost.Log(pg.folder / "server.log")
    larger.query("select sum(cost) from requests")
    found = [s for s in log.statements() if "sum(cost)" in s["sql"]]
    assert len(found) == 1 and found[0]["buffers"] > BUFFERS_MAX and found[0]["tables"]
