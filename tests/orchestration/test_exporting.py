"""Publications handed over on the record: a role's files, a leaf without a name, a private store."""

import json
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.deliveries import Delivery, DeliveryStore
from governance.errors import DeliveryError
from governance.log import GOVERNANCE_LOG
from orchestration.command import main
from orchestration.errors import UsageError
from orchestration.exporting import (
    DELIVERY,
    Handed,
    deliveries_of,
    delivery_problems,
    forget_recipient,
    hand_over,
    notify,
)
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from publishing.durable import sha256_file
from publishing.manifest import list_files, spell_manifest
from tests.publishing.release import make_template
from tests.publishing.sealed_world import SIGNER, WITNESS, World, make_world

AT = datetime(2026, 7, 2, 9, tzinfo=UTC)
NAME = "Grace Hopper, Finance"


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    folder = made.published / "first"
    (folder / "marts").mkdir(parents=True)
    for name in ("report.html", "analyst.duckdb", "marts/mart_dora_weekly.csv"):
        (folder / name).write_text(f"what {name} holds")
    document = {
        "publication_id": "first",
        "content_sha256": "0" * 64,
        "files": [entry.to_document() for entry in list_files(folder, {})],
        "previous": None,
    }
    (folder / "manifest.json").write_bytes(spell_manifest(document))
    for name in ("checkpoint.txt", "payload-checkpoint.txt"):
        (folder / name).write_text("signed")
    made.current.symlink_to("first")
    return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    metrics = ("change_lead_time", "change_fail_rate")
    template = make_template(tmp_path_factory.mktemp("warehouse"), metrics=metrics, months=3)
    return make_world(tmp_path_factory.mktemp("world"), template)


@pytest.fixture
def sealed(world: World, make_workspace: Callable[..., Workspace]) -> Workspace:
    """A workspace with a publication that feeds pay, sealed and cosigned."""
    made = make_workspace()
    shutil.copytree(world.publication, made.published / "first")
    return made


def give(workspace: Workspace, output: Path, *, role: str = "leadership", to: str = NAME) -> Handed:
    return hand_over(
        workspace,
        workspace.published / "first",
        to=to,
        role=role,
        purpose="quarterly review",
        output=output,
        at=AT,
    )


def leaves(workspace: Workspace) -> list[bytes]:
    with open_ledger(workspace, workspace.settings()) as ledger:
        return [leaf for _, leaf in ledger.every_leaf(GOVERNANCE_LOG)]


def problems(workspace: Workspace) -> list[tuple[str, str, bool]]:
    with open_ledger(workspace, workspace.settings()) as ledger:
        return list(delivery_problems(workspace, ledger))


@pytest.mark.parametrize(("role", "has_facts"), [("leadership", False), ("analyst", True), ("auditor", True)])
def test_a_role_receives_its_files_and_a_list_of_them(
    workspace: Workspace, tmp_path: Path, role: str, *, has_facts: bool
) -> None:
    handed = give(workspace, tmp_path / "given", role=role)
    listed = json.loads((handed.folder / DELIVERY).read_bytes())
    assert (handed.folder / "analyst.duckdb").exists() is has_facts
    assert {one["path"] for one in listed["files"]} >= {"manifest.json", "checkpoint.txt", "report.html"}
    assert all(one["sha256"] == sha256_file(handed.folder / one["path"]) for one in listed["files"])
    assert handed.delivery.manifest_sha256 == sha256_file(handed.folder / DELIVERY)


def test_the_log_and_what_is_handed_over_name_nobody(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, tmp_path / "given")
    (leaf,) = leaves(workspace)
    assert json.loads(leaf)["recipient"].startswith("c_")
    everything = [path for folder in (workspace.data, tmp_path / "given") for path in folder.rglob("*")]
    holding = [path for path in everything if path.is_file() and b"Hopper" in path.read_bytes()]
    assert holding == [workspace.deliveries]
    assert stat.S_IMODE(workspace.deliveries.stat().st_mode) == 0o600
    assert stat.S_IMODE(workspace.deliveries.parent.stat().st_mode) == 0o700


def test_who_received_a_publication_is_listed_and_that_they_were_told(
    workspace: Workspace, tmp_path: Path
) -> None:
    give(workspace, tmp_path / "given")
    notify(workspace, "first", "second", to=NAME, purpose="mail", at=AT)
    assert [(one.kind, one.name, one.about) for one in deliveries_of(workspace, "first")] == [
        ("export", NAME, None),
        ("notice", NAME, "second"),
    ]
    assert deliveries_of(workspace, "second") == []
    assert problems(workspace) == []
    with pytest.raises(UsageError, match="Nobody of that name"):
        notify(workspace, "first", "second", to="Somebody", purpose="mail", at=AT)


