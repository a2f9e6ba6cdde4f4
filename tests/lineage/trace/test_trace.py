"""From a published cell to facts, records, pages and proofs, and back to the number."""

import json
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from lineage.errors import CellNotFoundError, TraceInputError
from lineage.ledger import merkle
from lineage.trace import Period, RecordUse, parse_period, parse_scope, trace
from tests.lineage.trace.world import METRICS, SCOPES, World


@pytest.mark.parametrize("metric", [metric[0] for metric in METRICS])
@pytest.mark.parametrize("scope", [f"{kind}:{scope_id}" for kind, scope_id in SCOPES])
@pytest.mark.parametrize("period", ["2026-05", "2026-06"])
def test_every_cell_follows_from_its_facts(still_world: World, metric: str, scope: str, period: str) -> None:
    found = still_world.trace(metric, scope, period)
    assert found.recomputed.is_equal
    assert found.recomputed.differences == ()
    assert found.is_proven
    assert found.recomputed.value == found.cell.value
    assert found.is_empty == (period == "2026-06")


def test_a_median_names_the_facts_that_decide_it(still_world: World) -> None:
    found = still_world.trace("change_lead_time", "organisation:acme", "2026-05")
    assert [fact.measure for fact in found.facts] == [100, 110, 140, 190, 260, 350, 460, 590, 740]
    assert [fact.measure for fact in found.facts if fact.is_deciding] == [260]
    assert found.cell.value == Decimal("260.000000000")
    even = still_world.trace("change_lead_time", "service:shop", "2026-05")
    assert [fact.measure for fact in even.facts if fact.is_deciding] == [140, 190]
    assert even.cell.value == Decimal("165.000000000")


def test_a_ratio_marks_the_facts_of_its_numerator(still_world: World) -> None:
    found = still_world.trace("change_fail_rate", "organisation:acme", "2026-05")
    assert [fact.key for fact in found.facts] == ["d0", "d1", "d2", "d3", "d4", "d6", "d7", "d8"]
    assert [fact.key for fact in found.facts if fact.is_deciding] == ["d1"]
    assert (found.recomputed.numerator, found.recomputed.denominator) == (1, 8)
    assert found.cell.value == Decimal("0.125000000")


def test_records_and_pages_are_those_of_the_facts_and_nothing_else(still_world: World) -> None:
    found = still_world.trace("deployment_frequency", "service:api", "2026-05")
    assert found.contributing_ids == tuple(still_world.deployments[6:9])
    assert found.context_ids == (still_world.deployments[5],)
    values = {record.record_id: record.value["id"] for record in found.records}
    assert values == {still_world.deployments[number]: 100 + number for number in (5, 6, 7, 8)}
    uses = {record.value["id"]: record.use for record in found.records}
    assert uses[105] is RecordUse.CONTEXT
    assert uses[106] is RecordUse.CONTRIBUTES
    assert [page.url for page in found.pages] == [
        "https://api.github.test/repos/acme/shop/deployments?page=1",
        "https://api.github.test/repos/acme/shop/deployments?page=2",
    ]
    assert all(len(page.body_sha256) == 64 for page in found.pages)


def test_records_that_are_not_json_are_shown_as_text(still_world: World) -> None:
    found = still_world.trace("change_lead_time", "service:shop", "2026-05")
    texts = [record for record in found.records if record.is_text]
    assert len(texts) == 6
    assert texts[0].use is RecordUse.CONTRIBUTES
    assert "M\\xe4x <max@acme.test>" in texts[0].value
    json.dumps(found.to_document())


def test_each_page_is_proven_against_the_publications_own_checkpoint(world: World) -> None:
    world._land("deployments", [{"id": 1}, {"id": 2}, {"id": 3}])  # the log grows after the publication
    found = world.trace("deployment_frequency", "service:shop", "2026-05")
    root = world.ledger.root("payload", world.size)
    for page in found.pages:
        assert page.proof is not None
        assert page.proof.tree_size == world.size
        assert page.proof.is_valid
        assert merkle.verify_inclusion(
            merkle.leaf_hash(world.ledger.leaf("payload", page.log_index)),
            page.log_index,
            world.size,
            [bytes.fromhex(node) for node in page.proof.path],
            root=root,
        )


def test_a_page_that_came_after_the_checkpoint_is_not_proven(world: World) -> None:
    (late, *_) = world._land("deployments", [{"id": 1}, {"id": 2}, {"id": 3}])
    world.change(f"update marts.fct_deployments set record_ids = [{late}] where deployment_id = 'd0'")
    found = world.trace("deployment_frequency", "service:shop", "2026-05")
    assert found.recomputed.is_equal
    assert not found.is_proven
    assert [page.log_index for page in found.pages if page.proof and not page.proof.is_valid] == [late >> 23]


