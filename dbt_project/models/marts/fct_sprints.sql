-- Grain: one row per sprint that has begun: what was committed to at its start and what became of it.
-- Committed and added together are removed, completed and carried over.
with counted as (
    select
        sprint_id,
        count(*) filter (where is_committed) as committed_count,
        count(*) filter (where is_added) as added_count,
        count(*) filter (where is_removed) as removed_count,
        count(*) filter (where is_completed) as completed_count,
        count(*) filter (where is_carried_over) as carried_over_count,
        count(*) filter (where is_committed and is_completed) as committed_completed_count,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from {{ ref('int_sprint_items') }}
    group by sprint_id
),

teams_of_items as (
    select sprint_id, team_id
    from {{ ref('int_sprint_items') }}
    where team_id is not null
    group by sprint_id, team_id
    qualify row_number() over (partition by sprint_id order by count(*) desc, team_id) = 1
),

boards as (
    select source, board_id, board_name, record_id
    from {{ ref('stg_jira__boards') }}
),

sprints as (
    select
        'jira:' || sprints.source || ':sprint:' || sprints.sprint_id as sprint_id,
        sprints.source,
        sprints.board_id,
        boards.board_name,
        sprints.state,
        coalesce(sprints.activated_at, sprints.started_at) as started_at,
        sprints.ends_at as planned_end_at,
        case when sprints.state = 'closed' then coalesce(sprints.completed_at, sprints.ends_at) end as ended_at,
        sprints.record_id,
        boards.record_id as board_record_id
    from {{ ref('stg_jira__sprints') }} as sprints
    left join boards on boards.source = sprints.source and boards.board_id = sprints.board_id
    where sprints.state in ('active', 'closed') and coalesce(sprints.activated_at, sprints.started_at) is not null
),

named as (
    select sprints.sprint_id, scopes.team_id
    from sprints
    inner join {{ source('config', 'work_item_scopes') }} as scopes
        on scopes.board_name = sprints.board_name
        and coalesce(scopes.valid_from, {{ beginning_of_time() }}) <= sprints.started_at
        and coalesce(scopes.valid_until, {{ end_of_time() }}) > sprints.started_at
    qualify row_number() over (
        partition by sprints.sprint_id order by scopes.valid_from desc, scopes.team_id
    ) = 1
),

placed as (
    select sprints.*, coalesce(named.team_id, teams_of_items.team_id) as team_id
    from sprints
    left join named on named.sprint_id = sprints.sprint_id
    left join teams_of_items on teams_of_items.sprint_id = sprints.sprint_id
)

select
    sprints.sprint_id,
    cast(null as varchar) as service_id,
    sprints.team_id,
    coalesce(paths.team_path, case when sprints.team_id is not null then [sprints.team_id] end, []) as team_path,
    reporting.organisation,
    sprints.source,
    sprints.board_id,
    sprints.state,
    sprints.started_at,
    {{ reporting_date('sprints.started_at') }} as started_date,
    sprints.planned_end_at,
    sprints.ended_at,
    {{ reporting_date('sprints.ended_at') }} as ended_date,
    coalesce(counted.committed_count, 0) as committed_count,
    coalesce(counted.added_count, 0) as added_count,
    coalesce(counted.removed_count, 0) as removed_count,
    coalesce(counted.completed_count, 0) as completed_count,
    coalesce(counted.carried_over_count, 0) as carried_over_count,
    {{ exact_ratio('coalesce(counted.committed_completed_count, 0)', 'counted.committed_count') }}
        as committed_completed_ratio,
    list_sort(list_distinct(list_append(coalesce(counted.record_ids, []), sprints.record_id))) as record_ids,
    {{ ordered_ids(['sprints.board_record_id']) }} as context_record_ids
from placed as sprints
cross join {{ ref('int_reporting') }} as reporting
left join counted on counted.sprint_id = sprints.sprint_id
left join {{ ref('int_team_paths') }} as paths
    on paths.team_id = sprints.team_id
    and paths.valid_from <= sprints.started_at
    and paths.valid_until > sprints.started_at
order by sprint_id
