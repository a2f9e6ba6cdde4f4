{#- Formulas as text over the facts of one cell. What feeds a number is integers and DECIMAL only: an interpolated
    quantile is formed from its two neighbours, a ratio is rounded half up at nine digits. DEFINITIONS §7. -#}

{% macro metric_type() -%} decimal(28, 9) {%- endmacro %}

{% macro exact_count(expression, is_distinct=false) -%}
cast(count({{ 'distinct ' if is_distinct }}{{ expression }}) as {{ metric_type() }})
{%- endmacro %}

{% macro ordered_values(expression) -%}
list_sort(list({{ expression }}) filter (where {{ expression }} is not null))
{%- endmacro %}

{% macro exact_quantile(expression, percent) -%}
list_transform(
    [{{ ordered_values(expression) }}],
    lambda v: cast(cast(
        v[(len(v) - 1) * {{ percent }} // 100 + 1] * (100 - (len(v) - 1) * {{ percent }} % 100)
        + v[least(len(v), (len(v) - 1) * {{ percent }} // 100 + 2)] * ((len(v) - 1) * {{ percent }} % 100)
    as decimal(28, 0)) * 0.01 as {{ metric_type() }})
)[1]
{%- endmacro %}

{% macro exact_ratio(numerator, denominator) -%}
cast(cast(
    (2 * 1000000000 * cast({{ numerator }} as hugeint) + {{ denominator }}) // nullif(2 * {{ denominator }}, 0)
as decimal(28, 0)) * 0.000000001 as {{ metric_type() }})
{%- endmacro %}

{#- 95 % intervals. Wilson for a ratio; exact Poisson for a count; order statistics for a median (DEFINITIONS §6).
    Beyond the exact tables: Wilson and Hilferty's and the normal approximation. `side` is -1 or 1. -#}
{% macro wilson_bound(numerator, denominator, side) -%}
cast(case when {{ denominator }} > 0 then
    least(1, greatest(0, (
        {{ numerator }} / {{ denominator }} + 1.9207294103470617 / {{ denominator }}
        + {{ side }} * 1.959963984540054 * sqrt(
            ({{ numerator }} / {{ denominator }}) * (1 - {{ numerator }} / {{ denominator }}) / {{ denominator }}
            + 0.9603647051735309 / {{ denominator }} / {{ denominator }}
        )
    ) / (1 + 3.8414588206941236 / {{ denominator }})))
end as {{ metric_type() }})
{%- endmacro %}

{% macro poisson_bound(event_count, exact, side) -%}
cast(coalesce({{ exact }}, (
    {%- set k = event_count if side < 0 else '(' ~ event_count ~ ' + 1)' %}
    {{ k }}
    * (1 - 1 / (9.0 * {{ k }}) + {{ side }} * 1.959963984540054 / (3 * sqrt({{ k }})))
    * (1 - 1 / (9.0 * {{ k }}) + {{ side }} * 1.959963984540054 / (3 * sqrt({{ k }})))
    * (1 - 1 / (9.0 * {{ k }}) + {{ side }} * 1.959963984540054 / (3 * sqrt({{ k }})))
)) as {{ metric_type() }})
{%- endmacro %}

{% macro median_rank(sample_size, exact, exact_size, side) -%}
case
    when {{ exact_size }} is not null then {{ exact }}
    {%- if side < 0 %}
    else cast(floor(({{ sample_size }} - 1.959963984540054 * sqrt({{ sample_size }})) / 2) as bigint)
    {%- else %}
    else {{ sample_size }} + 1
        - cast(floor(({{ sample_size }} - 1.959963984540054 * sqrt({{ sample_size }})) / 2) as bigint)
    {%- endif %}
end
{%- endmacro %}

{#- The sum of whole numbers, in DECIMAL: exact, whatever the order in which threads add. -#}
{% macro exact_sum(expression) -%}
cast(sum(cast({{ expression }} as decimal(28, 0))) as bigint)
{%- endmacro %}
