"""The bench's rows of whole answers: the same load straight to the provider, through nginx and through the
gateway, by turns; and what they add to one request alone."""
import statistics

TLS_PROVIDER, TLS_MODEL, MODEL = "mistral", "mistral/mistral-small-2506", "openai/gpt-4"
# Connections, bytes of body, over TLS to the provider, most that the ratio to nginx's CPU may be (None: printed).
ROWS = [(8, 250, False, None), (64, 250, False, 2.4), (256, 250, False, None), (1024, 250, False, None),
        (64, 4096, False, 2.2), (64, 102400, False, 1.5), (64, 250, True, 2.2)]
GROWTH_TARGET, ADDED_TARGET, REFUSED_TARGET = 1.5, 1.5, 1 / 3


def name_of(connections, size, tls):
    return f"c{connections}_b{size}{'_tls' if tls else ''}"


def script(bench, size, tls, key=None):
    lua = bench.dir / f"load-{size}-{tls}-{'bad' if key else 'good'}.lua"
    lead = f'{{"model":"{TLS_MODEL if tls else MODEL}","messages":[{{"role":"user","content":"'
    tail = '"}]}'
    body = lead + "a" * (size - len(lead) - len(tail)) + tail
    lua.write_text("wrk.method='POST'\nwrk.headers['Content-Type']='application/json'\n"
                   f"wrk.headers['Authorization']='Bearer {key or bench.key}'\nwrk.body=[==[{body}]==]\n")
    return lua


def measure(bench, name, connections, lua, tls):
    """(CPU microseconds a request, requests a second, median latency in microseconds)"""
    port, pids = {
        "direct": (bench.sim_port, []),
        "nginx": (bench.nginx_tls_port if tls else bench.nginx_port, bench.children(bench.nginx.pid)),
        "gateway": (bench.gw_port, [bench.gateway.pid])}[name]
    before = bench.cpu_us(pids)
    n, rate, p50, p99 = bench.load(port, connections, bench.args.seconds, lua, "/v1/chat/completions")
    return (bench.cpu_us(pids) - before) / n, rate, p50, p99


def row(bench, connections, size, tls):
    """Medians, by name; the ratio is that of the medians."""
    lua = script(bench, size, tls)
    samples = {"direct": [], "nginx": [], "gateway": []}
    for name in samples:
        measure(bench, name, connections, lua, tls)
    for _ in range(bench.args.runs):
        for name, values in samples.items():
            values.append(measure(bench, name, connections, lua, tls))
    cell = {}
    for name, values in samples.items():
        for i, (what, digits) in enumerate((("cpu_us", 2), ("rps", 1), ("p50_us", 1), ("p99_us", 1))):
            cell[f"{name}_{what}"] = round(statistics.median(v[i] for v in values), digits)
    cell["ratio"] = round(cell["gateway_cpu_us"] / cell["nginx_cpu_us"], 3)
    return cell


def show(label, size, tls, cell, target):
    for name in ("direct", "nginx", "gateway"):
        last = name == "gateway"
        cpu = f"{cell[f'{name}_cpu_us']:11.1f}" if name != "direct" else " " * 10 + "-"
        print(f"{label:>11} {size:6} {'TLS' if tls else '':>3}  {name:8} {cell[f'{name}_rps']:9.0f} {cpu} "
              f"{cell[f'{name}_p50_us']:9.0f} {cell[f'{name}_p99_us']:9.0f} "
              f"{cell['ratio'] if last else 0:6.2f} {(target or '') if last else '':>7}".replace(" 0.00 ", "      "),
              flush=True)


