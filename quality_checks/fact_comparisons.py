"""Conservation: what staging holds arrives in the facts, once, and says where the rest went."""

from quality_checks.comparisons import Comparison

REBUILD = "Rebuild with `assay run --full-refresh`; if it stays, report it with the first offender's trace."

_DAY = "(finished_at at time zone (select time_zone from config.reporting))::date"

_PARTS = Comparison(
    name="deployment_parts_stand_once",
    subjects=("marts.fct_deployments",),
    layer="facts",
    sentence="Every part of a deployment that came to an end belongs to exactly one deployment.",
    left="""
        select concat_ws(' ', service_id, part_id) as item, 1 as value
        from intermediate.int_deployment_parts
        where state <> 'unfinished'
        group by all
    """,
    right="""
        select concat_ws(' ', service_id, part_id) as item, count(*) as value
        from (select service_id, unnest(part_ids) as part_id from marts.fct_deployments)
        group by all
    """,
    measure="deployments",
    remedy=REBUILD,
)

# In a repository whose services all deploy from somewhere else, deployment objects count for nothing. Neither
# does one of which two people say that it was none of production, or failed.
_SUCCEEDED = """
    select source, deployment_id, record_id
    from staging.stg_github__deployments as deployments
    where is_production_environment
        and exists (
            from staging.stg_github__deployment_statuses as statuses
            where statuses.source = deployments.source
                and statuses.deployment_id = deployments.deployment_id
                and statuses.state = 'success'
        )
        and exists (
            from marts.dim_services as services
            where services.repository = deployments.repository
                and services.deployments_from = 'deployments'
        )
        and not exists (
            from config.corrections as corrections
            where corrections.fact = 'deployment'
                and corrections.column_name in ('is_production', 'environment', 'outcome')
                and corrections.fact_part_id
                    = concat('github:', deployments.source, ':deployment:', deployments.deployment_id)
        )
"""

_SERVICES = Comparison(
    name="deployments_have_one_service",
    subjects=("staging.stg_github__deployments",),
    layer="facts",
    sentence="Every successful production deployment of a configured repository is exactly one service's.",
    left=f"select record_id as item, 1 as value from ({_SUCCEEDED})",
    right=f"""
        select record_id as item, count(distinct service_id) as value
        from ({_SUCCEEDED}) as succeeded
        inner join (
            select service_id, unnest(part_ids) as part_id from marts.fct_deployments where is_production
        ) as facts
            on facts.part_id = concat('github:', succeeded.source, ':deployment:', succeeded.deployment_id)
        group by record_id
    """,
    measure="services",
    remedy="Several services of one repository need a task each (services[].deployments.task), and every "
    "task needs a service. Change assay.yml; nothing is fetched again for it.",
    item="concat('record ', item)",
    severity="warning",
)

_OWNERS = Comparison(
    name="deployments_belong_to_their_owner",
    subjects=("marts.fct_deployments",),
    layer="facts",
    sentence="A deployment belongs to the team that owned its service when it ended, and to no other.",
    left="""
        select concat_ws(' ', deployments.deployment_id, arg_max(
            owners.team_id, coalesce(owners.valid_from, timestamptz '-infinity')
        )) as item, 1 as value
        from marts.fct_deployments as deployments
        inner join config.service_owners as owners
            on owners.service_id = deployments.service_id
            and coalesce(owners.valid_from, timestamptz '-infinity') <= deployments.finished_at
            and coalesce(owners.valid_until, timestamptz 'infinity') > deployments.finished_at
        group by deployments.deployment_id
    """,
    right="""
        select concat_ws(' ', deployment_id, team_id) as item, count(*) as value
        from marts.fct_deployments
        where team_id is not null
        group by all
    """,
    measure="deployments",
    remedy=REBUILD,
)

_DAYS = Comparison(
    name="deployments_count_on_their_day",
    subjects=("marts.fct_deployments",),
    layer="facts",
    sentence="A deployment counts on the day of the reporting time zone on which it ended.",
    left=f"select concat_ws(' ', deployment_id, {_DAY}) as item, 1 as value from marts.fct_deployments",
    right="""
        select concat_ws(' ', deployment_id, deployed_date) as item, count(*) as value
        from marts.fct_deployments
        group by all
    """,
    measure="deployments",
    remedy=REBUILD,
)

_ROLLED_OUT = Comparison(
    name="deployments_are_conserved",
    subjects=("marts.fct_deployments",),
    layer="facts",
    sentence="Every deployment that was rolled out is one fact of one service.",
    left="""
        select deployment_id as item, 1 as value
        from intermediate.int_deployments_rolled_out
        group by all
    """,
    right="""
        select facts.deployment_id as item, count(*) as value
        from marts.fct_deployments as facts
        inner join marts.dim_services as services using (service_id)
        group by all
    """,
    measure="deployments",
    remedy=REBUILD,
)

