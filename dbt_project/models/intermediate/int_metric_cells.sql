-- Grain: one row per metric, scope and period in which it has facts.
-- depends_on: {{ ref('fct_deployments') }}, {{ ref('fct_changes') }}
-- depends_on: {{ ref('fct_pull_requests') }}, {{ ref('fct_change_failures') }}
-- depends_on: {{ ref('fct_incidents') }}
-- depends_on: {{ ref('fct_issues') }}, {{ ref('fct_pull_request_reviews') }}, {{ ref('fct_incident_response') }}
-- depends_on: {{ ref('fct_slo_windows') }}
-- depends_on: {{ source('computed', 'poisson_bounds') }}, {{ source('computed', 'median_ranks') }}
{% set bases = metric_bases() %}
{% if bases %}
with
{% for metrics in bases %}
facts_{{ loop.index }} as materialized (
    {{ metric_base_select(metrics) | indent(4) }}
){{ ',' if not loop.last }}
{% endfor %}
{% for metrics in bases %}
{% set relation = 'facts_' ~ loop.index %}
{% set is_last_base = loop.last %}
{% for metric in metrics %}
{{ metric_cell_select(metric, relation) }}
{{ 'union all' if not (is_last_base and loop.last) }}
{% endfor %}
{% endfor %}
{% else %}
select 'the definitions are read when the model runs' as metric
{% endif %}
