"""`assay verify --file` and `--proof`, and `assay witness`: what people type, and what it answers."""

import json
import shutil
from pathlib import Path

import pytest

from lineage.ledger.witness_folder import FolderMemory
from orchestration.command import main
from tests.publishing.release import make_template
from tests.publishing.sealed_world import SIGNER, THIEF, WITNESS, World, make_world

KEYS = ("--key", SIGNER.verifier.text(), "--witness", WITNESS.key.text())


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> World:
    template = make_template(
        tmp_path_factory.mktemp("warehouse"), metrics=("change_lead_time", "change_fail_rate"), months=3
    )
    return make_world(tmp_path_factory.mktemp("world"), template)


@pytest.fixture
def handed_over(original: World, tmp_path: Path) -> Path:
    """What somebody outside has: the publication's folder and one proof."""
    shutil.copytree(original.publication, tmp_path / "handed over")
    shutil.copy(original.proof, tmp_path / "cell.tlog-proof")
    return tmp_path / "handed over"


def test_an_exported_file_is_verified_with_its_folder_alone(
    handed_over: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = handed_over / "marts" / "mart_metric_values.csv"
    assert main(["verify", "--file", str(file), *KEYS]) == 0
    assert "published, sealed and signed" in capsys.readouterr().out
    file.write_bytes(file.read_bytes() + b"\n")
    assert main(["verify", "--file", str(file), *KEYS, "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["object_name"].endswith("marts/mart_metric_values.csv")


def test_without_a_key_the_answer_says_whose_word_was_taken(
    handed_over: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--file", str(handed_over / "report.html")]) == 0
    assert "the key that it names itself" in capsys.readouterr().out


def test_another_s_key_verifies_nothing(handed_over: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = THIEF.verifier.text()
    assert main(["verify", "--file", str(handed_over / "report.html"), "--key", stranger]) == 1
    assert "the wrong one is trusted" in capsys.readouterr().out


def test_one_value_is_proven_without_the_others(
    handed_over: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = handed_over.parent / "cell.tlog-proof"
    assert main(["verify", "--proof", str(proof), *KEYS, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["item"]["cell"]["metric"] == "change_lead_time"
    assert answer["item"]["cell"]["scope_kind"] == "team"
    assert answer["cosigned_by"][0]["name"] == "internal-audit"
    assert main(["verify", "--proof", str(proof), *KEYS]) == 0
    assert "internal-audit cosigned that state" in capsys.readouterr().out


def test_a_proof_is_not_about_any_other_file(handed_over: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = str(handed_over / "manifest.json")
    proof = str(handed_over / "publication.tlog-proof")
    assert main(["verify", "--proof", proof, "--file", manifest, *KEYS]) == 0
    assert main(["verify", "--proof", proof, "--file", str(handed_over / "report.html"), *KEYS]) == 1
    assert "DIFFERS report.html" in capsys.readouterr().out


def test_what_cannot_be_judged_is_a_wrong_command_line(
    handed_over: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(handed_over)
    proof = str(handed_over / "publication.tlog-proof")
    assert main(["verify", "--proof", proof]) == 2
    assert "--key" in capsys.readouterr().err
    assert main(["verify", "--proof", str(handed_over / "analyst.duckdb"), *KEYS]) == 2
    assert main(["verify", "--publication", "paid", "--proof", proof]) == 2
    assert main(["verify", "--file", str(handed_over.parent / "cell.tlog-proof"), *KEYS]) == 2
    assert "does not lie in a publication" in capsys.readouterr().err
    for option in ("--key", "--witness"):
        assert main(["verify", "--proof", proof, option, "acme+nonsense"]) == 2
        assert f"assay: {option}: " in capsys.readouterr().err


def test_a_witness_is_made_shown_and_refuses_by_file(
    original: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lineage.ledger import WitnessRequest  # noqa: PLC0415 - beside its only use

    audit, log = str(tmp_path / "audit"), f"assay/acme/payload={SIGNER.verifier.text()}"
    assert main(["witness", "init", audit, "--name", "internal-audit", "--log", log]) == 0
    assert "internal-audit+" in capsys.readouterr().out
    with original.ledger() as ledger:
        requests = [WitnessRequest(0, (), ledger.signed("payload", size, SIGNER)) for size in (300, 250)]
    for number, request in enumerate(requests):
        (tmp_path / f"{number}.add-checkpoint").write_text(request.document())
    files = [str(tmp_path / f"{number}.add-checkpoint") for number in (0, 1)]
    assert main(["witness", "cosign", audit, *files]) == 1
    told = capsys.readouterr()
    assert "0.cosigned: cosigned" in told.out
    assert "may have been rolled back" in told.err
    assert FolderMemory(tmp_path / "audit").entries()["assay/acme/payload"]["size"] == 300
    assert not (tmp_path / "1.cosigned").exists()
    assert main(["witness", "show", audit]) == 0
    assert "300 leaves" in capsys.readouterr().out
    assert main(["witness", "watch", audit, "--log", "nonsense"]) == 2
    assert main(["witness", "init", audit, "--name", "internal-audit", "--log", log]) == 2
    for command in (["show"], ["watch", "--log", log], ["cosign", files[0]], ["serve", "--port", "0"]):
        assert main(["witness", command[0], str(tmp_path / "nobody"), *command[1:]]) == 2
        assert "Make one with: assay witness init" in capsys.readouterr().err
