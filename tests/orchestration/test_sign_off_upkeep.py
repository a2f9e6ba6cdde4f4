"""Sign-offs in a workspace: `assay status` tells which lapse, `assay verify` which were altered."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from governance.sign_off_log import read_history, record_sign_offs
from orchestration.command import main
from orchestration.session import load_signer, open_ledger
from orchestration.sources import utc_now
from orchestration.workspace import Workspace
from tests.governance.incentive_world import METRIC_NAME, signed


def sign_off_in(workspace: Workspace, *, days: int) -> Path:
    """A sign-off that lapses in some days, recorded and sealed as `assay signoff` does."""
    now = utc_now()
    given = signed("finance", valid_until=now.date() + timedelta(days=days))
    folder = workspace.governance / "sign-offs"
    folder.mkdir()
    path = folder / "finance.json"
    path.write_text(json.dumps(given.to_document()))
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        with ledger.transaction() as transaction:
            record_sign_offs(transaction, [given], read_history([]), at=now)
        ledger.checkpoint("governance", load_signer(workspace, settings), at=now)
    return path


def test_the_status_tells_a_sign_off_that_lapses_this_month(
    make_workspace: Callable[..., Workspace], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace()
    sign_off_in(workspace, days=20)
    at = ("--workspace", str(workspace.root))
    assert main(["status", *at]) == 0
    assert f"{METRIC_NAME} as finance for * lapses on" in capsys.readouterr().out
    assert main(["status", "--json", *at]) == 0
    (due,) = json.loads(capsys.readouterr().out)["due"]
    assert (due["what"], due["is_over"]) == ("sign_off", False)


def test_verify_names_a_sign_off_that_was_made_to_last_longer(
    make_workspace: Callable[..., Workspace], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace()
    path = sign_off_in(workspace, days=20)
    at = ("--workspace", str(workspace.root))
    assert main(["verify", *at]) == 0, capsys.readouterr().out
    until = json.loads(path.read_text())["valid_until"]
    path.write_text(path.read_text().replace(until, "2099-01-01"))
    assert main(["verify", *at]) == 1
    assert "DIFFERS sign-off: sign-offs/finance.json: its signature does not hold" in capsys.readouterr().out
