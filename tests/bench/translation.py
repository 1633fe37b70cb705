"""The bench's rows of translations: what a request costs the gateway when client and provider speak
different protocols, beside one that is passed as it came, in the same run and by turns."""
import json
import statistics
import subprocess

# A row: how the client asks, which provider answers.
CLIENTS = {
    "openai": ("/v1/chat/completions", {"Authorization": "Bearer KEY"}),
    "anthropic": ("/v1/messages", {"x-api-key": "KEY", "anthropic-version": "2023-06-01"}),
}
PROVIDERS = {  # protocol: catalogue provider, model, what its base URL ends in at the simulator
    "openai": ("openai", "gpt-4o-mini", "/v1"),
    "anthropic": ("anthropic", "claude-sonnet-4-5", "/v1"),
    "google": ("google-ai-studio", "gemini-3.5-flash", "/v1beta"),
    "bedrock": ("aws-bedrock", "claude-haiku-4-5", ""),
}
PAIRS = [("openai", "openai"), ("openai", "anthropic"), ("anthropic", "openai"), ("openai", "google"),
         ("openai", "bedrock")]
CONNECTIONS, EVENTS = 64, 100
REQUEST_TARGET, EVENT_TARGET, PROMPT_TARGET = 1.6, 2.0, 0.5


def add_providers(bench):
    """Keys of the providers that the other tables do not need, once."""
    if bench.translates:
        return
    bench.translates = True
    for name, _, base in PROVIDERS.values():
        if name == "openai":
            continue
        bench.control("provider-key", "add", "--provider", name, "--label", "bench", "--region", "us-east-1",
                      "--secret-stdin", "--base-url", f"http://127.0.0.1:{bench.sim_port}{base}",
                      text="sk-provider\n")
    bench.await_providers([f"{p}/{m}" for p, m, _ in PROVIDERS.values()])


def script(bench, client, provider, stream):
    path, headers = CLIENTS[client]
    name, model, _ = PROVIDERS[provider]
    body = {"model": f"{name}/{model}", "max_tokens": 1000, "messages": [
        {"role": "user", "content": "a" * 120 + (f" [sim chunks={EVENTS}]" if stream else "")}]}
    if stream:
        body["stream"] = True
    lua = bench.dir / f"{client}-{provider}-{stream}.lua"
    lines = ["wrk.method='POST'", "wrk.headers['Content-Type']='application/json'"]
    lines += [f"wrk.headers['{k}']='{v.replace('KEY', bench.key)}'" for k, v in headers.items()]
    lua.write_text("\n".join([*lines, f"wrk.body=[==[{json.dumps(body)}]==]"]) + "\n")
    return lua, path


def measure(bench, load, seconds):
    """CPU microseconds of the gateway a request."""
    lua, path = load
    before = bench.cpu_us([bench.gateway.pid])
    n = bench.load(bench.gw_port, CONNECTIONS, seconds, lua, path)[0]
    return (bench.cpu_us([bench.gateway.pid]) - before) / n


def rows(bench, found):
    add_providers(bench)
    print(f"\n{'client':>9} {'provider':>10} {'':8} {'CPU us':>8} {'beside passed':>14} {'target':>7}")
    for stream in (False, True):
        loads = {pair: script(bench, *pair, stream) for pair in PAIRS}
        samples = {pair: [] for pair in PAIRS}
        for load in loads.values():
            measure(bench, load, 1)
        for _ in range(bench.args.runs):
            for pair, load in loads.items():
                samples[pair].append(measure(bench, load, bench.args.seconds))
        for pair in PAIRS:
            # By turns: what slows the machine down for a moment slows both down.
            ratio = statistics.median(a / b for a, b in zip(samples[pair], samples[PAIRS[0]]))
            us = statistics.median(samples[pair]) / (EVENTS if stream else 1)
            what, target = ("event", EVENT_TARGET) if stream else ("request", REQUEST_TARGET)
            found[f"{pair[0]}_{pair[1]}_{what}"] = {"gateway_cpu_us": round(us, 2), "ratio": round(ratio, 3)}
            print(f"{pair[0]:>9} {pair[1]:>10} {what:8} {us:8.2f} {ratio:14.2f} {target if pair != PAIRS[0] else '':>7}",
                  flush=True)
    prompt(bench, found)


def prompt(bench, found):
    """A prompt of 1 MB, beside jansson."""
    out = subprocess.run(["taskset", "-c", "0", bench.build / "tests/bench/bench_translate"], check=True,
                         capture_output=True, text=True).stdout
    print(f"\n{'client':>9} {'provider':>16} {'1 MB us':>8} {'jansson us':>11} {'ratio':>6} {'target':>7}")
    for line in out.splitlines():
        client, provider, _, ours, theirs, ratio = line.split()
        found[f"{client}_{provider}_prompt"] = {"us": int(ours), "jansson_us": int(theirs), "ratio": float(ratio)}
        print(f"{client:>9} {provider:>16} {ours:>8} {theirs:>11} {ratio:>6} {PROMPT_TARGET:>7}")
