"""Facts against the facts that they are linked with: changes, deployments, incidents, failures, spans.

A link to a wrong partner keeps every count. So what a link must be is found here a second time, by joins in
time of another form than the models have.
"""

from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.offending_rows import no_row_offends
from quality_checks.time_comparisons import KEYS


def _deployed_otherwise(fact: str, state: str) -> str:
    """What is deployed was deployed by a successful production deployment of its service, when that ended."""
    return f"""
        select {KEYS[fact]} as item
        from marts.{fact} as facts
        left join marts.fct_deployments as deployments
            on deployments.deployment_id = facts.deployment_id
            and deployments.service_id = facts.service_id
            and deployments.finished_at = facts.deployed_at
            and deployments.is_production
            and deployments.outcome = 'success'
        where facts.{state} = 'deployed' and deployments.deployment_id is null
    """


# the last word is the commit's own committer, where no server has seen it come
_COMMITTED_OTHERWISE: Final = """
    select change_id as item
    from marts.fct_changes as changes
    anti join (
        select repository, commit_sha, committed_at from staging.stg_git__commits
        union all
        select repository, commit_sha, committed_at from staging.stg_github__commits
        union all
        select repository, commit_sha, committed_at from staging.stg_github__pull_request_commits
    ) as commits using (repository, commit_sha, committed_at)
    where is_committed_at_author_settable and committed_at is not null
"""

_BEGUN_OTHERWISE: Final = """
    select pull_request_service_id as item
    from marts.fct_pull_requests as pull_requests
    inner join (
        select pull_request_id, service_id, min(committed_at) as first_committed_at, count(*) as change_count
        from marts.fct_changes
        group by all
    ) as changes using (pull_request_id, service_id)
    where pull_requests.first_committed_at is distinct from changes.first_committed_at
        or pull_requests.change_count <> changes.change_count
"""

_NOT_NEAREST: Final = """
    select incidents.incident_id as item
    from (
        select incident_id, started_at, deployment_ids, unnest(service_ids) as service_id
        from marts.fct_incidents
        where link_strength in ('rule', 'none') and disposition_basis <> 'decision'
    ) as incidents
    cross join config.rules as rules
    asof left join (
        select service_id, finished_at, max(deployment_id) as deployment_id
        from marts.fct_deployments
        where is_production and outcome = 'success'
        group by all
    ) as deployments
        on deployments.service_id = incidents.service_id and incidents.started_at >= deployments.finished_at
    where list_contains(deployment_ids, deployment_id) is distinct from (
        case when deployment_id is not null
            then finished_at >= started_at - rules.incident_link_hours * interval 1 hour end
    )
"""

_LATER_THAN_THE_INCIDENT: Final = """
    select concat_ws(' ', incidents.incident_id, linked.deployment_id) as item
    from (
        select incident_id, started_at, unnest(deployment_ids) as deployment_id
        from marts.fct_incidents
        where disposition_basis <> 'decision'
    ) as incidents
    left join marts.fct_deployments as linked using (deployment_id)
    where linked.started_at is null or linked.started_at > incidents.started_at
"""

# The failure of a deployment begins with the first of its incidents, and ends with the last or with its
# remedy.
_FAILED_OTHERWISE: Final = """
    select failure_id as item
    from marts.fct_change_failures as failures
    inner join marts.fct_deployments as deployments using (deployment_id)
    left join (
        select
            deployment_id, basis,
            list_sort(list(incident_id)) as incident_ids, min(started_at) as started_at,
            if(count(*) = count(resolved_at), max(resolved_at), null) as resolved_at
        from (
            select *, unnest(deployment_ids) as deployment_id, link_strength = 'explicit' as is_explicit
            from marts.fct_incidents
        )
        cross join (select unnest(['any', 'explicit']) as basis)
        where basis = 'any' or is_explicit
        group by deployment_id, basis
    ) as incidents
        on incidents.deployment_id = failures.deployment_id and incidents.basis = failures.link_basis
    where list_sort(failures.incident_ids) <> coalesce(incidents.incident_ids, [])
        or failures.detected_at is distinct from coalesce(incidents.started_at, deployments.finished_at)
        or (incidents.incident_ids is not null and failures.restored_at is distinct
            from incidents.resolved_at)
"""

