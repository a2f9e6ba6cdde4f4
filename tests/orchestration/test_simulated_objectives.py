"""The objectives of the simulated organisation: valid, measured by its sources, and one of each kind."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from connectors.sandbox import Organisation, simulate
from connectors.sandbox.objective_files import (
    OBJECTIVES_FOLDER,
    datadog_since,
    measuring_sources,
    write_objectives,
)
from connectors.sandbox.settings import DEMO_KINDS
from connectors.sandbox.source_settings import Places
from orchestration.slos.resolving import SloBook, examine_slos
from orchestration.sources import enabled_streams
from orchestration.workspace import Workspace


def workspace(folder: Path, organisation: Organisation) -> Workspace:
    """The settings and the objectives as the demonstration writes them."""
    places = Places(base_url="http://127.0.0.1:1", git_folder="../git", files_folder="../files")
    document = organisation.settings_document(
        base_url=places.base_url, git_folder=places.git_folder, kinds=DEMO_KINDS
    )
    document["sources"] += measuring_sources(organisation.company, places)
    made = Workspace(folder)
    made.settings_file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    write_objectives(organisation.company, folder / OBJECTIVES_FOLDER)
    return made


def book(made: Workspace) -> SloBook:
    return examine_slos(made.root, made.settings())


@pytest.mark.parametrize(
    ("services", "months", "factor"), [(None, 12, 1), (1, 1, 1), (2, 1, 1), (None, 2, 3)]
)
def test_they_are_valid_however_large_the_organisation_is(
    tmp_path: Path, services: int | None, months: int, factor: int
) -> None:
    found = book(workspace(tmp_path, simulate(services=services, months=months, factor=factor)))
    assert found.problems == ()
    assert found.objectives


def test_every_kind_is_among_them(tmp_path: Path) -> None:
    objectives = book(workspace(tmp_path, simulate())).objectives
    assert {one.method for one in objectives} == {"occurrences", "timeslices", "ratio_timeslices"}
    assert {one.indicator_kind for one in objectives} == {"ratio", "threshold"}
    assert {one.window.kind for one in objectives} == {"rolling", "calendar"}
    assert {signal.source_kind for one in objectives for signal in one.signals} == {"prometheus", "datadog"}
    assert {one.slo_id for one in objectives if one.weight is not None} == {"checkout-journey"}


def test_their_sources_tell_of_nothing_else_and_of_few_series(tmp_path: Path) -> None:
    made = workspace(tmp_path, simulate())
    prometheus, datadog = made.settings().sources[-2:]
    assert {stream.name for stream in enabled_streams(prometheus)} == {"range_samples"}
    assert {stream.name for stream in enabled_streams(datadog)} == {"slos", "slo_history"}
    assert len(getattr(prometheus, "queries", ())) == 7


def test_histories_are_read_of_a_quarter_and_of_no_more_than_there_is() -> None:
    whole = simulate().company
    assert whole.parameters.until - datadog_since(whole) == timedelta(days=92)
    short = simulate(months=1).company
    assert datadog_since(short) == short.parameters.first_day


def test_files_that_are_there_are_replaced_whole(tmp_path: Path) -> None:
    made = workspace(tmp_path, simulate(services=1, months=1))
    (file,) = (made.root / OBJECTIVES_FOLDER).iterdir()
    text = file.read_text(encoding="utf-8")
    file.write_text("half a file", encoding="utf-8")
    write_objectives(simulate(services=1, months=1).company, made.root / OBJECTIVES_FOLDER)
    assert file.read_text(encoding="utf-8") == text
    assert [path.name for path in (made.root / OBJECTIVES_FOLDER).iterdir()] == ["checkout.yaml"]
