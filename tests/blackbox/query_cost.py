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


def scans(plan):
    """(kind, table) of each way to a table that was gone and led to rows: a partition without any is read whole."""
    rows = plan.get("Actual Rows", 0) + plan.get("Rows Removed by Filter", 0)
    own = [(plan["Node Type"], plan["Relation Name"])] if "Relation Name" in plan and rows else []
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
                          "buffers": top.get("Shared Hit Blocks", 0) + top.get("Shared Read Blocks", 0)})
        return found


ROLLUPS = {"rollup_usage", "rollup_spans", "rollup_tags", "rollup_end_users", "rollup_sources", "rollup_label_spans",
           "rollup_provider_keys", "spend_windows"}
LOG_TABLES = {"requests", "request_details"}
OTHERS = {"labels", "audit_log"}   # these grow, too
# What shows the log itself; everything else reads rollups alone.
LOG_PATHS = re.compile(r"/failures$|/requests(/|$)|/impact$")


def of_pages(pg, installation, now, every=False):
    """(page, zone, path, groups, statement) -> buffers of everything that the dashboard's pages ask for of what
    grows with requests. Charts read rollups alone; lists of requests read the log by its index alone."""
    explain_all(installation)
    control = harness.Control(installation)
    try:
        person, found = Person(control, installation.email), {}
        asked = [*demo_data.pages(now, every), *(other_pages(person, now) if every else [])]
        for page, path, query in asked:   # makes the spans
            ask(person, path, query)
        for page, path, query in asked:
            log = Log(pg.folder / "server.log")
            ask(person, path, query)
            for s in log.statements():
                tables = {re.sub(r"_r\d+(_\d+)?$", "", t) for t in s["tables"]}
                if tables & (LOG_TABLES | ROLLUPS | OTHERS):
                    assert LOG_PATHS.search(path) or not tables & LOG_TABLES, (page, s["sql"])
                    assert not [x for x in s["scans"] if x[0] == "Seq Scan" and x[1].startswith(("request", "rollup"))], s
                    key = (page, query.get("tz", "-"), re.sub(r"[0-9a-f-]{36}", "ID", path), query.get("group_by", "-"),
                           statement_of(s["sql"], tables))
                    found[key] = max(found.get(key, 0), s["buffers"])
        return found
    finally:
        control.stop()


def ask(person, path, query):
    """Of the organisation, or of the instance."""
    status, answer = person.call("GET", path if path.startswith("/api/") else person.org_path + path, **query)
    assert status == 200, (path, query, answer)
    return answer


def other_pages(person, now):
    """(page, path, query) of the pages that are no charts, with ids of this organisation. The busiest key is one of
    those whose traffic is looked at; what is searched for is the newest request."""
    newest = ask(person, "/requests", {"limit": 1})["items"][0]
    project, key = newest["project_id"], newest["api_key"]["id"]
    keys = f"/projects/{project}/api-keys"
    yield "activity", "/requests", {"limit": 50}
    yield "activity", "/requests", {"limit": 50, "project": project}
    yield "activity of errors", "/requests", {"limit": 50, "status": "error"}
    yield "activity of a key", "/requests", {"limit": 50, "api_key": key}
    yield "activity of a request", f"/requests/{newest['id']}", {}
    yield "activity by id", "/requests", {"limit": 5, "q": newest["id"][:18]}
    yield "activity by client's id", "/requests", {"limit": 5, "client_request_id": "nobody's"}
    for name, hours in (("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720)):
        times = {"from": demo_data.stamp(now - dt.timedelta(hours=hours)), "tz": "Asia/Kolkata"}
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
