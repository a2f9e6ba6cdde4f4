-- Grain: one row per objective or composite, window and scope: what was counted, and what that means for the objective.
with parts as (
    select
        parts.*,
        {% for column in slo_totals() -%}
        coalesce(until_end.{{ column }}, 0) - coalesce(until_start.{{ column }}, 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_slo_window_parts') }} as parts
    left join {{ ref('int_slo_running_totals') }} as until_end
        on until_end.objective_id = parts.objective_id and until_end.slice_number = parts.next_known_slice - 1
    left join {{ ref('int_slo_running_totals') }} as until_start
        on until_start.objective_id = parts.objective_id and until_start.slice_number = parts.first_known_slice - 1
),

added as (
    select
        {{ slo_window_key() | join(', ') }},
        objective_id,
        {% for column in slo_totals()[:4] -%}
        {{ sum_of_counts(column) }} as {{ column }},
        {% endfor %}
        {% for column in slo_totals()[4:] + ['slices_to_come', 'slices_before'] -%}
        cast(sum(cast({{ column }} as bigint)) as bigint) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from parts
    group by {{ slo_window_key() | join(', ') }}, objective_id
),

budgeted as (
    select
        added.*,
        objectives.title,
        objectives.budgeting_method,
        objectives.slice_seconds,
        objectives.target_ratio as objective_ratio,
        objectives.composite_weight,
        cast((1 - objectives.target_ratio) * added.counted_units as {{ count_type() }}) as allowed_units,
        cast((1 - objectives.target_ratio) * (
            added.counted_units + if(objectives.budgeting_method = 'occurrences', 0, added.slices_to_come)
        ) as {{ count_type() }}) as budget_units
    from added
    inner join {{ source('config', 'slo_objectives') }} as objectives on objectives.objective_id = added.objective_id
),

objectives as (
    select
        {{ slo_window_key() | join(', ') }},
        objective_id,
        false as is_composite,
        title,
        budgeting_method,
        slice_seconds,
        objective_ratio,
        composite_weight,
        {{ exact_share('(counted_units - spent_units)', 'counted_units') }} as attainment_ratio,
        if(counted_units > 0, spent_units <= allowed_units, null) as is_met,
        counted_units,
        budget_units,
        spent_units,
        budget_units - spent_units as budget_left_units,
        {{ exact_share('spent_units', 'budget_units') }} as budget_spent_ratio,
        {{ exact_share('spent_units', 'allowed_units') }} as burn_rate,
        {{ exact_share('1', 'budget_units') }} as one_failure_budget_ratio,
        good_count,
        total_count,
        slice_count,
        gap_slice_count,
        no_traffic_slice_count,
        slices_to_come + slices_before > 0 as is_partial
    from budgeted
),

part_counts as (
    select slo_id, count(*) as part_count
    from {{ source('config', 'slo_objectives') }}
    where composite_weight is not null
    group by slo_id
),

weighed as (
    select
        {{ slo_window_key('objectives') | join(', ') }},
        {{ sum_of_counts('composite_weight') }} as weights,
        cast(sum(cast(composite_weight * objective_ratio as decimal(28, 18))) as decimal(38, 18)) as weighed_objectives,
        if(
            count(attainment_ratio) = max(part_counts.part_count),
            cast(sum(cast(composite_weight * cast(attainment_ratio as decimal(18, 9)) as decimal(28, 18))) as decimal(38, 18)),
            null
        ) as weighed_attainments,
        max(slice_seconds) as slice_seconds,
        cast(sum(cast(slice_count as bigint)) as bigint) as slice_count,
        cast(sum(cast(gap_slice_count as bigint)) as bigint) as gap_slice_count,
        cast(sum(cast(no_traffic_slice_count as bigint)) as bigint) as no_traffic_slice_count,
        bool_or(is_partial) as is_partial
    from objectives
    inner join part_counts on part_counts.slo_id = objectives.slo_id
    where composite_weight is not null
    group by {{ slo_window_key('objectives') | join(', ') }}
),

shares as (
    select
        *,
        {{ exact_share('weighed_objectives', 'weights') }} as objective_ratio,
        {{ exact_share('weighed_attainments', 'weights') }} as attainment_ratio
    from weighed
),

composites as (
    select
        {{ slo_window_key() | join(', ') }},
        slo_id as objective_id,
        true as is_composite,
        slo_id as title,
        'composite' as budgeting_method,
        slice_seconds,
        objective_ratio,
        cast(null as decimal(18, 9)) as composite_weight,
        attainment_ratio,
        weighed_attainments >= weighed_objectives as is_met,
        cast(if(attainment_ratio is null, 0, 1) as {{ count_type() }}) as counted_units,
        cast(1 - objective_ratio as {{ count_type() }}) as budget_units,
        cast(1 - attainment_ratio as {{ count_type() }}) as spent_units,
        cast(attainment_ratio - objective_ratio as {{ count_type() }}) as budget_left_units,
        {{ exact_share('(1 - attainment_ratio)', '(1 - objective_ratio)') }} as budget_spent_ratio,
        {{ exact_share('(1 - attainment_ratio)', '(1 - objective_ratio)') }} as burn_rate,
        cast(null as {{ metric_type() }}) as one_failure_budget_ratio,
        cast(null as {{ count_type() }}) as good_count,
        cast(null as {{ count_type() }}) as total_count,
        slice_count,
        gap_slice_count,
        no_traffic_slice_count,
        is_partial
    from shares
)

select * from objectives
union all
select * from composites
