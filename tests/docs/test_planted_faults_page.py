"""The page about planted faults is what the catalogue gives, and what it claims holds."""

from tests.docs.pages import ROOT
from tests.planted_faults.catalogue import FAULTS, WAREHOUSE_FAULTS
from tests.planted_faults.page import page

LEAST_CAUGHT = 0.95


def test_the_page_is_what_the_catalogue_gives() -> None:
    written = (ROOT / "docs" / "planted-faults.md").read_text(encoding="utf-8")
    assert written == page(), "run `python -m tests.planted_faults`"


def test_nearly_all_faults_are_caught_and_of_the_rest_it_is_said_why() -> None:
    assert sum(bool(fault.caught_by) for fault in FAULTS) >= LEAST_CAUGHT * len(FAULTS)
    assert [
        fault.name for fault in WAREHOUSE_FAULTS if bool(fault.caught_by) == bool(fault.why_uncaught)
    ] == []


def test_no_two_faults_have_one_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
