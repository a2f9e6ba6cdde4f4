{#- Formulas that other tools' metrics are made of. They hold no name of a table, so that a profile's models run over
    the warehouse and over any tables of the same shape. -#}

{# Whole minutes between two instants, rounded up; a negative number of minutes is empty. Less than a minute before the
   start rounds up to zero and is kept. #}
{% macro minutes_rounded_up(start, finish) -%}
case
    when epoch_us({{ finish }}) - epoch_us({{ start }}) > -60000000
        then (epoch_us({{ finish }}) - epoch_us({{ start }}) + 59999999) // 60000000
end
{%- endmacro %}

{# Whole minutes that have passed between two instants; negative where the second comes first. #}
{% macro minutes_passed(start, finish) -%}
date_sub('minute', {{ start }}, {{ finish }})
{%- endmacro %}

{# The largest value whose percent_rank is at most 0.5: of an even number of values the lower one of the middle two.
   A value's percent_rank is (rank - 1) / (n - 1), so this is the value at place (n + 1) // 2 of the sorted list. #}
{% macro lower_median(expression) -%}
list_extract(
    list_sort(list({{ expression }}) filter (where {{ expression }} is not null)),
    (count({{ expression }}) + 1) // 2
)
{%- endmacro %}

{# The upper one of the middle two values; of an odd number of values the same as the lower one. #}
{% macro upper_median(expression) -%}
list_extract(
    list_sort(list({{ expression }}) filter (where {{ expression }} is not null)),
    count({{ expression }}) // 2 + 1
)
{%- endmacro %}

{# The day of an instant in a range's time zone; the joins to a range go by day, and by the instants within it. #}
{% macro day_in_zone(instant, zone='zones.time_zone') -%}
cast(({{ instant }} at time zone {{ zone }}) as date)
{%- endmacro %}

{# Whether an instant lies in a range, half open; `days` is in scope as the range's days. #}
{% macro lies_in_range(instant) -%}
days.from_at <= {{ instant }} and days.until_at > {{ instant }}
{%- endmacro %}

{# Every project and range with one metric's value, or with none and n = 0. #}
{% macro profile_metric_values(metric, relation) -%}
select
    cells.project_name,
    cells.range_id,
    '{{ metric }}' as metric,
    cast(facts.value as {{ metric_type() }}) as value,
    cast(facts.upper_value as {{ metric_type() }}) as upper_value,
    cast(facts.value_text as varchar) as value_text,
    cast(facts.numerator as bigint) as numerator,
    cast(coalesce(facts.n, 0) as bigint) as n
from cells
left join {{ relation }} as facts
    on facts.project_name = cells.project_name and facts.range_id = cells.range_id
{%- endmacro %}