_CHANGES_IN = Comparison(
    name="changes_are_conserved",
    subjects=("marts.fct_changes",),
    layer="facts",
    sentence="Every change of a service is deployed, waiting or excluded with a reason, exactly once.",
    left="""
        select concat_ws(' ', repository, commit_sha, service_id) as item, 1 as value
        from intermediate.int_service_changes
        group by all
    """,
    right="""
        select concat_ws(' ', repository, commit_sha, service_id) as item, count(*) as value
        from marts.fct_changes
        where (state = 'deployed' and deployment_id is not null and exclusion_reason is null)
            or (state = 'waiting' and deployment_id is null and exclusion_reason is null)
            or (state = 'excluded' and exclusion_reason is not null)
        group by all
    """,
    measure="changes",
    remedy=REBUILD,
)

_COMMITS = Comparison(
    name="commits_are_accounted_for",
    subjects=("marts.fct_changes",),
    layer="facts",
    sentence="Every commit that is no merge is a change, or the squash or rebase that carries some.",
    left="""
        select concat_ws(' ', repository, commit_sha) as item, 1 as value
        from (
            select repository, commit_sha, parent_shas from staging.stg_git__commits
            union all
            select repository, commit_sha, parent_shas from staging.stg_github__commits
        )
        group by all
        having max(len(parent_shas)) <= 1
    """,
    right="""
        select concat_ws(' ', repository, commit_sha) as item, 1 as value
        from (
            select repository, commit_sha from marts.fct_changes
            union all
            select repository, carrier_sha as commit_sha
            from intermediate.int_pull_request_changes
            where carrier_sha <> commit_sha
        )
        group by all
    """,
    measure="commits",
    remedy=REBUILD,
    rule="at_least",
)

_LEAD_TIME_PARTS = Comparison(
    name="lead_time_parts_sum_to_the_whole",
    subjects=("marts.fct_changes",),
    layer="facts",
    sentence="Coding, pickup, review, merge to deploy and the unattributed rest are the whole lead time.",
    left="select change_id as item, lead_time_seconds as value from marts.fct_changes",
    right="""
        select
            change_id as item,
            coalesce(coding_seconds, 0) + coalesce(pickup_seconds, 0) + coalesce(review_seconds, 0)
                + coalesce(merge_to_deploy_seconds, 0) + coalesce(unattributed_seconds, 0) as value
        from marts.fct_changes
    """,
    measure="seconds",
    remedy=REBUILD,
)

_LEAD_TIMES = Comparison(
    name="lead_times_span_their_instants",
    subjects=("marts.fct_changes",),
    layer="facts",
    sentence="A lead time is the time between its two instants, and neither it nor a part of it is negative.",
    left="""
        select
            change_id as item,
            epoch_us(deployed_at) // 1000000 - epoch_us(committed_at) // 1000000 as value
        from marts.fct_changes
        where state = 'deployed'
    """,
    right="""
        select change_id as item, lead_time_seconds as value
        from marts.fct_changes
        where state = 'deployed'
            and least(
                lead_time_seconds, coding_seconds, pickup_seconds, review_seconds, merge_to_deploy_seconds,
                unattributed_seconds
            ) >= 0
    """,
    measure="seconds",
    remedy=REBUILD,
    tolerance=1,
)

_FAILURES = Comparison(
    name="failures_are_failed_deployments",
    subjects=("marts.fct_change_failures",),
    layer="facts",
    sentence="Each failed deployment has one failure for each basis of its link, and nothing else has any.",
    left="""
        select concat_ws(' ', deployment_id, basis) as item, 1 as value
        from (
            select deployment_id, 'any' as basis
            from marts.fct_deployments
            where is_change_failure and is_production and outcome = 'success'
            union all
            select deployment_id, 'explicit' as basis
            from marts.fct_deployments
            where is_change_failure_explicit and is_production and outcome = 'success'
        )
    """,
    right="""
        select concat_ws(' ', deployment_id, link_basis) as item, count(*) as value
        from marts.fct_change_failures
        group by all
    """,
    measure="failures",
    remedy=REBUILD,
)

FACT_COMPARISONS: tuple[Comparison, ...] = (
    _ROLLED_OUT,
    _PARTS,
    _SERVICES,
    _OWNERS,
    _DAYS,
    _CHANGES_IN,
    _COMMITS,
    _LEAD_TIME_PARTS,
    _LEAD_TIMES,
    _FAILURES,
)
