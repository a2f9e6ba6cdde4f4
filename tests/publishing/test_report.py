"""The report: complete in itself, escaped, and honest about what it shows."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
import vl_convert

from publishing.charts import metric_charts
from publishing.figures import Figure, Figures, Metric, Scope
from publishing.units import DAYS, HOURS, MINUTES, scale_for, shown, shown_interval, typical_scale
from tests.publishing.release import Release

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}</title><!--"


class Elements(HTMLParser):
    """Collects what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [
            value or "" for name, value in attrs if name in {"src", "href", "action", "srcset"}
        ]


def report_of(release: Release) -> str:
    return (release.root / "current" / "report.html").read_text(encoding="utf-8")


def elements_of(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


def test_the_page_loads_nothing_and_forbids_every_request(published: Release) -> None:
    page = report_of(published)
    elements = elements_of(page)
    assert all(reference.startswith("#") for reference in elements.references)
    assert "link" not in elements.tags
    assert "iframe" not in elements.tags
    assert "default-src 'none'" in page


def test_it_leads_with_the_newest_complete_month_and_marks_the_partial_one(published: Release) -> None:
    page = report_of(published)
    assert "May 2026, the newest month that the data covers in full" in " ".join(page.split())
    assert "Jun 2026: the data does not cover the whole month" in page
    assert page.count('class="tile"') == 5


def test_every_scope_and_metric_stands_in_a_table_with_n_and_interval(published: Release) -> None:
    page = report_of(published)
    for title in ("Checkout", "Mobile app", "Payments", "Acme"):
        assert re.search(rf'<th scope="row" class="depth0">{title}\s*</th>', page), title
    assert re.search(r"<small>n \d+ · [\d.,\u202f]+ to [\d.,\u202f]+\u202fh</small>", page)


def test_it_says_how_to_check_a_number_and_what_it_rests_on(published: Release) -> None:
    page = report_of(published)
    assert "assay trace change_lead_time --scope service:catalogue --period 2026-05" in page
    assert published.ledger.root("payload", 250).hex() in page
    assert "2 of 2 checks hold" in page
    assert page.count(">published</span>") == 5


def test_text_from_sources_cannot_become_markup_or_code(release: Release) -> None:
    hostile = HOSTILE.replace("'", "''")
    release.change(f"update marts.dim_services set title = '{hostile}' where service_id = 'checkout'")
    release.change(f"update marts.dim_metrics set sentence = '{hostile}'")
    release.change(f"update marts.mart_metric_values set scope_id = '{hostile}' where scope_id = 'search'")
    release.publish()
    page = report_of(release)
    elements = elements_of(page)
    assert elements.tags.count("script") == 2
    assert elements.tags.count("title") == 1
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_chart_data_cannot_end_the_script_element(release: Release) -> None:
    release.change("update marts.dim_teams set title = '</script><b>' || team_id")
    release.publish()
    page = report_of(release)
    assert "</script><b>" not in page
    assert "\\u003c/script\\u003e\\u003cb\\u003e" in page


def specifications(page: str) -> list[tuple[str, dict[str, object]]]:
    found = re.search(r"of (\[\[\"chart-.*?\]\])\) \{", page, re.DOTALL)
    assert found is not None
    loaded: list[tuple[str, dict[str, object]]] = json.loads(found[1])
    return loaded


def test_each_chart_has_its_place_and_can_be_drawn(published: Release) -> None:
    page = report_of(published)
    charts = specifications(page)
    assert len(charts) == 15
    for element_id, _ in charts:
        assert page.count(f'id="{element_id}"') == 1
    for element_id, specification in (charts[0], charts[4], charts[8]):
        assert "<svg" in vl_convert.vegalite_to_svg(specification, vl_version="6.4"), element_id


def figures(*, values: list[int | None], partial: int = 0, scopes: int = 1) -> Figures:
    metric = Metric(
        "change_lead_time", 1, "Change lead time", "", "seconds", "lower_is_better", "operational", ""
    )
    months = tuple(date(2024 + number // 12, number % 12 + 1, 1) for number in range(len(values)))
    known = tuple(Scope("service", f"s{number}", f"Service {number}") for number in range(scopes))
    cells = {}
    for scope in known:
        for position, (month, value) in enumerate(zip(months, values, strict=True)):
            number = None if value is None else Decimal(value)
            is_partial = position >= len(values) - partial
            cells["change_lead_time", "service", scope.scope_id, month] = Figure(
                metric="change_lead_time",
                scope=scope,
                period_start=month,
                period_end=month,
                value=number,
                n=3,
                interval_low=number,
                interval_high=number,
                is_partial=is_partial,
                is_maturing=False,
                flags=(),
            )
    return Figures((metric,), known, months, months[: len(months) - partial], cells)


def test_a_partial_month_is_never_joined_to_the_line() -> None:
    shown_figures = figures(values=[3600, None, 7200, 9000], partial=1)
    chart = metric_charts(shown_figures, shown_figures.metrics[0])["organisation"]
    rows = chart.specification["datasets"]["rows"]
    assert [row["joined"] for row in rows] == [1.0, None, 2.0, None]
    assert [row["state"] for row in rows] == ["complete", "complete", "complete", "partial"]
    assert rows[3]["value"] == 2.5


def test_an_incomplete_month_is_hollow_and_never_joined() -> None:
    whole = figures(values=[3600, 7200])
    cells = {
        key: replace(cell, flags=("incomplete",)) if cell.period_start == whole.months[0] else cell
        for key, cell in whole.cells.items()
    }
    chart = metric_charts(replace(whole, cells=cells), whole.metrics[0])["organisation"]
    rows = chart.specification["datasets"]["rows"]
    assert [(row["state"], row["joined"]) for row in rows] == [("incomplete", None), ("complete", 2.0)]


def test_an_incomplete_value_says_so_in_the_tables_and_is_not_compared(release: Release) -> None:
    release.change(
        "update marts.mart_metric_values set flags = ['incomplete'] where period_start = '2025-08-01'"
    )
    release.publish()
    page = report_of(release)
    assert page.count('<small class="incomplete"') > 0
    assert "values are incomplete" in page
    assert "carry the flag incomplete, and are of change fail rate, " in page
    assert "not compared, for not all was read" in page


def test_one_value_far_beyond_the_rest_is_named_and_does_not_flatten_the_others() -> None:
    shown_figures = figures(values=[*[3600] * 23, 3600 * 400], scopes=4)
    chart = metric_charts(shown_figures, shown_figures.metrics[0])["service"]
    rows = chart.specification["datasets"]["rows"]
    assert [row["beyond"] for row in rows if row["beyond"]] == ["\u25b2 400\u202fh"] * 4
    assert max(row["value"] for row in rows) < 3


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "seconds", "\u2013"),
        (Decimal(0), "seconds", "0.0\u202fmin"),
        (Decimal(1800), "seconds", "30.0\u202fmin"),
        (Decimal(12240), "seconds", "3.4\u202fh"),
        (Decimal(259200), "seconds", "3.0\u202fd"),
        (Decimal("0.125"), "ratio", "12.5\u202f%"),
        (Decimal(1), "ratio", "100\u202f%"),
        (Decimal(1234), "deployments", "1\u202f234"),
        (Decimal("38.44"), "deployments", "38.4"),
        (Decimal("0.05"), "ratio", "5.0\u202f%"),
    ],
)
def test_values_carry_their_unit_and_empty_is_not_zero(value: Decimal | None, unit: str, text: str) -> None:
    assert shown(value, unit) == text


def test_values_that_stand_together_share_a_unit() -> None:
    assert scale_for("seconds", [Decimal(60)]) is MINUTES
    assert scale_for("seconds", [Decimal(60), Decimal(90_000)]) is HOURS
    assert scale_for("seconds", [Decimal(1_000_000)]) is DAYS
    assert typical_scale("seconds", [Decimal(7200), None, Decimal(10_000_000)]) is not MINUTES
    assert typical_scale("seconds", [Decimal(7200), Decimal(7300), Decimal(10_000_000)]) is HOURS
    assert shown_interval(Decimal(3600), Decimal(7200), "seconds") == "1.0 to 2.0\u202fh"
    assert shown_interval(None, Decimal(7200), "seconds") == ""
