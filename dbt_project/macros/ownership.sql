{# The team that owned a service at an instant, with its ancestors: joins `owners`. DEFINITIONS §2.14. #}
{% macro join_owners(service_id, instant) -%}
left join {{ ref('int_service_owners_dated') }} as owners
    on owners.service_id = {{ service_id }}
    and owners.valid_from <= {{ instant }}
    and owners.valid_until > {{ instant }}
{%- endmacro %}

{# The day of an instant in the reporting time zone; expects `reporting` in scope. DEFINITIONS §2.15. #}
{% macro reporting_date(instant) -%}
cast(({{ instant }} at time zone reporting.time_zone) as date)
{%- endmacro %}

{# Whole seconds from one instant to another. #}
{% macro seconds_between(start, finish) -%}
date_sub('second', {{ start }}, {{ finish }})
{%- endmacro %}
