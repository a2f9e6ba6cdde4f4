{# Typed columns from text, with the losses counted. `columns` is a list of (name, expression, type). #}

{% macro typed(columns) %}
    {%- for name, expression, type in columns %}
        {% if type == 'varchar' %}{{ expression }}{% else %}try_cast({{ expression }} as {{ type }}){% endif %} as {{ name }},
    {%- endfor %}
{%- endmacro %}

{# How many values of a row were there and could not be read as what they should be. `further` are boolean
   expressions of losses beside the casts. #}
{% macro cast_losses(columns, further=[]) -%}
    {%- set losses = [] -%}
    {%- for name, expression, type in columns if type != 'varchar' -%}
        {%- do losses.append(expression ~ ' is not null and try_cast(' ~ expression ~ ' as ' ~ type ~ ') is null') -%}
    {%- endfor -%}
    (
        {%- for loss in losses + further %}
            {{ '+ ' if not loop.first }}coalesce({{ loss }}, false)::integer
        {%- else %}0
        {%- endfor %}
        )
{%- endmacro %}

{# An account that is there without a numeric id: something else than an account stands in its place. #}
{% macro account_loss(account) -%}
    {{ account }} is not null and try_cast({{ account }}.id as bigint) is null
{%- endmacro %}

{# A value that every record of the stream has. #}
{% macro missing(value) -%}
    record is not null and {{ value }} is null
{%- endmacro %}

{# Labels are a list of objects with a name. #}
{% macro label_loss(labels) -%}
    record is not null and ({{ labels }} is null or len(list_filter({{ labels }}, lambda label: label.name is null)) > 0)
{%- endmacro %}

{# The newest version of each record, by the total order (source_updated_at, record_id); nameless records all stay. #}
{% macro newest_version(relation, key) %}
    select * from {{ relation }}
    qualify row_number() over (
        partition by source, {{ key }}, case when {{ key }} is null then record_id end
        order by source_updated_at desc nulls last, record_id desc
    ) = 1
{%- endmacro %}

{# The record in which a key was first seen; nameless records all stay. #}
{% macro first_version(relation, scope, key) %}
    select * from {{ relation }}
    qualify row_number() over (
        partition by source, {{ scope }}, {{ key }}, case when {{ key }} is null then record_id end
        order by record_id
    ) = 1
{%- endmacro %}
