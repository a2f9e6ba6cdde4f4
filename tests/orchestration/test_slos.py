"""Files of objectives: what they define, and what is said about each thing that is wrong with them."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import SettingsError
from orchestration.settings import Settings
from orchestration.slos.definitions import ALERT_RULES, Matcher
from orchestration.slos.resolving import SloBook, examine_slos, read_slos
from orchestration.slos.rows import slo_tables
from orchestration.slos.selectors import read_selector
from orchestration.steps.config_tables import CONFIG_TABLES

Document = dict[str, Any]
QUERIES = [
    {"name": "requests", "query": "http_requests_total", "step_seconds": 60},
    {"name": "latency", "query": "histogram_quantile(0.99, sum by (le) (rate(x_bucket[1m])))"},
    {"name": "probe", "query": 'probe_success{job="blackbox"}', "step_seconds": 30},
]
SETTINGS = Settings.model_validate(
    {
        "organisation": "acme",
        "sources": [
            {"name": "prom", "kind": "prometheus", "base_url": "http://prom:9090", "queries": QUERIES},
            {"name": "dog", "kind": "datadog"},
        ],
        "services": [{"name": "checkout", "repository": "acme/checkout"}],
    }
)


def prometheus(query: str) -> Document:
    """A metric that Prometheus has."""
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def ratio(**more: Any) -> Document:
    """The spec of an indicator over two counters."""
    total = 'http_requests_total{service="checkout"}'
    bad = 'http_requests_total{service="checkout",code=~"5.."}'
    return {"ratioMetric": {"counter": True, "bad": prometheus(bad), "total": prometheus(total), **more}}


def slo(name: str = "answers", **spec: Any) -> Document:
    """An SLO over thirty rolling days, by occurrences."""
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name},
        "spec": {
            "service": "checkout",
            "indicator": {"metadata": {"name": "failures"}, "spec": ratio()},
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": 99.9}],
            **spec,
        },
    }


def book(folder: Path, *documents: Document) -> SloBook:
    """What a file of documents defines."""
    (folder / "slos").mkdir(exist_ok=True)
    text = yaml.safe_dump_all(documents, sort_keys=False)
    (folder / "slos" / "checkout.yaml").write_text(text, encoding="utf-8")
    return examine_slos(folder, SETTINGS)


def test_a_ratio_over_counters_reads_the_query_that_samples_its_series(tmp_path: Path) -> None:
    found = book(tmp_path, slo())
    assert found.problems == ()
    (one,) = found.objectives
    assert (one.slo_id, one.objective_id, one.target, one.slice_seconds) == (
        "answers",
        "answers",
        Decimal("0.999"),
        60,
    )
    assert (one.indicator_kind, one.is_counter, one.method, one.window.kind) == (
        "ratio",
        True,
        "occurrences",
        "rolling",
    )
    bad, total = one.signals
    assert (bad.role, bad.query, bad.source, bad.step_seconds) == ("bad", "requests", "prom", 60)
    assert bad.matchers == (Matcher("code", "=~", "5.."), Matcher("service", "=", "checkout"))
    assert total.matchers == (Matcher("service", "=", "checkout"),)


def test_a_query_of_any_form_is_found_by_its_text(tmp_path: Path) -> None:
    threshold = {"thresholdMetric": prometheus("histogram_quantile(0.99,  sum by (le) (rate(x_bucket[1m])))")}
    objectives = [{"target": 0.95, "op": "lte", "value": 0.3}]
    (one,) = book(tmp_path, slo(indicator={"spec": threshold}, objectives=objectives)).objectives
    assert (one.indicator_kind, one.operator, one.threshold) == ("threshold", "lte", Decimal("0.3"))
    assert (one.signals[0].query, one.signals[0].matchers) == ("latency", ())


def test_several_objectives_are_told_apart_and_a_composite_weighs_its_parts(tmp_path: Path) -> None:
    inline = {"metadata": {"name": "failures"}, "spec": ratio()}
    sli = {"apiVersion": "openslo/v1", "kind": "SLI", "metadata": {"name": "up"}}
    raw = {"ratioMetric": {"raw": prometheus('probe_success{job="blackbox"}'), "rawType": "success"}}
    whole = slo(objectives=[{"target": 0.99}, {"target": 0.9}])
    composite = slo(
        "journey",
        indicator=None,
        objectives=[
            {"target": 0.99, "indicator": inline, "compositeWeight": 3},
            {"target": 0.9, "indicatorRef": "up"},
        ],
    )
    del composite["spec"]["indicator"]
    found = book(tmp_path, whole, composite, {**sli, "spec": raw})
    assert found.problems == ()
    assert [(one.objective_id, one.weight, one.slice_seconds) for one in found.objectives] == [
        ("answers/1", None, 60),
        ("answers/2", None, 60),
        ("journey/1", Decimal(3), 60),
        ("journey/2", Decimal(1), 30),
    ]


def test_calendar_windows_and_slices_keep_what_the_file_says(tmp_path: Path) -> None:
    calendar = {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}
    objectives = [{"target": 0.99, "timeSliceTarget": 0.95, "timeSliceWindow": 5}]
    document = slo(
        timeWindow=[{"duration": "1M", "calendar": calendar}],
        budgetingMethod="Timeslices",
        objectives=objectives,
    )
    document["metadata"]["annotations"] = {"assay/gaps": "bad", "assay/no-traffic": "good"}
    (one,) = book(tmp_path, document).objectives
    assert (one.window.kind, str(one.window.duration), one.window.time_zone) == (
        "calendar",
        "1M",
        "Europe/Berlin",
    )
    assert one.window.starts is not None
    assert one.window.starts.isoformat() == "2026-01-01T00:00:00"
    assert (one.slice_seconds, one.slice_target, one.gaps, one.no_traffic) == (
        300,
        Decimal("0.95"),
        "bad",
        "good",
    )


def test_datadog_is_read_by_the_identifier_of_its_objective(tmp_path: Path) -> None:
    metric = {"metricSource": {"type": "Datadog", "spec": {"sloId": "abc123"}}}
    indicator = {"spec": {"ratioMetric": {"counter": False, "good": metric, "total": metric}}}
    (one,) = book(tmp_path, slo(indicator=indicator)).objectives
    assert [(each.role, each.source_kind, each.query) for each in one.signals] == [
        ("good", "datadog", "abc123"),
        ("total", "datadog", "abc123"),
    ]
    assert one.slice_seconds == 3600


def test_other_kinds_are_tolerated_and_a_data_source_gives_the_type(tmp_path: Path) -> None:
    document = slo(alertPolicies=[{"alertPolicyRef": "page"}])
    for side in ("bad", "total"):
        source = document["spec"]["indicator"]["spec"]["ratioMetric"][side]["metricSource"]
        del source["type"]
        source["metricSourceRef"] = "metrics"
    others = [
        {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": "page"}, "spec": {"anything": [1]}}
        for kind in ("AlertPolicy", "AlertCondition", "AlertNotificationTarget")
    ]
    data = {"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": "metrics"}}
    service = {"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {}}
    found = book(tmp_path, document, *others, {**data, "spec": {"type": "Prometheus"}}, service)
    assert found.problems == ()
    assert len(found.objectives) == 1


def without(document: Document, *path: str) -> Document:
    """The document without one key."""
    holder = document
    for part in path[:-1]:
        holder = holder[part]
    del holder[path[-1]]
    return document


FAULTS: list[tuple[Callable[[], Document], str, str, str]] = [
    (lambda: slo() | {"kind": "Slo"}, "kind: ", "'Slo' is no kind of OpenSLO v1", "One of SLO, SLI"),
    (lambda: slo() | {"apiVersion": "openslo/v2"}, "apiVersion: ", "cannot stand here", "openslo/v1"),
    (lambda: slo(budgetingmethod="x"), "spec.budgetingmethod: ", "unknown key", "budgetingMethod"),
    (lambda: slo(budgetingMethod="Events"), "spec.budgetingMethod: ", "cannot stand here", "Occurrences"),
    (
        lambda: without(slo(), "spec", "timeWindow"),
        "spec.timeWindow: ",
        "required and missing",
        "docs/slos.md",
    ),
    (lambda: slo(service="shop"), "spec.service: ", "no service of assay.yml", "One of checkout"),
    (lambda: slo(objectives=[{"target": 1}]), "spec.objectives[0].target: ", "less than 1", "is 1"),
    (lambda: slo(objectives=[{}]), "spec.objectives[0]: ", "one of target and targetPercent", "Keep one"),
    (
        lambda: slo(objectives=[{"target": 0.9, "op": "lt", "value": 1}]),
        "spec.objectives[0]: ",
        "belong to a thresholdMetric",
        "Remove them",
    ),
    (
        lambda: slo(budgetingMethod="Timeslices", objectives=[{"target": 0.9, "timeSliceTarget": 1}]),
        "spec.objectives[0]: ",
        "need a timeSliceWindow",
        "timeSliceWindow: 1m",
    ),
    (
        lambda: slo(budgetingMethod="Timeslices", objectives=[{"target": 0.9, "timeSliceWindow": 1}]),
        "spec.objectives[0]: ",
        "need a timeSliceTarget",
        "Add the share",
    ),
    (
        lambda: slo(timeWindow=[{"duration": "30 days", "isRolling": True}]),
        "spec.timeWindow[0].duration: ",
        "'30 days' is no duration",
        "such as 30d",
    ),
    (
        lambda: slo(timeWindow=[{"duration": "30d"}]),
        "spec.timeWindow[0]: ",
        "not rolling and has no calendar",
        "isRolling: true",
    ),
    (
        lambda: slo(
            timeWindow=[{"duration": "1M", "calendar": {"startTime": "2026-01-01", "timeZone": "Mars"}}]
        ),
        "spec.timeWindow[0].calendar.timeZone: ",
        "not a time zone",
        "Europe/Berlin",
    ),
    (
        lambda: slo(indicator={"spec": ratio(good=prometheus("x"))}),
        "spec.indicator.spec.ratioMetric: ",
        "total and one of good and bad",
        "either good or bad",
    ),
    (
        lambda: slo(indicator={"spec": without(ratio(), "ratioMetric", "counter")}),
        "spec.indicator.spec.ratioMetric: ",
        "whether the metrics only grow",
        "counter: true",
    ),
    (
        lambda: slo(indicator={"spec": ratio(total=prometheus("http_errors_total"))}),
        "spec.indicator.spec.ratioMetric.total: ",
        "prom does not sample 'http_errors_total'",
        "queries in assay.yml",
    ),
    (
        lambda: slo(indicator={"spec": ratio(bad=prometheus('http_requests_total{code=~"(5"}'))}),
        "spec.indicator.spec.ratioMetric.bad: ",
        "cannot be matched",
        "Mend the pattern",
    ),
    (
        lambda: slo(indicator={"spec": ratio(bad={"metricSource": {"type": "Splunk"}})}),
        "spec.indicator.spec.ratioMetric.bad: ",
        "'Splunk' is no type",
        "Prometheus or Datadog",
    ),
    (
        lambda: without(slo(indicatorRef="up"), "spec", "indicator"),
        "spec.indicatorRef: ",
        "no SLI 'up'",
        "none",
    ),
    (
        lambda: without(slo(), "spec", "indicator"),
        "spec: ",
        "one of indicator and indicatorRef",
        "Name the one",
    ),
    (
        lambda: slo(objectives=[{"target": 0.9, "indicatorRef": "up"}, {"target": 0.9}]),
        "spec.objectives[1]: ",
        "this one has none",
        "In a composite",
    ),
    (
        lambda: slo(objectives=[{"target": 0.9, "compositeWeight": 2}]),
        "spec.objectives[0].compositeWeight: ",
        "outside a composite",
        "remove the weight",
    ),
]


@pytest.mark.parametrize(("made", "key", "message", "remedy"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_wrong_file_gets_file_line_and_remedy(
    tmp_path: Path, made: Callable[[], Document], key: str, message: str, remedy: str
) -> None:
    document = made()
    found = book(tmp_path, slo("first"), document)
    assert "first" in [one.slo_id for one in found.objectives]
    (problem,) = found.problems
    text = problem.text()
    assert text.startswith("slos/checkout.yaml:")
    assert f": {key}" in text
    assert message in text
    assert remedy in text.partition(message)[2]
    line = (tmp_path / "slos" / "checkout.yaml").read_text().splitlines()[problem.problem.line - 1]
    last = key.removesuffix(": ").rpartition(".")[2].partition("[")[0]
    assert last in line or line.lstrip().startswith("- ") or last == "timeWindow"


def test_what_is_wrong_with_an_sli_is_said_once_where_it_stands(tmp_path: Path) -> None:
    sli = {"apiVersion": "openslo/v1", "kind": "SLI", "metadata": {"name": "up"}}
    users = [without(slo(name, indicatorRef="up"), "spec", "indicator") for name in ("one", "two")]
    found = book(tmp_path, *users, {**sli, "spec": ratio(total=prometheus("nowhere"))})
    (problem,) = found.problems
    assert ": spec.ratioMetric.total: the source prom does not sample 'nowhere'" in problem.text()
    assert found.objectives == ()


def test_a_name_a_key_and_a_policy_are_checked_too(tmp_path: Path) -> None:
    doubled = slo()
    doubled["metadata"]["annotations"] = {"assay/gaps": "ignore"}
    found = book(tmp_path, slo(), doubled)
    assert [problem.problem.message for problem in found.problems] == [
        "SLO 'answers' is defined in slos/checkout.yaml as well",
        "'ignore' is no policy",
    ]
    file = tmp_path / "slos" / "checkout.yaml"
    file.write_text("apiVersion: openslo/v1\nkind: Service\nkind: Service\nmetadata: {name: web}\n")
    (problem,) = examine_slos(tmp_path, SETTINGS).problems
    assert problem.text() == "slos/checkout.yaml:3: kind: the key stands here a second time. Keep one of them"
    file.write_text("a: [\n")
    (problem,) = examine_slos(tmp_path, SETTINGS).problems
    assert problem.text().startswith("slos/checkout.yaml:2: this cannot be read as YAML")


def test_a_slice_must_hold_whole_samples(tmp_path: Path) -> None:
    objectives = [{"target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": 1}]
    metric = {"ratioMetric": {"raw": prometheus("slow_ratio"), "rawType": "success"}}
    document = slo(budgetingMethod="Timeslices", objectives=objectives, indicator={"spec": metric})
    (tmp_path / "slos").mkdir()
    (tmp_path / "slos" / "a.yml").write_text(yaml.safe_dump(document))
    query = {"name": "slow", "query": "slow_ratio", "step_seconds": 90}
    sources = [{"name": "prom", "kind": "prometheus", "base_url": "http://prom:9090", "queries": [query]}]
    settings = Settings.model_validate({"organisation": "acme", "sources": sources})
    (problem,) = examine_slos(tmp_path, settings).problems
    assert "a slice of 60 s does not hold whole samples, which are 90 s apart" in problem.text()


def test_reading_stops_with_every_problem_and_without_files_there_is_nothing(tmp_path: Path) -> None:
    assert read_slos(tmp_path, SETTINGS) == SloBook()
    book(tmp_path, slo(service="shop"), slo("other", service="shop"))
    with pytest.raises(SettingsError, match="have 2 problems; nothing was started") as caught:
        read_slos(tmp_path, SETTINGS)
    assert str(caught.value).count("slos/checkout.yaml:") == 2


def test_the_rows_have_the_columns_that_the_models_join(tmp_path: Path) -> None:
    tables = slo_tables(book(tmp_path, slo(), slo("other")).objectives)
    assert {name: set(table.column_names) for name, table in tables.items()} == {
        name: set(CONFIG_TABLES[name]) for name in CONFIG_TABLES if name.startswith("slo_")
    }
    assert tables["slo_matchers"].num_rows == 6
    assert slo_tables([]) == {}


def test_the_file_that_the_documentation_shows_is_valid(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "slos.md"
    (text,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "slos").mkdir()
    (tmp_path / "slos" / "shown.yaml").write_text(text, encoding="utf-8")
    found = examine_slos(tmp_path, SETTINGS)
    assert found.problems == ()
    assert [one.objective_id for one in found.objectives] == ["checkout-answers"]


def test_burn_rates_of_thirty_days_are_those_of_the_published_table() -> None:
    rates = [
        (rule.long_seconds // 3600, rule.short_seconds // 60, rule.budget_share, rule.burn_rate(30 * 86_400))
        for rule in ALERT_RULES
    ]
    assert [(hours, minutes, float(share), float(rate)) for hours, minutes, share, rate in rates] == [
        (1, 5, 0.02, 14.4),
        (6, 30, 0.05, 6),
        (24, 120, 0.10, 3),
        (72, 360, 0.10, 1),
    ]


def test_burn_rates_follow_the_period() -> None:
    fast = ALERT_RULES[0]
    assert float(fast.burn_rate(28 * 86_400)) == pytest.approx(13.44)
    assert float(fast.burn_rate(7 * 86_400)) == pytest.approx(3.36)


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("up", {("__name__", "=", "up")}),
        ("{job='a'}", {("job", "=", "a")}),
        ('up{a="1", b!~"x\\\\.y",}', {("__name__", "=", "up"), ("a", "=", "1"), ("b", "!~", "x\\.y")}),
        ('up{a="quo\\"te"}', {("__name__", "=", "up"), ("a", "=", 'quo"te')}),
        ("rate(up[5m])", None),
        ("up offset 5m", None),
        ("{}", None),
    ],
)
def test_selectors_are_read_as_prometheus_reads_them(text: str, matchers: set[Any] | None) -> None:
    found = read_selector(text)
    read = None if found is None else {(one.label, one.operator, one.value) for one in found.matchers}
    assert read == matchers
