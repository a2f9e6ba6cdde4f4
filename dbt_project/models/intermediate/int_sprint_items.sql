-- Grain: one row per sprint that has begun and work item that was in it then or came in before its end.
-- Who was in which sprint when is read from the changelog: the sprint field lists all of an item's sprints.
with changes as (
    select
        items.work_item_id,
        changes.changed_at,
        changes.from_id,
        changes.to_id,
        changes.record_id,
        row_number() over (
            partition by items.work_item_id order by changes.changed_at, changes.change_id, changes.item_number
        ) as change_number
    from {{ ref('stg_jira__issue_changes') }} as changes
    inner join {{ ref('int_work_items_collected') }} as items
        on items.source = changes.source and items.jira_issue_id = changes.issue_id
    where lower(changes.field_name) = 'sprint' and changes.changed_at is not null
),

states as (
    select work_item_id, change_number, changed_at, string_split(coalesce(to_id, ''), ',') as sprints, record_id
    from changes
    union all
    select
        items.work_item_id,
        0 as change_number,
        items.created_at as changed_at,
        case
            when firsts.work_item_id is null
                then list_transform(coalesce(issues.sprint_ids, []), lambda sprint_id: cast(sprint_id as varchar))
            else string_split(coalesce(firsts.from_id, ''), ',')
        end as sprints,
        items.record_id
    from {{ ref('int_work_items_collected') }} as items
    inner join {{ ref('stg_jira__current_issues') }} as issues
        on issues.source = items.source and issues.issue_id = items.jira_issue_id
    left join changes as firsts on firsts.work_item_id = items.work_item_id and firsts.change_number = 1
    where items.source_kind = 'jira' and not items.is_deleted and not items.is_subtask
),

spans as (
    select
        states.work_item_id,
        states.sprints,
        greatest(states.changed_at, items.created_at) as valid_from,
        -- what holds still has no end; an end before the creation is moved there
        case
            when lead(states.change_number) over so_on is null then {{ end_of_time() }}
            else greatest(lead(states.changed_at) over so_on, items.created_at)
        end as valid_until,
        list_sort(list_distinct([items.record_id, states.record_id])) as record_ids,
        items.source,
        items.service_id,
        items.project_key,
        items.component_key
    from states
    inner join {{ ref('int_work_items') }} as items on items.work_item_id = states.work_item_id
    where not items.is_deleted and not items.is_subtask
    window so_on as (partition by states.work_item_id order by states.change_number)
),

memberships as (
    select *, try_cast(trim(unnest(sprints)) as bigint) as sprint_number
    from spans
),

sprints as (
    select
        source,
        sprint_id as sprint_number,
        board_id,
        state,
        coalesce(activated_at, started_at) as started_at,
        case when state = 'closed' then coalesce(completed_at, ends_at) end as ended_at,
        record_id
    from {{ ref('stg_jira__sprints') }}
    where state in ('active', 'closed') and coalesce(activated_at, started_at) is not null
),

met as (
    select
        memberships.work_item_id,
        sprints.source,
        sprints.sprint_number,
        sprints.started_at,
        coalesce(sprints.ended_at, {{ end_of_time() }}) as ended_at,
        memberships.service_id,
        memberships.project_key,
        memberships.component_key,
        memberships.valid_from <= sprints.started_at and memberships.valid_until > sprints.started_at as was_at_start,
        -- what is moved on when the sprint is closed was in it until then
        memberships.valid_until >= coalesce(sprints.ended_at, {{ end_of_time() }}) as was_at_end,
        memberships.record_ids
    from memberships
    inner join sprints
        on sprints.source = memberships.source and sprints.sprint_number = memberships.sprint_number
    where memberships.valid_until > sprints.started_at
        and memberships.valid_from < coalesce(sprints.ended_at, {{ end_of_time() }})
),

items as (
    select
        work_item_id,
        source,
        sprint_number,
        started_at,
        ended_at,
        service_id,
        project_key,
        component_key,
        bool_or(was_at_start) as was_at_start,
        bool_or(was_at_end) as was_at_end,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from met
    group by all
),

standing as (
    select
        items.*,
        coalesce(at_start.category = 'done', false) as was_done_at_start,
        coalesce(at_end.category = 'done', false) as was_done_at_end
    from items
    left join {{ ref('int_issue_status_spans') }} as at_start
        on at_start.work_item_id = items.work_item_id
        and at_start.started_at <= items.started_at
        and coalesce(at_start.ended_at, {{ end_of_time() }}) > items.started_at
    left join {{ ref('int_issue_status_spans') }} as at_end
        on at_end.work_item_id = items.work_item_id
        and at_end.started_at <= items.ended_at
        and coalesce(at_end.ended_at, timestamptz '9999-12-31 00:00:01+00') > items.ended_at
)

select
    'jira:' || items.source || ':sprint:' || items.sprint_number as sprint_id,
    items.work_item_id,
    {{ item_team_id() }} as team_id,
    items.was_at_start as is_committed,
    not items.was_at_start as is_added,
    not items.was_at_end as is_removed,
    items.was_at_end and items.was_done_at_end as is_completed,
    items.was_at_end and not items.was_done_at_end as is_carried_over,
    items.record_ids
from standing as items
{{ join_item_owners('items', 'items.started_at') }}
-- what was done before the sprint began is none of its work
where not (items.was_at_start and items.was_done_at_start)