# an incident lasts as one of the tools that tell of it says, and ends as the first of them says
_TOLD_OTHERWISE: Final = """
    select incidents.incident_id as item
    from (
        select incident_id, started_at, resolved_at, unnest(telling_ids) as telling_id
            from marts.fct_incidents
    ) as incidents
    left join marts.fct_incident_response as told on told.incident_id = incidents.telling_id
    group by incidents.incident_id, incidents.started_at, incidents.resolved_at
    having not coalesce(bool_or(incidents.started_at in (told.impact_started_at, told.declared_at)), false)
        or max(told.resolved_at) filter (where told.incident_id = incidents.incident_id)
            is distinct from incidents.resolved_at
"""

# what a tool tells counts where it is the incident itself, and not the same as another one
_COUNTED_OTHERWISE: Final = """
    select told.incident_id as item
    from marts.fct_incident_response as told
    left join marts.fct_incidents as incidents using (incident_id)
    where told.is_counted <> (incidents.incident_id is not null)
"""

# a change is deployed against what was there before: without that, it is excluded
_WITHOUT_BASELINE: Final = """
    select change_id as item
    from marts.fct_changes as changes
    inner join marts.fct_deployments as deployments using (deployment_id)
    where changes.state = 'deployed' and not deployments.has_baseline
    union all
    select change_id as item
    from marts.fct_changes as changes
    inner join (
        select repository, commit_sha from staging.stg_git__commits where len(parent_shas) > 1
        union
        select repository, commit_sha from staging.stg_github__commits where len(parent_shas) > 1
    ) as merges using (repository, commit_sha)
"""

# services whose environments are named, and not those of runs, releases and tags; what two people have
# corrected is as they say, and the facts name the leaf
_OF_ANOTHER_ENVIRONMENT: Final = """
    select deployment_id as item
    from marts.fct_deployments as deployments
    inner join config.services as services using (service_id)
    where services.deployments_from in ('deployments', 'argocd', 'gitlab', 'reported')
        and environment <> ''
        and is_production <> regexp_matches(environment, environment_pattern)
        and not exists (
            from config.corrections as corrections
            where corrections.fact = 'deployment'
                and corrections.column_name in ('is_production', 'environment')
                and list_contains(deployments.part_ids, corrections.fact_part_id)
        )
    union all
    select parts.deployment_id as item
    from (
        select deployment_id, service_id, is_production, unnest(part_ids) as part_id
        from marts.fct_deployments
    ) as parts
    inner join config.services as services using (service_id)
    inner join staging.stg_github__deployments as records
        on concat('github:', records.source, ':deployment:', records.deployment_id) = parts.part_id
    where services.deployments_from = 'deployments'
        and is_production <> regexp_matches(records.environment, environment_pattern)
        and not exists (
            from config.corrections as corrections
            where corrections.fact = 'deployment'
                and corrections.column_name in ('is_production', 'environment')
                and corrections.fact_part_id = parts.part_id
        )
"""

_OF_ANOTHER_INSTANT: Final = """
    select deployment_id as item
    from (
        select deployment_id, finished_at, unnest(part_ids) as part_id
        from marts.fct_deployments
        inner join config.services using (service_id)
        where deployments_from = 'deployments' and outcome = 'success'
            and not exists (
                from config.corrections as corrections
                where corrections.fact = 'deployment'
                    and corrections.column_name in ('finished_at', 'outcome')
                    and list_contains(part_ids, corrections.fact_part_id)
            )
    ) as deployments
    left join (
        select
            concat('github:', source, ':deployment:', deployment_id) as part_id,
            arg_min(created_at, created_at) filter (where state = 'success') as succeeded_at
        from staging.stg_github__deployment_statuses
        group by all
    ) as statuses using (part_id)
    group by deployment_id, finished_at
    having finished_at is distinct from max(succeeded_at)
"""

_SPANS_APART: Final = """
    select span_id as item
    from (
        select
            *,
            row_number() over in_turn as place,
            lag(ended_at) over in_turn as begins_at,
            lag(is_current) over in_turn as follows_the_last
        from marts.fct_issue_status_spans
        window in_turn as (partition by issue_id order by span_number)
    )
    where span_number <> place
        or (place > 1 and started_at is distinct from begins_at)
        or coalesce(follows_the_last, false)
        or is_current <> (ended_at is null)
"""

_OTHER_STATUS: Final = """
    select concat('jira:', source, ':issue:', issues.issue_id) as item
    from staging.stg_jira__current_issues as issues
    inner join marts.fct_issue_status_spans as spans
        on spans.issue_id = concat('jira:', source, ':issue:', issues.issue_id)
    where spans.is_current and spans.status_id is distinct from issues.status_id
"""

