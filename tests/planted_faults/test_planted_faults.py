"""Every planted fault of the warehouse turns those checks red that the catalogue names."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.planted_faults.catalogue import WAREHOUSE_FAULTS
from tests.planted_faults.planting import SoundWarehouse, incentive_values, newly_red, plant, remake
from tests.planted_faults.sound import sound_warehouse
from tests.planted_faults.warehouse_fault import WarehouseFault

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ONE_IN = 11
"""Of so many faults a sample has one."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Plant all faults with `--faults=all`, else a sample that is the same each time."""
    if "fault" in metafunc.fixturenames:
        takes_all = metafunc.config.getoption("--faults") == "all"
        faults = WAREHOUSE_FAULTS if takes_all else WAREHOUSE_FAULTS[ONE_IN // 2 :: ONE_IN]
        metafunc.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in faults])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> SoundWarehouse:
    return sound_warehouse(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def copy(sound: SoundWarehouse, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with sound.copied(tmp_path) as con:
        yield con


def test_nothing_is_red_in_a_sound_company(sound: SoundWarehouse) -> None:
    assert sound.red == frozenset()


def test_making_everything_again_changes_nothing(
    sound: SoundWarehouse, copy: duckdb.DuckDBPyConnection
) -> None:
    staged = {relation for relation in sound.fingerprints if relation.startswith("staging.")}
    assert remake(copy, sound.fingerprints, staged) == staged


def test_a_planted_fault_is_caught(
    sound: SoundWarehouse, copy: duckdb.DuckDBPyConnection, fault: WarehouseFault
) -> None:
    changed = plant(copy, sound, fault)
    red = newly_red(copy, sound, changed)
    assert set(fault.caught_by) <= red, f"red are {sorted(red)}"
    if not fault.caught_by:
        assert red == set(), "the catalogue says that nothing catches it"
        assert incentive_values(copy) == sound.values
