"""Late data makes a new publication that says what it restates; what was published stays as it was."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from publishing.differences import compare_publications, read_side
from publishing.manifest import environment_sha256
from tests.publishing.release import EVIDENCE_LEAVES, Release

DEFINED = """
alter table marts.dim_metrics add column fact_relation varchar default 'marts.fct_changes';
alter table marts.dim_metrics add column fact_key varchar default 'change_id';
alter table marts.dim_metrics add column filter_sql varchar default '(state = ''deployed'')';
alter table marts.dim_metrics add column event_at_column varchar default 'deployed_date';
alter table marts.dim_metrics add column service_scope_sql varchar default 'service_id = $scope_id';
alter table marts.dim_metrics add column team_scope_sql varchar default 'list_contains(team_path, $scope_id)';
alter table marts.dim_metrics add column organisation_scope_sql varchar default 'organisation = $scope_id';
create or replace table marts.fct_changes as
select * replace (change_id || '-' || service_id as change_id),
    cast(deployed_at as date) as deployed_date, [team_id] as team_path,
    cast([] as bigint[]) as context_record_ids
from marts.fct_changes;
"""
CUTOFF = EVIDENCE_LEAVES - 50
LATE = f"""
insert into marts.fct_changes
select * replace ('late' as change_id, [{CUTOFF + 3}::bigint << 23] as record_ids)
from marts.fct_changes
where service_id = 'checkout' and state = 'deployed' and deployed_date < date '2025-08-01'
limit 1;
update marts.mart_metric_values set value = value + 60, n = n + 1
where metric = 'change_lead_time' and scope_id = 'checkout' and period_start = date '2025-07-01';
"""


@pytest.fixture
def restated(release: Release) -> Release:
    """A first publication, and a second one after a change arrived late."""
    release.change(DEFINED)
    release.publish("first")
    release.change(LATE)
    release.publish("second", payload_log_size=EVIDENCE_LEAVES)
    return release


def manifest(release: Release, publication_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release.root / publication_id / "manifest.json").read_bytes())
    return found


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_old_folder_stays_byte_for_byte_as_it_was(release: Release) -> None:
    release.change(DEFINED)
    first = release.publish("first")
    before = hashes(first.folder)
    release.change(LATE)
    assert release.publish("second", payload_log_size=EVIDENCE_LEAVES).is_new
    assert hashes(first.folder) == before


def test_the_new_publication_names_what_it_restates_and_why(restated: Release) -> None:
    notice = manifest(restated, "second")["restatement"]
    assert (notice["previous"], notice["values_restated"], notice["causes"]) == ("first", 1, {"late_data": 1})
    assert [(month["month"], month["values_restated"]) for month in notice["months"]] == [("2025-07", 1)]
    assert notice["largest"][0]["scope"] == "service:checkout"
    assert manifest(restated, "first")["restatement"] is None


def test_the_record_that_came_late_is_named(restated: Release) -> None:
    comparison = compare_publications(*(read_side(restated.root / name) for name in ("first", "second")))
    (cell,) = comparison.restated
    assert cell.record_ids == (CUTOFF + 3 << 23,)
    assert [fact.key for fact in cell.facts] == ["late"]


def test_the_report_says_what_changed(restated: Release) -> None:
    report = (restated.root / "second" / "report.html").read_text(encoding="utf-8")
    assert "What changed since the publication before" in report
    assert "records arrived after the earlier publication" in report
    first = (restated.root / "first" / "report.html").read_text(encoding="utf-8")
    assert "What changed since the publication before" not in first


def test_a_publication_before_that_cannot_be_read_stops_nothing(release: Release) -> None:
    release.publish("first")
    (release.root / "first" / "analyst.duckdb").unlink()
    release.change("update marts.mart_metric_values set n = n + 1")
    assert release.publish("second").is_new
    assert "analyst.duckdb" in manifest(release, "second")["restatement"]["problem"]


def test_definitions_come_into_force_with_the_publication_or_not_at_all(release: Release) -> None:
    leaf = b'{"kind":"definition_in_force","metric":"change_lead_time"}'
    entry = {"change_lead_time": {"definition_sha256": "a" * 64, "document_sha256": "b" * 64}}

    def stop(step: str) -> None:
        if step == "seal":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        release.publish("first", definition_leaves=(leaf,), definitions=entry, on_step=stop)
    assert release.ledger.size("governance") == 0
    release.publish("second", definition_leaves=(leaf,), definitions=entry)
    leaves = [content for _, content in release.ledger.leaves("governance", 0, 4)]
    assert leaves[0] == leaf
    assert sum(leaf == one for one in leaves) == 1
    assert manifest(release, "second")["definitions"] == entry


def test_versions_of_software_have_a_hash_of_their_own(release: Release) -> None:
    release.publish("first")
    document = manifest(release, "first")
    assert document["environment_sha256"] == environment_sha256(document["environment"])
    assert environment_sha256({"duckdb": "1.5.5"}) != environment_sha256({"duckdb": "1.5.6"})