# done since the last span that was not, begun with the first in progress
_OTHER_CYCLE: Final = """
    select issue_id as item
    from marts.fct_issues as issues
    inner join (
        select
            issue_id,
            arg_min(started_at, span_number) filter (where category = 'in_progress') as started_at,
            coalesce(
                arg_max(ended_at, span_number) filter (where category <> 'done'), min(started_at)
            ) as done_at,
            arg_max(category, span_number) = 'done' as is_done,
            sum(duration_seconds) filter (where category = 'to_do') as to_do_seconds,
            sum(duration_seconds) filter (where category = 'in_progress') as in_progress_seconds
        from marts.fct_issue_status_spans
        group by issue_id
    ) as spans using (issue_id)
    where issues.is_done <> spans.is_done
        or issues.started_at is distinct from spans.started_at
        or issues.done_at is distinct from if(spans.is_done, spans.done_at, null)
        or issues.to_do_seconds <> coalesce(spans.to_do_seconds, 0)
        or issues.in_progress_seconds <> coalesce(spans.in_progress_seconds, 0)
"""

LINK_COMPARISONS: tuple[Comparison, ...] = (
    no_row_offends(
        "deployed_facts_name_their_deployment",
        "What is deployed names a successful production deployment of its own service, and when it ended.",
        {
            "marts.fct_changes": _deployed_otherwise("fct_changes", "state"),
            "marts.fct_pull_requests": _deployed_otherwise("fct_pull_requests", "delivery_state"),
        },
        measure="facts",
    ),
    no_row_offends(
        "changes_begin_with_their_commit",
        "A change begins when its commit was committed, where no server saw it come before.",
        {"marts.fct_changes": _COMMITTED_OTHERWISE},
        measure="changes",
    ),
    no_row_offends(
        "pull_requests_begin_with_their_first_change",
        "A pull request begins with the first of its changes, and counts them all.",
        {"marts.fct_pull_requests": _BEGUN_OTHERWISE},
        measure="pull requests",
    ),
    no_row_offends(
        "incidents_are_linked_to_the_nearest_deployment",
        "By the rule an incident is linked with the last deployment of its service before it alone.",
        {"marts.fct_incidents": _NOT_NEAREST},
        measure="incidents",
    ),
    no_row_offends(
        "incidents_last_as_they_are_told",
        "An incident begins and ends as the tools say that tell of it.",
        {"marts.fct_incidents": _TOLD_OTHERWISE},
        measure="incidents",
    ),
    no_row_offends(
        "incidents_count_once",
        "Of what tools tell of one incident one telling counts.",
        {"marts.fct_incident_response": _COUNTED_OTHERWISE},
        measure="incidents",
    ),
    no_row_offends(
        "changes_have_a_baseline_and_are_no_merges",
        "No change is deployed by a deployment that nothing came before, and none only merges others.",
        {"marts.fct_changes": _WITHOUT_BASELINE},
        measure="changes",
    ),
    no_row_offends(
        "incidents_follow_what_caused_them",
        "No incident begins before the deployments that it is linked with.",
        {"marts.fct_incidents": _LATER_THAN_THE_INCIDENT},
        measure="links",
    ),
    no_row_offends(
        "failures_last_as_long_as_their_incidents",
        "A failure begins with the first of its incidents and ends when the last of them is resolved.",
        {"marts.fct_change_failures": _FAILED_OTHERWISE},
        measure="failures",
    ),
    no_row_offends(
        "production_is_what_the_settings_call_so",
        "A deployment is of production where its environment has one of the names that the settings say.",
        {"marts.fct_deployments": _OF_ANOTHER_ENVIRONMENT},
        measure="deployments",
    ),
    no_row_offends(
        "deployments_end_with_their_success",
        "A deployment ends with the first success of the last of its parts.",
        {"marts.fct_deployments": _OF_ANOTHER_INSTANT},
        measure="deployments",
    ),
    no_row_offends(
        "status_spans_follow_each_other",
        "Each span of an issue begins where the one before ended, and only the last is open.",
        {"marts.fct_issue_status_spans": _SPANS_APART},
        measure="spans",
    ),
    no_row_offends(
        "histories_end_in_the_present_status",
        "The last change of an issue's history leads to the status that the issue has.",
        {"marts.fct_issue_status_spans": _OTHER_STATUS},
        measure="issues",
        severity="warning",
        remedy="The end of a changelog is missing. Fetch the issue again with `assay run`; if it stays, the "
        "source shows its changelog with a delay or hides a part of it.",
    ),
    no_row_offends(
        "cycles_are_those_of_their_spans",
        "Work on an issue begins with its first time in progress and ends when it was last done.",
        {"marts.fct_issues": _OTHER_CYCLE},
        measure="issues",
    ),
)
