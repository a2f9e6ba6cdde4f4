"""The sound company of which copies are spoiled: every kind of source, read twice."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.sources import SOURCE_KINDS
from quality_checks.checks import ExpectedPlace
from tests.house.every_source import change_settings, clock_at, company_of_every_source, reorganise
from tests.planted_faults.planting import SoundWarehouse, fingerprints, incentive_values, opened, red_checks

LATER = datetime(2026, 6, 28, tzinfo=UTC)


def _ask_nothing_again(document: dict[str, Any]) -> None:
    """What sources answer about samples says nothing of faults behind them."""
    document["reconciliation"] = {"sample_size": 0, "total_scopes": 0}


def sound_warehouse(folder: Path) -> SoundWarehouse:
    """Run a company twice, copy its warehouse and look at it with every check.

    Args:
        folder: An empty folder.
    """
    (folder / "company").mkdir()
    earlier, file, vault = folder / "earlier.duckdb", folder / "sound.duckdb", folder / "identity.duckdb"
    with company_of_every_source(folder / "company") as acme:
        change_settings(acme.workspace, _ask_nothing_again)
        acme.run()
        shutil.copyfile(acme.workspace.warehouse, earlier)
        acme.move_to(LATER)
        with clock_at(LATER):
            change_settings(acme.workspace, reorganise)
            acme.run()
        shutil.copyfile(acme.workspace.warehouse, file)
        shutil.copyfile(acme.workspace.vault, vault)
    kinds = frozenset(SOURCE_KINDS)
    copy = folder / "assay.duckdb"  # compiled SQL knows the warehouse by this name
    shutil.copyfile(file, copy)
    with opened(copy, vault) as con:
        places = con.execute(
            "select source, kind, stream, scope from quality.expected_places order by all"
        ).fetchall()
        expected = tuple(ExpectedPlace(*place) for place in places)
        return SoundWarehouse(
            file=file,
            earlier=earlier,
            vault=vault,
            kinds=kinds,
            expected=expected,
            fingerprints=fingerprints(con),
            values=incentive_values(con),
            red=red_checks(con, kinds, expected),
        )
