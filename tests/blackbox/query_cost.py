"""What each statement of a database read, by auto_explain: EXPLAIN (ANALYZE, BUFFERS) of the very
statements that the daemons run."""
import datetime as dt
import json
import re

import demo_data
import harness
from control_client import Person

ENTRY = re.compile(r"^.*? LOG:  duration: [\d.]+ ms  plan:\n((?:\t.*\n)+)", re.MULTILINE)
SETTINGS = {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0",
            "auto_explain.log_analyze": "on", "auto_explain.log_buffers": "on",
            "auto_explain.log_timing": "off", "auto_explain.log_format": "json",
            # The plan for any parameter, as it is after a statement's fifth use: no test waits for that.
            "plan_cache_mode": "force_generic_plan"}


def explain_all(installation):
    """From now on for connections made after this."""
    for name, value in SETTINGS.items():
        installation.query(f'alter database "{installation.database}" set {name} = \'{value}\'')


def tables(plan):
    own = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return own.union(*(tables(p) for p in plan.get("Plans", [])))


def buffers(plan):
    return plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)


def scans(plan):
    """(kind, table) of each way to a table that was gone and led to rows: a partition of a few pages is read whole."""
    rows = plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)
    large = plan["Node Type"] != "Seq Scan" or buffers(plan) > 3
    own = [(plan["Node Type"], plan["Relation Name"])] if "Relation Name" in plan and rows and large else []
    return own + [s for p in plan.get("Plans", []) for s in scans(p)]


