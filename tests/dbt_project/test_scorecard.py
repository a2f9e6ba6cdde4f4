"""Team numbers that may be compared, rule by rule (DEFINITIONS §6): table in, table out."""

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

import pytest

from orchestration.steps.intervals import poisson_bounds
from tests.dbt_project.scorecard_stories import Card, card
from tests.dbt_project.stories import Row, Story, Told
from tests.docs.pages import ROOT

FREQUENCY, FAIL_RATE, LEAD_TIME = "deployment_frequency", "change_fail_rate", "change_lead_time"
PER_ENGINEER, PER_SERVICE = "per_100_fte_days", "per_100_service_days"
APRIL, MARCH, FEBRUARY = (date(2026, month, 1) for month in (4, 3, 2))
NINE_DIGITS = Decimal("0.000000001")
PEER_COLUMNS = (
    "peer_count",
    "peer_median",
    "peer_deviation",
    "peer_score",
    "peer_position",
    "shrunken_value",
)


def rounded(value: Fraction) -> Decimal:
    """Half up at nine digits."""
    return Decimal(math.floor(value * 10**9 + Fraction(1, 2))).scaleb(-9)


def counted(*counts: int, **more: Any) -> Card:
    """Teams a, b, c … with so many deployments each."""
    told = Card()
    for team, count in zip("abcdefgh", counts, strict=False):
        told.cell(FREQUENCY, team, count=count, **more)
    return told


# --- exposure and rates


@pytest.mark.parametrize(("count", "days"), [(7, "63.5"), (1, "0.3333"), (0, "12"), (12345, "4821.7501")])
def test_a_rate_and_its_interval_are_the_counts_per_hundred_fte_days(count: int, days: str) -> None:
    bounds = poisson_bounds(count).to_pylist()[count]
    low, high = (Decimal(bounds[side]).quantize(NINE_DIGITS) for side in ("lower", "upper"))
    told = Card()
    told.cell(FREQUENCY, "a", count=count, around=None, interval_low=low, interval_high=high)
    told.exposure("a", fte_days=Decimal(days))
    row = card(told.build(), FREQUENCY, "a", by=PER_ENGINEER)
    for column, plain in (("value", Decimal(count)), ("interval_low", low), ("interval_high", high)):
        assert row[column] == rounded(Fraction(plain) * 100 / Fraction(days)), column
    assert (row["n"], row["unit"]) == (count, "things per 100 FTE-days")


def test_a_rate_per_service_divides_by_the_days_of_owned_services() -> None:
    told = counted(6)
    told.exposure("a", service_days=93, fte_days=1)
    row = card(told.build(), FREQUENCY, "a", by=PER_SERVICE)
    assert row["value"] == rounded(Fraction(600, 93))


def test_without_exposure_there_is_no_rate_and_it_is_said_so() -> None:
    told = counted(6)
    told.exposure("a", service_days=0)
    row = card(told.build(), FREQUENCY, "a", by=PER_SERVICE)
    assert (row["value"], row["not_compared_reason"]) == (None, "no_exposure")


def test_only_counts_that_may_be_compared_normalised_are_divided() -> None:
    told = Card()
    told.cell(FREQUENCY, "a", count=1)
    told.cell(FAIL_RATE, "a", of=(1, 20))
    told.cell("slo_months", "a", count=3)
    rows = told.build().rows("select metric, normalisation from marts.mart_team_scorecard order by all")
    assert [tuple(row.values()) for row in rows] == [
        (FAIL_RATE, "none"),
        (FREQUENCY, "none"),
        (FREQUENCY, PER_ENGINEER),
        (FREQUENCY, PER_SERVICE),
        ("slo_months", "none"),
    ]


# --- minimum team size, minimum n, and other reasons not to compare


