{# The five DORA metrics side by side for one period grain, from `mart_metric_values` alone. #}
{% macro five_metrics() %}
    {{ return([
        'deployment_frequency', 'change_lead_time', 'change_fail_rate', 'failed_deployment_recovery_time',
        'deployment_rework_rate',
    ]) }}
{% endmacro %}

{% macro dora_wide(period_grain) -%}
select
    scope_kind,
    scope_id,
    period_start,
    period_end,
    bool_or(is_partial) as is_partial,
    bool_or(is_maturing) as is_maturing,
    {%- for metric in five_metrics() %}
    {%- set is_it = "filter (where metric = '" ~ metric ~ "')" %}
    max(value) {{ is_it }} as {{ metric }},
    max(n) {{ is_it }} as {{ metric }}_n,
    max(interval_low) {{ is_it }} as {{ metric }}_interval_low,
    max(interval_high) {{ is_it }} as {{ metric }}_interval_high,
    {%- endfor %}
    max(n) filter (where metric = 'open_failed_deployments') as open_failed_deployments
from {{ ref('mart_metric_values') }}
where period_grain = '{{ period_grain }}'
group by scope_kind, scope_id, period_start, period_end
order by scope_kind, scope_id, period_start
{%- endmacro %}
