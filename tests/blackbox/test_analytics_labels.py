"""Analytics by tag, by end user and by source: against the request log by hand, and what they do not have is refused."""
import csv
import datetime as dt
import io
from collections import Counter, defaultdict
from decimal import Decimal

import pytest

import demo_data
from control_client import Person, add_organisation, add_user
from demo_data import UTC, stamp


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture(scope="module")
def now():
    return dt.datetime.now(UTC)


@pytest.fixture(scope="module")
def quiet(control, installation, owner):
    org, _ = add_organisation(installation, "quiet")
    add_user(installation, "quiet@example.com", "owner", org)
    return Person(control, "quiet@example.com")


def ask(owner, **query):
    return owner.get(owner.org_path + "/analytics", **query)


@pytest.fixture(scope="module")
def labelled(pg, installation, owner):
    """(at, project, outcome, tokens, cost, [tags], end user, source) of every request: tags are the keys', the others the log's."""
    demo_data.fill(pg, installation.database, owner.org, owner.session["user"]["id"], 12000)
    found = installation.rows(
        "select r.created_at, r.project_id::text as project, k.name as key, r.outcome, r.input_tokens, r.output_tokens, "
        "r.cost::text, l.value as end_user, s.value as source from requests r join api_keys k using (organisation_id, api_key_id) "
        "left join labels l on l.organisation_id = r.organisation_id and l.label_id = r.end_user_id "
        "left join labels s on s.organisation_id = r.organisation_id and s.label_id = r.source_id "
        f"where r.organisation_id = '{owner.org}'")
    tags = {"support staging": ["env:staging", "feature:chat"], "mail triage": ["env:production", "feature:triage"],
            "search production": ["env:production", "feature:search"], "search indexing": ["env:production", "feature:indexing"],
            "search staging": ["env:staging", "feature:search"], "ci review bot": ["team:platform"],
            "nightly evaluation": ["team:evaluation"], "support production": ["env:production", "feature:chat"]}
    for r in found:
        r["at"], r["tags"] = dt.datetime.fromisoformat(r["created_at"]), tags.get(r["key"], [])
    return found


def by_label(rows, start, which, *more):
    """What each tag, end user or source, and what `more` names beside it, comes to."""
    want = defaultdict(lambda: [0, 0, 0, 0, Decimal(0)])
    for r in rows:
        if r["at"] < start:
            continue
        for label in r["tags"] if which == "tag" else [r[which]] if r[which] else []:
            sums = want[(label, *(r[m] for m in more))]
            for i, v in enumerate((1, r["outcome"] != 0, r["input_tokens"], r["output_tokens"], Decimal(r["cost"]))):
                sums[i] += v
    return want


def sums_of(totals):
    return [totals["requests"], totals["errors"], totals["input_tokens"], totals["output_tokens"], Decimal(totals["cost"])]


@pytest.mark.parametrize("which", ["tag", "end_user", "source"])
@pytest.mark.parametrize("days, zone", [(1, "UTC"), (13, "Asia/Kolkata"), (29, "Europe/Vienna")])
def test_labels_are_the_logs(owner, labelled, now, which, days, zone):
    since = {"from": stamp(now - dt.timedelta(days=days)), "tz": zone}
    for group, more in ((which, []), (f"{which},project", ["project"])):
        answer = ask(owner, **since, group_by=group, limit=200, compare="previous")
        start = dt.datetime.fromisoformat(answer["from"])
        want = by_label(labelled, start, which, *more)
        got = {tuple(g["key"]): sums_of(g["totals"]) for g in answer["groups"]}
        assert got and got.items() <= want.items() and len(want) == answer["total"]["groups"]
        if len(want) <= 200:
            assert got == want and answer["other"] is None
        assert [g["key"][0] for g in answer["groups"]] == [g["label"][0] for g in answer["groups"]]
        assert sums_of(answer["total"]["totals"]) == [sum(x) for x in zip(*want.values())]
        for g in answer["groups"]:
            assert sum(g["points"]["requests"]) == g["totals"]["requests"] == g["totals"]["ok"] + g["totals"]["errors"]
        before = [dt.datetime.fromisoformat(answer["compared_with"][k]) for k in ("from", "to")]
        previous = by_label([r for r in labelled if r["at"] < before[1]], before[0], which)
        assert answer["total"]["previous"]["requests"] == sum(x[0] for x in previous.values())
    label, sums = max(by_label(labelled, start, which).items(), key=lambda x: x[1][4])
    one = ask(owner, **since, **{which: label[0]})
    assert sums_of(one["total"]["totals"]) == sums and one["groups"] == []
    projects = ask(owner, **since, **{which: label[0]}, group_by="project")
    assert {g["key"][0]: g["totals"]["requests"] for g in projects["groups"]} == {
        project: s[0] for (name, project), s in by_label(labelled, start, which, "project").items() if name == label[0]}
    project = projects["groups"][0]["key"][0]
    mine = ask(owner, **since, group_by=which, project=project, limit=200)
    assert {g["key"][0] for g in mine["groups"]} <= {
        name for name, of in by_label(labelled, start, which, "project") if of == project}
    assert ask(owner, **since, **{which: "nobody' or ''='"})["total"]["totals"]["requests"] == 0


