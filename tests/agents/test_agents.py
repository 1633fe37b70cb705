"""make test-agents: coding agents do a task through the gateway, with a model of every provider protocol.

The simulator scripts the model: it calls the agent's own tools with arguments that read a file, change it
and write another. What counts is the files that the agent leaves, not what it says. Neither agent may
ask any host but the gateway: all else would go through a proxy, which notes the names and closes.
"""
import json
import os
import re
import shutil
import socketserver
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import ROOT
from test_dialects import PROVIDERS

HERE = Path(__file__).parent
SECONDS = 90  # a run takes 2 to 10
CHOSEN = os.environ.get("PROTOCOLS", "").split() or list(PROVIDERS)
BEFORE = "Dear reader,\nhello.\n\tYours \"d\"\n"
AFTER = {"letter.txt": "Dear reader,\nhello, wörld 🙂.\n\tYours \"d\"\n",
         "notes/done.md": "# Done\n\nOne greeting, \\ and 'quotes'.\n"}
PATCH = ("*** Begin Patch\n*** Update File: letter.txt\n@@\n Dear reader,\n-hello.\n+hello, wörld 🙂.\n"
         "*** End Patch\n")
HEREDOC = f"mkdir -p notes && cat > notes/done.md <<'END'\n{AFTER['notes/done.md']}END\n"
outcome = {}


def script(*calls):
    """Words for the simulator: these tools with these arguments, one after the other."""
    words = []
    for n, (name, arguments) in zip(["", "2", "3"], calls):
        quoted = json.dumps(json.dumps(arguments, ensure_ascii=False), ensure_ascii=False)
        words.append(f"call{n}={name} args{n}={quoted}")
    return f"[sim {' '.join(words)}]"


class Nowhere(socketserver.ThreadingTCPServer):
    """The proxy of all hosts but the gateway: it serves nobody and remembers who was asked for."""
    daemon_threads = True

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(socketserver.StreamRequestHandler):
        timeout = 5

        def handle(self):
            self.server.asked.append(self.rfile.readline(200).decode(errors="replace").strip())


def binary(pattern):
    found = sorted((HERE / "node_modules").glob(pattern))
    assert found, f"no {pattern} in {HERE}/node_modules: run make test-agents, which installs it"
    return found[0]


class ClaudeCode:
    name = "claude-code"

    def __init__(self, gateway, key, home):
        self.program = binary("@anthropic-ai/claude-code-*/claude")
        self.env = {"ANTHROPIC_BASE_URL": gateway.root, "ANTHROPIC_API_KEY": key,
                    "CLAUDE_CONFIG_DIR": str(home / ".claude"),
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1",
                    "DISABLE_TELEMETRY": "1", "DISABLE_ERROR_REPORTING": "1"}

    def script(self, folder, protocol):
        letter = str(folder / "letter.txt")
        return script(
            ("Read", {"file_path": letter}),
            ("Edit", {"file_path": letter, "old_string": "hello.", "new_string": "hello, wörld 🙂."}),
            ("Write", {"file_path": str(folder / "notes/done.md"), "content": AFTER["notes/done.md"]}))

    def command(self, model, prompt, folder):
        self.env |= {"ANTHROPIC_SMALL_FAST_MODEL": model, "ANTHROPIC_DEFAULT_HAIKU_MODEL": model}
        return [self.program, "-p", prompt, "--model", model, "--permission-mode", "acceptEdits",
                "--allowedTools", "Read,Edit,Write", "--output-format", "stream-json", "--verbose"]


class Codex:
    name = "codex"

    def __init__(self, gateway, key, home):
        self.program = binary("@openai/codex-*/vendor/*/bin/codex")
        self.env = {"CODEX_HOME": str(home / ".codex"), "LLM_GATEWAY_API_KEY": key}
        (home / ".codex").mkdir()
        (home / ".codex/config.toml").write_text(f'''
model_provider = "doteb"
check_for_update_on_startup = false
[model_providers.doteb]
name = "doteb"
base_url = "{gateway.base_url}"
env_key = "LLM_GATEWAY_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
[analytics]
enabled = false
[features]
plugins = false
apps = false
remote_plugin = false
''')

    def script(self, folder, protocol):
        if protocol == "openai-responses":  # the one model here that Codex knows: it gets other tools
            return CodexCode.script(self, folder, protocol)
        return script(("exec_command", {"cmd": "cat letter.txt"}),
                      ("exec_command", {"cmd": f"apply_patch <<'END'\n{PATCH}END\n"}),
                      ("exec_command", {"cmd": HEREDOC}))

    def command(self, model, prompt, folder):
        return [self.program, "exec", "--json", "--skip-git-repo-check", "-C", folder, "-m", model,
                "--dangerously-bypass-approvals-and-sandbox", prompt]


