"""A made-up request log with the rollups that the ledger would have written beside it."""
import datetime as dt
import random
import uuid
from decimal import Decimal

UTC = dt.timezone.utc
NOW = dt.datetime.now(UTC).replace(microsecond=0)
OUTCOMES = ["ok", "client_error", "gateway_error", "upstream_error", "client_gone", "interrupted"]
STATUS = [200, 400, 503, 502, 499, 500]


def uuid7(at, rng):
    ms = int(at.timestamp() * 1000)
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (rng.getrandbits(12) << 64) | (2 << 62)
                         | rng.getrandbits(62)))


# Of a time `at` in SQL.
SQL_UUID7 = ("(lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || "
             "substr(md5(random()::text), 1, 3) || 'a' || substr(md5(random()::text), 1, 15))::uuid")


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


class Log:
    """A made-up log with the rollups that the ledger would have written beside it."""

    def __init__(self, installation, person, seed):
        self.installation, self.rng, self.rows = installation, random.Random(seed), []
        self.org, self.user = person.org, person.session["user"]["id"]
        self.models = [tuple(x.split("|")) for x in installation.query(
            "select model_id, slug from models order by slug limit 3").splitlines()]
        self.providers = [tuple(x.split("|")) for x in installation.query(
            "select provider_id, slug from providers order by slug limit 3").splitlines()]
        self.keys = []

    def add(self, project, key, at, **fixed):
        rng = self.rng
        outcome = fixed.get("outcome", rng.choice([0, 0, 0, 1, 3, 4, 5]))
        reached = outcome in (0, 3)
        row = {"id": uuid7(at, rng), "at": at, "project": project, "key": key, "outcome": outcome,
               "status": STATUS[outcome], "model": rng.choice(self.models) if outcome != 1 else ("0", None),
               "provider": rng.choice(self.providers) if reached else ("0", None),
               "input": rng.randrange(5000), "output": rng.randrange(900), "cached": rng.randrange(99),
               "cost": Decimal(rng.randrange(10**9)).scaleb(-12), "us": int(rng.lognormvariate(13, 1)),
               "ttft": int(rng.lognormvariate(12, 1)) if reached else None} | fixed
        self.rows.append(row)
        return row

    def write(self):
        days = sorted({r["at"].date() for r in self.rows})
        q = self.installation.query
        for day in days:
            q(f"select ensure_request_partitions('{day}', 1)")
        values = ",".join(
            f"('{self.org}', 30, '{r['at'].date()}', '{r['id']}', '{r['at'].isoformat()}', '{r['project']}', "
            f"'{r['key']}', '{self.user}', {r['provider'][0] if r['provider'][1] else 'null'}, "
            f"{r['model'][0] if r['model'][1] else 'null'}, 1, {r['status']}, {r['outcome']}, 1, false, "
            f"false, {r['input']}, {r['cached']}, {r['output']}, {r['cost']}, {r['us']}, "
            f"{r['ttft'] or 'null'}, 40)" for r in self.rows)
        q("insert into requests (organisation_id, retention_days, day, request_id, created_at, project_id, "
          "api_key_id, user_id, provider_id, model_id, endpoint, status, outcome, attempts, streamed, "
          "estimated, input_tokens, cached_tokens, output_tokens, cost, duration_us, ttft_us, overhead_us) "
          f"values {values}")
        # The rollups, by the definition in the migration.
        q("insert into rollup_usage (organisation_id, grain, project_id, api_key_id, user_id, model_id, "
          "provider_id, requests, ok, input_tokens, cached_tokens, output_tokens, cost, duration_us, "
          "duration_hist, ttft_hist) select organisation_id, date_bin('30 minutes', created_at, 'epoch'), "
          "project_id, api_key_id, user_id, coalesce(model_id, 0), coalesce(provider_id, 0), count(*), "
          "count(*) filter (where outcome = 0), sum(input_tokens), sum(cached_tokens), "
          "sum(output_tokens), sum(cost), sum(duration_us), "
          "array(select count(*) from unnest(array_agg(duration_us)) d, generate_series(0, 63) i "
          "  where floor(2 * log(2, greatest(d, 1)::numeric)) = i group by i order by i), '{}' "
          f"from requests where organisation_id = '{self.org}' group by 1, 2, 3, 4, 5, 6, 7")
        # the histogram above leaves out empty buckets: write them in full
        for grain in self.installation.rows(
                "select grain, project_id, api_key_id, model_id, provider_id from rollup_usage "
                f"where organisation_id = '{self.org}'"):
            hist, ttft = [0] * 64, [0] * 64
            for r in self.rows:
                start = r["at"].replace(minute=r["at"].minute // 30 * 30, second=0, microsecond=0)
                if (dt.datetime.fromisoformat(grain["grain"]) == start
                        and r["project"] == grain["project_id"] and r["key"] == grain["api_key_id"]
                        and int(r["model"][0]) == grain["model_id"]
                        and int(r["provider"][0]) == grain["provider_id"]):
                    hist[bucket(r["us"])] += 1
                    if r["ttft"]:
                        ttft[bucket(r["ttft"])] += 1
            q(f"update rollup_usage set duration_hist = array{hist}, ttft_hist = array{ttft} where "
              f"organisation_id = '{self.org}' and grain = '{grain['grain']}' and project_id = "
              f"'{grain['project_id']}' and api_key_id = '{grain['api_key_id']}' and model_id = "
              f"{grain['model_id']} and provider_id = {grain['provider_id']}")


def bucket(us):
    i = 0
    while 2 ** ((i + 1) / 2) <= us:
        i += 1
    return min(i, 63)
