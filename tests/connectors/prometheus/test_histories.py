"""Any history of runs over samples that come late, change or vanish ends where one full reading does."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.connectors.prometheus.observed import SmallPrometheus, instant, observe, seconds
from tests.replay.loopback import Request, Response
from tests.replay.vendor_api import VendorApi

START = "2026-11-22"
STEP = 600
OVERLAP_STEPS = 6
QUERIES = [{"name": "up", "query": "up", "step_seconds": STEP, "slice_points": 5}]

Edit = tuple[str, int, str | None]
"""Series, steps back from now, new value or None for a sample that vanishes."""

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["shop", "search"]),
        st.integers(0, OVERLAP_STEPS - 1),
        st.sampled_from(["1", "NaN", "3.5", None]),
    ),
    max_size=6,
)
RUNS = st.lists(st.tuples(st.integers(1, 9), EDITS, EDITS), min_size=1, max_size=6)


def apply(small: SmallPrometheus, edits: list[Edit], *, now: int) -> None:
    for name, steps_back, value in edits:
        at = now // STEP * STEP - steps_back * STEP
        if at < seconds(START) or at >= now:
            continue
        if value is None:
            small.series.get(name, {}).pop(at, None)
        else:
            small.series.setdefault(name, {})[at] = value


@settings(max_examples=12, deadline=None)
@given(runs=RUNS)
def test_runs_in_portions_end_where_one_full_reading_does(
    runs: list[tuple[int, list[Edit], list[Edit]]],
) -> None:
    small = SmallPrometheus()
    server = VendorApi(small, prefix="prometheus")
    given_settings = {
        "queries": QUERIES,
        "since": START,
        "overlap_minutes": (OVERLAP_STEPS + 9) * STEP // 60,
        "delay_seconds": 0,
    }
    with (
        TemporaryDirectory() as folder,
        observe(Path(folder), server, now=START, **given_settings) as observed,
    ):
        for steps, edits, meanwhile in runs:
            observed.time.now += timedelta(seconds=steps * STEP)
            now = int(observed.time.now.timestamp())
            apply(small, edits, now=now)

            def change(_: Request, edits: list[Edit] = meanwhile, now: int = now) -> Response | None:
                apply(small, edits, now=now)
                return None

            server.spoil = change
            observed.source.extract("range_samples", run_id=f"run-{now}")
        server.spoil = lambda _: None
        observed.source.extract("range_samples", run_id="last")
        expected = {
            (f'{{"service": "{name}"}}', at): value
            for name, values in small.series.items()
            for at, value in values.items()
            if at < observed.time.now.timestamp()
        }
        assert {key[1:]: value for key, value in observed.held().items()} == expected


def test_the_start_of_the_history_is_a_step(tmp_path: Path) -> None:
    small = SmallPrometheus({"shop": {seconds(START): "1"}})
    server = VendorApi(small, prefix="prometheus")
    with observe(tmp_path, server, now="2026-11-22 00:10", queries=QUERIES, since=START) as observed:
        observed.source.extract("range_samples", run_id="run")
        assert {at for _, _, at in observed.held()} == {int(instant(START).timestamp())}
