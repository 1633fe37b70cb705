"""The month of made-up traffic of `make demo-data`, for an organisation of a test, and what each page of
the dashboard asks for."""
import datetime as dt
import subprocess

from harness import ROOT

UTC = dt.timezone.utc
OVERVIEW = "requests,ok,errors,cost,input_tokens,cached_tokens,cache_savings,ttft_p50_ms,ttft_p95_ms"
OUTCOMES = "requests,ok,client_errors,gateway_errors,upstream_errors,client_gone,interrupted"
MODELS = "requests,upstream_errors,interrupted,throughput,p50_ms,ttft_p50_ms,ttft_p95_ms"
EXPLORER = "requests,errors,input_tokens,cached_tokens,output_tokens,cost,p50_ms,p95_ms,p99_ms,ttft_p50_ms,ttft_p95_ms"

LABELS = "requests,errors,input_tokens,output_tokens,cost"

GROUPS = ("api_key,model", "outcome,model", "model", "provider", "user,provider", "project")


def fill(pg, database, org, owner, rows, seed=0.5):
    done = subprocess.run(
        ["psql", "-Xq", pg.url(database), "-v", f"org={org}", "-v", f"owner={owner}", "-v", f"rows={rows}",
         "-v", f"seed={seed}", "-f", str(ROOT / "deploy/local/demo-data.sql")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def stamp(at):
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


ZONES = ("UTC", "Europe/Vienna", "Asia/Kolkata")


def pages(now, every=False, zones=ZONES):
    """(page and range, path, query): what src/pages/overview, analytics and models ask the API. Those that
    read most; or every one."""
    for name, hours in (("24h", 24), ("7d", 168), ("30d", 720)):
        if name == "7d" and not every:
            continue
        times = {"from": stamp(now - dt.timedelta(hours=hours))}
        for zone in zones if every else ("Asia/Kolkata",):
            local = times | {"tz": zone}
            yield f"overview {name}", "/analytics", local | {"measures": OVERVIEW, "compare": "previous"}
            yield f"overview {name}", "/analytics", local | {"measures": "cost,requests", "group_by": "model", "limit": 6}
            yield f"overview {name}", "/analytics", local | {"measures": OUTCOMES, "group_by": "provider", "limit": 12}
            for group in GROUPS if every else GROUPS[:2]:
                yield (f"analytics {name} by {group}", "/analytics",
                       local | {"measures": EXPLORER, "group_by": group, "compare": "previous", "limit": 12})
            for group in ("tag", "end_user", "source", "tag,project", "project,end_user", "source,project") if every else ("tag", "end_user", "source"):
                yield (f"analytics {name} by {group}", "/analytics",
                       local | {"measures": LABELS, "group_by": group, "compare": "previous", "limit": 25})
        yield f"overview {name}", "/failures", times | {"limit": 8}
    yield "models", "/analytics", {"from": stamp(now - dt.timedelta(hours=24)), "group_by": "model,provider",
                                   "measures": MODELS, "limit": 200, "sort": "requests"}
