"""Publishing as a whole: what a folder holds, what never changes, what is refused."""

import json
import os
import threading
from pathlib import Path

import duckdb
import pytest

from governance.policies import PolicyBook
from lineage.ledger import merkle
from publishing import (
    PersonKeyError,
    PublicationInputError,
    PublicationRefusedError,
    current_publication,
    verify_publications,
)
from tests.publishing.release import CONTEXT, EVIDENCE_LEAVES, Check, Release
from tests.publishing.warehouse import TOKEN


def test_a_publication_holds_every_form_of_the_marts_and_says_what_it_rests_on(published: Release) -> None:
    folder = published.root / "first"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    marts = {"dim_metrics", "dim_services", "dim_teams", "mart_dora_monthly", "mart_metric_values"}
    assert files == {
        "analyst.duckdb",
        "assay.xlsx",
        "report.html",
        "manifest.json",
        "checkpoint.txt",
        "payload-checkpoint.txt",
        "publication.tlog-proof",
        *(f"marts/{name}.{kind}" for name in marts for kind in ("csv", "parquet")),
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    unlisted = {"manifest.json", "checkpoint.txt", "publication.tlog-proof"}
    assert {entry["path"] for entry in manifest["files"]} == files - unlisted
    assert manifest["evidence"]["payload_log_size"] == CONTEXT.payload_log_size
    assert manifest["evidence"]["payload_root"] == published.ledger.root("payload", 250).hex()
    assert [one["is_open"] for one in manifest["gate"]] == [True] * 5


def test_rows_in_the_manifest_are_those_in_the_files(published: Release) -> None:
    folder = published.root / "first"
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["files"]:
        if entry["path"].startswith("marts/"):
            query = f"select count(*) from '{folder / entry['path']}'"
            assert duckdb.sql(query).fetchone() == (entry["rows"],)


def test_decisions_and_publication_are_leaves_of_the_governance_log(published: Release) -> None:
    ledger = published.ledger
    size = ledger.size("governance")
    leaves = [json.loads(content) for _, content in ledger.leaves("governance", 0, size)]
    assert [leaf["kind"] for leaf in leaves] == ["gate_decision"] * 5 + ["publication"]
    manifest = json.loads((published.root / "first" / "manifest.json").read_text())
    assert [one["leaf"] for one in manifest["gate"]] == [0, 1, 2, 3, 4]
    proof = ledger.inclusion_proof("governance", 5, size)
    assert merkle.verify_inclusion(
        merkle.leaf_hash(ledger.leaf("governance", 5)), 5, size, proof, root=ledger.root("governance")
    )


def test_publishing_again_without_news_changes_nothing(release: Release) -> None:
    first = release.publish("first")
    before = release.ledger.size("governance")
    again = release.publish("second", payload_log_size=EVIDENCE_LEAVES, environment={"Assay": "0.2.0"})
    assert first.is_new
    assert (again.is_new, again.message, again.publication_id) == (False, "nothing changed", "first")
    assert [path.name for path in release.root.iterdir() if path.name != "current"] == ["first"]
    assert release.ledger.size("governance") == before


@pytest.mark.parametrize(
    "news",
    [
        "update marts.mart_metric_values set n = n + 1 where scope_id = 'checkout'",
        "delete from marts.fct_changes where change_id = 'change-7'",
        "alter table marts.mart_metric_values add column extra integer",
    ],
)
def test_news_make_a_new_publication_and_leave_the_old_one_alone(release: Release, news: str) -> None:
    first = release.publish("first")
    old = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    release.change(news)
    second = release.publish("second")
    assert second.is_new
    assert (release.root / "current").readlink() == Path("second")
    assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == old
    assert json.loads((second.folder / "manifest.json").read_text())["previous"] == "first"
    assert list(verify_publications(release.root, release.ledger)) == []


def test_a_changed_definition_or_check_makes_a_new_publication_of_the_same_rows(release: Release) -> None:
    release.publish("first")
    hashes = dict(CONTEXT.definition_hashes) | {"change_lead_time": "f" * 64}
    assert release.publish("second", definition_hashes=hashes).is_new
    warned = (CONTEXT.checks[0], Check("covers_windows", "github.workflow_runs", "warning", is_passed=False))
    assert release.publish("third", definition_hashes=hashes, checks=warned).is_new


def test_the_analysts_database_opens_read_only_and_depends_on_nothing(published: Release) -> None:
    path = published.root / "current" / "analyst.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        attached = con.execute("select database_name from duckdb_databases() where not internal").fetchall()
        assert attached == [("analyst",)]
        assert con.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("delete from marts.fct_changes")
    schemas = published.rows("select distinct schema_name from duckdb_tables() order by 1")
    assert schemas == [("marts",), ("publication",), ("quality",)]
    about = dict(published.rows("from publication.about"))
    assert about["publication_id"] == "first"
    assert about["payload_log_size"] == "250"


def test_no_token_and_no_person_leaves_the_warehouse(published: Release) -> None:
    folder = published.root / "first"
    for path in folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path.name
    assert published.rows("select * from duckdb_columns() where column_name like '%token%'") == []
    assert published.rows("select * from duckdb_tables() where table_name = 'dim_people'") == []
    assert published.rows("select count(record_ids) from marts.fct_changes") == [(6000,)]


@pytest.mark.parametrize(
    "fault",
    [
        f"update marts.mart_metric_values set scope_id = '{TOKEN}' where scope_id = 'mobile'",
        f"update marts.mart_metric_values set flags = ['by {TOKEN}'] where scope_id = 'mobile'",
        f"alter table marts.fct_changes add column note varchar default 'seen by {TOKEN}'",
        f"create table marts.mart_nested as select {{'who': '{TOKEN}'}} as detail",
    ],
)
def test_a_token_anywhere_in_a_text_stops_the_publication(release: Release, fault: str) -> None:
    release.change(fault)
    with pytest.raises(PersonKeyError, match=r"marts\.\w+\.\w+ holds a person's token") as caught:
        release.publish()
    assert TOKEN not in str(caught.value)
    assert list(release.root.iterdir()) == []


def test_a_red_blocking_check_stops_the_publication_and_is_named(release: Release) -> None:
    with pytest.raises(PublicationRefusedError, match=r"conserves_deployments \(fct_deployments\): 2 lost"):
        release.publish(checks=(Check(is_passed=False, message="2 lost"),))
    assert not (release.root / "current").exists()
    assert release.ledger.size("governance") == 0


def test_without_any_check_the_gate_lets_nothing_through(release: Release) -> None:
    with pytest.raises(PublicationRefusedError, match="no blocking check ran"):
        release.publish(checks=())


def policies(folder: Path, text: str) -> PolicyBook:
    path = folder / "policies.yml"
    path.write_text(text)
    return PolicyBook.load(path)


def test_a_metric_whose_gate_is_closed_is_in_no_published_form(release: Release) -> None:
    book = policies(release.folder, "metrics: {change_fail_rate: {tier: incentive, minimum_n: 20}}\n")
    publication = release.publish(policies=book)
    assert [one.metric for one in publication.decisions if not one.is_open] == ["change_fail_rate"]
    kept_back = "select count(*) from marts.mart_metric_values where metric = 'change_fail_rate'"
    assert release.rows(kept_back) == [(0,)]
    wide = "select count(change_fail_rate), count(change_fail_rate_n), count(change_lead_time) > 0 "
    assert release.rows(wide + "from marts.mart_dora_monthly") == [(0, 0, True)]
    assert b"change_fail_rate" not in (publication.folder / "marts" / "mart_metric_values.csv").read_bytes()
    report = (publication.folder / "report.html").read_text()
    assert "change_fail_rate is not published" in report
    assert "signoff_present" in report


def test_a_wrong_policy_stops_the_publication(release: Release) -> None:
    book = policies(release.folder, "metrics: {change_lead_time: {minimum_n: 1}}\n")
    with pytest.raises(PublicationInputError, match="policies only tighten"):
        release.publish(policies=book)
    unknown = policies(release.folder, "metrics: {chnge_lead_time: {minimum_n: 9}}\n")
    with pytest.raises(PublicationInputError, match="did you mean change_lead_time"):
        release.publish(policies=unknown)


@pytest.mark.parametrize("publication_id", ["", "current", "../x", ".hidden", "a/b", "x" * 101])
def test_an_id_that_is_no_folder_name_is_refused(release: Release, publication_id: str) -> None:
    with pytest.raises(PublicationInputError, match="cannot name"):
        release.publish(publication_id)


def test_an_id_is_used_once(release: Release) -> None:
    release.publish("first")
    with pytest.raises(PublicationInputError, match="published values never change"):
        release.publish("first")


def test_a_warehouse_that_is_missing_foreign_or_ahead_of_the_ledger_is_refused(release: Release) -> None:
    with pytest.raises(PublicationInputError, match="claims 9999 leaves"):
        release.publish(payload_log_size=9999)
    release.change("drop table marts.mart_metric_values")
    with pytest.raises(PublicationInputError, match=r"no marts\.mart_metric_values"):
        release.publish()
    release.warehouse.unlink()
    with pytest.raises(PublicationInputError, match="there is no warehouse"):
        release.publish()


def test_readers_see_the_old_or_the_new_publication_and_never_half_of_one(release: Release) -> None:
    release.publish("p0")
    torn: list[str] = []
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            folder = Path(os.path.realpath(release.root / "current"))
            try:
                manifest = json.loads((folder / "manifest.json").read_text())
                if manifest["publication_id"] != folder.name or not (folder / "checkpoint.txt").exists():
                    torn.append(folder.name)
            except OSError as error:
                torn.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 4):
        release.change(
            f"update marts.fct_changes set lead_time_seconds = {number} where change_id = 'change-1'"
        )
        release.publish(f"p{number}")
    is_done.set()
    for reader in readers:
        reader.join()
    assert torn == []
    current = current_publication(release.root)
    assert current is not None
    assert current.publication_id == "p3"


def test_an_empty_warehouse_is_published_with_a_report_that_says_so(release: Release) -> None:
    release.change("delete from marts.mart_metric_values; delete from marts.fct_changes")
    publication = release.publish()
    assert "There is no value yet" in (publication.folder / "report.html").read_text()
