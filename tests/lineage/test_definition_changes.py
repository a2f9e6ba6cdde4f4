"""What changed between two definitions, said in words."""

from typing import Any

import pytest

from lineage.clause_changes import clause_changes
from lineage.definition_changes import Change, compare_definitions
from lineage.definitions import Circumstances, MetricDefinition, define_metrics
from tests.lineage.test_definitions import CELLS, MANIFEST, ROW, changed, set_sql

RULES = {"raw.deployments": [{"link_hours": 24, "severity": "^sev[12]$"}]}
OWN_POLICY = {"minimum_n": 5, "tier": "operational", "required_roles": ["metric_owner"]}
POLICY = {"deployment_frequency": OWN_POLICY}
ON_OTHER = {"nodes": ["model.other"]}


def defined(
    manifest: dict[str, Any] | None = None, row: dict[str, Any] | None = None, **given: Any
) -> MetricDefinition:
    circumstances = Circumstances(**{"rules": RULES, "policies": POLICY, **given})
    return define_metrics(manifest or MANIFEST, [{**ROW, **(row or {})}], circumstances=circumstances)[
        "deployment_frequency"
    ]


def changes(new: MetricDefinition) -> list[Change]:
    old = defined()
    return compare_definitions(
        old.document,
        new.document,
        old_part=lambda digest: old.texts[digest],
        new_part=lambda digest: new.texts[digest],
    )


def words(new: MetricDefinition) -> list[str]:
    return [change.words for change in changes(new)]


def test_the_same_definition_has_no_changes() -> None:
    assert changes(defined(changed(set_sql("model.stg", "SELECT id,\n at FROM raw.deployments")))) == []


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (defined(row={"minimum_n": 10}), "the minimum n was raised from 5 to 10"),
        (defined(row={"filter_sql": "is_production"}), "a filter was removed: outcome = 'success'"),
        (
            defined(row={"value_sql": "count(distinct deployment_id)"}),
            'the formula changed from COUNT("deployment_id") to COUNT(DISTINCT "deployment_id")',
        ),
        (
            defined(policies={"deployment_frequency": {**OWN_POLICY, "minimum_n": 20}}),
            "the minimum n was raised from 5 to 20",
        ),
        (
            defined(policies={"deployment_frequency": {**OWN_POLICY, "required_roles": []}}),
            'the roles that must sign lost ["metric_owner"]',
        ),
        (
            defined(rules={"raw.deployments": [{"link_hours": 12, "severity": "^sev[12]$"}]}),
            "raw.deployments: `link_hours` was lowered from 24 to 12",
        ),
        (
            defined(rules={"raw.deployments": [*RULES["raw.deployments"], {"link_hours": 1}]}),
            'raw.deployments: a rule was added: {"link_hours": 1}',
        ),
        (
            defined(parameters={"time_zone": "Europe/Berlin"}),
            "the reporting time zone was set to Europe/Berlin",
        ),
        (
            defined(changed(set_sql("model.stg", "select id, at from raw.deployments where id > 1"))),
            "the model stg changed: a filter was added: id > 1",
        ),
        (
            defined(changed(set_sql("model.int_metric_cells", CELLS.replace("where is_production ", "")))),
            "the cells of deployment_frequency changed: a filter was removed: is_production",
        ),
        (
            defined(changed(lambda one: one["sources"]["source.raw"].update(columns={}))),
            "the source source.raw: the column body was removed",
        ),
        (
            defined(changed(lambda one: one["nodes"]["model.stg"].update(depends_on=ON_OTHER))),
            "the model other joined the upstream",
        ),
    ],
)  # fmt: skip
def test_each_change_is_said_in_words(new: MetricDefinition, expected: str) -> None:
    assert expected in words(new)


def test_a_changed_step_names_its_part() -> None:
    steps = {"raw.deployments": {"orchestration.steps.commit_graph": {"first": "1", "walk": "2"}}}
    other = {"raw.deployments": {"orchestration.steps.commit_graph": {"first": "1", "walk": "3"}}}
    old, new = defined(steps=steps), defined(steps=other)
    found = compare_definitions(
        old.document, new.document, old_part=old.texts.__getitem__, new_part=new.texts.__getitem__
    )
    assert [change.words for change in found] == [
        "the step in Python for raw.deployments: the part orchestration.steps.commit_graph: walk changed"
    ]


def test_sql_is_shown_as_a_diff_that_people_can_read() -> None:
    new = defined(changed(set_sql("model.stg", "select id, at from raw.deployments where id > 1")))
    diff = changes(new)[0].sql_diff
    assert diff.splitlines()[:2] == ["--- model.stg before", "+++ model.stg after"]
    assert "+WHERE" in diff
    assert '+  "id" > 1' in diff


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("select a from t where b", "select a from t", ["a filter was removed: b"]),
        (
            "select a from t where b = 1",
            "select a from t where b = 2",
            ["a filter changed from b = 1 to b = 2"],
        ),
        (
            "select a from t join u on t.a = u.a",
            "select a from t left join u on t.a = u.a",
            ["a join changed from JOIN u ON t.a = u.a to LEFT JOIN u ON t.a = u.a"],
        ),
        ("select a from t", "select distinct a from t", ["DISTINCT was added: DISTINCT"]),
        ("select a from t", "select a from u", ["a relation changed from t to u"]),
        ("select a from t", "select a from t limit 5", ["a limit was added: LIMIT 5"]),
        (
            "select a from t group by a having count(*) > 1",
            "select a from t group by a having count(*) > 2",
            ["a filter of groups changed from COUNT(*) > 1 to COUNT(*) > 2"],
        ),
        (
            "select a from t qualify row_number() over (order by a) = 1",
            "select a from t",
            ["a filter of windows (QUALIFY) was removed: ROW_NUMBER() OVER (ORDER BY a) = 1"],
        ),
        ("select a from t union all select a from u", "select a from t union select a from u",
         ["a union changed from UNION ALL to UNION"]),
        ("select a from t", "select a + 1 as a from t", ["a column changed from a to a + 1 AS a"]),
    ],
)  # fmt: skip
def test_clauses_that_came_and_went_are_named(old: str, new: str, expected: list[str]) -> None:
    assert clause_changes(old, new) == expected