@pytest.mark.parametrize("which, table, name", [
    ("end_user", "rollup_end_users", "Everybody else"), ("source", "rollup_sources", "All other sources")])
def test_those_beyond_a_days_most_are_one(installation, quiet, now, which, table, name):
    at = (now - dt.timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    installation.query(
        f"insert into {table} (organisation_id, grain, project_id, label_id, requests, cost) "
        f"values ('{quiet.org}', '{stamp(at)}', '{quiet.project}', 0, 7, 2)")
    got = ask(quiet, **{"from": stamp(now - dt.timedelta(days=3))}, group_by=which, step="1h")["groups"]
    assert [(g["key"], g["label"], g["totals"]["requests"]) for g in got] == [([""], [name], 7)]
    installation.query(f"delete from {table} where organisation_id = '{quiet.org}'")


HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(\"https://evil.example\",\"x\")", "@SUM(1)", "'; drop table labels; --",
           "{{7*7}}", "b\u00fccher.example", "x" * 256]


def test_sources_are_shown_as_they_are(installation, quiet, now):
    """Whatever callers say of themselves: text in JSON, no formula in CSV, and it can be filtered for."""
    at = stamp((now - dt.timedelta(days=2)).replace(minute=0, second=0, microsecond=0))
    for n, value in enumerate(HOSTILE):
        quoted = value.replace("'", "''")
        installation.query(
            f"with l as (insert into labels (organisation_id, kind, value) values ('{quiet.org}', 1, '{quoted}') returning label_id) "
            f"insert into rollup_sources (organisation_id, grain, project_id, label_id, requests, cost) "
            f"select '{quiet.org}', '{at}', '{quiet.project}', label_id, {n + 1}, 0 from l")
    since = {"from": stamp(now - dt.timedelta(days=3)), "step": "1h"}
    want = {value: n + 1 for n, value in enumerate(HOSTILE)}
    got = ask(quiet, **since, group_by="source")["groups"]
    assert {g["key"][0]: g["totals"]["requests"] for g in got} == want and all(g["key"] == g["label"] for g in got)
    first = ask(quiet, **since, group_by="source", sort="requests", limit=2)
    assert [g["totals"]["requests"] for g in first["groups"]] == [7, 6]
    assert (first["other"]["groups"], first["other"]["totals"]["requests"]) == (5, 15)
    for value, n in want.items():
        assert ask(quiet, **since, source=value)["total"]["totals"]["requests"] == n
        assert ask(quiet, **since, tag=value)["total"]["totals"]["requests"] == 0
    status, text = quiet.call("GET", quiet.org_path + "/analytics/export", **since, group_by="source")
    lines = {x["source"]: int(x["requests"]) for x in csv.DictReader(io.StringIO(text))}
    assert status == 200
    assert lines == {("'" if value[0] in "=@" else "") + value: n for value, n in want.items()}
    installation.query(f"delete from rollup_sources where organisation_id = '{quiet.org}'")


def test_spans_of_an_older_daemon_are_made_again(installation, quiet, now):
    """One that still runs after the migration makes spans, and knows of no sources."""
    at = (now - dt.timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    query = {"from": stamp(at - dt.timedelta(days=2)), "to": stamp(at + dt.timedelta(days=2)), "step": "1d", "group_by": "source"}
    installation.query(
        f"with l as (insert into labels (organisation_id, kind, value) values ('{quiet.org}', 1, 'late') returning label_id) "
        "insert into rollup_sources (organisation_id, grain, project_id, label_id, requests) "
        f"select '{quiet.org}', '{stamp(at)}', '{quiet.project}', label_id, 3 from l")
    requests = lambda: [g["totals"]["requests"] for g in ask(quiet, **query)["groups"]]
    spans = f"from spans where organisation_id = '{quiet.org}' and ends_at > '{stamp(at)}' and starts_at <= '{stamp(at)}'"
    assert requests() == [3] and installation.query(f"select shape {spans}") == "2"
    installation.query(f"create table old_spans as select organisation_id, set_id, starts_at, ends_at {spans}")
    installation.query(f"delete {spans}")
    installation.query("insert into spans select * from old_spans")   # as that daemon does: it names no columns
    assert installation.query(f"select shape {spans}") == "1"
    assert requests() == [3] and installation.query(f"select shape {spans}") == "2"
    installation.query(f"drop table old_spans; delete {spans}; delete from rollup_sources where organisation_id = '{quiet.org}'")


def test_labels_of_another_organisation(owner, labelled, quiet, now):
    project = labelled[0]["project"]
    for which in ("tag", "end_user", "source"):
        name = next(iter(by_label(labelled, now - dt.timedelta(days=20), which)))[0]
        for query in ({"group_by": which}, {which: name}, {which: name, "group_by": which}, {which: name, "project": project}):
            answer = ask(quiet, **{"from": stamp(now - dt.timedelta(days=20))}, **query)
            assert answer["total"]["totals"]["requests"] == 0 and answer["groups"] == []


@pytest.mark.parametrize("which", ["tag", "source"])
def test_labels_as_csv(owner, labelled, now, which):
    status, text = owner.call("GET", owner.org_path + "/analytics/export", **{
        "from": stamp(now - dt.timedelta(days=10)), "group_by": which, "limit": "50"})
    assert status == 200
    answer = ask(owner, **{"from": stamp(now - dt.timedelta(days=10))}, group_by=which, limit=50)
    got = Counter()
    for x in csv.DictReader(io.StringIO(text)):
        got[x[which]] += int(x["requests"])
    assert got == {g["key"][0]: g["totals"]["requests"] for g in answer["groups"]} and got


@pytest.mark.parametrize("query, field", [
    ({"group_by": "tag,model"}, "group_by"), ({"group_by": "user,end_user"}, "group_by"),
    ({"group_by": "tag,end_user"}, "group_by"), ({"group_by": "model", "tag": "x"}, "group_by"),
    ({"group_by": "tag", "measures": "requests,p95_ms"}, "measures"), ({"end_user": "x", "measures": "cached_tokens"}, "measures"),
    ({"group_by": "end_user", "measures": "cache_savings"}, "measures"), ({"tag": "x", "sort": "cached_tokens"}, "sort"),
    ({"group_by": "tag", "model": "m"}, "model"), ({"tag": "x", "provider": "p"}, "provider"),
    ({"group_by": "end_user", "api_key": "00000000-0000-7000-8000-000000000001"}, "api_key"),
    ({"tag": "x", "user": "00000000-0000-7000-8000-000000000001"}, "user"), ({"tag": "x", "end_user": "y"}, "end_user"),
    ({"group_by": "source,model"}, "group_by"), ({"group_by": "source,tag"}, "group_by"), ({"group_by": "model", "source": "x"}, "group_by"),
    ({"source": "x", "measures": "ttft_p50_ms"}, "measures"), ({"group_by": "source", "provider": "p"}, "provider"),
    ({"tag": "x", "source": "y"}, "source"), ({"end_user": "x", "source": "y"}, "source"), ({"group_by": "source", "end_user": "y"}, "group_by"),
    ({"tag": ""}, "tag"), ({"end_user": "x" * 257}, "end_user"), ({"source": "x" * 257}, "source"), ({"source": ""}, "source")])
def test_what_labels_do_not_have_is_refused(owner, query, field):
    for path in ("/analytics", "/analytics/export"):
        status, problem = owner.call("GET", owner.org_path + path, **query)
        assert status == 422 and problem["field"] == field, problem
