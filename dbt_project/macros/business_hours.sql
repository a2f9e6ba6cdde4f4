{#- Business seconds between two instants: the difference of two positions in a calendar's working time. Each position
    is one look-up in `computed.working_hours`; both instants are cut to whole seconds. DEFINITIONS §2.16. -#}

{# Joins, as `alias`, the stretch of working time that an instant lies in or after. #}
{% macro join_working_hours(alias, calendar_id, instant) -%}
asof left join {{ source('computed', 'working_hours') }} as {{ alias }}
    on {{ alias }}.calendar = {{ calendar_id }} and {{ alias }}.starts_at <= {{ instant }}
{%- endmacro %}

{# The calendar's working seconds before an instant; empty outside the range that the calendars know. #}
{% macro working_position(alias, instant) -%}
case
    when {{ instant }} < timestamptz '2060-01-01 00:00:00+00'
        then {{ alias }}.cumulative_seconds
            + least({{ elapsed_seconds(alias ~ '.starts_at', instant) }},
                {{ elapsed_seconds(alias ~ '.starts_at', alias ~ '.ends_at') }})
end
{%- endmacro %}

{# Seconds between two instants, each cut to whole seconds: durations of adjoining spans add up exactly. #}
{% macro elapsed_seconds(start, finish) -%}
(epoch_us({{ finish }}) // 1000000 - epoch_us({{ start }}) // 1000000)
{%- endmacro %}
