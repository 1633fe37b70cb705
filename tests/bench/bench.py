#!/usr/bin/env python3
"""make bench: what the gateway costs beside nginx, in one run on one machine.

direct, nginx (deploy/nginx.conf) and the gateway with everything on (keys, ledger to PostgreSQL,
logs, metrics) serve the same load in turns; the proxy under test has core 0 to itself, the load
generator (wrk), the simulator and PostgreSQL have the others. Steered by CPU microseconds per request
of the proxy's own processes, from the kernel's accounting; requests per second may be the load side's
limit. Medians of several runs; the table goes to stdout, the figures to .doteb/bench.json.
"""
import argparse
import contextlib
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
import process
import streams
import throughput
import translation

ROOT = Path(__file__).resolve().parents[2]
PROXY_CORE = "0"
SECTIONS = {"throughput": throughput.rows, "process": process.rows, "streams": streams.rows,
            "translation": translation.rows, "large": large.rows}


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
        self.translates = False
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
        """The yardstick, and the one that is the provider over TLS."""
        self.nginx_port, self.nginx_stream_port, self.nginx_tls_port = (free_port() for _ in range(3))
        self.tls_port = free_port()
        self.certificate, certificate_key = self.dir / "tls.crt", self.dir / "tls.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", certificate_key, "-out", self.certificate],
                       check=True, capture_output=True)
        words = {"LISTEN": self.nginx_port, "STREAM_LISTEN": self.nginx_stream_port,
                 "TLS_LISTEN": self.nginx_tls_port, "UPSTREAM": self.sim_port, "TLS_UPSTREAM": self.tls_port}
        words = {k: f"127.0.0.1:{v}" for k, v in words.items()}
        words |= {"DIR": self.dir, "CERTIFICATE": self.certificate, "CERTIFICATE_KEY": certificate_key}
        self.start_one_nginx("nginx-tls", self.load_cores, words)
        self.nginx_words = words
        self.nginx = self.start_one_nginx("nginx", PROXY_CORE, words | {"WORKERS": 1})
        time.sleep(0.5)

    def restart_nginx(self, workers):
        self.nginx.send_signal(signal.SIGTERM)
        self.nginx.wait(15)
        self.nginx = self.start_one_nginx("nginx", PROXY_CORE if workers == 1 else "0-63",
                                          self.nginx_words | {"WORKERS": workers})
        time.sleep(0.5)

    def start_one_nginx(self, name, core, words):
        text = (ROOT / f"deploy/{name}.conf").read_text()
        for k, v in words.items():
            text = text.replace(f"@{k}@", str(v))
        if os.geteuid() == 0:
            text = "user root;\n" + text
        (self.dir / f"{name}.conf").write_text(text)
        return self.start(["nginx", "-e", self.dir / f"{name}-error.log", "-c", self.dir / f"{name}.conf"],
                          core, log=f"{name}.log")

    def control(self, *words, text=None):
        return subprocess.run([self.build / "control/doteb-control", *words], env=self.env,
                              input=text, capture_output=True, text=True, check=True).stdout.strip()

    def prepare(self):
        """The gateway's settings, its database and the keys of the providers."""
        self.gw_port, self.admin_port = free_port(), free_port()
        self.env = dict(os.environ, DOTEB_DATABASE_URL=os.environ["DOTEB_TEST_DATABASE_URL"],
                        DOTEB_MASTER_KEY="5a" * 32, DOTEB_GATEWAY_LISTEN=f"127.0.0.1:{self.gw_port}",
                        DOTEB_ADMIN_LISTEN=f"127.0.0.1:{self.admin_port}",
                        DOTEB_SPOOL_DIR=str(self.dir / "spool"),
                        DOTEB_CATALOGUE_DIR=str(ROOT / "catalogue"), DOTEB_CA_FILE=str(self.certificate),
                        DOTEB_BASE_URL_OVERRIDE="true", DOTEB_BASE_URL_OVERRIDE_PRIVATE="true",
                        DOTEB_UPSTREAM_ALLOW="private", DOTEB_SHUTDOWN_NOTICE="0ms")
        self.control("migrate")
        self.control("admin", "create", "--email", "bench@localhost", "--password-stdin",
                     text="bench-password-1\n")
        for provider, url in (("openai", f"http://127.0.0.1:{self.sim_port}/v1"),
                              (throughput.TLS_PROVIDER, f"https://localhost:{self.tls_port}/v1")):
            self.control("provider-key", "add", "--provider", provider, "--label", "bench", "--secret-stdin",
                         "--base-url", url, text="sk-provider\n")
        self.key = self.control("key", "create", "--project", "Default", "--name", "bench")

    def start_gateway(self, workers, wait=True):
        gateway = self.build / "gateway/doteb-gateway"
        cmd = [*self.args.wrap.split(), gateway] if self.args.wrap else [gateway]
        self.gateway = self.start(cmd, PROXY_CORE if workers == 1 else "0-63",
                                  env=self.env | {"DOTEB_WORKERS": str(workers)}, log="gateway.log")
        if wait:
            wait_http(f"http://127.0.0.1:{self.admin_port}/readyz")

    def stop_gateway(self):
        self.gateway.send_signal(signal.SIGTERM)
        self.gateway.wait(15)

    def await_booked(self):
        """Until the spool is empty."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5) as r:
                if re.search(rb"^doteb_spool_pending_bytes 0$", r.read(), re.MULTILINE):
                    return
            time.sleep(0.1)
        sys.exit("bench: the rows of the last load are not booked")

    # ------------------------------------------------------------ measuring

    @contextlib.contextmanager
    def database_still(self):
        """Nothing is booked within."""
        lock = subprocess.Popen(["psql", "-qX", self.env["DOTEB_DATABASE_URL"], "-c",
                                 "begin; lock table requests in access exclusive mode; select pg_sleep(60)"], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        try:
            yield
        finally:
            lock.send_signal(signal.SIGINT)
            lock.wait(15)

    def load(self, port, connections, seconds, lua, path, refused=False):
        """(requests, requests per second, latency's median and 99th percentile in microseconds) of wrk with
        a script; `refused`: none of them is to be answered well."""
        out = subprocess.run(["taskset", "-c", self.load_cores, "wrk", "-t1", "--timeout", "20s", f"-c{connections}",
                              f"-d{seconds}s", "--latency", "-s", lua, f"http://127.0.0.1:{port}{path}"],
                             capture_output=True, text=True, check=True).stdout
        n = int(re.search(r"(\d+) requests in", out).group(1))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = re.search(r"Socket errors: (.*)", out)
        if refused and bad and int(bad.group(1)) == n:
            bad = None
        elif refused:
            sys.exit(f"bench: a request that should be refused was not:\n{out}")
        if bad or (errors and re.search(r"[1-9]", errors.group(1))):
            sys.exit(f"bench: errors under load on port {port}:\n{out}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
        scale = {"us": 1, "ms": 1000, "s": 1e6}
        parts = {p: float(n) * scale[unit] for p, n, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", out)}
        return n, rate, parts["50"], parts["99"]

    cpu_us, children = staticmethod(cpu_us), staticmethod(children)

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

    def run(self):
        self.start_simulator()
        self.start_nginx()
        self.prepare()
        self.start_gateway(self.args.workers)
        result = {"machine": machine(), "runs": self.args.runs, "seconds": self.args.seconds}
        for name in self.args.only or SECTIONS:
            result[name] = {}
            SECTIONS[name](self, result[name])
        path = ROOT / ".doteb" / "bench.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(f"\nmedians of {self.args.runs} runs of {self.args.seconds} s; figures in "
              f"{path.relative_to(ROOT)}")


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"cpu": model.group(1) if model else "unknown",
            "cores": len(os.sched_getaffinity(0)), "kernel": os.uname().release}


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--seconds", type=int, default=3)
    p.add_argument("--only", nargs="+", choices=SECTIONS, help="these tables alone")
    p.add_argument("--rows", nargs="+", choices=[*(throughput.name_of(*r[:3]) for r in throughput.ROWS), "refused"],
                   help="these rows of the table of whole answers alone")
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