def test_a_redacted_page_says_what_was_blanked(world: World) -> None:
    world.redact(world.deployments[1] >> 23, "$[1].creator.login")
    found = world.trace("deployment_frequency", "service:shop", "2026-05")
    assert found.is_proven
    by_id = {record.value["id"]: record for record in found.records}
    assert by_id[101].value["creator"] == {"login": None}
    assert by_id[101].redacted_paths == ("$[1].creator.login",)
    assert by_id[100].redacted_paths == ()
    page = next(page for page in found.pages if page.log_index == by_id[101].log_index)
    assert [(one.policy, one.json_paths) for one in page.redactions] == [("erasure", ("$[1].creator.login",))]


@pytest.mark.parametrize(
    "fault",
    [
        "update marts.mart_metric_values set value = value + 0.000000001",
        "update marts.mart_metric_values set n = n + 1",
        "update marts.mart_metric_values set numerator = numerator + 1",
        "delete from marts.fct_deployments where deployment_id = 'd2'",
        "update marts.fct_deployments set is_production = false where deployment_id = 'd2'",
        "update marts.fct_deployments set deployed_date = date '2026-06-01' where deployment_id = 'd2'",
        "insert into marts.fct_deployments from marts.fct_deployments where deployment_id = 'd3'",
    ],
)
def test_a_number_that_does_not_follow_from_its_facts_is_told_apart(world: World, fault: str) -> None:
    world.change(fault)
    found = world.trace("deployment_frequency", "service:shop", "2026-05")
    assert not found.recomputed.is_equal
    assert not found.is_proven
    assert "published" in found.recomputed.differences[0]


def test_an_empty_cell_shows_who_looked(still_world: World) -> None:
    found = still_world.trace("deployment_frequency", "service:shop", "2026-06")
    assert found.is_empty
    assert found.cell.value == 0
    assert found.recomputed.is_equal
    (coverage,) = found.coverage
    assert (coverage.stream, coverage.scope, coverage.is_whole) == ("deployments", "acme/shop", True)
    assert coverage.windows[0].record_count == 9
    empty = still_world.trace("change_fail_rate", "service:shop", "2026-06")
    assert (empty.cell.value, empty.cell.n, empty.recomputed.value) == (None, 0, None)


@pytest.mark.parametrize(
    ("spans", "is_whole"),
    [
        ([("null", "null", "2026-07-01")], True),
        ([("null", "null", "2026-06-30")], False),
        ([("'2026-06-02'", "null", "2026-07-01")], False),
        ([("'2026-05-01'", "'2026-06-10'", "x"), ("'2026-06-10'", "'2026-07-01'", "x")], True),
        ([("'2026-05-01'", "'2026-06-10'", "x"), ("'2026-06-11'", "'2026-07-01'", "x")], False),
        ([("'2026-06-10'", "'2026-07-01'", "x"), ("'2026-05-01'", "'2026-06-12'", "x")], True),
    ],
)
def test_a_gap_between_fetches_is_no_evidence_for_absence(
    world: World, spans: list[tuple[str, str, str]], *, is_whole: bool
) -> None:
    world.change("delete from evidence.fetch_windows")
    for number, (first, last, started) in enumerate(spans):
        instant = (
            "timestamptz '2026-07-02 00:00:00+00'"
            if started == "x"
            else f"timestamptz '{started} 00:00:00+00'"
        )
        world.change(
            "set TimeZone = 'UTC'; insert into evidence.fetch_windows "
            "(window_index, source, stream, scope, requested_from, requested_until, started_at, closed_at, "
            "record_count) "
            f"values ({number}, 'github', 'deployments', 'acme/shop', {first}, {last}, {instant}, "
            f"{instant} + interval 1 minute, 0)"
        )
    (coverage,) = world.trace("deployment_frequency", "service:shop", "2026-06").coverage
    assert coverage.is_whole is is_whole


def test_without_any_fetch_there_is_no_evidence_for_absence(world: World) -> None:
    world.change("drop table evidence.fetch_windows")
    assert world.trace("deployment_frequency", "service:shop", "2026-06").coverage == ()


def test_only_so_many_records_are_read_and_the_deciding_ones_first(still_world: World) -> None:
    found = still_world.trace("change_lead_time", "organisation:acme", "2026-05", most_records=2)
    assert found.is_cut
    assert len(found.contributing_ids) == 9
    assert [record.record_id for record in found.records] == [still_world.commits[4], still_world.commits[0]]
    whole = still_world.trace("change_lead_time", "organisation:acme", "2026-05", most_records=None)
    assert not whole.is_cut
    assert len(whole.records) == 18


