"""A metric that pays: kept back, signed by two people, cosigned, published; and what takes it back again."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from connectors.sandbox.settings import CODE_KINDS
from lineage.ledger import TlogProof
from orchestration.command import main
from orchestration.dbt_runner import DbtProject
from orchestration.sources import utc_now
from tests.house.company import Company, company

METRIC = "change_lead_time_server_observed"
POLICIES: dict[str, Any] = {
    "operated_by": "data-platform",
    "metrics": {METRIC: {"tier": "incentive", "purposes": ["team_bonus"], "authors": ["Ada"]}},
}
PURPOSES = {
    "publication": "team_bonus",
    "purposes": {
        "team_bonus": {"owner": "people", "tiers": ["incentive"], "forbidden_uses": ["Ranking people"]}
    },
}
JURISDICTIONS = {"jurisdictions": {"de": {"teams": "*"}}}


def register_people(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """Olga owns the metric, Pia is of people operations, and Max of a team that is measured."""
    team = acme.workspace.settings().teams[0].name
    people = (
        ("Olga", "metric_owner", "delivery-metrics"),
        ("Pia", "people_operations", "people"),
        ("Max", "people_operations", team),
    )
    signers = []
    for person, role, member_of in people:
        key = acme.workspace.root.parent / f"{person}.key"
        capsys.readouterr()
        assert main(["signer", person, "--key", str(key), "--role", role, "--team", member_of]) == 0
        signers += yaml.safe_load(capsys.readouterr().out)["signers"]
    registers = {
        "policies": POLICIES,
        "purposes": PURPOSES,
        "jurisdictions": JURISDICTIONS,
        "signers": {"signers": signers},
    }
    for name, document in registers.items():
        (acme.workspace.governance / f"{name}.yml").write_text(yaml.safe_dump(document))


def set_up_witness(acme: Company, capsys: pytest.CaptureFixture[str]) -> Path:
    """Another department makes a witness of its own, and the policies name its key."""
    folder = acme.workspace.root.parent / "witness"
    capsys.readouterr()
    assert main(["key", "show", "--workspace", str(acme.workspace.root)]) == 0
    key = capsys.readouterr().out.strip()
    origin = key.partition("+")[0]
    logs = [word for log in ("payload", "governance") for word in ("--log", f"{origin}/{log}={key}")]
    assert main(["witness", "init", str(folder), "--name", "internal-audit", *logs]) == 0
    own = next(word for word in capsys.readouterr().out.split() if word.startswith("internal-audit+"))
    witness = {"name": "internal-audit", "key": own, "team": "internal-audit"}
    (acme.workspace.governance / "policies.yml").write_text(
        yaml.safe_dump(POLICIES | {"witnesses": [witness]})
    )
    return folder


def have_cosigned(acme: Company, witness: Path, name: str) -> None:
    """Carry the newest checkpoints to the witness and its answers back, as files."""
    carried, where = acme.workspace.root.parent / name, ["--workspace", str(acme.workspace.root)]
    assert main(["checkpoint", "request", "--output", str(carried), *where]) == 0
    requests = sorted(str(file) for file in carried.glob("*.add-checkpoint"))
    assert len(requests) == 2
    assert main(["witness", "cosign", str(witness), *requests]) == 0
    answers = sorted(str(file) for file in carried.glob("*.cosigned"))
    assert main(["checkpoint", "import", *answers, *where]) == 0


def sign(
    acme: Company, person: str, role: str, *, verb: tuple[str, ...] = (), scope: str | None = None
) -> int:
    key = acme.workspace.root.parent / f"{person}.key"
    given = ["signoff", *verb, METRIC, "--role", role, "--as", person, "--key", str(key)]
    given += ["--reason", "agreement 7 ended"] if verb else ["--yes"]
    given += ["--scope", scope] if scope else []
    return main([*given, "--workspace", str(acme.workspace.root)])


def explained(acme: Company, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The predicates that keep the metric back, as the command says."""
    capsys.readouterr()
    code = main(["gate", "explain", METRIC, "--json", "--workspace", str(acme.workspace.root)])
    document = json.loads(capsys.readouterr().out)
    assert code == (0 if document["is_open"] else 1)
    return [one["name"] for one in document["predicates"] if not one["is_passed"]]