def test_a_forgotten_name_is_gone_from_the_disk_and_the_delivery_stays(
    workspace: Workspace, tmp_path: Path
) -> None:
    give(workspace, tmp_path / "given")
    assert forget_recipient(workspace, NAME, at=AT)
    assert not forget_recipient(workspace, NAME, at=AT)
    assert [one.name for one in deliveries_of(workspace)] == [None]
    assert b"Hopper" not in workspace.deliveries.read_bytes()
    assert problems(workspace) == []


def test_a_file_that_is_not_what_was_published_is_not_handed_over(
    workspace: Workspace, tmp_path: Path
) -> None:
    (workspace.published / "first" / "report.html").write_text("better numbers")
    with pytest.raises(DeliveryError, match="assay verify"):
        give(workspace, tmp_path / "given")
    assert [path for path in tmp_path.iterdir() if "given" in path.name] == []
    assert leaves(workspace) == []
    assert deliveries_of(workspace) == []


def test_nothing_is_written_over(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        give(workspace, tmp_path / "given")


@pytest.mark.parametrize("to", ["", "  "])
def test_a_recipient_needs_a_name(workspace: Workspace, tmp_path: Path, to: str) -> None:
    with pytest.raises(DeliveryError, match="name"):
        give(workspace, tmp_path / "given", to=to)
    assert not (tmp_path / "given").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "boss"}, "unknown role"),
        ({"purpose": " "}, "purpose"),
        ({"at": AT.replace(tzinfo=None)}, "zone"),
    ],
)
def test_a_delivery_that_says_nothing_is_refused(changes: dict[str, object], message: str) -> None:
    whole: dict[str, object] = {
        "delivery_id": "1",
        "kind": "export",
        "publication_id": "first",
        "role": "analyst",
        "recipient": "c_1",
        "purpose": "review",
        "manifest_sha256": "0",
        "at": AT,
    }
    with pytest.raises(DeliveryError, match=message):
        Delivery(**{**whole, **changes})  # type: ignore[arg-type] # the faults are of all types


def test_verification_names_what_was_altered_or_lost(workspace: Workspace, tmp_path: Path) -> None:
    handed = give(workspace, tmp_path / "given")
    store = DeliveryStore(workspace.deliveries)
    content = workspace.deliveries.read_bytes()
    workspace.deliveries.write_bytes(content.replace(b"quarterly review", b"quarterly  revue"))
    assert [(name, is_fatal) for name, _, is_fatal in problems(workspace)] == [
        (f"delivery {handed.delivery.delivery_id}", True)
    ]
    workspace.deliveries.unlink()
    assert [is_fatal for _, _, is_fatal in problems(workspace)] == [False]
    assert store.all() == []


def test_a_private_store_that_is_damaged_is_named(workspace: Workspace, tmp_path: Path) -> None:
    give(workspace, tmp_path / "given")
    workspace.deliveries.write_bytes(b"no database, and longer than the header of one would be " * 9)
    assert [(name, is_fatal) for name, _, is_fatal in problems(workspace)] == [("deliveries.sqlite", True)]


def test_the_command_hands_over_lists_and_tells(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--workspace", str(workspace.root)]
    purpose = ["--purpose", "review", "--output", str(tmp_path / "given")]
    assert main(["export", "give", "current", "--to", NAME, "--role", "analyst", *purpose, *here]) == 0
    assert "leaf 0 of the governance log" in capsys.readouterr().out
    assert main(["export", "list", "first", *here]) == 0
    assert f"first  {NAME}  as analyst: review" in capsys.readouterr().out
    assert main(["export", "notify", "first", "--about", "first", "--to", NAME, "--how", "mail", *here]) == 0
    assert main(["export", "forget", NAME, *here]) == 0
    assert main(["export", "forget", NAME, *here]) == 1


@pytest.mark.parametrize("role", ["leadership", "analyst", "auditor"])
def test_what_is_handed_over_proves_itself_offline_to_whoever_receives_it(
    sealed: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], role: str
) -> None:
    """The proof of the publication was left out, and `assay verify --file` said that a file is missing."""
    handed = give(sealed, tmp_path / "given", role=role)
    keys = ("--key", SIGNER.verifier.text(), "--witness", WITNESS.key.text())
    for path in ("marts/mart_metric_values.csv", "report.html", "manifest.json"):
        assert main(["verify", "--file", str(handed.folder / path), *keys]) == 0, capsys.readouterr().out
    (handed.folder / "report.html").write_text("better numbers")
    assert main(["verify", "--file", str(handed.folder / "report.html"), *keys]) == 1


def test_a_publication_whose_manifest_was_altered_is_not_handed_over(
    sealed: Workspace, tmp_path: Path
) -> None:
    folder = sealed.published / "first"
    report, manifest = folder / "report.html", folder / "manifest.json"
    before = sha256_file(report)
    size = report.stat().st_size
    report.write_bytes(b"x" * size)
    manifest.write_bytes(manifest.read_bytes().replace(before.encode(), sha256_file(report).encode()))
    with pytest.raises(DeliveryError, match="manifest"):
        give(sealed, tmp_path / "given")
    assert leaves(sealed) == []