def test_the_document_says_all_of_it_without_loss_and_without_tokens(still_world: World) -> None:
    document = still_world.trace("change_lead_time", "service:shop", "2026-05").to_document()
    again = json.loads(json.dumps(document))
    assert again["cell"]["value"] == "165.000000000"
    assert again["cell"]["period_start"] == "2026-05-01"
    assert again["definition"]["definition_hash"]
    assert again["publication"]["publication_id"] == "p1"
    assert again["is_proven"] is True
    assert again["pages"][0]["fetched_at"].endswith("+00:00")
    assert again["facts"][0]["columns"]["service_id"] == "shop"
    assert "author_token" not in again["facts"][0]["columns"]


def test_without_a_ledger_the_number_is_recomputed_and_not_proven(still_world: World) -> None:
    with duckdb.connect(str(still_world.path), read_only=True) as con:
        found = trace(
            con,
            "change_fail_rate",
            scope_kind="team",
            scope_id="commerce",
            period_grain="month",
            period_start=date(2026, 5, 1),
            records=still_world.store,
        )
    assert found.recomputed.is_equal
    assert not found.is_proven
    assert found.pages[0].proof is None


@pytest.mark.parametrize(
    ("metric", "scope", "period", "message"),
    [
        (
            "chnge_lead_time",
            "service:shop",
            "2026-05",
            r"no metric chnge_lead_time\. Did you mean change_lead_time",
        ),
        ("velocity", "service:shop", "2026-05", r"no metric velocity.*Available: change_fail_rate"),
        (
            "change_lead_time",
            "service:shp",
            "2026-05",
            r"no value for service:shp\. Did you mean service:shop",
        ),
        ("change_lead_time", "service:zzzzzzz", "2026-05", r"Available: organisation:acme, service:api"),
        ("change_lead_time", "service:shop", "2026-09", r"months go from 2026-05 to 2026-06.*mean 2026-06"),
        ("change_lead_time", "service:shop", "2026-W21", r"no weeks are covered"),
        ("bus_factor", "service:shop", "2026-05", r"the gate keeps bus_factor back"),
        ("x' or true --", "service:shop", "2026-05", r"no metric x' or true --"),
    ],
)
def test_a_cell_that_does_not_exist_is_refused_with_what_is_near(
    still_world: World, metric: str, scope: str, period: str, message: str
) -> None:
    with pytest.raises(CellNotFoundError, match=message):
        still_world.trace(metric, scope, period)


def test_a_withheld_cell_is_not_traced(world: World) -> None:
    world.change("update marts.mart_metric_values set value = null, n = null, flags = ['withheld']")
    with pytest.raises(TraceInputError, match="is withheld"):
        world.trace("change_lead_time", "service:shop", "2026-05")
    world.change("update marts.mart_metric_values set flags = ['withheld', 'beside_small_team']")
    with pytest.raises(TraceInputError, match="fewer people than the workspace's minimum team size"):
        world.trace("change_lead_time", "service:shop", "2026-05")


def test_a_database_without_values_or_with_a_foreign_definition_is_refused(world: World) -> None:
    world.change("update marts.dim_metrics set filter_sql = 'no_such_column'")
    with pytest.raises(TraceInputError, match="no_such_column"):
        world.trace("change_lead_time", "service:shop", "2026-05")
    world.change("delete from marts.dim_metrics")
    with pytest.raises(TraceInputError, match="no definition"):
        world.trace("change_lead_time", "service:shop", "2026-05")
    world.change("drop table marts.mart_metric_values")
    with pytest.raises(TraceInputError, match="no published values"):
        world.trace("change_lead_time", "service:shop", "2026-05")


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-05", Period("month", date(2026, 5, 1))),
        ("2026-W21", Period("week", date(2026, 5, 18))),
        ("2026w01", Period("week", date(2025, 12, 29))),
        ("2026-Q2", Period("quarter", date(2026, 4, 1))),
        ("2026-05-03", Period("day", date(2026, 5, 3))),
        (" 2026-q4 ", Period("quarter", date(2026, 10, 1))),
    ],
)
def test_periods_are_read_as_people_write_them(text: str, period: Period) -> None:
    assert parse_period(text) == period
    assert parse_period(str(period)) == period


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-02-30", "2026-W54", "2026-Q5", "May 2026", "2026-5"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(TraceInputError, match="period"):
        parse_period(text)


def test_scopes_are_read_as_people_write_them() -> None:
    assert parse_scope("service:shop") == ("service", "shop")
    assert parse_scope("team:a:b") == ("team", "a:b")
    assert parse_scope("person:github:ada") == ("person", "github:ada")
    for wrong in ("shop", "service:", ":shop", "squad:web"):
        with pytest.raises(TraceInputError):
            parse_scope(wrong)
