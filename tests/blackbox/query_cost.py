"""What each statement of a database read, by auto_explain: EXPLAIN (ANALYZE, BUFFERS) of the very
statements that the daemons run."""
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
    """(kind, table) of each way to a table that was gone."""
    own = [(plan["Node Type"], plan["Relation Name"])] if "Relation Name" in plan and plan["Actual Loops"] else []
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


ROLLUPS = {"rollup_usage", "rollup_spans", "rollup_tags", "rollup_end_users", "rollup_label_spans"}
LOG_TABLES = {"requests"}


def of_pages(pg, installation, now, every=False):
    """(page, zone, path, groups, statement) -> buffers of everything that the dashboard's pages ask for.
    Charts read rollups alone; the list of failures reads the log by its index alone."""
    explain_all(installation)
    control = harness.Control(installation)
    try:
        person, found = Person(control, installation.email), {}
        for page, path, query in demo_data.pages(now, every):   # makes the spans
            person.get(person.org_path + path, **query)
        for page, path, query in demo_data.pages(now, every):
            log = Log(pg.folder / "server.log")
            person.get(person.org_path + path, **query)
            for s in log.statements():
                tables = {re.sub(r"_r\d+(_\d+)?$", "", t) for t in s["tables"]}
                if tables & (LOG_TABLES | ROLLUPS):
                    assert path == "/failures" or not tables & LOG_TABLES, (page, s["sql"])
                    assert not [x for x in s["scans"] if x[0] == "Seq Scan" and x[1].startswith(("requests", "rollup"))], s
                    key = (page, query.get("tz", "-"), path, query.get("group_by", "-"), statement_of(s["sql"]))
                    found[key] = max(found.get(key, 0), s["buffers"])
        return found
    finally:
        control.stop()


def statement_of(sql):
    for name, mark in (("failures", "from requests r"), ("groups", "row_number()"), ("savings", "prices as materialized"),
                       ("histograms", "unnest(duration_hist"), ("cells", "sum(counted)"), ("cells", "sum(requests - errors)::bigint")):
        if mark in sql:
            return name
    return "spans"


def table(*runs):
    """The dearest statements, a line each, with the buffers of each run."""
    keys = sorted(runs[-1], key=runs[-1].get, reverse=True)[:12]
    return "\n".join(" ".join(str(r.get(k, "-")).rjust(6) for r in runs) + "  " + " · ".join(k) for k in keys)
