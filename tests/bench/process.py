"""The bench's rows of the process itself: memory at rest, from start to first answer, one more worker."""
import json
import statistics
import subprocess
import time
import urllib.request

import throughput
from streams import resident_kb

KEYS, REST_TARGET_KB, WORKERS_TARGET = 10_000, 25_600, 1.8


def psql(bench, sql):
    subprocess.run(["psql", "-q", "-X", bench.env["DOTEB_DATABASE_URL"], "-c", sql], check=True,
                   stdout=subprocess.DEVNULL)


def answered(bench):
    body = json.dumps({"model": throughput.MODEL, "messages": [{"role": "user", "content": "x"}]}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{bench.gw_port}/v1/chat/completions", body,
                                     {"Authorization": f"Bearer {bench.key}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as r:
            return r.status == 200
    except OSError:
        return False


def start(bench, found):
    psql(bench, "insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, hash, last4) "
                "select k.organisation_id, gen_random_uuid(), k.project_id, k.owner_id, 'bulk ' || g, "
                "sha256(('bulk ' || g)::bytea), 'bulk' from (select * from api_keys where last4 <> 'bulk' limit 1) k, "
                f"generate_series(1, {KEYS}) g")
    psql(bench, "analyze api_keys")
    looks, starts, rests = [], [], []
    for _ in range(bench.args.runs):
        before = time.monotonic()
        psql(bench, "select 1")
        looks.append(time.monotonic() - before)
        bench.stop_gateway()
        before = time.monotonic()
        bench.start_gateway(bench.args.workers, wait=False)
        while not answered(bench):
            time.sleep(0.002)
        starts.append(time.monotonic() - before)
        rests.append(resident_kb(bench))
    took, limit = statistics.median(starts), 3 * statistics.median(looks) + 0.3
    rest = statistics.median(rests)
    found["start"] = {"keys": KEYS, "first_answer_ms": round(1000 * took), "target_ms": round(1000 * limit)}
    found["resident_at_rest_kb"] = rest
    print(f"\nstart to first answer with {KEYS:,} keys: {1000 * took:.0f} ms (target {1000 * limit:.0f})\n"
          f"resident after it: {rest:,.0f} KB (target {REST_TARGET_KB:,})", flush=True)


def one_more_worker(bench, found):
    """By CPU, which the load's side does not limit: what two workers can serve beside one. Each has 64
    connections. nginx is asked the same: of two cores the second is the load's, too, and takes cache and time."""
    cpu = {"nginx": {}, "gateway": {}}
    lua = throughput.script(bench, 250, False)
    for workers in (1, 2):
        bench.stop_gateway()
        bench.start_gateway(workers)
        bench.restart_nginx(workers)
        samples = {"nginx": [], "gateway": []}
        for turn in range(bench.args.runs + 1):
            for name, values in samples.items():
                value, *_ = throughput.measure(bench, name, 64 * workers, lua, False)
                if turn:   # the first warms up
                    values.append(value)
        for name, values in samples.items():
            cpu[name][workers] = statistics.median(values)
    ratio = {name: 2 * c[1] / c[2] for name, c in cpu.items()}
    found["workers"] = {"cpu_us": cpu, "two_beside_one": {k: round(v, 3) for k, v in ratio.items()}}
    print(f"CPU a request with one worker {cpu['gateway'][1]:.1f} us, with two {cpu['gateway'][2]:.1f}: two serve "
          f"{ratio['gateway']:.2f} of one (target {WORKERS_TARGET}; nginx {ratio['nginx']:.2f})", flush=True)
    bench.stop_gateway()
    bench.start_gateway(bench.args.workers)
    bench.restart_nginx(1)


def rows(bench, found):
    bench.await_providers([throughput.MODEL])
    start(bench, found)
    one_more_worker(bench, found)
