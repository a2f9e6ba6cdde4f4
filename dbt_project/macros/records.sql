{# The record ids among some columns, without the empty ones, in order. #}
{% macro ordered_ids(columns) -%}
list_sort(list_distinct(list_filter([{{ columns | join(', ') }}], lambda record_id: record_id is not null)))
{%- endmacro %}

{# The name of a pull request across sources. #}
{% macro pull_request_key(relation) -%}
'github:' || {{ relation }}.source || ':pull_request:' || {{ relation }}.pull_request_id
{%- endmacro %}
