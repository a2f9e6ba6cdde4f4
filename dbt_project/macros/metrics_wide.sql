{# The five DORA metrics side by side for one period grain, from `mart_metric_values` alone. #}
{% macro five_metrics() %}
    {{ return([
        'deployment_frequency', 'change_lead_time', 'change_fail_rate', 'failed_deployment_recovery_time',
        'deployment_rework_rate',
    ]) }}
{% endmacro %}

{# One row per scope and period, also for days on which nothing happened: those have no row in the long table. #}
{% macro dora_wide(period_grain) -%}
with nothing as (
    select lower, upper from {{ source('computed', 'poisson_bounds') }} where event_count = 0
),

retired as (
    {{ retirements(five_metrics() + ['deployment_days', 'open_failed_deployments']) | indent(4) }}
),

periods as (
    select scopes.scope_kind, scopes.scope_id, periods.period_start, periods.period_end, periods.is_partial
    from {{ ref('int_metric_scopes') }} as scopes
    inner join {{ ref('int_reporting_periods') }} as periods on periods.period_end > scopes.first_date
    where periods.period_grain = '{{ period_grain }}'
),

shown as (
    select
        scope_kind,
        scope_id,
        period_start,
        bool_or(is_maturing) as is_maturing,
        {%- for metric in five_metrics() %}
        {%- set is_it = "filter (where metric = '" ~ metric ~ "')" %}
        max(value) {{ is_it }} as {{ metric }},
        max(n) {{ is_it }} as {{ metric }}_n,
        max(interval_low) {{ is_it }} as {{ metric }}_interval_low,
        max(interval_high) {{ is_it }} as {{ metric }}_interval_high,
        {%- endfor %}
        max(value) filter (where metric = 'deployment_days') as deployment_days,
        max(value) filter (where metric = 'change_fail_rate_explicit') as change_fail_rate_unknown_as_none,
        max(dispositions_unknown_share) filter (where metric = 'change_fail_rate') as dispositions_unknown_share,
        max(n) filter (where metric = 'open_failed_deployments') as open_failed_deployments
    from {{ ref('mart_metric_values') }}
    where period_grain = '{{ period_grain }}'
    group by scope_kind, scope_id, period_start
)

select
    periods.scope_kind,
    periods.scope_id,
    periods.period_start,
    periods.period_end,
    periods.is_partial,
    coalesce(shown.is_maturing, false) as is_maturing,
    {{ is_over_gap('periods.period_start', 'periods.period_end') }} as is_incomplete,
    cast({{ dora_count('deployment_frequency', 'coalesce(shown.deployment_frequency, 0)') }} as {{ metric_type() }})
        as deployment_frequency,
    {{ dora_count('deployment_frequency', 'coalesce(shown.deployment_frequency_n, 0)') }} as deployment_frequency_n,
    {%- for bound, of_nothing in [('low', 'lower'), ('high', 'upper')] %}
    {{ dora_count(
        'deployment_frequency', 'coalesce(shown.deployment_frequency_interval_' ~ bound ~ ', nothing.' ~ of_nothing ~ ')'
    ) }} as deployment_frequency_interval_{{ bound }},
    {%- endfor %}
    {%- for metric in five_metrics()[1:] %}
    shown.{{ metric }},
    {{ dora_count(metric, 'coalesce(shown.' ~ metric ~ '_n, 0)') }} as {{ metric }}_n,
    shown.{{ metric }}_interval_low,
    shown.{{ metric }}_interval_high,
    {%- endfor %}
    cast({{ dora_count('deployment_days', 'coalesce(shown.deployment_days, 0)') }} as {{ metric_type() }}) as deployment_days,
    case
        when not periods.is_partial
            then {{ dora_count('deployment_days', exact_ratio(
                'cast(coalesce(shown.deployment_days, 0) * 7 as hugeint)', '(periods.period_end - periods.period_start)'
            )) }}
    end as deployment_days_per_week,
    shown.change_fail_rate_unknown_as_none,
    shown.dispositions_unknown_share,
    {{ dora_count('open_failed_deployments', 'coalesce(shown.open_failed_deployments, 0)') }} as open_failed_deployments,
    withheld.reason as withheld_reason
from periods
cross join nothing
cross join retired
left join shown
    on shown.scope_kind = periods.scope_kind
    and shown.scope_id = periods.scope_id
    and shown.period_start = periods.period_start
{{ join_gaps('periods', ['marts.fct_deployments', 'marts.fct_changes', 'marts.fct_change_failures']) }}
{{ join_withheld('periods', "'" ~ period_grain ~ "'") }}
order by periods.scope_kind, periods.scope_id, periods.period_start
{%- endmacro %}

{# What is zero where nothing happened: not where it is withheld, and not where its metric has retired. #}
{% macro dora_count(metric, expression) -%}
{{ until_retired(metric, unless_withheld(expression), 'periods.period_start') }}
{%- endmacro %}
