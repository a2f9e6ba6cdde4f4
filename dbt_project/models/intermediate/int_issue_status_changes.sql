-- Grain: one row per work item and instant at which it came to a status, its creation included (change_number 0).
-- Jira: the whole changelog. GitHub: closed and reopened, and the labels that say that work is going on or waits.
with jira_changes as (
    select
        items.work_item_id,
        changes.changed_at,
        try_cast(changes.from_id as bigint) as from_status_id,
        changes.from_value,
        try_cast(changes.to_id as bigint) as to_status_id,
        changes.to_value,
        changes.record_id,
        row_number() over (
            partition by items.work_item_id order by changes.changed_at, changes.change_id, changes.item_number
        ) as change_number
    from {{ ref('stg_jira__issue_changes') }} as changes
    inner join {{ ref('int_work_items_collected') }} as items
        on items.source = changes.source and items.jira_issue_id = changes.issue_id
    where lower(changes.field_name) = 'status' and changes.changed_at is not null
),

jira_rows as (
    select work_item_id, change_number, changed_at, from_status_id, to_status_id as status_id,
        to_value as status_name, record_id
    from jira_changes
    union all
    select
        items.work_item_id,
        0 as change_number,
        items.created_at as changed_at,
        cast(null as bigint) as from_status_id,
        case when firsts.work_item_id is null then items.status_id else firsts.from_status_id end as status_id,
        firsts.from_value as status_name,
        items.record_id
    from {{ ref('int_work_items_collected') }} as items
    left join jira_changes as firsts on firsts.work_item_id = items.work_item_id and firsts.change_number = 1
    where items.source_kind = 'jira'
),

labels as (
    select
        names.label,
        regexp_matches(names.label, rules.in_progress_label_pattern) as means_in_progress,
        regexp_matches(names.label, rules.waiting_label_pattern) as means_waiting
    from (
        select distinct label
        from {{ ref('stg_github__timeline') }}
        where event in ('labeled', 'unlabeled') and label is not null
    ) as names
    cross join {{ source('config', 'flow_rules') }} as rules
),

github_events as (
    select
        items.work_item_id,
        timeline.event_at,
        timeline.position,
        case timeline.event when 'closed' then true when 'reopened' then false end as closes,
        timeline.event = 'labeled' and coalesce(labels.means_in_progress, false) as begins,
        timeline.event = 'unlabeled' and coalesce(labels.means_in_progress, false) as ceases,
        timeline.event = 'labeled' and coalesce(labels.means_waiting, false) as halts,
        timeline.event = 'unlabeled' and coalesce(labels.means_waiting, false) as resumes,
        timeline.record_id
    from {{ ref('stg_github__timeline') }} as timeline
    inner join {{ ref('int_work_items_collected') }} as items
        on items.source = timeline.source
        and items.repository = timeline.repository
        and items.number = timeline.issue_number
    left join labels on labels.label = timeline.label
    where timeline.event_at is not null
        and (timeline.event in ('closed', 'reopened') or labels.means_in_progress or labels.means_waiting)
    union all
    -- a timeline that was not read, or lags: the issue itself says that it is closed
    select items.work_item_id, items.closed_at, 2147483647, true, false, false, false, false, items.record_id
    from {{ ref('int_work_items_collected') }} as items
    anti join (
        select source, repository, issue_number, event_at
        from {{ ref('stg_github__timeline') }}
        where event = 'closed'
    ) as closings
        on closings.source = items.source
        and closings.repository = items.repository
        and closings.issue_number = items.number
        and closings.event_at = items.closed_at
    where items.source_kind = 'github' and items.state = 'closed' and items.closed_at is not null
),

github_states as (
    select
        work_item_id,
        event_at,
        position,
        record_id,
        case
            when coalesce(last_value(closes ignore nulls) over so_far, false) then 'closed'
            when count(*) filter (where begins) over so_far <= count(*) filter (where ceases) over so_far
                then 'open'
            when count(*) filter (where halts) over so_far > count(*) filter (where resumes) over so_far
                then 'waiting'
            else 'in progress'
        end as status_name
    from github_events
    window so_far as (
        partition by work_item_id order by event_at, position rows between unbounded preceding and current row
    )
),

github_changes as (
    select *
    from github_states
    qualify status_name <> lag(status_name, 1, 'open') over (
        partition by work_item_id order by event_at, position
    )
),

github_rows as (
    select
        work_item_id,
        row_number() over (partition by work_item_id order by event_at, position) as change_number,
        event_at as changed_at,
        status_name,
        record_id
    from github_changes
    union all
    select work_item_id, 0 as change_number, created_at as changed_at, 'open' as status_name, record_id
    from {{ ref('int_work_items_collected') }}
    where source_kind = 'github'
)

select
    jira_rows.work_item_id,
    jira_rows.change_number,
    jira_rows.changed_at,
    jira_rows.from_status_id,
    jira_rows.status_id,
    coalesce(jira_rows.status_name, statuses.status_name) as status_name,
    coalesce(statuses.category, 'unknown') as category,
    coalesce(statuses.is_waiting, false) as is_waiting,
    jira_rows.record_id
from jira_rows
inner join {{ ref('int_work_items_collected') }} as items on items.work_item_id = jira_rows.work_item_id
left join {{ ref('int_issue_statuses') }} as statuses
    on statuses.source = items.source and statuses.status_id = jira_rows.status_id
union all
select
    work_item_id,
    change_number,
    changed_at,
    cast(null as bigint) as from_status_id,
    cast(null as bigint) as status_id,
    status_name,
    case status_name when 'open' then 'to_do' when 'closed' then 'done' else 'in_progress' end as category,
    status_name = 'waiting' as is_waiting,
    record_id
from github_rows
