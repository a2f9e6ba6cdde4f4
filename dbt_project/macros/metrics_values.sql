{#- The cells of the metrics: one pass over the facts for all metrics that share facts, filter and day, with each
    metric's own `value_sql` verbatim, so that a value and its trace cannot differ. -#}

{% macro metric_bases() %}
    {% set bases = {} %}
    {% for metric in metric_catalogue() %}
        {% set key = metric.fact_model ~ ' ' ~ metric.filter_sql ~ ' ' ~ metric.event_at_column %}
        {% do bases.setdefault(key, []).append(metric) %}
    {% endfor %}
    {{ return(bases.values() | list) }}
{% endmacro %}

{% macro metric_base_select(metrics) %}
{%- set facts = metrics[0] -%}
select
    scope.kind as scope_kind,
    scope.id as scope_id,
    period.grain as period_grain,
    period.starts_on as period_start,
    {%- for metric in metrics %}
    {{ metric.value_sql }} as {{ metric.metric }},
    {{ metric.numerator_sql or 'cast(null as bigint)' }} as {{ metric.metric }}_numerator,
    {{ metric.denominator_sql or 'cast(null as bigint)' }} as {{ metric.metric }}_denominator,
    {%- if metric.interval_kind == 'order_statistic' %}
    {{ ordered_values(metric.measure_sql) }} as {{ metric.metric }}_ordered,
    {%- endif %}
    {{ metric.n_sql }} as {{ metric.metric }}_n{{ ',' if not loop.last }}
    {%- endfor %}
from {{ placed_facts(facts, ['day', 'week', 'month', 'quarter']) }} as cells
where scope.id is not null
group by scope.kind, scope.id, period.grain, period.starts_on
{%- endmacro %}

{# Every fact once for each scope and period that it counts in: columns `scope` and `period` beside its own. #}
{% macro placed_facts(facts, grains) -%}
(
    select *, unnest([
        {%- for grain in grains %}
        {'grain': '{{ grain }}', 'starts_on': cast(date_trunc('{{ grain }}', {{ facts.event_at_column }}) as date)}
        {{- ',' if not loop.last }}
        {%- endfor %}
    ]) as period
    from (
        select *, unnest(list_concat(
            [{'kind': 'organisation', 'id': {{ facts.scopes.organisation }}}],
            list_transform(
                {#- a fact of several services counts once for each -#}
                {{ facts.scopes.service if facts.scopes.service.endswith('_ids') else '[' ~ facts.scopes.service ~ ']' }},
                lambda service: {'kind': 'service', 'id': service}
            ),
            list_transform({{ facts.scopes.team }}, lambda team: {'kind': 'team', 'id': team})
        )) as scope
        from {{ ref(facts.fact_model) }}
        where {{ facts.filter_sql }} and {{ facts.event_at_column }} is not null
    ) as scoped
)
{%- endmacro %}

{% macro metric_cell_select(metric, relation) %}
{%- set name = metric.metric -%}
select
    '{{ name }}' as metric,
    {{ relation }}.scope_kind,
    {{ relation }}.scope_id,
    {{ relation }}.period_grain,
    {{ relation }}.period_start,
    {{ name }} as value,
    {{ name }}_numerator as numerator,
    {{ name }}_denominator as denominator,
    {{ name }}_n as n,
    {%- for side, column in [(-1, 'interval_low'), (1, 'interval_high')] %}
    {%- set bound = 'lower' if side < 0 else 'upper' %}
    {% if metric.interval_kind == 'wilson' -%}
    {{ wilson_bound(name ~ '_numerator', name ~ '_denominator', side) }}
    {%- elif metric.interval_kind == 'poisson' -%}
    {{ poisson_bound(name ~ '_numerator', 'bounds.' ~ bound, side) }}
    {%- elif metric.interval_kind == 'order_statistic' -%}
    cast({{ name }}_ordered[{{ median_rank(name ~ '_n', 'ranks.' ~ bound ~ '_rank', 'ranks.n', side) }}] as {{ metric_type() }})
    {%- else -%}
    cast(null as {{ metric_type() }})
    {%- endif %} as {{ column }}{{ ',' if side < 0 }}
    {%- endfor %}
from {{ relation }}
{%- if metric.interval_kind == 'poisson' %}
left join {{ source('computed', 'poisson_bounds') }} as bounds on bounds.event_count = {{ name }}_numerator
{%- elif metric.interval_kind == 'order_statistic' %}
left join {{ source('computed', 'median_ranks') }} as ranks on ranks.n = {{ name }}_n
{%- endif %}
{%- endmacro %}
