#!/usr/bin/env python3
"""What a request costs the gateway in things that can be counted, whatever else runs on the machine:
instructions of its own and of libraries by thread (callgrind), or system calls (strace).

    tests/with_postgres.sh python3 tests/bench/count.py instructions [--keep FOLDER]
    tests/with_postgres.sh python3 tests/bench/count.py calls

Uses build/release as tests/bench/run leaves it. With --keep, callgrind_annotate --inclusive=yes
FOLDER/callgrind-NN shows where they go.
"""
import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bench  # noqa: E402
import throughput  # noqa: E402
import translation  # noqa: E402

START_SECONDS = 60  # valgrind takes its time


def settings(**more):
    values = {"runs": 1, "seconds": 1, "workers": 1, "wrap": "", "keep": False}
    return argparse.Namespace(**{**values, **more})


def start(wrap=""):
    b = bench.Bench(settings(wrap=wrap))
    wait = bench.wait_http
    bench.wait_http = lambda url: wait(url, START_SECONDS)
    b.start_simulator()
    b.start_nginx()  # prepare() trusts its certificate
    b.prepare()
    b.start_gateway(b.args.workers)
    b.await_providers([throughput.MODEL])
    return b


def load_of(b, args):
    """What one run of the load is: seconds -> number of requests."""
    if not args.pair:
        lua = throughput.script(b, args.size, False)
        return lambda seconds: b.load(b.gw_port, args.connections, seconds, lua, "/v1/chat/completions")[0]
    client, provider = args.pair.split(":")
    translation.add_providers(b)
    b.await_providers([f"{p}/{m}" for p, m, _ in translation.PROVIDERS.values()])
    lua, path = translation.script(b, client, provider, args.stream)
    return lambda seconds: b.load(b.gw_port, args.connections, seconds, lua, path)[0]


def count_instructions(args):
    folder = Path(args.keep or tempfile.mkdtemp(prefix="doteb-count-"))
    folder.mkdir(exist_ok=True)
    b = start(f"valgrind --tool=callgrind --separate-threads=yes --instr-atstart=no "
              f"--callgrind-out-file={folder}/callgrind")
    pid = str(b.gateway.pid)
    try:
        load = load_of(b, args)
        load(2)
        subprocess.run(["callgrind_control", "-i", "on", pid], check=True, capture_output=True)
        n = load(args.seconds)
        time.sleep(1)  # the ledger writes the last rows
        subprocess.run(["callgrind_control", "-i", "off", pid], check=True, capture_output=True)
    finally:
        b.stop()
    total = 0
    for path in sorted(folder.glob("callgrind-*")):
        found = re.search(r"^totals: (\d+)", path.read_text(errors="replace"), re.M)
        spent = int(found.group(1)) if found else 0
        total += spent
        if spent > n:
            print(f"{path.name}: {spent / n:,.0f} instructions a request")
    print(f"{total / n:,.0f} instructions a request, {n} requests")
    if not args.keep:
        shutil.rmtree(folder)


def count_calls(args):
    b = start()
    try:
        load = load_of(b, args)
        load(1)
        out = b.dir / "strace.txt"
        trace = subprocess.Popen(["strace", "-f", "-c", "-o", out, "-p", str(b.gateway.pid)],
                                 stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        n = load(args.seconds)
        trace.send_signal(signal.SIGINT)
        trace.wait()
        for line in out.read_text().splitlines():
            fields = line.split()
            if len(fields) >= 5 and fields[3].isdigit() and int(fields[3]) > n / 1000:
                print(f"{fields[-1]:16} {int(fields[3]) / n:6.3f} a request")
    finally:
        b.stop()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("what", choices=["instructions", "calls"])
    p.add_argument("--connections", type=int, default=16)
    p.add_argument("--size", type=int, default=250)
    p.add_argument("--seconds", type=int, default=8)
    p.add_argument("--pair", metavar="CLIENT:PROVIDER", help="a pair of translation.py")
    p.add_argument("--stream", action="store_true", help="with --pair: streams of 100 events")
    p.add_argument("--keep", metavar="FOLDER", help="keep callgrind's files there")
    args = p.parse_args()
    (count_instructions if args.what == "instructions" else count_calls)(args)


if __name__ == "__main__":
    main()
