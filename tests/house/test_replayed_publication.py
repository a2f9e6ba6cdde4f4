"""A publication made again as of its cutoff: the same rows and bytes, with 1 thread or 8 (DESIGN I3)."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.ledger import canonical_json
from lineage.replay import ModelBundle
from orchestration.command import main
from orchestration.ledger.verification import verify_workspace
from orchestration.numbers.replaying_publication import PublicationReplay, replay_publication
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from publishing.manifest import Manifest, spell_manifest
from publishing.sealing import announce
from tests.house.company import Company, company

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KINDS = ("github", "git", "jira", "pagerduty")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company that published, and then learnt more."""
    with company(tmp_path_factory.mktemp("acme"), kinds=KINDS) as found:
        found.run()
        yield found


@pytest.fixture
def copied(acme: Company, tmp_path: Path) -> Workspace:
    """A copy that may be spoilt."""
    shutil.copytree(acme.workspace.root, tmp_path / "workspace", symlinks=True)
    return Workspace(tmp_path / "workspace")


def replayed(workspace: Workspace, *, threads: int, publication: str = "current") -> PublicationReplay:
    return replay_publication(workspace, publication, threads=threads, on_step=lambda _step: None)


@pytest.mark.parametrize("threads", [1, 8])
def test_a_publication_comes_out_the_same_byte_for_byte(acme: Company, threads: int) -> None:
    found = replayed(acme.workspace, threads=threads)
    assert [one.name for one in found.comparisons if not one.is_equal] == []
    assert sum(one.name.endswith(".parquet") for one in found.comparisons) > 10
    assert sum(one.name.endswith(".csv") for one in found.comparisons) > 10
    assert found.is_equal


def test_an_exported_file_that_was_altered_is_named(
    copied: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((copied.current / "manifest.json").read_bytes())
    listed = next(one for one in manifest["files"] if one["path"] == "marts/mart_dora_monthly.parquet")
    listed["sha256"] = "0" * 64
    (copied.current / "manifest.json").write_text(json.dumps(manifest))
    assert main(["replay", "--publication", "current", "--workspace", str(copied.root)]) != 0
    assert "not the one that the governance log announces" in capsys.readouterr().err


def test_other_settings_than_those_of_the_time_do_not_matter(copied: Workspace) -> None:
    settings = copied.settings_file.read_text()
    assert "time_zone: UTC" in settings
    copied.settings_file.write_text(settings.replace("time_zone: UTC", "time_zone: Pacific/Auckland"))
    assert replayed(copied, threads=2).is_equal


def test_a_stored_table_that_was_altered_stops_the_replay_and_is_named_by_verify(
    copied: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((copied.current / "manifest.json").read_bytes())
    listed = json.loads((copied.replay / manifest["replay"]["inputs"]).read_bytes())["tables"]
    rules = copied.replay / listed["config.rules"]
    rules.write_bytes(rules.read_bytes()[:-1] + b"!")
    assert main(["replay", "--publication", "current", "--workspace", str(copied.root)]) == 2
    assert "config.rules is not what the publication names" in capsys.readouterr().err
    assert [finding.object_name for finding in verify_workspace(copied) if finding.part == "replay"] == [
        listed["config.rules"]
    ]


def test_other_stored_sql_makes_other_bytes_and_each_is_named(copied: Workspace) -> None:
    """As if somebody had stored another filter and brought every hash in line."""
    manifest = json.loads((copied.current / "manifest.json").read_bytes())
    bundle = copied.replay / manifest["replay"]["models"]
    document = json.loads(gzip.decompress(bundle.read_bytes()))
    model = document["models"]["marts.fct_changes"]
    assert "'deployed'" in model["sql"]
    model["sql"] = model["sql"].replace("'deployed'", "'shipped'")
    other = ModelBundle.from_bytes(
        gzip.compress(canonical_json(document)), sha256=hashlib.sha256(canonical_json(document)).hexdigest()
    )
    (copied.replay / other.sha256).write_bytes(other.to_bytes())
    manifest["replay"]["models"] = other.sha256
    content = spell_manifest(manifest)
    (copied.current / "manifest.json").write_bytes(content)
    with open_ledger(copied, copied.settings()) as ledger, ledger.transaction() as transaction:
        announce(transaction, Manifest(manifest, hashlib.sha256(content).hexdigest()))
    found = replayed(copied, threads=2)
    differing = {one.name for one in found.comparisons if not one.is_equal}
    assert {
        "table fct_changes",
        "marts/mart_metric_values.parquet",
        "marts/mart_metric_values.csv",
    } <= differing
    assert "table fct_deployments" not in differing


def test_a_publication_that_is_not_there_is_told(
    copied: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--publication", "20200101T000000Z-none", "--workspace", str(copied.root)]) == 2
    assert "There is no publication '20200101T000000Z-none'" in capsys.readouterr().err


def test_one_asks_for_a_number_or_for_everything(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    root = ["--workspace", str(acme.workspace.root)]
    assert main(["replay", "change_lead_time", "--publication", "current", *root]) == 2
    assert "give it, or one metric" in capsys.readouterr().err
    assert main(["replay", "change_lead_time", *root]) == 2
    assert "--scope" in capsys.readouterr().err
