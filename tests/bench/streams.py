"""The bench's rows of streams: when the first text comes, how many events a worker passes on before it lags,
and what many quiet streams hold of memory."""
import json
import resource
import statistics
import subprocess
import time
from pathlib import Path

from throughput import MODEL, TLS_MODEL

FIRST_TARGET, EVENTS_TARGET, RESIDENT_TARGET_KB = 2.0, 50_000, 64
STREAMS, CHUNKS, GAP_MS = 400, 100, 20
LADDER = (200, 400, 600, 800, 1000, 1200, 1400, 1600, 2000, 2400)
QUIET, QUIET_CHUNKS, RAMP_MS = 10_000, 16, 6000


def request(bench, model, chunks, gap_ms):
    """A whole HTTP request in a file."""
    body = json.dumps({"model": model, "stream": True, "messages": [
        {"role": "user", "content": f"Go on. [sim chunks={chunks} gap_ms={gap_ms}]"}]})
    path = bench.dir / f"stream-{model.partition('/')[0]}-{chunks}-{gap_ms}.http"
    path.write_text("POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                    f"Authorization: Bearer {bench.key}\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    return path


def command(bench, port, streams, path, seconds, ramp_ms):
    return ["taskset", "-c", bench.load_cores, str(bench.build / "tests/bench/stream_load"), "--port", str(port),
            "--streams", str(streams), "--request", str(path), "--seconds", str(seconds), "--ramp-ms", str(ramp_ms)]


def load(bench, port, streams, path, seconds, ramp_ms):
    out = subprocess.run(command(bench, port, streams, path, seconds, ramp_ms), check=True, capture_output=True,
                         text=True, timeout=120).stdout
    return judged(bench, json.loads(out))


def judged(bench, got):
    if got["broken"] or got["whole"] != got["asked"]:
        raise SystemExit(f"bench: streams were cut: {got}\n" + (bench.dir / "gateway.log").read_text()[-2000:])
    return got


def first_events(bench, found):
    """400 streams of 100 events, 20 ms apart: what is added to the time of the first text."""
    path = request(bench, MODEL, CHUNKS, GAP_MS)
    ports = {"direct": bench.sim_port, "nginx": bench.nginx_stream_port, "gateway": bench.gw_port}
    samples = {name: [] for name in ports}
    for _ in range(bench.args.runs):
        for name, port in ports.items():
            samples[name].append(load(bench, port, STREAMS, path, 4, CHUNKS * GAP_MS))
    cell = {name: {k: statistics.median(v[k] for v in values) for k in values[0]} for name, values in samples.items()}
    added = {name: cell[name]["first_p99_us"] - cell["direct"]["first_p99_us"] for name in ("nginx", "gateway")}
    ratio = added["gateway"] / max(added["nginx"], 1)
    found["first_event"] = cell | {"added_p99_us": added, "ratio": round(ratio, 3)}
    print(f"\n{STREAMS} streams of {CHUNKS} events, {GAP_MS} ms apart:\n{'':8} {'text p50 us':>13} {'p99':>7} "
          f"{'added p99':>10} {'gap p99 us':>11}")
    for name, values in cell.items():
        print(f"{name:8} {values['first_p50_us']:13.0f} {values['first_p99_us']:7.0f} "
              f"{added.get(name, 0):10.0f} {values['gap_p99_us']:11.0f}")
    print(f"added p99 beside nginx's: {ratio:.2f} (target {FIRST_TARGET})", flush=True)


def capacity(bench, found):
    """More and more streams until the gap between events of the slowest hundredth doubles. Beside it the
    same load without the gateway, which tells when the load's own side is the limit."""
    path = request(bench, MODEL, CHUNKS, GAP_MS)
    print(f"\n{'streams':>8} {'events/s':>9} {'gap p99 us':>11} {'direct':>8} {'CPU us/event':>13}")
    rungs, limit = [], None
    for streams in LADDER:
        direct = load(bench, bench.sim_port, streams, path, 4, CHUNKS * GAP_MS)
        before = bench.cpu_us([bench.gateway.pid])
        got = load(bench, bench.gw_port, streams, path, 4, CHUNKS * GAP_MS)
        cpu = (bench.cpu_us([bench.gateway.pid]) - before) / got["events"]
        rungs.append({"streams": streams, "per_second": round(got["events"] / got["us"] * 1e6),
                      "gap_p99_us": got["gap_p99_us"], "direct_gap_p99_us": direct["gap_p99_us"],
                      "cpu_us": round(cpu, 2)})
        print(f"{streams:8} {rungs[-1]['per_second']:9} {got['gap_p99_us']:11} {direct['gap_p99_us']:8} {cpu:13.2f}",
              flush=True)
        if got["gap_p99_us"] > 2 * rungs[0]["gap_p99_us"]:
            limit = "the gateway" if direct["gap_p99_us"] <= 2 * rungs[0]["direct_gap_p99_us"] else "the load's side"
            break
    best = min(r["cpu_us"] for r in rungs)
    found["events"] = {"rungs": rungs, "doubled_by": limit, "per_core_by_cpu": round(1e6 / best)}
    print(f"gap doubled by: {limit or 'nothing, to the end'}; by its CPU a core passes on {1e6 / best:,.0f} events/s "
          f"(target {EVENTS_TARGET:,})", flush=True)


def resident_kb(bench):
    status = Path(f"/proc/{bench.gateway.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def quiet(bench, found):
    """Ten thousand streams with an event a second: whole, and what each holds."""
    # Two descriptors a stream in the gateway, and a few of its own.
    streams = min(QUIET, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200) // 2)
    for model, what in ((MODEL, "plain HTTP"), (TLS_MODEL, "TLS to the provider")):
        bench.stop_gateway()
        bench.start_gateway(bench.args.workers)
        bench.await_providers([model])
        n = streams if model == MODEL else streams // 4   # nginx's TLS side has one core with the others
        rest = resident_kb(bench)
        run = subprocess.Popen(command(bench, bench.gw_port, n, request(bench, model, QUIET_CHUNKS, 1000), 0, RAMP_MS),
                               stdout=subprocess.PIPE, text=True)
        time.sleep(RAMP_MS / 1000 + 5)
        each = (resident_kb(bench) - rest) / n
        got = judged(bench, json.loads(run.communicate(timeout=120)[0]))
        found["quiet" + ("_tls" if model == TLS_MODEL else "")] = {
            "streams": n, "whole": got["whole"], "resident_kb_each": round(each, 1), "at_rest_kb": rest}
        target = f" (target {RESIDENT_TARGET_KB})" if model == MODEL else ""
        print(f"{n:,} quiet streams, {what}: {got['whole']:,} whole, {each:.1f} KB resident each{target}", flush=True)


def rows(bench, found):
    bench.await_providers([MODEL, TLS_MODEL])
    first_events(bench, found)
    capacity(bench, found)
    quiet(bench, found)