def rows(bench, found):
    bench.await_providers([MODEL, TLS_MODEL])
    print(f"\n{'connections':>11} {'body':>6} {'':3}  {'':8} {'req/s':>9} {'CPU us/req':>11} {'p50 us':>9} "
          f"{'p99 us':>9} {'ratio':>6} {'target':>7}")
    chosen = bench.args.rows
    for connections, size, tls, target in ROWS:
        if chosen and name_of(connections, size, tls) not in chosen:
            continue
        cell = found[name_of(connections, size, tls)] = row(bench, connections, size, tls)
        show(connections, size, tls, cell, target)
    if not chosen or "refused" in chosen:
        refused(bench, found)
    if chosen:
        return
    cpu = [found[name_of(c, 250, False)]["gateway_cpu_us"] for c in (64, 1024)]
    nginx = [found[name_of(c, 250, False)]["nginx_cpu_us"] for c in (64, 1024)]
    found["growth_64_1024"] = {"gateway": round(cpu[1] / cpu[0], 3), "nginx": round(nginx[1] / nginx[0], 3)}
    print(f"\nCPU a request at 1,024 connections beside 64: {cpu[1] / cpu[0]:.2f} (target {GROWTH_TARGET}; "
          f"nginx {nginx[1] / nginx[0]:.2f})")
    alone(bench, found)


def refused(bench, found):
    """What a flood of bad keys costs beside good requests, by turns: keys of our form that are nobody's, and others."""
    keys = {"good": None, "a bad sum": "sk-doteb-" + "a" * 49, "an unknown key": "sk-" + "0" * 48}
    scripts = {name: script(bench, 250, False, key) for name, key in keys.items()}
    samples = {name: [] for name in keys}
    for _ in range(bench.args.runs):
        for name, values in samples.items():
            before = bench.cpu_us([bench.gateway.pid])
            n, *_ = bench.load(bench.gw_port, 64, bench.args.seconds, scripts[name], "/v1/chat/completions",
                               name != "good")
            values.append((bench.cpu_us([bench.gateway.pid]) - before) / n)
    cpu = {name: round(statistics.median(values), 2) for name, values in samples.items()}
    ratio = max(v for name, v in cpu.items() if name != "good") / cpu["good"]
    found["refused"] = {"cpu_us": cpu, "ratio": round(ratio, 3)}
    print(f"a flood of bad keys: {', '.join(f'{k} {v:.1f} us' for k, v in cpu.items())}: {ratio:.2f} of a good request "
          f"(target {REFUSED_TARGET:.2f})")


def alone(bench, found):
    """One connection: what each adds to the provider's own time, by turns."""
    cell = row(bench, 1, 250, False)
    added = {name: {p: cell[f"{name}_{p}_us"] - cell[f"direct_{p}_us"] for p in ("p50", "p99")}
             for name in ("nginx", "gateway")}
    ratio = added["gateway"]["p50"] / max(added["nginx"]["p50"], 0.1)
    still = p99_beside_still_database(bench)
    found["added_alone"] = {"us": added, "ratio_p50": round(ratio, 3), "direct_p50_us": cell["direct_p50_us"],
                            "p99_us_database_still": still}
    print(f"one connection: nginx adds {added['nginx']['p50']:.0f} us to {cell['direct_p50_us']:.0f} (p99 "
          f"{added['nginx']['p99']:.0f}), the gateway {added['gateway']['p50']:.0f} (p99 "
          f"{added['gateway']['p99']:.0f}): {ratio:.2f} (target {ADDED_TARGET})\n"
          f"  p99 while PostgreSQL has a lock to wait for: nginx adds {still['nginx']:.0f} us, the gateway {still['gateway']:.0f}")


def p99_beside_still_database(bench):
    """What one connection waits at worst for the proxies themselves: where cores are few, booking a batch of rows
    holds one of them, and whoever needs it waits. Here the rows stay in the spool meanwhile."""
    lua = script(bench, 250, False)
    samples = {"direct": [], "nginx": [], "gateway": []}
    for _ in range(bench.args.runs):
        for name, values in samples.items():
            with bench.database_still():
                values.append(measure(bench, name, 1, lua, False)[3])
            bench.await_booked()
    p99 = {name: statistics.median(values) for name, values in samples.items()}
    return {name: p99[name] - p99["direct"] for name in ("nginx", "gateway")}
