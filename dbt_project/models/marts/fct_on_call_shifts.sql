-- Grain: one row per shift that is known of: a level of an escalation policy between two instants. Nobody is named.
-- The source tells of the shifts that go on when it is read, so shifts between two readings are not known.
with persons as (
    select *
    from {{ ref('stg_pagerduty__on_calls') }}
    where started_at is not null and ends_at > started_at
),

shifts as (
    select
        source,
        escalation_policy_id,
        escalation_level,
        schedule_id,
        started_at,
        ends_at,
        count(*) as person_count,
        list(record_id order by record_id) as record_ids
    from persons
    group by source, escalation_policy_id, escalation_level, schedule_id, started_at, ends_at
),

team_names as (
    select lower(team_id) as team_name, team_id from {{ source('config', 'teams') }}
    union
    select lower(title) as team_name, team_id from {{ source('config', 'teams') }}
),

policy_teams as (
    select policies.source, policies.escalation_policy_id, min(team_names.team_id) as team_id
    from (
        select source, escalation_policy_id, unnest(team_ids) as team_id
        from {{ ref('stg_pagerduty__escalation_policies') }}
    ) as policies
    inner join {{ ref('stg_pagerduty__teams') }} as teams
        on teams.source = policies.source and teams.team_id = policies.team_id
    inner join team_names on team_names.team_name = lower(teams.name)
    group by policies.source, policies.escalation_policy_id
),

paged as (
    select
        persons.source,
        persons.escalation_policy_id,
        persons.escalation_level,
        persons.schedule_id,
        persons.started_at,
        persons.ends_at,
        count(*) as page_count,
        count(*) filter (where pages.is_out_of_hours) as out_of_hours_page_count,
        list_sort(list_distinct(flatten(list(pages.record_ids order by pages.record_ids)))) as record_ids
    from persons
    inner join {{ ref('int_on_call_pages') }} as pages
        on pages.source = persons.source
        and pages.escalation_policy_id = persons.escalation_policy_id
        and pages.notified_user_token = persons.user_token
        and pages.paged_at >= persons.started_at
        and pages.paged_at < persons.ends_at
    group by all
)

select
    concat_ws(
        ':', 'pagerduty', shifts.source, 'shift', shifts.escalation_policy_id, shifts.escalation_level,
        shifts.schedule_id, epoch_ms(shifts.started_at), epoch_ms(shifts.ends_at)
    ) as shift_id,
    cast(null as varchar) as service_id,
    policy_teams.team_id,
    coalesce(paths.team_path, case when policy_teams.team_id is not null then [policy_teams.team_id] end, [])
        as team_path,
    reporting.organisation,
    shifts.escalation_level,
    shifts.started_at,
    {{ reporting_date('shifts.started_at') }} as started_date,
    shifts.ends_at,
    shifts.person_count,
    {{ elapsed_seconds('shifts.started_at', 'shifts.ends_at') }} as shift_seconds,
    {{ elapsed_seconds('shifts.started_at', 'shifts.ends_at') }}
    - ({{ working_position('ending', 'shifts.ends_at') }} - {{ working_position('beginning', 'shifts.started_at') }})
        as out_of_hours_seconds,
    coalesce(paged.page_count, 0) as page_count,
    coalesce(paged.out_of_hours_page_count, 0) as out_of_hours_page_count,
    list_sort(list_distinct(list_concat(shifts.record_ids, coalesce(paged.record_ids, [])))) as record_ids,
    cast([] as bigint[]) as context_record_ids
from shifts
cross join {{ ref('int_reporting') }} as reporting
left join policy_teams
    on policy_teams.source = shifts.source and policy_teams.escalation_policy_id = shifts.escalation_policy_id
left join paged
    on paged.source = shifts.source
    and paged.escalation_policy_id = shifts.escalation_policy_id
    and paged.escalation_level is not distinct from shifts.escalation_level
    and paged.schedule_id is not distinct from shifts.schedule_id
    and paged.started_at = shifts.started_at
    and paged.ends_at = shifts.ends_at
left join {{ ref('int_team_paths') }} as paths
    on paths.team_id = policy_teams.team_id
    and paths.valid_from <= shifts.started_at
    and paths.valid_until > shifts.started_at
{{ join_team_calendar('policy_teams.team_id', 'shifts.started_at') }}
{{ join_working_days('beginning', "coalesce(calendars.calendar_id, 'default')", 'shifts.started_at') }}
{{ join_working_days('ending', "coalesce(calendars.calendar_id, 'default')", 'shifts.ends_at') }}
order by shift_id