@pytest.mark.parametrize(("size", "reason"), [(5, None), (4, "below_team_size"), (None, "team_size_unknown")])
def test_a_team_below_the_minimum_size_or_of_unknown_size_shows_no_number(
    size: int | None, reason: str | None
) -> None:
    told = counted(6, 7, 8, 9)
    told.exposure("a", team_size=size)
    told.cell(FREQUENCY, "a", month=date(2026, 6, 1), count=3)
    rows = told.build()
    for by in ("none", PER_ENGINEER, PER_SERVICE):
        row = card(rows, FREQUENCY, "a", by=by)
        assert row["withheld_reason"] == reason
        shown = {
            name for name in ("value", "n", "fte_days", "team_size", "interval_low") if row[name] is None
        }
        assert bool(shown) == bool(reason)
        assert ("withheld" in row["flags"]) == bool(reason)
    later = card(rows, FREQUENCY, "a", month=date(2026, 6, 1))
    assert (later["baseline_value"] is None) == bool(reason)


def test_the_minimum_team_size_is_the_workspaces() -> None:
    told = counted(6)
    told.story.flow["scorecard"] = [{"minimum_team_size": 9, "minimum_peer_count": 4}]
    assert card(told.build(), FREQUENCY, "a")["withheld_reason"] == "below_team_size"


def test_a_withheld_team_is_nobodys_peer() -> None:
    told = counted(10, 12, 15, 20, 90)
    told.exposure("e", team_size=2)
    row = card(told.build(), FREQUENCY, "a", by=PER_ENGINEER)
    assert (row["peer_count"], row["peer_median"]) == (4, Decimal("13.5"))


