"""Every fault planted in a source, in evidence or in a publication is noticed by what the catalogue names."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.ledger.verification import verify_workspace
from orchestration.workspace import Workspace
from tests.house.company import END, company
from tests.house.every_source import clock_at
from tests.planted_faults.direct_run import run_directly
from tests.planted_faults.edge_company import EdgeCompany, edge_company
from tests.planted_faults.edge_fault import STOPPED, EvidenceFault, ExportFault, SourceFault
from tests.planted_faults.evidence_faults import EVIDENCE_FAULTS
from tests.planted_faults.export_faults import EXPORT_FAULTS
from tests.planted_faults.source_faults import SOURCE_FAULTS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ONE_IN = 7
"""Of so many faults in sources, each of which takes a run, a sample has one."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Plant all faults with `--faults=all`, else a sample that is the same each time."""
    if "source_fault" in metafunc.fixturenames:
        takes_all = metafunc.config.getoption("--faults") == "all"
        faults = SOURCE_FAULTS if takes_all else SOURCE_FAULTS[3::ONE_IN]
        metafunc.parametrize("source_fault", [pytest.param(fault, id=fault.name) for fault in faults])


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeCompany]:
    with edge_company(tmp_path_factory.mktemp("edge")) as found:
        yield found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with clock_at(END), company(tmp_path_factory.mktemp("published"), services=2) as acme:
        assert run_directly(acme.workspace, acme.environment, is_published=True).publishes
        assert found_by_verifying(acme.workspace) == set()
        yield acme.workspace


@pytest.fixture
def copy(published: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(published.root, tmp_path / "workspace", symlinks=True)
    return Workspace(tmp_path / "workspace")


def found_by_verifying(workspace: Workspace) -> set[str]:
    return {f"verify: {found.part}" for found in verify_workspace(workspace) if found.is_fatal}


def test_a_source_that_answers_wrongly_is_noticed(edge: EdgeCompany, source_fault: SourceFault) -> None:
    sound = edge.clean(source_fault.is_first_run)
    assert sound.publishes
    outcome = edge.read_with(source_fault)
    red = {name for name, _ in outcome.red.keys() - sound.red.keys()}
    found = red | set(outcome.failed_tests) | ({STOPPED} if outcome.failures else set())
    assert set(source_fault.caught_by) <= found, f"found by {sorted(found)}"
    if outcome.failures:
        assert any(all(text in each for text in source_fault.stops_with) for each in outcome.failures)
        assert not outcome.publishes
    if not source_fault.caught_by:
        assert found == set(), "the catalogue says that nothing catches it"
        assert outcome.values == sound.values


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in EVIDENCE_FAULTS])
def test_touched_evidence_is_noticed(copy: Workspace, fault: EvidenceFault) -> None:
    fault.plant(copy)
    assert set(fault.caught_by) <= found_by_verifying(copy)


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in EXPORT_FAULTS])
def test_an_edited_publication_is_noticed(copy: Workspace, fault: ExportFault) -> None:
    fault.plant(copy.current.resolve())
    assert set(fault.caught_by) <= found_by_verifying(copy)