class CodexCode(Codex):
    """Codex as it is with models of its own catalogue: tools come in an item of the conversation, and one
    of them takes JavaScript as text, not JSON."""
    name = "codex-code"

    def command(self, model, prompt, folder):
        home = Path(self.env["CODEX_HOME"])
        listed = subprocess.run([self.program, "debug", "models"], env=os.environ | self.env, check=True,
                                capture_output=True, text=True, timeout=SECONDS).stdout
        known = next(m for m in json.loads(listed)["models"] if m["slug"] == "gpt-5.6-luna")
        (home / "models.json").write_text(json.dumps({"models": [known | {"slug": model}]}))
        config = home / "config.toml"
        config.write_text(f'model_catalog_json = "{home}/models.json"\n' + config.read_text())
        return super().command(model, prompt, folder)

    def script(self, folder, protocol):
        # Other protocols have no namespaces: there the tool's name holds both names.
        name = "exec" if protocol == "openai-responses" else "functions__exec"

        def shell(command):
            return {"input": f"text((await tools.exec_command({json.dumps({'cmd': command})})).output)"}
        return script((name, shell("cat letter.txt")),
                      (name, {"input": f"text(await tools.apply_patch({json.dumps(PATCH)}))"}),
                      (name, shell(HEREDOC)))


AGENTS = {a.name: a for a in (ClaudeCode, Codex, CodexCode)}
WANTED = os.environ.get("AGENTS", "").split() or list(AGENTS)


@pytest.fixture(scope="module")
def key(installation, simulator):
    for provider, _, base in PROVIDERS.values():
        installation.add_provider_key(provider, simulator.root + base)
    return installation.create_key()


@pytest.fixture(scope="module", autouse=True)
def table():
    print()
    yield
    print("\n  " + f"{'':<14}" + "".join(f"{p:<18}" for p in CHOSEN))
    for agent in WANTED:
        print(f"  {agent:<14}" + "".join(f"{outcome.get(f'{agent} {p}', '-'):<18}" for p in CHOSEN))
    path = os.environ.get("DOTEB_FIGURES")
    if path:
        Path(path).write_text(json.dumps(outcome, indent=1) + "\n")


def run(agent, command, folder, home, proxy):
    """The agent's end: (exit code or words, what it said)."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8",
           "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    env |= {k: proxy.url for k in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    try:
        done = subprocess.run([str(c) for c in command], env=env | agent.env, cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace") + (late.stderr or b"").decode(errors="replace")
        return f"no end within {SECONDS} s", said
    return done.returncode, done.stdout + done.stderr


def left(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("protocol", CHOSEN)
@pytest.mark.parametrize("name", WANTED)
def test_agent(name, protocol, gateway, key, simulator, tmp_path):
    base = Path(os.environ["AGENTS_DIR"]) / f"{name}-{protocol}" if "AGENTS_DIR" in os.environ else tmp_path
    shutil.rmtree(base, ignore_errors=True)
    home, folder = base / "home", base / "work"
    home.mkdir(parents=True)
    folder.mkdir()
    (folder / "letter.txt").write_text(BEFORE)
    provider, model, _ = PROVIDERS[protocol]
    agent, proxy = AGENTS[name](gateway, key, home), Nowhere()
    prompt = "Greet the world in letter.txt and say in notes/done.md what was done. " + agent.script(folder, protocol)
    simulator.reset()
    outcome[f"{name} {protocol}"] = "FAILED"
    print(f"  {name} with a model of {protocol} ... ", end="", flush=True)
    began = time.monotonic()
    ended, said = run(agent, agent.command(f"{provider}/{model}", prompt, folder), folder, home, proxy)
    seconds = time.monotonic() - began
    proxy.shutdown()
    proxy.server_close()
    requests = [x for x in simulator.get("/_sim/requests")]
    (base / "said.log").write_text(said)
    (base / "last_request.json").write_text(simulator.get("/_sim/last")["body"])
    about = (f"{name} with {protocol} ended with {ended} after {seconds:.1f} s and {len(requests)} requests "
             f"(statuses {sorted({x['status'] for x in requests})}). It said:\n{said[-3000:]}")
    assert ended == 0, about
    assert left(folder) == AFTER, about
    assert proxy.asked == [], f"{name} asked for other hosts"
    assert len(requests) >= 4 and {x["status"] for x in requests} == {200}, about
    outcome[f"{name} {protocol}"] = f"ok {seconds:.1f} s"
    print(f"ok, {seconds:.1f} s, {len(requests)} requests")
