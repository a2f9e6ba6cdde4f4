"""Every change of a published file is found and named."""

import json
import shutil
from pathlib import Path

import pytest

from lineage.ledger import Ledger, NoteSigner
from publishing import verify_publication, verify_publications
from tests.publishing.release import SIGNER, Release


@pytest.fixture
def copy(published: Release, tmp_path: Path) -> Path:
    """The publication's folder, free to be damaged."""
    folder = tmp_path / "first"
    shutil.copytree(published.root / "first", folder)
    return folder


def names(folder: Path, ledger: Ledger) -> set[str]:
    return {finding.object_name for finding in verify_publication(folder, ledger)}


def test_an_untouched_publication_is_in_order_also_through_current(published: Release, copy: Path) -> None:
    assert names(copy, published.ledger) == set()
    assert names(published.root / "current", published.ledger) == set()
    assert list(verify_publications(published.root, published.ledger, verifiers=[SIGNER.verifier])) == []


def test_a_flipped_byte_in_any_file_is_found_and_the_file_is_named(published: Release, copy: Path) -> None:
    for path in sorted(copy.rglob("*")):
        if not path.is_file():
            continue
        whole = path.read_bytes()
        for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
            damaged = bytearray(whole)
            damaged[place] ^= 0x01
            path.write_bytes(damaged)
            name = f"first/{path.relative_to(copy).as_posix()}"
            assert name in names(copy, published.ledger), f"byte {place} of {name}"
        path.write_bytes(whole)
    assert names(copy, published.ledger) == set()


@pytest.mark.parametrize(
    "file", ["manifest.json", "checkpoint.txt", "payload-checkpoint.txt", "publication.tlog-proof"]
)
def test_every_single_byte_of_the_small_files_counts(published: Release, copy: Path, file: str) -> None:
    path = copy / file
    whole = path.read_bytes()
    for place in range(0, len(whole), 1 if len(whole) < 400 else 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x01
        path.write_bytes(damaged)
        assert f"first/{file}" in names(copy, published.ledger), f"byte {place}"


def test_missing_additional_truncated_and_replaced_files_are_named(published: Release, copy: Path) -> None:
    (copy / "report.html").unlink()
    (copy / "marts" / "more.csv").write_text("a\n1\n")
    (copy / "empty").mkdir()
    workbook = copy / "assay.xlsx"
    workbook.write_bytes(workbook.read_bytes()[:-1])
    values = copy / "marts" / "mart_metric_values.csv"
    elsewhere = copy.parent / "elsewhere.csv"
    values.rename(elsewhere)
    values.symlink_to(elsewhere)
    found = {one.object_name: one.problem for one in verify_publication(copy, published.ledger)}
    assert found["first/report.html"] == "is missing"
    assert found["first/marts/more.csv"] == "is not part of the publication"
    assert found["first/empty"] == "is not part of the publication"
    assert "bytes, not the" in found["first/assay.xlsx"]
    assert found["first/marts/mart_metric_values.csv"] == "is missing"


def test_a_manifest_rewritten_with_its_file_does_not_match_the_ledger(published: Release, copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["environment"] = {"Assay": "9.9"}
    (copy / "manifest.json").write_text(json.dumps(manifest, sort_keys=True, indent=2) + "\n")
    assert names(copy, published.ledger) == {"first/manifest.json", "first/publication.tlog-proof"}


def test_a_publication_under_another_name_is_not_the_announced_one(published: Release, copy: Path) -> None:
    renamed = copy.rename(copy.parent / "second")
    assert names(renamed, published.ledger) == {"second/manifest.json"}


def test_checkpoints_of_an_unknown_key_or_another_log_are_refused(published: Release, copy: Path) -> None:
    stranger = NoteSigner("acme.example/assay", bytes(32)).verifier
    found = {one.object_name for one in verify_publication(copy, published.ledger, verifiers=[stranger])}
    assert found == {"first/checkpoint.txt", "first/payload-checkpoint.txt", "first/publication.tlog-proof"}
    shutil.copy(copy / "payload-checkpoint.txt", copy / "checkpoint.txt")
    problems = {one.object_name: one.problem for one in verify_publication(copy, published.ledger)}
    assert "is of the log assay/acme/payload" in problems["first/checkpoint.txt"]
    (copy / "checkpoint.txt").unlink()
    assert "first/checkpoint.txt" in names(copy, published.ledger)


def test_a_ledger_that_was_rewritten_does_not_fit_the_checkpoint(copy: Path, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other" / "ledger.sqlite", origin="assay/acme")
    with other.transaction() as transaction:
        for number in range(300):
            transaction.append("payload", b'{"other":%d}' % number)
    problems = {one.object_name: one.problem for one in verify_publication(copy, other)}
    assert "does not fit the payload log" in problems["first/payload-checkpoint.txt"]
    assert "differs from what the governance log says" in problems["first/manifest.json"]
    assert "the governance log has only 0" in problems["first/checkpoint.txt"]


def test_without_a_manifest_nothing_else_can_be_said(published: Release, copy: Path) -> None:
    (copy / "manifest.json").unlink()
    assert names(copy, published.ledger) == {"first/manifest.json"}
    (copy / "manifest.json").write_text("[]")
    assert names(copy, published.ledger) == {"first/manifest.json"}


def test_the_folder_of_publications_is_held_to_the_ledger(release: Release, published: Release) -> None:
    release.publish("first")
    release.change("delete from marts.fct_changes where change_id = 'change-7'")
    release.publish("second")
    (release.root / "stray.txt").write_text("?")
    (release.root / "current").unlink()
    (release.root / "current").symlink_to("first")
    found = {one.object_name: one for one in verify_publications(release.root, release.ledger)}
    assert found["stray.txt"].is_fatal
    assert not found["current"].is_fatal
    shutil.rmtree(release.root / "first")
    shutil.copytree(published.root / "first", release.root / "third", symlinks=True)
    (release.root / "current").unlink()
    found = {one.object_name: one for one in verify_publications(release.root, release.ledger)}
    assert not found["first"].is_fatal
    assert found["third/manifest.json"].is_fatal
    assert found["current"].is_fatal