class Log:
    """What PostgreSQL has explained since this was made."""

    def __init__(self, log):
        self.log, self.start = log, log.stat().st_size

    def statements(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            f.seek(self.start)
            text = f.read()
        found = []
        for entry in ENTRY.findall(text):
            plan = json.loads(entry)
            top = plan["Plan"]
            found.append({"sql": plan["Query Text"], "tables": tables(top), "scans": scans(top),
                          "buffers": buffers(top)})
        return found


ROLLUPS = {"rollup_usage", "rollup_spans", "rollup_tags", "rollup_end_users", "rollup_sources", "rollup_label_spans",
           "rollup_provider_keys", "spend_windows"}
LOG_TABLES = {"requests", "request_details"}
OTHERS = {"labels", "audit_log"}   # these grow, too
# What shows the log itself; everything else reads rollups alone.
LOG_PATHS = re.compile(r"/failures$|/requests(/|$)|/impact$")


FEW_PAGES = 64   # a partition of a day that has only begun is read whole sooner than by its index


def pages_of(installation, table):
    return int(installation.query(f"select pg_relation_size('{table}') / 8192"))


def of_pages(pg, installation, now, every=False, zones=demo_data.ZONES):
    """(page, zone, path, groups, statement) -> buffers of everything that the dashboard's pages ask for of what
    grows with requests. Charts read rollups alone; lists of requests read the log by its index alone."""
    explain_all(installation)
    if every:
        name_some(installation)
    control = harness.Control(installation)
    try:
        person, found = Person(control, installation.email), {}
        asked = [*demo_data.pages(now, every, zones), *(other_pages(person, now) if every else [])]
        for page, path, query in asked:
            make_spans(person, path, query)
        for page, path, query in asked:
            log = Log(pg.folder / "server.log")
            ask(person, path, query)
            for s in log.statements():
                tables = {re.sub(r"_r\d+(_\d+)?$", "", t) for t in s["tables"]}
                if tables & (LOG_TABLES | ROLLUPS | OTHERS):
                    assert LOG_PATHS.search(path) or not tables & LOG_TABLES, (page, s["sql"])
                    whole = {x for x in s["scans"] if x[0] == "Seq Scan" and x[1].startswith(("request", "rollup"))}
                    large = [x for x in whole if pages_of(installation, x[1]) > FEW_PAGES]
                    assert not large, (page, large, s)
                    key = (page, query.get("tz", "-"), re.sub(r"[0-9a-f-]{36}", "ID", path), query.get("group_by", "-"),
                           statement_of(s["sql"], tables))
                    found[key] = max(found.get(key, 0), s["buffers"])
        return found
    finally:
        control.stop()


def make_spans(person, path, query):
    """Those of a month can take a busy machine longer than a client waits; each that is made stays."""
    try:
        ask(person, path, query)
    except TimeoutError:
        ask(person, path, query)


def ask(person, path, query):
    """Of the organisation, or of the instance."""
    status, answer = person.call("GET", path if path.startswith("/api/") else person.org_path + path, **query)
    assert status == 200, (path, query, answer)
    return answer


def activity(person, now):
    """(page, path, query): the list with what can limit it, over a month, and its file."""
    newest = ask(person, "/requests", {"limit": 1})["items"][0]
    project, key = newest["project_id"], newest["api_key"]["id"]
    failed = ask(person, "/requests", {"limit": 1, "status": "error"})["items"][0]
    user = ask(person, "/analytics", {"group_by": "end_user", "measures": "requests", "limit": 1})["groups"][0]["key"][0]
    month = {"limit": 100, "from": demo_data.stamp(now - dt.timedelta(days=30))}
    filters = {
        "everything": {}, "errors": {"status": "error"}, "4xx": {"status": "4xx"}, "5xx": {"status": "5xx"},
        "what went well": {"status": "ok"}, "2xx": {"status": "2xx"}, "interrupted": {"outcome": "interrupted"},
        "clients that left": {"outcome": "client_gone"}, "a key": {"api_key": key}, "a key's errors": {"api_key": key, "status": "error"},
        "a model": {"model": newest["model"]}, "a provider": {"provider": newest["provider"]},
        "a model's errors": {"model": failed["model"], "status": "error"}, "a key and model": {"api_key": key, "model": newest["model"]},
        "streamed": {"streamed": "true"}, "whole": {"streamed": "false"}, "dear": {"min_cost": "0.1"},
        "slow": {"min_duration_ms": 60000}, "an end user": {"end_user": user},
        "an end user's errors": {"end_user": user, "status": "error"},
        # What fits nothing is the worst that can be asked.
        "nobody's key": {"api_key": NOBODY}, "no model": {"model": "nobody/nothing"}, "no provider": {"provider": "nowhere"},
        "a model nobody used": {"model": "gpt-4"}, "too dear": {"min_cost": "1000000"},
        "dearer than any, not than all": {"min_cost": "5"}, "too slow": {"min_duration_ms": 86400000},
        "no end user": {"end_user": "nobody"}, "a key's whole, too slow": {"api_key": key, "streamed": "false", "min_duration_ms": 80000000},
    }
    for name, query in filters.items():
        yield f"activity, {name}", "/requests", month | query
        if "api_key" not in query:
            yield f"activity of a project, {name}", "/requests", month | query | {"project": project}
    for name, query in (("a key", {"api_key": key}), ("everything", {}), ("a model", {"model": newest["model"]})):
        page = ask(person, "/requests", month | query)
        for i in range(3):
            page = ask(person, "/requests", month | query | {"cursor": page["next_cursor"]})
        yield f"activity, {name}, page 5", "/requests", month | query | {"cursor": page["next_cursor"]}
    yield "activity of a request", f"/requests/{newest['id']}", {}
    yield "activity by id", "/requests", month | {"q": newest["id"]}
    yield "activity by an id's beginning", "/requests", month | {"q": newest["id"][:8]}
    yield "activity by no id", "/requests", month | {"q": NOBODY}
    yield "activity by client's id", "/requests", {"limit": 100, "client_request_id": "a client's"}
    yield "activity by no client's id", "/requests", {"limit": 100, "client_request_id": "nobody's"}
    yield "activity's file", "/requests/export", {"from": demo_data.stamp(now - dt.timedelta(minutes=20))}
    yield "activity's file of errors", "/requests/export", {"from": demo_data.stamp(now - dt.timedelta(hours=24)), "status": "error"}
    yield "activity's file of a key", "/requests/export", {"from": demo_data.stamp(now - dt.timedelta(hours=1)), "api_key": key}


NOBODY = "01890000-0000-7000-8000-000000000000"


def name_some(installation):
    """A client's own id for some requests of all ages, and more of the newest day: made-up traffic has none."""
    installation.query(
        "with chosen as ((select * from requests order by request_id desc limit 40) union "
        "select * from (select * from requests tablesample bernoulli (0.1) limit 20) x) "
        "insert into request_details as d (organisation_id, retention_days, day, request_id, client_request_id) "
        "select organisation_id, retention_days, day, request_id, 'a client''s' from chosen "
        "on conflict (organisation_id, retention_days, day, request_id) do update set client_request_id = excluded.client_request_id")


def other_pages(person, now):
    """(page, path, query) of the pages that are no charts, with ids of this organisation. The busiest key is one of
    those whose traffic is looked at."""
    newest = ask(person, "/requests", {"limit": 1})["items"][0]
    project, key = newest["project_id"], newest["api_key"]["id"]
    keys = f"/projects/{project}/api-keys"
    yield from activity(person, now)
    for name, hours in (("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720)):
        times = {"from": demo_data.stamp(now - dt.timedelta(hours=hours)), "tz": "Asia/Kolkata"}
        if name == "7d":
            times["step"] = "3h"   # as the dashboard does over 30 hours
        for group in ({}, {"group_by": "model", "limit": 50}, {"group_by": "provider", "limit": 50},
                      {"group_by": "api_key", "limit": 50}):
            yield f"activity {name}", "/usage", times | group
    yield "projects", "/projects", {"limit": 200}
    yield "API keys", keys, {"limit": 200}
    yield "API key's impact", f"{keys}/{key}/impact", {}
    yield "provider keys", "/provider-keys", {"limit": 200}
    yield "members", "/members", {"limit": 200}
    yield "audit", "/audit", {"limit": 50}
    yield "custom providers", "/custom-providers", {}
    yield "organisations", "/api/v1/instance/organisations", {"limit": 50}


def statement_of(sql, tables):
    for name, mark in (("failures", "from requests r"), ("groups", "row_number()"), ("savings", "prices as materialized"),
                       ("histograms", "unnest(duration_hist"), ("cells", "sum(counted)"), ("cells", "sum(requests - errors)::bigint")):
        if mark in sql:
            return name
    return "spans" if "rollup_spans" in tables or "spans" in tables else " ".join(sorted(tables))


def table(*runs):
    """The dearest statements, a line each, with the buffers of each run."""
    keys = sorted(runs[-1], key=runs[-1].get, reverse=True)[:12]
    return "\n".join(" ".join(str(r.get(k, "-")).rjust(6) for r in runs) + "  " + " · ".join(k) for k in keys)
