{#- A metric that has retired has no values of periods that begin on the day it retires or later: `dim_metrics.retire_on`,
    which stands in its definition. Wide marts leave its columns empty, and never zero, from then on. -#}

{# One row: the day on which each of some metrics retires, as `<metric>_retire_on`. #}
{% macro retirements(metrics) -%}
select
    {%- for metric in metrics %}
    max(retire_on) filter (where metric = '{{ metric }}') as {{ metric }}_retire_on{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('dim_metrics') }}
{%- endmacro %}

{# A number of a metric, where the metric has not retired: beside the one row of `retirements`, called `retired`. #}
{% macro until_retired(metric, expression, period_start) -%}
case when coalesce({{ period_start }} < retired.{{ metric }}_retire_on, true) then {{ expression }} end
{%- endmacro %}
