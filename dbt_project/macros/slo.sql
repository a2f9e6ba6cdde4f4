{#- Exact arithmetic of objectives. Counts are DECIMAL with nine digits; a share is rounded half up at nine digits, from
    whole numbers. DEFINITIONS §4 and §7. -#}

{% macro count_type() -%} decimal(38, 9) {%- endmacro %}

{# An exact sum: its terms are DECIMAL before they are added. #}
{% macro sum_of_counts(expression) -%}
sum(cast({{ expression }} as decimal(28, 9)))
{%- endmacro %}

{# The text of a number as DECIMAL. Whole numbers and short fractions go by shorter types, which are read a hundred times as
   fast; the value is the same. #}
{% macro exact_amount(text) -%}
case
    when regexp_full_match({{ text }}, '-?[0-9]{1,18}') then cast(try_cast({{ text }} as bigint) as decimal(28, 9))
    else coalesce(
        cast(try_cast({{ text }} as decimal(18, 9)) as decimal(28, 9)), try_cast({{ text }} as decimal(28, 9))
    )
end
{%- endmacro %}

{# One DECIMAL count by another; empty where there is nothing to divide by. #}
{% macro exact_share(numerator, denominator) -%}
cast(cast(
    (2 * 1000000000 * {{ in_billionths(numerator) }} + {{ in_billionths(denominator) }})
    // nullif(2 * {{ in_billionths(denominator) }}, 0)
as decimal(28, 0)) * 0.000000001 as {{ metric_type() }})
{%- endmacro %}

{% macro in_billionths(amount) -%}
cast(cast({{ amount }} as {{ count_type() }}) * 1000000000 as hugeint)
{%- endmacro %}

{# Whole seconds since the epoch. #}
{% macro epoch_seconds(instant) -%}
(epoch_us({{ instant }}) // 1000000)
{%- endmacro %}

{# The instant at which a slice begins. #}
{% macro slice_start(slice_number, slice_seconds) -%}
make_timestamptz({{ slice_number }} * {{ slice_seconds }} * 1000000)
{%- endmacro %}

{# The first slice that begins at an instant or after it. #}
{% macro slice_from(instant, slice_seconds) -%}
((epoch_us({{ instant }}) + {{ slice_seconds }} * 1000000 - 1) // ({{ slice_seconds }} * 1000000))
{%- endmacro %}

{# The local time at which a calendar-aligned window begins: the n-th after its start. Months are counted from the start,
   so that windows that begin on a 31st do not drift. #}
{% macro calendar_turn(turn) -%}
window_starts_local_at + if(
    window_months is null,
    to_seconds(cast({{ turn }} * window_seconds as bigint)),
    to_months(cast({{ turn }} * window_months as integer))
)
{%- endmacro %}

{# What a window of an objective, seen by one scope, is known by. #}
{% macro slo_window_key(relation=none) %}
    {% set columns = [
        'slo_id', 'service_id', 'organisation', 'scope_kind', 'scope_id', 'window_kind', 'window_starts_at',
        'window_ends_at', 'window_start_date', 'window_end_date', 'last_known_at',
    ] %}
    {% set qualified = [] %}
    {% for column in columns %}
        {% do qualified.append((relation ~ '.' if relation else '') ~ column) %}
    {% endfor %}
    {{ return(qualified) }}
{% endmacro %}

{# What runs on from slice to slice: amounts first, then numbers of slices. #}
{% macro slo_totals() %}
    {{ return([
        'counted_units', 'spent_units', 'good_count', 'total_count',
        'slice_count', 'gap_slice_count', 'no_traffic_slice_count',
    ]) }}
{% endmacro %}

{# What the fact and the mart say of a window. One failure that costs what the fastest alert pages for, or more, makes
   the traffic low. The mart withholds the numbers of small teams. #}
{% macro slo_window_columns(relation, withholds=false) -%}
    {%- set w = relation ~ '.' -%}
    {{ w }}window_kind,
    {{ w }}window_starts_at,
    {{ w }}window_ends_at,
    {{ w }}window_start_date,
    {{ w }}window_end_date,
    {{ w }}is_partial,
    {{ w }}budgeting_method,
    {{ w }}slice_seconds,
    cast({{ w }}objective_ratio as {{ metric_type() }}) as objective_ratio,
    {%- for column, expression in slo_window_numbers(w) %}
    {{ unless_withheld(expression) if withholds else expression }} as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The numbers of a window, each with its expression. #}
{% macro slo_window_numbers(w) %}
    {% set numbers = [] %}
    {% for column in [
        'attainment_ratio', 'is_met', 'good_count', 'total_count', 'counted_units', 'budget_units', 'spent_units',
        'budget_left_units', 'budget_spent_ratio', 'burn_rate', 'slice_count', 'gap_slice_count',
    ] %}
        {% do numbers.append((column, w ~ column)) %}
    {% endfor %}
    {{ return(numbers + [
        ('gap_ratio', exact_share(w ~ 'gap_slice_count', w ~ 'slice_count')),
        ('no_traffic_slice_count', w ~ 'no_traffic_slice_count'),
        ('no_traffic_ratio', exact_share(w ~ 'no_traffic_slice_count', w ~ 'slice_count')),
        ('one_failure_budget_ratio', w ~ 'one_failure_budget_ratio'),
        ('is_low_traffic', w ~ 'one_failure_budget_ratio >= 0.02'),
    ]) }}
{% endmacro %}
