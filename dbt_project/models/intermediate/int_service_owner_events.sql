-- Grain: one row per fact, service, owner, repository and day: how many events a service may own, and what owned them.
with events as (
    select
        'deployments' as fact, service_id, team_id, organisation, repository,
        finished_at as event_at
    from {{ ref('fct_deployments') }}
    where is_production and outcome = 'success'
    union all
    select 'changes', service_id, team_id, organisation, repository, coalesce(deployed_at, committed_at)
    from {{ ref('fct_changes') }}
    union all
    select
        'pull_requests', service_id, team_id, organisation, repository,
        coalesce(deployed_at, merged_at, created_at)
    from {{ ref('fct_pull_requests') }}
    union all
    select 'incidents', service_id, team_id, organisation, repository, started_at
    from {{ ref('fct_incidents') }}
    union all
    select 'issues', service_id, team_id, organisation, repository, created_at
    from {{ ref('fct_issues') }}
    union all
    select 'ci_runs', service_id, team_id, organisation, repository, created_at
    from {{ ref('fct_ci_runs') }}
),

counted as (
    select
        events.fact,
        events.service_id,
        events.team_id,
        events.organisation,
        events.repository,
        {{ reporting_date('events.event_at') }} as event_date,
        count(*) as event_count,
        max(events.event_at) as last_event_at
    from events
    cross join {{ ref('int_reporting') }} as reporting
    where events.event_at is not null
    group by all
)

select
    counted.*,
    case
        when counted.team_id is not null then 'owned'
        when counted.service_id is null then 'no_service'
        when claimed.service_id is null then 'no_owner'
        else 'no_owner_then'
    end as ownership
from counted
left join (select distinct service_id from {{ ref('int_service_owners_dated') }}) as claimed
    on claimed.service_id = counted.service_id
