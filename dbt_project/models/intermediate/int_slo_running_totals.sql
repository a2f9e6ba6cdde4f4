-- Grain: one row per objective and slice, with what has been counted from the first slice up to the end of this one: a
-- window is the difference of two rows. No filters over windows here: they take time quadratic in the slices.
select
    objective_id,
    slice_number,
    {{ sum_of_counts('counted_units') }} over up_to_here as counted_units,
    {{ sum_of_counts('spent_units') }} over up_to_here as spent_units,
    {{ sum_of_counts('coalesce(good_count, 0)') }} over up_to_here as good_count,
    {{ sum_of_counts('coalesce(total_count, 0)') }} over up_to_here as total_count,
    count(*) over up_to_here as slice_count,
    cast(sum(cast(if(state = 'gap', 1, 0) as bigint)) over up_to_here as bigint) as gap_slice_count,
    cast(sum(cast(if(state = 'no_traffic', 1, 0) as bigint)) over up_to_here as bigint) as no_traffic_slice_count
from {{ ref('int_sli_slices') }}
window up_to_here as (
    partition by objective_id order by slice_number rows between unbounded preceding and current row
)
