{# Typed columns from text, with the losses counted. `columns` is a list of (name, expression, type). #}

{% macro typed(columns) %}
    {%- for name, expression, type in columns %}
        {{ read_as(expression, type) }} as {{ name }},
    {%- endfor %}
{%- endmacro %}

{# A text as a value of the type, or null. Whole numbers have no fraction that rounding would hide; an instant without
   an offset is UTC; a date is the day as written. Decimals that fit 64 bits are read sixteen times as fast. #}
{% macro read_as(expression, type) -%}
    {%- if type == 'varchar' -%}
        {{ expression }}
    {%- elif type == 'json' -%}
        cast({{ expression }} as varchar)
    {%- elif type in ('bigint', 'integer') -%}
        {{ whole_number(expression, type) }}
    {%- elif type == 'epoch_seconds' -%}
        try(make_timestamptz((try_cast({{ expression }} as decimal(18, 6))::decimal(25, 6) * 1000000)::bigint))
    {%- elif type == 'epoch_milliseconds' -%}
        try(make_timestamptz((try_cast({{ expression }} as decimal(18, 3))::decimal(22, 3) * 1000)::bigint))
    {%- else -%}
        try_cast({{ expression }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{% macro whole_number(expression, type) -%}
    case
            when not contains({{ expression }}, '.') or try_cast({{ expression }} as double) = try_cast({{ expression }} as {{ type }})
                then try_cast({{ expression }} as {{ type }})
        end
{%- endmacro %}

{# How many values of a row were there and could not be read as what they should be. `further` are boolean
   expressions of losses beside the casts. #}
{% macro cast_losses(columns, further=[]) -%}
    {%- set losses = [] -%}
    {%- for name, expression, type in columns if type not in ('varchar', 'json') -%}
        {%- do losses.append(expression ~ ' is not null and ' ~ read_as(expression, type) ~ ' is null') -%}
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

{# The newest version of each record, by the total order (source_updated_at, record_id); nameless records all stay.
   key: a column, or a list of columns. #}
{% macro newest_version(relation, key) %}
    select * from {{ relation }}
    qualify row_number() over (
        partition by source, {{ each_key(key) }}
        order by source_updated_at desc nulls last, record_id desc
    ) = 1
{%- endmacro %}

{# The record in which a key was first seen; nameless records all stay. #}
{% macro first_version(relation, scope, key) %}
    select * from {{ relation }}
    qualify row_number() over (
        partition by source, {% if scope %}{{ scope }}, {% endif %}{{ each_key(key) }}
        order by record_id
    ) = 1
{%- endmacro %}

{# What tells records apart: the columns of the key, and the place of a record that lacks one of them. #}
{% macro each_key(key) -%}
    {%- set columns = [key] if key is string else key -%}
    {{ columns | join(', ') }}, case when {{ columns | join(' is null or ') }} is null then record_id end
{%- endmacro %}
