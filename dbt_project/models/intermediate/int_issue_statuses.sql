-- Grain: one row per status of a source of work items, with its category. A renamed status keeps its id and so its
-- category; one that is gone keeps what was last known of it, and one of which nothing is known is unknown.
with known as (
    select source, status_id, status_name, category_key, 1 as precedence, record_id
    from {{ ref('stg_jira__statuses') }}
    where status_id is not null
    union all
    select source, status_id, status_name, status_category_key, 2 as precedence, record_id
    from {{ ref('stg_jira__current_issues') }}
    where status_id is not null
    union all
    select source, try_cast(to_id as bigint), to_value, cast(null as varchar), 3 as precedence, record_id
    from {{ ref('stg_jira__issue_changes') }}
    where lower(field_name) = 'status' and try_cast(to_id as bigint) is not null
    union all
    select source, try_cast(from_id as bigint), from_value, cast(null as varchar), 3 as precedence, record_id
    from {{ ref('stg_jira__issue_changes') }}
    where lower(field_name) = 'status' and try_cast(from_id as bigint) is not null
),

newest as (
    select source, status_id, status_name, category_key
    from known
    qualify row_number() over (
        partition by source, status_id order by precedence, record_id desc, status_name, category_key
    ) = 1
),

rules as (
    select list({
        'status_pattern': status_pattern, 'category': category
    } order by position) as status_rules
    from {{ source('config', 'work_item_statuses') }}
),

ruled as (
    select
        newest.*,
        list_filter(
            coalesce(rules.status_rules, []),
            lambda rule: coalesce(regexp_matches(newest.status_name, rule.status_pattern), false)
        )[1].category as ruled_category,
        coalesce(regexp_matches(newest.status_name, flow_rules.waiting_status_pattern), false) as sounds_waiting
    from newest
    cross join rules
    cross join {{ source('config', 'flow_rules') }} as flow_rules
),

categorised as (
    select
        *,
        case
            when ruled_category = 'waiting' then 'in_progress'
            when ruled_category is not null then ruled_category
            when category_key = 'new' then 'to_do'
            when category_key = 'indeterminate' then 'in_progress'
            when category_key = 'done' then 'done'
            else 'unknown'
        end as category
    from ruled
)

select
    source,
    status_id,
    status_name,
    category,
    category = 'in_progress' and coalesce(ruled_category = 'waiting', sounds_waiting) as is_waiting
from categorised
