-- Grain: one row per name of a type or label and the first kind of work item that it means.
with texts as (
    select distinct 'type' as text_kind, type_name as text
    from {{ ref('int_work_items_collected') }}
    where type_name is not null
    union all
    select distinct 'label' as text_kind, label as text
    from (select unnest(labels) as label from {{ ref('int_work_items_collected') }}) as labelled
),

kinds as (
    select list({
        'position': position, 'kind': kind, 'type_pattern': type_pattern, 'label_pattern': label_pattern
    } order by position) as kinds
    from {{ source('config', 'work_item_kinds') }}
),

met as (
    select
        texts.text_kind,
        texts.text,
        list_filter(coalesce(kinds.kinds, []), lambda kind: coalesce(regexp_matches(
            texts.text, case when texts.text_kind = 'type' then kind.type_pattern else kind.label_pattern end
        ), false))[1] as kind
    from texts
    cross join kinds
)

select text_kind, text, kind.position as position, kind.kind as kind
from met
where kind is not null
