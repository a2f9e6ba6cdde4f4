"""No false alarm: companies in which nothing is wrong turn no check red, of whatever severity."""

from pathlib import Path

import pytest

from tests.house.every_source import clock_at
from tests.planted_faults.clean_companies import SAMPLED, SEEDS, Story, clean_company
from tests.planted_faults.direct_run import run_directly

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Read all companies with `--faults=all`, else a few."""
    takes_all = metafunc.config.getoption("--faults") == "all"
    metafunc.parametrize("seed", SEEDS if takes_all else SAMPLED)


def test_a_clean_company_turns_no_check_red(tmp_path: Path, seed: int) -> None:
    story = Story.of(seed)
    with clean_company(story, tmp_path) as acme:
        for instant in story.instants:
            if instant != story.instants[0]:
                acme.move_to(instant)
            with clock_at(instant):
                outcome = run_directly(acme.workspace, acme.environment)
            assert outcome.failures == ()
            assert outcome.failed_tests == ()
            assert [check.message for check in outcome.red.values()] == []
            assert outcome.publishes
