-- Grain: one row per project, range, metric and reason for which its value may differ from ours, with its numbers.
with zone as (
    select distinct time_zone from {{ ref('int_domain__ranges') }}
),

-- every range has the same zone: a day is the whole key of what follows
days as (
    select days.*
    from {{ ref('int_domain__range_days') }} as days
    inner join zone on zone.time_zone = days.time_zone
),

-- what the profile and dora_2026 take for a project's deployments: they part where a service changed hands
deployments as (
    select
        coalesce(theirs.project_name, ours.project_name) as project_name,
        coalesce(theirs.finished_date, ours.finished_at) as finished_at,
        theirs.deployment_id is not null as is_theirs,
        ours.deployment_id is not null as is_ours,
        failed.deployment_id is not null as has_failed_theirs,
        coalesce(facts.is_change_failure, false) as has_failed_ours
    from {{ ref('int_devlake_1_0__deployments') }} as theirs
    full join (
        {% for kind, column in [('service', 'service_id'), ('organisation', 'organisation'), ('team', 'unnest(team_path)')] %}
        select '{{ kind }}:' || {{ column }} as project_name, deployment_id, finished_at
        from {{ ref('fct_deployments') }}
        where is_production and outcome = 'success'
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as ours
        on ours.project_name = theirs.project_name and ours.deployment_id = theirs.deployment_id
    left join (
        select distinct project_name, deployment_id from {{ ref('int_devlake_1_0__recoveries') }}
    ) as failed
        on failed.project_name = theirs.project_name and failed.deployment_id = theirs.deployment_id
    left join {{ ref('fct_deployments') }} as facts
        on facts.deployment_id = coalesce(theirs.deployment_id, ours.deployment_id)
),

ranged_deployments as (
    select
        deployments.project_name,
        days.range_id,
        count(*) filter (where is_theirs) as theirs_count,
        count(distinct days.range_date) filter (where is_theirs) as day_count,
        count(distinct days.monday) filter (where is_theirs) as week_count,
        count(*) filter (where is_theirs and not is_ours) as theirs_alone_count,
        count(*) filter (where is_ours and not is_theirs) as ours_alone_count,
        count(*) filter (where is_theirs and has_failed_theirs and not has_failed_ours) as failed_alone_count,
        count(*) filter (where is_theirs and has_failed_ours and not has_failed_theirs) as not_failed_count
    from (
        select deployments.*, {{ day_in_zone('finished_at', 'zone.time_zone') }} as finished_on
        from deployments
        cross join zone
    ) as deployments
    inner join days on days.range_date = deployments.finished_on
    group by deployments.project_name, days.range_id
),

pull_requests as (
    select
        metrics.project_name,
        metrics.id,
        metrics.deployment_commit_id is not null as is_timed,
        coalesce(metrics.pr_deployed_date, metrics.pr_merged_date) as counted_at,
        (metrics.pr_coding_time is null and metrics.first_commit_authored_date is not null)
            or (metrics.pr_deploy_time is null and metrics.pr_deployed_date is not null) as is_part_emptied,
        starts_with(metrics.project_name, 'service:') and services.pull_request_id is null as is_of_others
    from {{ ref('int_devlake_1_0__project_pr_metrics') }} as metrics
    left join {{ ref('fct_pull_requests') }} as services
        on services.pull_request_id = metrics.id
        and services.service_id = substr(metrics.project_name, len('service:') + 1)
),

ranged_pull_requests as (
    select
        pull_requests.project_name,
        days.range_id,
        count(*) filter (where not is_timed) as not_found_count,
        count(*) filter (where is_timed and is_of_others) as of_others_count,
        count(*) filter (where is_timed and is_part_emptied) as emptied_count
    from (
        select pull_requests.*, {{ day_in_zone('counted_at', 'zone.time_zone') }} as counted_on
        from pull_requests
        cross join zone
    ) as pull_requests
    inner join days on days.range_date = pull_requests.counted_on
    group by pull_requests.project_name, days.range_id
),

recovery_days as (
    {% for instant, other in [('deployed_at', 'resolved_at'), ('resolved_at', 'deployed_at')] %}
    select
        recoveries.project_name,
        days.range_id,
        '{{ instant }}' as inside,
        not coalesce(days.from_at <= recoveries.{{ other }} and recoveries.{{ other }} < days.until_at, true) as is_parted
    from (
        select recoveries.*, {{ day_in_zone(instant, 'zone.time_zone') }} as happened_on
        from {{ ref('int_devlake_1_0__recoveries') }} as recoveries
        cross join zone
    ) as recoveries
    inner join days on days.range_date = recoveries.happened_on
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ranged_recoveries as (
    select
        project_name,
        range_id,
        count(*) filter (where is_parted and inside = 'deployed_at') as resolved_outside_count,
        count(*) filter (where is_parted and inside = 'resolved_at') as deployed_outside_count
    from recovery_days
    group by project_name, range_id
),

cells as (
    select
        theirs.project_name,
        theirs.range_id,
        theirs.metric,
        cast(theirs.value as bigint) as value,
        cast(theirs.upper_value as bigint) as upper_value,
        theirs.n,
        coalesce(ours.n, 0) as ours_n
    from {{ ref('int_devlake_1_0__values') }} as theirs
    left join {{ ref('mart_metric_values') }} as ours
        on ours.metric = theirs.metric
        and ours.scope_kind || ':' || ours.scope_id = theirs.project_name
        and ours.period_grain || ':' || ours.period_start = theirs.range_id
    union all
    -- a team that owns nothing any more is no project of the profile
    select counted.project_name, counted.range_id, metrics.metric, null, null, 0, 0
    from ranged_deployments as counted
    cross join (select distinct metric from {{ ref('int_devlake_1_0__values') }}) as metrics
    where counted.project_name not in (select project_name from {{ ref('int_devlake_1_0__values') }})
),

found as (
    {% set reasons = [
        ('deployment_frequency', 'counts_days', 'theirs_count', 'day_count', 'theirs_count <> day_count', 'deployments'),
        ('deployment_frequency', 'median_of_weeks', 'n', 'n - week_count', 'n > 1 and value <> day_count', 'deployments'),
        ('deployment_frequency', 'present_owner', 'theirs_alone_count', 'null', 'theirs_alone_count > 0', 'deployments'),
        ('deployment_frequency', 'former_owner', 'ours_alone_count', 'null', 'ours_alone_count > 0', 'deployments'),
        ('change_lead_time', 'times_pull_requests', 'n', 'ours_n', 'n > 0 and ours_n > 0', 'pull_requests'),
        ('change_lead_time', 'lower_median', 'value', 'upper_value', 'value <> upper_value', 'pull_requests'),
        ('change_lead_time', 'not_found_deployed', 'not_found_count', 'null', 'not_found_count > 0', 'pull_requests'),
        ('change_lead_time', 'other_services', 'of_others_count', 'null', 'of_others_count > 0', 'pull_requests'),
        ('change_lead_time', 'emptied', 'emptied_count', 'null', 'emptied_count > 0', 'pull_requests'),
        ('change_lead_time', 'former_owner', 'ours_alone_count', 'null', 'n = 0 and ours_alone_count > 0', 'deployments'),
        ('change_fail_rate', 'failed_alone', 'failed_alone_count', 'null', 'failed_alone_count > 0', 'deployments'),
        ('change_fail_rate', 'not_failed', 'not_failed_count', 'null', 'not_failed_count > 0', 'deployments'),
        ('change_fail_rate', 'present_owner', 'theirs_alone_count', 'null', 'theirs_alone_count > 0', 'deployments'),
        ('change_fail_rate', 'former_owner', 'ours_alone_count', 'null', 'ours_alone_count > 0', 'deployments'),
        ('failed_deployment_recovery_time', 'from_deployment', 'n', 'ours_n', 'n > 0 and ours_n > 0', 'recoveries'),
        ('failed_deployment_recovery_time', 'lower_median', 'value', 'upper_value', 'value <> upper_value', 'recoveries'),
        ('failed_deployment_recovery_time', 'resolved_outside', 'resolved_outside_count', 'null', 'resolved_outside_count > 0', 'recoveries'),
        ('failed_deployment_recovery_time', 'deployed_outside', 'deployed_outside_count', 'null', 'deployed_outside_count > 0', 'recoveries'),
        ('failed_deployment_recovery_time', 'former_owner', 'ours_alone_count', 'null', 'n = 0 and ours_alone_count > 0', 'deployments'),
    ] %}
    {% for metric, reason, a, b, condition, counted in reasons %}
    select
        cells.project_name,
        cells.range_id,
        cells.metric,
        '{{ reason }}' as reason_code,
        {{ loop.index }} as position,
        cast({{ a }} as bigint) as a,
        cast({{ b }} as bigint) as b
    from cells
    left join ranged_{{ counted }} as counted
        on counted.project_name = cells.project_name and counted.range_id = cells.range_id
    where cells.metric = '{{ metric }}' and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select project_name, range_id, metric, reason_code, position, a, b
from found
