-- Grain: one row per objective or composite, and record of evidence that it is measured by: from the first slice to the
-- last that the record enters.
with held as (
    select objective_id, slo_id, slice_started_at, slice_ended_at, unnest(record_ids) as record_id
    from {{ ref('int_sli_slices') }}
),

of_objectives as (
    select objective_id, slo_id, record_id, min(slice_started_at) as starts_at, max(slice_ended_at) as ends_at
    from held
    group by objective_id, slo_id, record_id
)

select objective_id, record_id, starts_at, ends_at
from of_objectives
union all
select slo_id as objective_id, record_id, min(starts_at) as starts_at, max(ends_at) as ends_at
from of_objectives
where objective_id <> slo_id
group by slo_id, record_id
