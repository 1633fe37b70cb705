"""make test-scale-analytics: every page's statements at 10 million requests read at most 500 pages of
8 KB, and at most 1.3 times what they read at 1 million. DOTEB_TEST_ROWS chooses the larger number; with
fewer than 10 million most half-hours of most keys are empty, and growth is measured but not bounded."""
import datetime as dt
import os
import time

import harness
import query_cost
from demo_data import fill
from figures import Figures

ROWS = int(os.environ.get("DOTEB_TEST_ROWS", 10_000_000))
BUFFERS_MAX, GROWTH_MAX = 500, 1.3


def test_ten_times_the_requests(pg, template, scratch):
    figures, runs, now = Figures(), [], dt.datetime.now(dt.timezone.utc)
    for name, rows in (("tenth", ROWS // 10), ("all", ROWS)):
        pg.create_database(name, template)
        installation = harness.Installation(pg, name, scratch / name)
        org, user = installation.query("select organisation_id || ' ' || user_id from members").split()
        start = time.monotonic()
        fill(pg, name, org, user, rows)
        figures.note(f"{rows:,} requests: seconds to make", round(time.monotonic() - start))
        runs.append(query_cost.of_pages(pg, installation, now, every=True))
        figures.note(f"{rows:,} requests: most pages a statement reads", max(runs[-1].values()))
    few, many = runs
    print(query_cost.table(few, many))
    both = few.keys() & many.keys()   # a walk through the log may come to its end in fewer statements
    assert len(both) >= 0.95 * max(len(few), len(many)), few.keys() ^ many.keys()
    growth = sum(many[k] for k in both) / sum(few[k] for k in both)
    figures.note(f"{len(both)} statements together: growth", round(growth, 2))
    worst = max(both, key=lambda k: many[k] / max(few[k], 1))
    figures.note(f"most grown ({' '.join(worst)}), times", round(many[worst] / max(few[worst], 1), 2))
    assert max(many.values()) <= BUFFERS_MAX
    if ROWS >= 10_000_000:
        assert growth <= GROWTH_MAX
