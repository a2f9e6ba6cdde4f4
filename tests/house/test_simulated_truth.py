"""Computed beside simulated truth, cell by cell, whatever happens to the organisation and to its data."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from connectors.sandbox.company import Ownership
from connectors.sandbox.metric_values import MetricValue
from connectors.sandbox.truth import Truth
from orchestration.command import main
from orchestration.truth.comparison import compare
from tests.house.company import END, TOKEN, Company, company, write_folders

KINDS = ("github", "git", "jira", "pagerduty")
FIRST_KINDS = KINDS[:2]
CLONES_LAG_SINCE = datetime(2026, 4, 14, tzinfo=UTC)
NEW_NAMES = {"payments": "billing", "search": "searching"}
TRANSFER = date(2026, 6, 10)
FOUNDED = ("deployment_frequency", "change_lead_time", "pull_requests_merged")
"""Metrics of the first sources, which know nothing of those that come later."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
Values = dict[tuple[Any, ...], tuple[Any, ...]]
Document = dict[str, Any]


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Four services over three months: two sources, clones that lag, owners as before the reorganisation."""
    with company(tmp_path_factory.mktemp("acme"), services=4, months=3, kinds=KINDS) as served:
        shutil.rmtree(served.clones)
        write_folders(served.organisation, CLONES_LAG_SINCE, served.clones, None)
        with settings_of(served) as document:
            document["sources"] = [row for row in document["sources"] if row["kind"] in FIRST_KINDS]
            for service in document["services"]:
                service["owners"] = [service["owners"][0] | {"until": None}]
        served.run()
        yield served


@pytest.fixture(scope="module")
def early(acme: Company) -> Values:
    """What the first publication says of what was over when the clones were written."""
    return values_until(acme, CLONES_LAG_SINCE.date())


@contextmanager
def settings_of(acme: Company) -> Iterator[Document]:
    """The settings, written again as they were left."""
    document = yaml.safe_load(acme.workspace.settings_file.read_text(encoding="utf-8"))
    yield document
    acme.workspace.settings_file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def simulated_settings(acme: Company) -> Document:
    """The settings with every source, and with all that the organisation went through."""
    return acme.organisation.settings_document(
        base_url=acme.server.base_url, git_folder="../git", files_folder="../files", kinds=KINDS
    )


def assert_true(acme: Company, truth: Truth) -> None:
    """Every cell over explicit references equals the truth, in every metric that has any."""
    comparison = compare(acme.workspace.current, truth)
    assert comparison.differences == ()
    assert comparison.compared > 10_000


def published(acme: Company, query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(acme.workspace.current / "analyst.duckdb"), read_only=True) as con:
        return con.execute(query, parameters).fetchall()


def values_until(acme: Company, day: date) -> Values:
    """What is said of the periods that end by a day."""
    rows = published(
        acme,
        "select metric, scope_kind, scope_id, period_grain, period_start, value, n "
        "from marts.mart_metric_values where period_end <= $1 and list_contains($2, metric)",
        [day, list(FOUNDED)],
    )
    return {row[:5]: row[5:] for row in rows}


def ownerships_with_transfer(acme: Company) -> tuple[Ownership, ...]:
    """Who owns what once checkout is given away."""
    simulated = acme.organisation.company.ownerships
    others = (row for row in simulated if row.service != "checkout")
    founded = simulated[0].from_day
    return (
        *others,
        Ownership("checkout", "payments", founded, TRANSFER),
        Ownership("checkout", "discovery", TRANSFER),
    )


def truth_with_transfer(acme: Company) -> Truth:
    """The truth of the same story, had checkout been given away."""
    truth = acme.organisation.truth(kinds=KINDS)
    return replace(truth, company=replace(truth.company, ownerships=ownerships_with_transfer(acme)))


class Renamed(Truth):
    """A truth in which a team and a service have other names."""

    __slots__ = ()

    def metric_values(self) -> list[MetricValue]:
        return [
            replace(row, scope_id=NEW_NAMES.get(row.scope_id, row.scope_id))
            for row in Truth.metric_values(self)
        ]


def renamed(truth: Truth) -> Truth:
    return Renamed(**{name: getattr(truth, name) for name in Truth.__dataclass_fields__})


def test_1_clones_that_lag_behind_are_noticed_by_the_comparison(acme: Company, early: Values) -> None:
    truth = acme.organisation.truth(kinds=FIRST_KINDS)
    late = {each.key[0] for each in compare(acme.workspace.current, truth).differences}
    assert "changes_deployed" in late
    assert early


def test_2_a_month_that_is_fetched_again_changes_no_number(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in acme.environment:
        monkeypatch.setenv(variable, TOKEN)
    before = acme.workspace.current.resolve()
    asked = ["backfill", "github", "--from", "2026-05-01", "--until", "2026-06-01", "--json"]
    assert main([*asked, "--workspace", str(acme.workspace.root)]) == 0
    assert acme.workspace.current.resolve() == before


def test_3_late_data_a_reorganisation_and_a_renamed_repository_leave_every_number_true(
    acme: Company, early: Values
) -> None:
    (reorganisation,) = acme.organisation.company.reorganisations
    assert reorganisation.service_moves == (("invoicing", "fulfilment"),)
    assert reorganisation.at > CLONES_LAG_SINCE.timestamp()
    acme.server.rename("acme/checkout", "acme/till")
    acme.move_to(END)
    with settings_of(acme) as document:
        document.update(simulated_settings(acme))
    acme.run()
    assert acme.server.counters()["statuses"]["301"] > 0, "the old name is asked for, and redirects"
    assert_true(acme, acme.organisation.truth(kinds=KINDS))
    assert values_until(acme, CLONES_LAG_SINCE.date()) == early
    moved = published(
        acme, "select count(*) from marts.fct_pull_requests where repository = $1", ["acme/till"]
    )
    assert moved == [(0,)], "they stay where they are"


def test_4_a_transfer_takes_what_follows_and_renames_take_nothing_also_when_all_is_built_at_once(
    acme: Company,
) -> None:
    with settings_of(acme) as document:
        give_checkout_away(document, acme)
        call_payments_billing(document)
        rename_search(document)
    acme.run(is_full_refresh=True)
    assert_true(acme, renamed(truth_with_transfer(acme)))
    assert compare(acme.workspace.current, renamed(acme.organisation.truth(kinds=KINDS))).differences
    assert compare(acme.workspace.current, truth_with_transfer(acme)).differences


def give_checkout_away(document: Document, acme: Company) -> None:
    """Checkout has another owner from a day on, and its repository is named as it is called now."""
    (checkout,) = (row for row in document["services"] if row["name"] == "checkout")
    checkout["repository"] = "acme/till"
    checkout["owners"] = [
        {"team": row.team, "from": row.from_day, "until": row.until_day}
        for row in ownerships_with_transfer(acme)
        if row.service == "checkout"
    ]


def rename_search(document: Document) -> None:
    """Labels, components and paged services go on calling it search."""
    (search,) = (row for row in document["services"] if row["name"] == "search")
    search.update(name="searching", formerly=["search"])


def call_payments_billing(document: Document) -> None:
    owners = (owner for service in document["services"] for owner in service["owners"])
    for row in (*document["teams"], *owners):
        row.update({key: "billing" for key in ("name", "team", "parent") if row.get(key) == "payments"})


def test_5_one_thread_and_eight_export_the_same_bytes_of_every_mart(acme: Company, tmp_path: Path) -> None:
    assert exported(acme, tmp_path, threads=1) == exported(acme, tmp_path, threads=8)


def exported(acme: Company, folder: Path, *, threads: int) -> dict[str, bytes]:
    """What each mart's query writes into a file, by name."""
    queries = sorted((acme.workspace.dbt / "target/compiled/assay/models/marts").glob("*.sql"))
    assert len(queries) > 30
    written = {}
    with duckdb.connect(str(acme.workspace.warehouse), read_only=True, config={"threads": threads}) as con:
        con.execute("set TimeZone = 'UTC'")
        for query in queries:
            file = folder / f"{query.stem}.parquet"
            con.execute(f"copy ({query.read_text(encoding='utf-8')}) to '{file}' (format parquet)")
            written[query.stem] = file.read_bytes()
    return written
