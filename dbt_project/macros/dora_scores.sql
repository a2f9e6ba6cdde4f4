{# Quick Check scores, 0 to 10. A six-step answer 1 to 6 maps linearly; a percentage maps 0 to 10, 50 to 5 and 100 to 0.
   DEFINITIONS §1. #}
{% macro step_score(step) -%}
cast(2 * ({{ step }} - 1) as decimal(9, 6))
{%- endmacro %}

{% macro ratio_score(ratio) -%}
cast(10 - 10 * {{ ratio }} as decimal(9, 6))
{%- endmacro %}

{# The mean of the scores that are there, half up at six digits; empty where none is. #}
{% macro mean_score(scores) -%}
{%- set known = 'len(list_filter([' ~ scores | join(', ') ~ '], lambda score: score is not null))' -%}
{%- set total -%}
cast(({% for score in scores %}coalesce({{ score }}, 0){{ ' + ' if not loop.last }}{% endfor %}) * 1000000 as bigint)
{%- endset -%}
cast(cast((2 * {{ total }} + {{ known }}) // nullif(2 * {{ known }}, 0) as decimal(18, 0)) * 0.000001 as decimal(9, 6))
{%- endmacro %}

{# The survey's words for a step. #}
{% macro step_answer(step, is_duration) -%}
case cast({{ step }} as integer)
    {%- set frequency = [
        'less than one in 6 months', 'month to 6 months', 'week to month', 'day to week', 'hour to day', 'on demand',
    ] %}
    {%- set duration = [
        '> 6 months', '1 to 6 months', '1 week to 1 month', '1 day to 1 week', '< 1 day', '< 1 hour',
    ] %}
    {%- for words in (duration if is_duration else frequency) %}
    when {{ loop.index }} then '{{ words }}'
    {%- endfor %}
end
{%- endmacro %}

{# A share in whole percent, half up, as a respondent would give it. #}
{% macro percent_answer(ratio) -%}
cast(floor({{ ratio }} * 100 + 0.5) as integer) || ' %'
{%- endmacro %}
