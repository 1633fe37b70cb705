#!/usr/bin/env python3
"""make bench: what the gateway costs beside nginx, in one run on one machine.

direct, nginx (deploy/nginx.conf) and the gateway with everything on (keys, ledger to PostgreSQL,
logs, metrics) serve the same load in turns; the proxy under test has core 0 to itself, the load
generator (wrk), the simulator and PostgreSQL have the others. Steered by CPU microseconds per request
of the proxy's own processes, from the kernel's accounting; requests per second may be the load side's
limit. Medians of several runs; the table goes to stdout, the figures to .doteb/bench.json.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import large
import translation

ROOT = Path(__file__).resolve().parents[2]
PROXY_CORE = "0"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_us(pids):
    """CPU time of processes with all their threads, in microseconds."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0]) / 1000
    return total


def children(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(p) for p in out]


def wait_http(url, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1) as r:
                if r.status == 200:
                    return
        except OSError as e:
            if time.monotonic() > end:
                sys.exit(f"bench: {url} did not get ready: {e}")
            time.sleep(0.05)


class Bench:
    def __init__(self, args):
        self.args = args
        self.dir = Path(tempfile.mkdtemp(prefix="doteb-bench-"))
        self.dir.chmod(0o755)
        self.procs = []
        cores = sorted(os.sched_getaffinity(0))
        self.load_cores = ",".join(str(c) for c in cores if str(c) != PROXY_CORE) or PROXY_CORE
        self.build = ROOT / "build" / "release"

    def start(self, cmd, core, env=None, log=None):
        out = open(self.dir / log, "wb") if log else subprocess.DEVNULL
        p = subprocess.Popen(["taskset", "-c", core, *map(str, cmd)], stdout=out, stderr=out,
                             env=env, cwd=self.dir)
        self.procs.append(p)
        return p

    def stop(self):
        for p in reversed(self.procs):
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for p in self.procs:
            try:
                p.wait(15)
            except subprocess.TimeoutExpired:
                p.kill()
        if not self.args.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    # ------------------------------------------------------------ the parts

    def start_simulator(self):
        self.sim_port = free_port()
        self.start([self.build / "tests/simulator/doteb-simulator", "--listen",
                    f"127.0.0.1:{self.sim_port}"], self.load_cores, log="simulator.log")
        wait_http(f"http://127.0.0.1:{self.sim_port}/healthz")

    def start_nginx(self):
        self.nginx_port = free_port()
        text = (ROOT / "deploy/nginx.conf").read_text()
        for k, v in (("@LISTEN@", f"127.0.0.1:{self.nginx_port}"),
                     ("@UPSTREAM@", f"127.0.0.1:{self.sim_port}"), ("@DIR@", str(self.dir))):
            text = text.replace(k, v)
        if os.geteuid() == 0:
            text = "user root;\n" + text
        (self.dir / "nginx.conf").write_text(text)
        self.nginx = self.start(["nginx", "-e", self.dir / "nginx-error.log", "-c",
                                 self.dir / "nginx.conf"], PROXY_CORE, log="nginx.log")
        time.sleep(0.5)

    def control(self, *words, text=None):
        return subprocess.run([self.build / "control/doteb-control", *words], env=self.env,
                              input=text, capture_output=True, text=True, check=True).stdout.strip()

    def start_gateway(self):
        self.gw_port, self.admin_port = free_port(), free_port()
        self.env = dict(os.environ, DOTEB_DATABASE_URL=os.environ["DOTEB_TEST_DATABASE_URL"],
                        DOTEB_MASTER_KEY="5a" * 32, DOTEB_WORKERS=str(self.args.workers),
                        DOTEB_GATEWAY_LISTEN=f"127.0.0.1:{self.gw_port}",
                        DOTEB_ADMIN_LISTEN=f"127.0.0.1:{self.admin_port}",
                        DOTEB_SPOOL_DIR=str(self.dir / "spool"),
                        DOTEB_CATALOGUE_DIR=str(ROOT / "catalogue"),
                        DOTEB_BASE_URL_OVERRIDE="true", DOTEB_BASE_URL_OVERRIDE_PRIVATE="true",
                        DOTEB_UPSTREAM_ALLOW="private")
        self.control("migrate")
        self.control("admin", "create", "--email", "bench@localhost", "--password-stdin",
                     text="bench-password-1\n")
        self.control("provider-key", "add", "--provider", "openai", "--label", "bench",
                     "--secret-stdin", "--base-url", f"http://127.0.0.1:{self.sim_port}/v1",
                     text="sk-provider\n")
        self.key = self.control("key", "create", "--project", "Default", "--name", "bench")
        gateway = self.build / "gateway/doteb-gateway"
        cmd = [*self.args.wrap.split(), gateway] if self.args.wrap else [gateway]
        self.gateway = self.start(cmd, PROXY_CORE if self.args.workers == 1 else "0-63",
                                  env=self.env, log="gateway.log")
        wait_http(f"http://127.0.0.1:{self.admin_port}/readyz")

    # ------------------------------------------------------------ measuring

    def body(self, size):
        lead = '{"model":"openai/gpt-4","messages":[{"role":"user","content":"'
        tail = '"}]}'
        return lead + "a" * (size - len(lead) - len(tail)) + tail

    def wrk(self, port, connections, size, seconds):
        lua = self.dir / f"load-{size}.lua"
        if not lua.exists():
            lua.write_text("wrk.method='POST'\nwrk.headers['Content-Type']='application/json'\n"
                           f"wrk.headers['Authorization']='Bearer {self.key}'\n"
                           f"wrk.body=[==[{self.body(size)}]==]\n")
        return self.load(port, connections, seconds, lua, "/v1/chat/completions")

    def load(self, port, connections, seconds, lua, path):
        """(requests, requests per second, median latency in microseconds) of wrk with a script."""
        out = subprocess.run(["taskset", "-c", self.load_cores, "wrk", "-t1", f"-c{connections}",
                              f"-d{seconds}s", "--latency", "-s", lua, f"http://127.0.0.1:{port}{path}"],
                             capture_output=True, text=True, check=True).stdout
        n = int(re.search(r"(\d+) requests in", out).group(1))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = re.search(r"Socket errors: (.*)", out)
        if bad or (errors and re.search(r"[1-9]", errors.group(1))):
            sys.exit(f"bench: errors under load on port {port}:\n{out}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
        p50 = re.search(r"50%\s+([\d.]+)(us|ms|s)", out)
        scale = {"us": 1, "ms": 1000, "s": 1e6}[p50.group(2)]
        return n, rate, float(p50.group(1)) * scale

    cpu_us = staticmethod(cpu_us)

    def await_providers(self, models):
        """Until the gateway has heard of the keys of all of them."""
        def answers(model):
            body = {"model": model, "max_tokens": 10, "messages": [{"role": "user", "content": "x"}]}
            request = urllib.request.Request(f"http://127.0.0.1:{self.gw_port}/v1/chat/completions",
                                             json.dumps(body).encode(), {"Content-Type": "application/json",
                                                                         "Authorization": f"Bearer {self.key}"})
            try:
                with urllib.request.urlopen(request, timeout=5):
                    return True
            except OSError:
                return False
        end = time.monotonic() + 20
        while not all(answers(m) for m in models):
            if time.monotonic() > end:
                sys.exit("bench: a provider's key is not followed")
            time.sleep(0.1)

    def measure(self, name, connections, size):
        port, pids = {"direct": (self.sim_port, []),
                      "nginx": (self.nginx_port, children(self.nginx.pid)),
                      "gateway": (self.gw_port, [self.gateway.pid])}[name]
        before = cpu_us(pids)
        n, rate, p50 = self.wrk(port, connections, size, self.args.seconds)
        return (cpu_us(pids) - before) / n, rate, p50

    def run(self):
        self.start_simulator()
        self.start_nginx()
        self.start_gateway()
        for port in (self.sim_port, self.nginx_port, self.gw_port):
            self.wrk(port, 64, 250, 1)
        result = {"machine": machine(), "runs": self.args.runs, "seconds": self.args.seconds,
                  "throughput": {}}
        print(f"{'connections':>11} {'body':>6}  {'':8} {'req/s':>9} {'CPU us/req':>11} "
              f"{'p50 us':>9} {'ratio':>6}")
        for connections in self.args.connections:
            for size in self.args.sizes:
                self.row(result, connections, size)
        if not self.args.no_translation:
            translation.rows(self, result)
            large.rows(self, result)
        path = ROOT / ".doteb" / "bench.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(f"\nmedians of {self.args.runs} runs of {self.args.seconds} s; figures in "
              f"{path.relative_to(ROOT)}")

    def row(self, result, connections, size):
        samples = {"direct": [], "nginx": [], "gateway": []}
        for _ in range(self.args.runs):
            for name, values in samples.items():
                values.append(self.measure(name, connections, size))
        cell = {}
        for name, values in samples.items():
            cpu, rate, p50 = (statistics.median(v[i] for v in values) for i in range(3))
            cell[f"{name}_cpu_us"], cell[f"{name}_rps"] = round(cpu, 2), round(rate, 1)
            cell[f"{name}_p50_us"] = round(p50, 1)
        cell["ratio"] = round(cell["gateway_cpu_us"] / cell["nginx_cpu_us"], 3)
        result["throughput"][f"c{connections}_b{size}"] = cell
        for name in samples:
            cpu = f"{cell[f'{name}_cpu_us']:11.1f}" if name != "direct" else " " * 10 + "-"
            ratio = f"{cell['ratio']:6.2f}" if name == "gateway" else ""
            print(f"{connections:11} {size:6}  {name:8} {cell[f'{name}_rps']:9.0f} {cpu} "
                  f"{cell[f'{name}_p50_us']:9.0f} {ratio}", flush=True)


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"cpu": model.group(1) if model else "unknown",
            "cores": len(os.sched_getaffinity(0)), "kernel": os.uname().release}


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--seconds", type=int, default=3)
    p.add_argument("--connections", type=int, nargs="+", default=[8, 64, 256])
    p.add_argument("--sizes", type=int, nargs="+", default=[250])
    p.add_argument("--no-translation", action="store_true", help="without the rows of translations")
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--wrap", default="", help="command before the gateway (perf, valgrind)")
    p.add_argument("--keep", action="store_true", help="keep the logs")
    args = p.parse_args()
    bench = Bench(args)
    try:
        bench.run()
    finally:
        bench.stop()
        if args.keep:
            print(f"logs in {bench.dir}")


if __name__ == "__main__":
    main()
