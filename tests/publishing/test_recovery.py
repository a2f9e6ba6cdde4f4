"""A crash at any step of publishing: the next run finishes what was announced and removes the rest."""

from pathlib import Path

import pytest

from publishing import current_publication, publication, recover_publications, sealing, verify_publications
from tests.publishing.release import AT, SIGNER, Release


class CrashError(Exception):
    """Stands for the process ending here."""


STEPS = (
    "ask the gate",
    "copy the marts",
    "export mart_metric_values",
    "write the workbook",
    "draw the report",
    "seal",
)


@pytest.mark.parametrize("last_step", STEPS)
def test_a_failure_before_the_ledger_knows_leaves_nothing(release: Release, last_step: str) -> None:
    def stop(step: str) -> None:
        if step == last_step:
            raise CrashError

    with pytest.raises(CrashError):
        release.publish("first", on_step=stop)
    assert list(release.root.iterdir()) == []
    assert release.ledger.size("governance") == 0
    assert release.publish("second").is_new


def crash_in(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    def stop(*_arguments: object, **_named: object) -> None:
        raise CrashError

    monkeypatch.setattr(module, name, stop)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (publication, "finish"),
        (sealing, "write_durably"),
        (sealing, "sync_folder"),
        (sealing, "switch_current"),
    ],
)
def test_a_crash_after_the_ledger_knows_is_finished_later(
    release: Release, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    release.publish("before")
    release.change("delete from marts.fct_changes where change_id = 'change-7'")
    with monkeypatch.context() as patched:
        crash_in(patched, module, name)
        with pytest.raises(CrashError):
            release.publish("after")
    assert (release.root / "current").readlink() == Path("before")
    report = recover_publications(release.root, ledger=release.ledger, signer=SIGNER, at=AT)
    assert report.finished == ("after",)
    assert (release.root / "current").readlink() == Path("after")
    assert list(verify_publications(release.root, release.ledger)) == []
    assert not release.publish("again").is_new


def test_a_crash_before_the_commit_is_removed_later(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        crash_in(patched, publication, "announce")
        with pytest.raises(CrashError):
            release.publish("first")
    assert [path.name for path in release.root.iterdir()] == [".building-first"]
    assert release.ledger.size("governance") == 0
    assert [one.is_fatal for one in verify_publications(release.root, release.ledger)] == [False]
    report = recover_publications(release.root, ledger=release.ledger, signer=SIGNER, at=AT)
    assert report.removed == ("first",)
    assert list(release.root.iterdir()) == []
    assert current_publication(release.root) is None


def test_recovery_without_a_folder_or_a_crash_does_nothing(release: Release) -> None:
    assert recover_publications(release.root, ledger=release.ledger, signer=SIGNER, at=AT).finished == ()
    release.publish("first")
    report = recover_publications(release.root, ledger=release.ledger, signer=SIGNER, at=AT)
    assert (report.finished, report.removed) == ((), ())
