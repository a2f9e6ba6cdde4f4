{#- Team numbers that may be compared (DEFINITIONS §6). Rates, medians and deviations are integers and DECIMAL to the
    last digit, and so is every sum. A shrunken estimate is one expression over such sums, like a Wilson bound. -#}

{# What happened per hundred days: FTE-days or service-days, DECIMAL with four digits. Rounded half up. #}
{% macro per_hundred_days(amount, days) -%}
{{ from_billionths(
    '((2000000 * ' ~ billionths(amount) ~ ' + ' ~ ten_thousandths(days) ~ ') // nullif(2 * ' ~ ten_thousandths(days) ~ ', 0))'
) }}
{%- endmacro %}

{% macro billionths(value) -%} cast(({{ value }}) * 1000000000 as hugeint) {%- endmacro %}
{% macro ten_thousandths(value) -%} cast(({{ value }}) * 10000 as hugeint) {%- endmacro %}

{% macro from_billionths(units) -%}
cast(cast({{ units }} as decimal(28, 0)) * 0.000000001 as {{ metric_type() }})
{%- endmacro %}

{# Twice the interpolated median of whole numbers: whole again. #}
{% macro twice_the_median(expression) -%}
list_transform([list_sort(list({{ expression }}))], lambda v: v[(len(v) + 1) // 2] + v[len(v) // 2 + 1])[1]
{%- endmacro %}

{# A ratio of whole numbers of either sign, rounded half away from zero at nine digits. #}
{% macro signed_ratio(numerator, denominator) -%}
cast(sign({{ numerator }}) * {{ exact_ratio('abs(' ~ numerator ~ ')', denominator) }} as {{ metric_type() }})
{%- endmacro %}

{#- How much the teams of a group differ beyond chance, by the method of moments. Counts over days and over
    denominators: Marshall's estimator (Applied Statistics 40, 1991); medians: what the squared distances from the
    group's median exceed the mean squared error by. `variance` is that of one event, or of the group's median event. -#}
{% macro between_variance(stats) -%}
greatest(0.0, case when {{ stats }}.is_median
    then (cast({{ stats }}.square_sum as double) / ({{ stats }}.peer_count - 1))
        - (cast({{ stats }}.error_sum as double) / {{ stats }}.peer_count)
    else (cast({{ stats }}.square_sum as double) - {{ pooled(stats) }} * {{ stats }}.amount_sum) / {{ stats }}.weight_sum
        - {{ event_variance(stats) }} * {{ stats }}.peer_count / {{ stats }}.weight_sum
end)
{%- endmacro %}

{% macro pooled(stats) -%} (cast({{ stats }}.amount_sum as double) / {{ stats }}.weight_sum) {%- endmacro %}

{% macro event_variance(stats) -%}
({{ pooled(stats) }} * case when {{ stats }}.is_ratio then 1 - {{ pooled(stats) }} else 1 end)
{%- endmacro %}

{# The share of a team's own number in its shrunken estimate; the rest is the group's. #}
{% macro own_share(is_median, between, error) -%}
case
    when {{ is_median }} and {{ error }} = 0 then 1.0
    when {{ between }} = 0 then 0.0
    else {{ between }} / ({{ between }} + {{ error }})
end
{%- endmacro %}
