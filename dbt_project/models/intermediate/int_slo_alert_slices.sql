-- Grain: one row per objective, alert rule and slice at whose end the rule fires: the budget burned at least at the
-- rule's rate over its long and over its short window.
with rules as (
    select
        rules.*,
        objectives.slice_seconds,
        1 - objectives.target_ratio as allowed_ratio,
        cast(rules.burn_rate_threshold * (1 - objectives.target_ratio) as decimal(18, 9)) as allowed_burn_ratio,
        (rules.long_window_seconds + objectives.slice_seconds - 1) // objectives.slice_seconds as long_slices,
        (rules.short_window_seconds + objectives.slice_seconds - 1) // objectives.slice_seconds as short_slices
    from {{ source('config', 'slo_alert_rules') }} as rules
    inner join {{ source('config', 'slo_objectives') }} as objectives
        on objectives.objective_id = rules.objective_id
),

ends as (
    select
        rules.*,
        totals.slice_number,
        totals.counted_units,
        totals.spent_units,
        totals.slice_number - rules.long_slices as long_before,
        totals.slice_number - rules.short_slices as short_before
    from {{ ref('int_slo_running_totals') }} as totals
    inner join rules on rules.objective_id = totals.objective_id
),

windows as (
    select
        ends.*,
        ends.counted_units - coalesce(long.counted_units, 0) as long_counted_units,
        ends.spent_units - coalesce(long.spent_units, 0) as long_spent_units,
        ends.counted_units - coalesce(short.counted_units, 0) as short_counted_units,
        ends.spent_units - coalesce(short.spent_units, 0) as short_spent_units
    from ends
    left join {{ ref('int_slo_running_totals') }} as long
        on long.objective_id = ends.objective_id and long.slice_number = ends.long_before
    left join {{ ref('int_slo_running_totals') }} as short
        on short.objective_id = ends.objective_id and short.slice_number = ends.short_before
)

select
    objective_id,
    rule_name,
    severity,
    slice_number,
    {{ slice_start('(slice_number + 1)', 'slice_seconds') }} as as_of,
    burn_rate_threshold,
    long_slices,
    slice_seconds,
    {{ exact_share('long_spent_units', 'cast(allowed_ratio * long_counted_units as ' ~ count_type() ~ ')') }} as long_burn_rate,
    {{ exact_share('short_spent_units', 'cast(allowed_ratio * short_counted_units as ' ~ count_type() ~ ')') }} as short_burn_rate
from windows
where long_spent_units > 0
    and short_spent_units > 0
    and long_spent_units >= allowed_burn_ratio * long_counted_units
    and short_spent_units >= allowed_burn_ratio * short_counted_units
