-- Grain: one row per objective and slice, without holes: what was good of how much, or why that is not known, and what
-- the slice counts in the budget.
with sides as (
    select
        objective_id,
        slice_number,
        max(amount) filter (where signal_role = 'good') as good_amount,
        max(amount) filter (where signal_role = 'bad') as bad_amount,
        max(amount) filter (where signal_role in ('total', 'raw', 'threshold')) as main_amount,
        max(usable_count) filter (where signal_role in ('total', 'raw', 'threshold')) as main_usable_count,
        max(empty_count) as empty_count,
        max(usable_count) filter (where signal_role in ('good', 'bad')) as numerator_usable_count,
        cast(sum(cast(usable_count as bigint)) as bigint) as sample_count,
        cast(sum(cast(unusable_count as bigint)) as bigint) as unusable_sample_count,
        max(over_gap_amount) filter (where signal_role = 'total') as over_gap_amount,
        list_sort(list_distinct(flatten(list(record_ids order by signal_role)))) as record_ids
    from {{ ref('int_sli_amounts') }}
    group by objective_id, slice_number
),

grid as (
    select *, unnest(range(first_slice, last_slice + 1)) as slice_number
    from {{ ref('int_sli_extents') }}
),

known as (
    select
        grid.objective_id,
        grid.slice_number,
        grid.slice_seconds,
        grid.is_bad_counted,
        sides.* exclude (objective_id, slice_number),
        case
            when objectives.indicator_kind <> 'ratio' and coalesce(sides.main_usable_count, 0) > 0 then 'traffic'
            when objectives.indicator_kind <> 'ratio' and coalesce(sides.empty_count, 0) > 0 then 'no_traffic'
            when objectives.indicator_kind <> 'ratio' or coalesce(sides.main_usable_count, 0) = 0 then 'gap'
            -- a counter that is looked for and not there yet has counted nothing
            when coalesce(sides.numerator_usable_count, 0) = 0
                and (
                    coalesce(grid.slice_number >= grid.first_numerator_slice, false)
                    or coalesce(grid.slice_number < grid.numerator_read_slice, true)
                )
                then 'gap'
            when sides.main_amount > 0 then 'traffic'
            else 'no_traffic'
        end as state,
        objectives.* exclude (objective_id, slice_seconds)
    from grid
    inner join {{ source('config', 'slo_objectives') }} as objectives on objectives.objective_id = grid.objective_id
    left join sides on sides.objective_id = grid.objective_id and sides.slice_number = grid.slice_number
),

counted as (
    select
        *,
        cast(case
            when state = 'gap' then null
            when state = 'no_traffic' then 0
            when indicator_kind = 'ratio' then main_amount
            else main_usable_count
        end as {{ count_type() }}) as total_count,
        cast(case
            when state = 'gap' then null
            when state = 'no_traffic' then 0
            when indicator_kind <> 'ratio' then main_amount
            when is_bad_counted then main_amount - least(coalesce(bad_amount, 0), main_amount)
            else least(coalesce(good_amount, 0), main_amount)
        end as {{ count_type() }}) as good_count,
        coalesce(greatest(good_amount, bad_amount) > main_amount, false) as has_excess,
        case state when 'gap' then gap_policy when 'no_traffic' then no_traffic_policy end as policy
    from known
)

select
    objective_id,
    slo_id,
    slice_number,
    {{ slice_start('slice_number', 'slice_seconds') }} as slice_started_at,
    {{ slice_start('(slice_number + 1)', 'slice_seconds') }} as slice_ended_at,
    state,
    good_count,
    total_count - good_count as bad_count,
    total_count,
    cast(case
        when budgeting_method = 'occurrences' then coalesce(total_count, 0)
        when state = 'traffic' or policy in ('good', 'bad') then 1
        else 0
    end as {{ count_type() }}) as counted_units,
    cast(case
        when budgeting_method = 'occurrences' then coalesce(total_count - good_count, 0)
        when state <> 'traffic' then if(policy = 'bad', 1, 0)
        when budgeting_method = 'timeslices' then if(good_count < slice_target_ratio * total_count, 1, 0)
        else {{ exact_share('(total_count - good_count)', 'total_count') }}
    end as {{ count_type() }}) as spent_units,
    coalesce(sample_count, 0) as sample_count,
    coalesce(unusable_sample_count, 0) as unusable_sample_count,
    coalesce(over_gap_amount, 0) as over_gap_count,
    has_excess,
    coalesce(record_ids, []) as record_ids
from counted
