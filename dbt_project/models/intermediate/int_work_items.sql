-- Grain: one row per work item of any source, with its kind and the service that it belongs to.
with said as (
    select work_item_id, 'type' as text_kind, type_name as text
    from {{ ref('int_work_items_collected') }}
    where type_name is not null
    union all
    select work_item_id, 'label' as text_kind, unnest(labels) as text
    from {{ ref('int_work_items_collected') }}
),

kinds as (
    select
        said.work_item_id,
        list(kinds.kind order by kinds.position)[1] as kind,
        bool_or(kinds.kind = 'incident') as is_incident,
        bool_or(kinds.kind = 'production_defect') as is_production_defect
    from said
    inner join {{ ref('int_work_item_kinds') }} as kinds
        on kinds.text_kind = said.text_kind and kinds.text = said.text
    group by said.work_item_id
)

select
    items.*,
    case when incidents.incident_id is not null then 'incident' else coalesce(kinds.kind, 'other') end as kind,
    incidents.incident_id is not null or coalesce(kinds.is_incident, false) as is_incident,
    coalesce(kinds.is_production_defect, false) as is_production_defect,
    coalesce(incidents.service_ids[1], sole_services.service_id, named_services.service_id) as service_id
from {{ ref('int_work_items_collected') }} as items
left join kinds on kinds.work_item_id = items.work_item_id
left join {{ ref('int_incident_issues') }} as incidents on incidents.incident_id = items.work_item_id
left join {{ ref('int_repository_services') }} as sole_services on sole_services.repository = items.repository
left join {{ ref('int_work_item_services') }} as named_services
    on named_services.project_key = items.project_key and named_services.component_key = items.component_key
