{#- Business seconds between two instants: the difference of two positions in a calendar's working time. Each position
    is one look-up in `computed.working_days`; both instants are cut to whole seconds. DEFINITIONS §2.16. -#}

{# Joins, as `alias`, the stretches of working time of the day in UTC that an instant lies in. #}
{% macro join_working_days(alias, calendar_id, instant) -%}
left join {{ source('computed', 'working_days') }} as {{ alias }}
    on {{ alias }}.calendar = {{ calendar_id }} and {{ alias }}.utc_date = cast({{ instant }} at time zone 'UTC' as date)
{%- endmacro %}

{# The calendar's working seconds before an instant; empty outside the range that the calendars know. #}
{% macro working_position(alias, instant) -%}
case
    when {{ instant }} < timestamptz '2060-01-01 00:00:00+00'
        then list_transform(
            list_filter({{ alias }}.stretches, lambda stretch: stretch.starts_at <= {{ instant }})[-1:],
            lambda stretch: stretch.cumulative_seconds
                + least({{ elapsed_seconds('stretch.starts_at', instant) }},
                    {{ elapsed_seconds('stretch.starts_at', 'stretch.ends_at') }})
        )[1]
end
{%- endmacro %}

{# Joins, as `alias`, the one stretch of working time that an instant lies in or after. #}
{% macro join_working_hours(alias, calendar_id, instant) -%}
asof left join {{ source('computed', 'working_hours') }} as {{ alias }}
    on {{ alias }}.calendar = {{ calendar_id }} and {{ alias }}.starts_at <= {{ instant }}
{%- endmacro %}

{# Seconds between two instants, each cut to whole seconds: durations of adjoining spans add up exactly. #}
{% macro elapsed_seconds(start, finish) -%}
(epoch_us({{ finish }}) // 1000000 - epoch_us({{ start }}) // 1000000)
{%- endmacro %}
