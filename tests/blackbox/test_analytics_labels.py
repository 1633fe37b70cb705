"""Analytics by tag and by end user: against the request log by hand, and what they do not have is refused."""
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
    """(at, project, outcome, tokens, cost, [tags], end user) of every request: tags are the keys', end users the log's."""
    demo_data.fill(pg, installation.database, owner.org, owner.session["user"]["id"], 12000)
    found = installation.rows(
        "select r.created_at, r.project_id::text as project, k.name as key, r.outcome, r.input_tokens, r.output_tokens, "
        "r.cost::text, l.value as end_user from requests r join api_keys k using (organisation_id, api_key_id) "
        "left join labels l on l.organisation_id = r.organisation_id and l.label_id = r.end_user_id "
        f"where r.organisation_id = '{owner.org}'")
    tags = {"support staging": ["env:staging", "feature:chat"], "mail triage": ["env:production", "feature:triage"],
            "search production": ["env:production", "feature:search"], "search indexing": ["env:production", "feature:indexing"],
            "search staging": ["env:staging", "feature:search"], "ci review bot": ["team:platform"],
            "nightly evaluation": ["team:evaluation"], "support production": ["env:production", "feature:chat"]}
    for r in found:
        r["at"], r["tags"] = dt.datetime.fromisoformat(r["created_at"]), tags.get(r["key"], [])
    return found


def by_label(rows, start, which, *more):
    """What each tag or end user, and what `more` names beside it, comes to."""
    want = defaultdict(lambda: [0, 0, 0, 0, Decimal(0)])
    for r in rows:
        if r["at"] < start:
            continue
        for label in r["tags"] if which == "tag" else [r["end_user"]] if r["end_user"] else []:
            sums = want[(label, *(r[m] for m in more))]
            for i, v in enumerate((1, r["outcome"] != 0, r["input_tokens"], r["output_tokens"], Decimal(r["cost"]))):
                sums[i] += v
    return want


def sums_of(totals):
    return [totals["requests"], totals["errors"], totals["input_tokens"], totals["output_tokens"], Decimal(totals["cost"])]


@pytest.mark.parametrize("which", ["tag", "end_user"])
@pytest.mark.parametrize("days, zone", [(1, "UTC"), (13, "Asia/Kolkata"), (29, "Europe/Vienna")])
def test_tags_and_end_users_are_the_logs(owner, labelled, now, which, days, zone):
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


def test_end_users_beyond_a_days_most_are_one(installation, quiet, now):
    at = (now - dt.timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    installation.query(
        f"insert into rollup_end_users (organisation_id, grain, project_id, label_id, requests, cost) "
        f"values ('{quiet.org}', '{stamp(at)}', '{quiet.project}', 0, 7, 2)")
    got = ask(quiet, **{"from": stamp(now - dt.timedelta(days=3))}, group_by="end_user", step="1h")["groups"]
    assert [(g["key"], g["label"], g["totals"]["requests"]) for g in got] == [([""], ["Everybody else"], 7)]
    installation.query(f"delete from rollup_end_users where organisation_id = '{quiet.org}'")


def test_tags_and_end_users_of_another_organisation(owner, labelled, quiet, now):
    project = labelled[0]["project"]
    for which in ("tag", "end_user"):
        name = next(iter(by_label(labelled, now - dt.timedelta(days=20), which)))[0]
        for query in ({"group_by": which}, {which: name}, {which: name, "group_by": which}, {which: name, "project": project}):
            answer = ask(quiet, **{"from": stamp(now - dt.timedelta(days=20))}, **query)
            assert answer["total"]["totals"]["requests"] == 0 and answer["groups"] == []


def test_tags_and_end_users_as_csv(owner, labelled, now):
    status, text = owner.call("GET", owner.org_path + "/analytics/export", **{
        "from": stamp(now - dt.timedelta(days=10)), "group_by": "tag", "limit": "50"})
    assert status == 200
    answer = ask(owner, **{"from": stamp(now - dt.timedelta(days=10))}, group_by="tag", limit=50)
    got = Counter()
    for x in csv.DictReader(io.StringIO(text)):
        got[x["tag"]] += int(x["requests"])
    assert got == {g["key"][0]: g["totals"]["requests"] for g in answer["groups"]} and got


@pytest.mark.parametrize("query, field", [
    ({"group_by": "tag,model"}, "group_by"), ({"group_by": "user,end_user"}, "group_by"),
    ({"group_by": "tag,end_user"}, "group_by"), ({"group_by": "model", "tag": "x"}, "group_by"),
    ({"group_by": "tag", "measures": "requests,p95_ms"}, "measures"), ({"end_user": "x", "measures": "cached_tokens"}, "measures"),
    ({"group_by": "end_user", "measures": "cache_savings"}, "measures"), ({"tag": "x", "sort": "cached_tokens"}, "sort"),
    ({"group_by": "tag", "model": "m"}, "model"), ({"tag": "x", "provider": "p"}, "provider"),
    ({"group_by": "end_user", "api_key": "00000000-0000-7000-8000-000000000001"}, "api_key"),
    ({"tag": "x", "user": "00000000-0000-7000-8000-000000000001"}, "user"), ({"tag": "x", "end_user": "y"}, "end_user"),
    ({"tag": ""}, "tag"), ({"end_user": "x" * 257}, "end_user")])
def test_what_tags_and_end_users_do_not_have_is_refused(owner, query, field):
    for path in ("/analytics", "/analytics/export"):
        status, problem = owner.call("GET", owner.org_path + path, **query)
        assert status == 422 and problem["field"] == field, problem
