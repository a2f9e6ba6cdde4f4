-- Grain: one row per metric: what it means, who answers for it, and the inverse query of every value.
-- depends_on: {{ ref('fct_deployments') }}, {{ ref('fct_changes') }}
-- depends_on: {{ ref('fct_pull_requests') }}, {{ ref('fct_change_failures') }}
-- depends_on: {{ ref('fct_issues') }}, {{ ref('fct_pull_request_reviews') }}, {{ ref('fct_incident_response') }}
-- depends_on: {{ ref('fct_incidents') }}
{% set texts = [
    'profile', 'title', 'description', 'sentence', 'tier', 'owner', 'unit', 'direction', 'comparison', 'exactness',
    'indicator', 'work_stage', 'objective', 'distortions', 'interval_kind', 'fact_relation', 'fact_key', 'filter_sql',
    'event_at_column', 'measure_kind', 'measure_sql', 'numerator_sql', 'denominator_sql', 'n_sql', 'value_sql',
    'service_scope_sql', 'team_scope_sql', 'organisation_scope_sql',
    'person_scope_sql',
] %}
with metrics as (
{% for metric in metric_catalogue() %}
select
    {{ sql_text(metric.metric) }} as metric,
    cast({{ metric.metric_version }} as integer) as metric_version,
    cast({{ metric.minimum_n }} as integer) as minimum_n,
    {{ metric.is_maturing }} as is_maturing,
    {{ metric.reads_dispositions }} as reads_dispositions,
    date {{ sql_text(metric.review_by) }} as review_by,
    cast({{ sql_text(metric.retire_on) }} as date) as retire_on,
    {% for column in ['counter_metrics', 'audience'] %}
    cast([{% for each in metric[column] %}{{ sql_text(each) }}{{ ', ' if not loop.last }}{% endfor %}] as varchar[])
        as {{ column }},
    {% endfor %}
    {% for column in texts %}
    cast({{ sql_text(metric[column]) }} as varchar) as {{ column }},
    {% endfor %}
    {{ sql_text(tojson(metric, sort_keys=true)) }} as definition_json
{{ 'union all' if not loop.last }}
{% else %}
select 'the definitions are read when the model runs' as metric
{% endfor %}
),

reported as (
    select max({{ reporting_date('(coverage_until - interval 1 microsecond)') }}) as last_date
    from {{ ref('int_reporting') }} as reporting
)

select metrics.*, coalesce(metrics.retire_on <= reported.last_date, false) as is_retired
from metrics
cross join reported
order by metrics.metric
