"""Comparisons of staging with facts: each record of a tool arrives as one entity, and nothing else does."""

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD


def _arrives(name: str, what: str, staging: str, fact: str, *, key: str) -> Comparison:
    """Each record of a stream is one entity of a fact, whose key ends in the record's own id."""
    source_key = f"concat('github:', source, ':{key}:', {key}_id)"
    return Comparison(
        name=name,
        subjects=(fact,),
        layer="facts",
        sentence=f"Every {what} of staging arrives, and nothing else does.",
        left=f"select {source_key} as item, 1 as value from {staging} group by all",
        right=f"select {key}_id as item, 1 as value from {fact} group by all",
        measure=f"{what}s",
        remedy=REBUILD,
    )


_CI_RUNS = Comparison(
    name="ci_runs_are_conserved",
    subjects=("marts.fct_ci_runs",),
    layer="facts",
    sentence="Every run, pipeline, workflow and build of staging arrives, and nothing else does.",
    left="""
        select item, 1 as value
        from (
            select concat('github:', source, ':run:', run_id) as item from staging.stg_github__workflow_runs
            union all
            select concat('gitlab:', source, ':run:', pipeline_id) from staging.stg_gitlab__pipelines
            union all
            select concat('gitlab:', source, ':run:', pipeline_id) from staging.stg_gitlab__child_pipelines
            union all
            select concat('circleci:', source, ':run:', workflow_id) from staging.stg_circleci__workflows
            union all
            select concat('circleci:', source, ':run:', pipeline_id)
            from staging.stg_circleci__pipelines
            anti join staging.stg_circleci__workflows using (source, pipeline_id)
            union all
            select concat(
                'jenkins:', source, ':run:', md5(job_full_name)[:12],
                '#', build_number, '@', epoch_ms(started_at)
            )
            from staging.stg_jenkins__builds
        )
        group by all
    """,
    right="select run_id as item, 1 as value from marts.fct_ci_runs group by all",
    measure="runs",
    remedy=REBUILD,
)

_ISSUES = Comparison(
    name="issues_are_conserved",
    subjects=("marts.fct_issues",),
    layer="facts",
    sentence="Every issue of staging arrives, and nothing else does.",
    left="""
        select item, 1 as value
        from (
            select concat('github:', source, ':issue:', issue_id) as item
            from staging.stg_github__issues
            where not coalesce(is_pull_request, false)
            union all
            select concat('jira:', source, ':issue:', issue_id) from staging.stg_jira__current_issues
        )
        group by all
    """,
    right="select issue_id as item, 1 as value from marts.fct_issues group by all",
    measure="issues",
    remedy=REBUILD,
)

_INCIDENTS = Comparison(
    name="incidents_stand_once",
    subjects=("marts.fct_incidents",),
    layer="facts",
    sentence="What tools tell of incidents is of one incident each, unless it names services of several.",
    left="""
        select concat_ws(' ', coalesce(same_as_incident_id, incident_id), incident_id) as item, 1 as value
        from marts.fct_incident_response
        union all
        select coalesce(same_as_incident_id, incident_id) as item, 1 as value
        from marts.fct_incident_response
        group by all
    """,
    right="""
        select concat_ws(' ', incident_id, telling_id) as item, count(*) as value
        from (select incident_id, unnest(telling_ids) as telling_id from marts.fct_incidents) as told
        semi join marts.fct_incident_response as tellings
            on tellings.incident_id = told.telling_id
            and coalesce(tellings.same_as_incident_id, tellings.incident_id) = told.incident_id
        group by all
        union all
        select incident_id as item, count(*) as value
        from marts.fct_incidents
        group by all
    """,
    measure="incidents",
    remedy=REBUILD,
)

ARRIVAL_COMPARISONS: tuple[Comparison, ...] = (
    _arrives(
        "pull_requests_are_conserved",
        "pull request",
        "staging.stg_github__pull_requests",
        "marts.fct_pull_requests",
        key="pull_request",
    ),
    _arrives(
        "reviews_are_conserved", "review", "staging.stg_github__reviews", "marts.fct_reviews", key="review"
    ),
    _ISSUES,
    _INCIDENTS,
    _CI_RUNS,
)