def shown_values(acme: Company) -> tuple[int, int]:
    """Values of the metric that are published, and how many of them are not a team's."""
    with duckdb.connect(str(acme.workspace.current / "analyst.duckdb"), read_only=True) as con:
        row = con.execute(
            "select count(value), count(value) filter (where scope_kind <> 'team') "
            f"from marts.mart_metric_values where metric = '{METRIC}'"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def leaves(acme: Company, kind: str) -> Iterator[dict[str, Any]]:
    from orchestration.session import open_ledger  # noqa: PLC0415 - beside its one use

    with open_ledger(acme.workspace, acme.workspace.settings()) as ledger:
        for _, leaf in ledger.every_leaf("governance"):
            document = json.loads(leaf)
            if document["kind"] == kind:
                yield document


def with_sql(patch: pytest.MonkeyPatch, model: str, change: Any) -> None:
    """Let the project have other SQL for one model."""
    compiled = DbtProject.compiled_manifest

    def changed(project: DbtProject, **named: Any) -> dict[str, Any]:
        manifest = copy.deepcopy(compiled(project, **named))
        (node,) = [one for one in manifest["nodes"].values() if one["name"] == model]
        node["compiled_code"] = change(node["compiled_code"])
        return manifest

    patch.setattr(DbtProject, "compiled_manifest", changed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_metric_that_pays_is_published_once_signed_and_cosigned_and_kept_back_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with company(tmp_path, services=3, kinds=(*CODE_KINDS, "roster")) as acme:
        register_people(acme, capsys)
        acme.run()
        assert shown_values(acme) == (0, 0)
        decided = [one for one in leaves(acme, "gate_decision") if one["metric"] == METRIC]
        assert [(one["stage"], one["is_open"]) for one in decided] == [
            ("build", False),
            ("publication", False),
        ]
        assert len(decided[0]["predicates"]) > 20

        assert sign(acme, "Max", "people_operations") == 2
        assert "is measured in" in capsys.readouterr().err
        assert sign(acme, "Pia", "metric_owner") == 2
        assert "does not hold the role metric_owner" in capsys.readouterr().err
        assert sign(acme, "Olga", "metric_owner") == 0
        assert sign(acme, "Pia", "people_operations") == 0
        assert "Signed and recorded" in capsys.readouterr().out
        assert len(list(leaves(acme, "sign_off_recorded"))) == 2

        assert explained(acme, capsys) == ["witness_cosigned"]
        witness = set_up_witness(acme, capsys)
        assert explained(acme, capsys) == ["witness_cosigned"]
        have_cosigned(acme, witness, "first")
        assert_it_is_published(acme)
        assert_one_value_is_proven_far_from_the_workspace(acme, capsys, tmp_path)
        assert_white_space_keeps_what_was_signed_and_a_predicate_lapses_it(acme, capsys)
        assert_a_clock_set_back_is_noticed(acme, capsys)
        assert sign(acme, "Pia", "people_operations", verb=("revoke",)) == 0
        assert "signoff_present" in explained(acme, capsys)
        assert sign(acme, "Pia", "people_operations") == 2
        assert "stays revoked" in capsys.readouterr().err
        assert sign(acme, "Pia", "people_operations", scope="team:nosuch") == 2
        assert "There is no team nosuch" in capsys.readouterr().err
        have_cosigned(acme, witness, "second")
        capsys.readouterr()
        assert main(["publish", "--workspace", str(acme.workspace.root)]) == 0
        assert f"kept back: {METRIC}" in capsys.readouterr().out
        assert shown_values(acme) == (0, 0)


def assert_it_is_published(acme: Company) -> None:
    where = ["--workspace", str(acme.workspace.root)]
    assert main(["publish", *where]) == 0
    shown, of_others = shown_values(acme)
    assert shown > 0
    assert of_others == 0
    manifest = json.loads((acme.workspace.current / "manifest.json").read_text())
    (gate,) = [one for one in manifest["gate"] if one["metric"] == METRIC]
    assert (gate["is_open"], gate["purpose"], gate["cells"]["shown"]) == (True, "team_bonus", shown)
    assert manifest["purpose"]["forbidden_uses"] == ["Ranking people"]


def assert_one_value_is_proven_far_from_the_workspace(
    acme: Company, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    with duckdb.connect(str(acme.workspace.current / "analyst.duckdb"), read_only=True) as con:
        row = con.execute(
            "select scope_id, period_start from marts.mart_metric_values where value is not null "
            f"and metric = '{METRIC}' and period_grain = 'month' order by all limit 1"
        ).fetchone()
    assert row is not None
    proof, where = folder / "cell.tlog-proof", ["--workspace", str(acme.workspace.root)]
    cell = ["--scope", f"team:{row[0]}", "--period", f"{row[1]:%Y-%m}", "--output", str(proof)]
    capsys.readouterr()
    assert main(["proof", "cell", METRIC, *cell, *where]) == 0
    assert main(["key", "show", *where]) == 0
    key = capsys.readouterr().out.split()[-1]
    assert main(["verify", "--proof", str(proof), "--key", key]) == 0
    made = TlogProof.parse(proof.read_text())
    assert METRIC.encode() in made.extra
    other = replace(made, extra=made.extra.replace(METRIC.encode(), b"change_fail_rate"))
    proof.write_text(other.document())
    assert main(["verify", "--proof", str(proof), "--key", key]) == 1


def assert_white_space_keeps_what_was_signed_and_a_predicate_lapses_it(
    acme: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with_sql(patch, "fct_changes", lambda sql: "-- reformatted\n" + sql.replace("\n", "  \n\n"))
        assert explained(acme, capsys) == []
    with pytest.MonkeyPatch.context() as patch:
        with_sql(patch, "fct_changes", lambda sql: f"select * from ({sql}) where lead_time_seconds <> 7")
        assert "signoff_present" in explained(acme, capsys)


def assert_a_clock_set_back_is_noticed(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("gate_review", "signing"):
            patch.setattr(f"orchestration.{module}.utc_now", lambda: utc_now() - timedelta(days=2))
        assert "clock_not_set_back" in explained(acme, capsys)
        assert sign(acme, "Pia", "people_operations") == 2
        assert "Set the clock; nothing was signed" in capsys.readouterr().err