def test_below_the_minimum_n_no_comparison_is_made_and_the_value_stays() -> None:
    told = Card()
    for team, denominator in (("a", 9), ("b", 10), ("c", 20), ("d", 30), ("e", 40)):
        told.cell(FAIL_RATE, team, of=(denominator // 5, denominator))
    rows = told.build()
    few = card(rows, FAIL_RATE, "a")
    assert (few["not_compared_reason"], few["n"]) == ("below_minimum_n", 9)
    assert few["value"] is not None
    assert [few[column] for column in PEER_COLUMNS] == [None] * 6
    assert card(rows, FAIL_RATE, "b")["peer_count"] == 4


def test_partial_and_maturing_periods_are_not_compared() -> None:
    for flag in ("partial", "maturing"):
        rows = counted(1, 2, 3, 4, **{f"is_{flag}": True}).build()
        assert card(rows, FREQUENCY, "a", by=PER_ENGINEER)["not_compared_reason"] == flag


def test_plain_counts_metrics_never_compared_and_values_without_interval_have_no_place() -> None:
    told = Card()
    for team in "abcd":
        told.cell(FREQUENCY, team, count=ord(team))
        told.cell("review_rounds_p75", team, value=Decimal(ord(team)))
        told.cell("change_lead_time_p90", team, value=Decimal(ord(team)), around=None)
    rows = told.build()
    reasons = {
        metric: card(rows, metric, "a")["not_compared_reason"]
        for metric in (FREQUENCY, "review_rounds_p75", "change_lead_time_p90")
    }
    assert reasons == {
        FREQUENCY: "compared_as_rate",
        "review_rounds_p75": "never_compared",
        "change_lead_time_p90": "no_interval",
    }


def test_too_few_peers_give_no_placement() -> None:
    row = card(counted(1, 2, 3).build(), FREQUENCY, "a", by=PER_ENGINEER)
    assert row["not_compared_reason"] == "too_few_peers"
    assert [row[column] for column in PEER_COLUMNS] == [None] * 6


# --- peers


@pytest.mark.parametrize("counts", [(4, 8, 15, 16, 23), (4, 8, 15, 42), (3, 3, 3, 4, 9, 9)])
def test_a_robust_score_is_the_distance_from_the_median_in_scaled_mads(counts: tuple[int, ...]) -> None:
    rows = counted(*counts).build()
    centre = Fraction(median(map(Fraction, counts)))
    deviation = Fraction(median(abs(count - centre) for count in counts))
    for team, count in zip("abcdef", counts, strict=False):
        row = card(rows, FREQUENCY, team, by=PER_ENGINEER)
        expected = (count - centre) / (Fraction(14826, 10000) * deviation)
        size = rounded(abs(expected))
        assert row["peer_score"] == (size if expected >= 0 else -size)
        assert (row["peer_median"], row["peer_deviation"]) == (rounded(centre), rounded(deviation))


def test_peers_without_spread_give_no_score() -> None:
    row = card(counted(5, 5, 5, 5, 9).build(), FREQUENCY, "e", by=PER_ENGINEER)
    assert (row["peer_deviation"], row["peer_score"]) == (0, None)
    assert row["not_compared_reason"] is None


def test_a_team_stands_apart_from_its_peers_only_where_its_interval_says_so() -> None:
    rows = counted(10, 14, 16, 18, 60).build()  # each interval from half to one and a half of the value
    places = [card(rows, FREQUENCY, team, by=PER_ENGINEER)["peer_position"] for team in "abcde"]
    assert places == ["below", "not_told_apart", "not_told_apart", "not_told_apart", "above"]


def test_teams_above_others_are_not_the_peers_of_teams_below_them() -> None:
    told = counted(5, 6, 7, 8)
    told.story.team("top")
    for team in "abcd":
        told.story.team(team, parent="top")
    told.cell(FREQUENCY, "top", count=26)
    rows = told.build()
    assert card(rows, FREQUENCY, "a", by=PER_ENGINEER)["peer_count"] == 4
    top = card(rows, FREQUENCY, "top", by=PER_ENGINEER)
    assert (top["peer_group"], top["not_compared_reason"]) == ("level_1", "too_few_peers")


# --- shrinkage


def marshall(amounts: list[int], weights: list[float], *, is_ratio: bool) -> list[tuple[float, float]]:
    """Shares and estimates by Marshall's formulas, in the paper's notation."""
    pooled = sum(amounts) / sum(weights)
    rates = [amount / weight for amount, weight in zip(amounts, weights, strict=True)]
    event = pooled * (1 - pooled) if is_ratio else pooled
    spread = sum(w * (r - pooled) ** 2 for w, r in zip(weights, rates, strict=True)) / sum(weights)
    between = max(0.0, spread - event / (sum(weights) / len(weights)))
    shares = [between / (between + event / weight) if between else 0.0 for weight in weights]
    return [(s, pooled + s * (r - pooled)) for s, r in zip(shares, rates, strict=True)]


@pytest.mark.parametrize("counts", [(4, 30, 11, 80), (9, 10, 11, 10), (0, 0, 0, 0), (0, 50, 0, 3)])
def test_a_shrunken_rate_is_marshalls(counts: tuple[int, ...]) -> None:
    told = counted(*counts)
    days = [80.0, 120.0, 40.0, 200.0]
    for team, fte in zip("abcd", days, strict=True):
        told.exposure(team, fte_days=fte)
    rows = told.build()
    for team, (share, estimate) in zip("abcd", marshall(list(counts), days, is_ratio=False), strict=True):
        row = card(rows, FREQUENCY, team, by=PER_ENGINEER)
        assert float(row["own_share"]) == pytest.approx(share, abs=2e-9)
        assert float(row["shrunken_value"]) == pytest.approx(100 * estimate, abs=2e-8)


@pytest.mark.parametrize(
    "parts", [((1, 20), (9, 30), (20, 40), (2, 100)), ((0, 20), (0, 30), (0, 40), (0, 10))]
)
def test_a_shrunken_ratio_is_marshalls_with_the_variance_of_a_share(
    parts: tuple[tuple[int, int], ...],
) -> None:
    told = Card()
    for team, part in zip("abcd", parts, strict=True):
        told.cell(FAIL_RATE, team, of=part)
    rows = told.build()
    expected = marshall([part[0] for part in parts], [float(part[1]) for part in parts], is_ratio=True)
    for team, (share, estimate) in zip("abcd", expected, strict=True):
        row = card(rows, FAIL_RATE, team)
        assert float(row["own_share"]) == pytest.approx(share, abs=2e-9)
        assert float(row["shrunken_value"]) == pytest.approx(estimate, abs=2e-9)


def test_a_shrunken_median_is_drawn_to_the_peers_median_by_its_error() -> None:
    told = Card()
    values, widths = [100.0, 200.0, 260.0, 900.0], [40.0, 10.0, 300.0, 80.0]
    for team, value, width in zip("abcd", values, widths, strict=True):
        ends = {"interval_low": value - width / 2, "interval_high": value + width / 2}
        told.cell(LEAD_TIME, team, value=value, around=None, **ends)
    rows = told.build()
    centre = median(values)
    errors = [(width / 3.919927969080108) ** 2 for width in widths]
    between = sum((value - centre) ** 2 for value in values) / 3 - sum(errors) / 4
    for team, value, error in zip("abcd", values, errors, strict=True):
        row = card(rows, LEAD_TIME, team)
        share = between / (between + error)
        assert float(row["own_share"]) == pytest.approx(share, abs=2e-9)
        assert float(row["shrunken_value"]) == pytest.approx(centre + share * (value - centre), abs=2e-7)


def test_teams_that_differ_by_chance_alone_get_the_same_shrunken_estimate() -> None:
    rows = counted(9, 10, 11, 10).build()
    assert {card(rows, FREQUENCY, team, by=PER_ENGINEER)["shrunken_value"] for team in "abcd"} == {10}


def test_less_exposure_means_more_shrinkage() -> None:
    told = counted(10, 40, 100, 20)
    for team, fte in zip("abcd", (20, 100, 500, 100), strict=True):
        told.exposure(team, fte_days=fte)
    rows = told.build()
    shares = {team: card(rows, FREQUENCY, team, by=PER_ENGINEER)["own_share"] for team in "abcd"}
    assert shares["a"] < shares["b"] == shares["d"] < shares["c"]


# --- context windows and baselines


def months(**windows: Any) -> Card:
    """One team with 3, 5, 9 and 7 deployments from February to May."""
    told = Card(**windows)
    for month, count in ((FEBRUARY, 3), (MARCH, 5), (APRIL, 9), (date(2026, 5, 1), 7)):
        told.cell(FREQUENCY, "a", month=month, count=count)
    return told


def test_a_period_that_overlaps_a_context_window_is_flagged_and_keeps_its_value() -> None:
    told = months()
    told.window("ledger", "2026-03-31", "2026-04-02", team="a")
    rows = told.build()
    flagged = {
        month: card(rows, FREQUENCY, "a", month=month)["context_windows"]
        for month in (MARCH, APRIL, FEBRUARY)
    }
    assert flagged == {MARCH: ["migration: ledger"], APRIL: ["migration: ledger"], FEBRUARY: []}
    april = card(rows, FREQUENCY, "a", month=APRIL)
    assert (april["value"], "context" in april["flags"]) == (9, True)


def test_a_window_ends_before_its_last_day_begins() -> None:
    told = months()
    told.window("ledger", "2026-03-10", "2026-04-01", team="a")
    assert card(told.build(), FREQUENCY, "a", month=APRIL)["context_windows"] == []


def test_the_adjusted_baseline_leaves_context_out_and_stands_beside_the_plain_one() -> None:
    told = months()
    told.window("ledger", "2026-03-10", "2026-05-01", team="a")
    row = card(told.build(), FREQUENCY, "a")
    assert (row["baseline_value"], row["baseline_period_start"]) == (9, APRIL)
    assert (row["adjusted_baseline_value"], row["adjusted_baseline_period_start"]) == (3, FEBRUARY)


def test_a_baseline_is_the_newest_earlier_whole_period_with_enough_facts() -> None:
    told = Card()
    for month, denominator, partial in ((FEBRUARY, 20, False), (MARCH, 9, False), (APRIL, 20, True)):
        told.cell(FAIL_RATE, "a", month=month, of=(4, denominator), is_partial=partial)
    told.cell(FAIL_RATE, "a", of=(1, 20))
    row = card(told.build(), FAIL_RATE, "a")
    assert (row["baseline_value"], row["baseline_period_start"]) == (Decimal("0.2"), FEBRUARY)


def test_a_window_of_everybody_and_one_of_a_team_above_or_below_concern_a_team() -> None:
    story = Story()
    story.team("top")
    story.team("a", parent="top")
    story.team("b", parent="top")
    for named, concerned in ((None, "abt"), ("top", "abt"), ("a", "at"), ("b", "bt")):
        told = Card(Story(teams=story.teams))
        for team in ("a", "b", "top"):
            told.cell(FREQUENCY, team, count=5)
        told.window("x", "2026-05-10", "2026-05-11", team=named, kind="freeze")
        rows = told.build()
        flagged = [
            team[0]
            for team in ("a", "b", "top")
            if card(rows, FREQUENCY, team)["context_windows"] == ["freeze: x"]
        ]
        assert "".join(flagged) == concerned, named


def test_a_window_concerns_a_team_below_only_while_it_stood_below() -> None:
    told = Card()
    told.story.team("top")
    told.story.team("a", until="05-10 00:00")
    told.story.team("a", parent="top", since="05-10 00:00")
    told.cell(FREQUENCY, "a", count=5)
    told.window("early", "2026-05-01", "2026-05-10", team="top")
    told.window("late", "2026-05-01", "2026-05-11", team="top")
    assert card(told.build(), FREQUENCY, "a")["context_windows"] == ["migration: late"]


# --- counter-metrics


def test_counter_metrics_stand_beside_each_metric_in_their_order() -> None:
    told = Card()
    told.cell(FREQUENCY, "a", count=5)
    told.cell(FAIL_RATE, "a", of=(1, 8))
    rows = told.build()
    row = card(rows, FREQUENCY, "a", by=PER_ENGINEER)
    beside = dict(zip(row["counter_metrics"], row["counter_values"], strict=True))
    assert beside[FAIL_RATE] == Decimal("0.125")
    missing = [name for name, value in beside.items() if value is None]
    assert missing
    assert row["counters_missing_count"] == len(missing)
    assert "counter_missing" in row["flags"]


def test_a_counter_that_is_a_count_is_divided_like_the_metric_that_it_stands_beside() -> None:
    told = Card()
    told.cell("throughput", "a", count=40)
    told.exposure("a", fte_days=50)
    rows = told.build()
    (counted_by,) = _metrics_with_counter(rows, "throughput")[:1]
    told.cell(counted_by, "a", count=3)
    again = told.build()
    row = card(again, counted_by, "a", by=PER_ENGINEER)
    assert dict(zip(row["counter_metrics"], row["counter_values"], strict=True))["throughput"] == 80


def _metrics_with_counter(told: Told, counter: str) -> list[str]:
    rows: list[Row] = told.rows(
        "select metric from marts.dim_metrics where list_contains(counter_metrics, $1) "
        "and comparison = 'normalized' order by metric",
        counter,
    )
    return [row["metric"] for row in rows]


# --- what the page tells readers to ask


def test_the_difference_of_two_teams_on_the_page_is_newcombes_for_ratios() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe, Statistics in Medicine 17, 1998, method 10)."""
    told = Card()
    for team, numerator, denominator in (("a", 56, 70), ("b", 48, 80)):
        bounds = {"low": _wilson(numerator, denominator, -1), "high": _wilson(numerator, denominator, 1)}
        ends = {f"interval_{side}": bound for side, bound in bounds.items()}
        told.cell(FAIL_RATE, team, of=(numerator, denominator), around=None, **ends)
    for team in "cd":
        told.cell(FAIL_RATE, team, of=(1, 20))
    query = _queries()[1].replace("'quarter'", "'month'")
    row = next(row for row in told.build().rows(query) if row["other_team_id"] == "b")
    assert (round(row["difference_low"], 4), round(row["difference_high"], 4)) == (0.0524, 0.3339)


def test_the_first_query_of_the_page_runs() -> None:
    told = counted(4, 5, 6, 7)
    query = _queries()[0].replace("'quarter'", "'month'").replace("2026-04-01", "2026-05-01")
    rows = told.build().rows(query)
    assert [(row["team_id"], row["value"]) for row in rows] == [("a", 4), ("b", 5), ("c", 6), ("d", 7)]


def _queries() -> list[str]:
    page = (ROOT / "docs" / "scorecard.md").read_text(encoding="utf-8")
    return [fence.split("```")[0] for fence in page.split("```sql\n")[1:]]


def _wilson(numerator: int, denominator: int, sign: int) -> float:
    z = 1.959963984540054
    share = numerator / denominator
    half = z * math.sqrt(share * (1 - share) / denominator + z * z / 4 / denominator**2)
    return (share + z * z / 2 / denominator + sign * half) / (1 + z * z / denominator)
