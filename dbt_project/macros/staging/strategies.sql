{# How staging models take new records in. Each strategy ends in the rows that one reading of all evidence would
   give, in whatever portions the evidence arrives. #}

{# upsert: the version with the greatest (source_updated_at, record_id) stays. An equal one replaces itself. #}
{% macro get_incremental_newest_version_sql(arg_dict) %}
    delete from {{ arg_dict['target_relation'] }} as held using {{ arg_dict['temp_relation'] }} as found
    where {{ same_key(arg_dict['unique_key']) }} and {{ version('found') }} >= {{ version('held') }};

    {{ insert_unheld(arg_dict) }}
{% endmacro %}

{# append: the record with the lowest record_id stays, and that is the one already held. #}
{% macro get_incremental_first_version_sql(arg_dict) %}
    {{ insert_unheld(arg_dict) }}
{% endmacro %}

{# replace_set: what is held of the sets that changed goes, empty sets included; the newest sets come. #}
{% macro get_incremental_current_set_sql(arg_dict) %}
    {%- set kind, stream = staged_stream() %}
    delete from {{ source('raw', 'unreadable_records') }}
    where stream = '{{ kind }}__{{ stream }}' and (record_id >> 23) in ({{ pages_ever_in_changed_sets(kind, stream) }});

    delete from {{ arg_dict['target_relation'] }}
    where (record_id >> 23) in ({{ pages_ever_in_changed_sets(kind, stream) }});

    insert into {{ arg_dict['target_relation'] }} by name select * from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{% macro insert_unheld(arg_dict) %}
    insert into {{ arg_dict['target_relation'] }} by name
    select * from {{ arg_dict['temp_relation'] }} as found
    where not exists (
        select 1 from {{ arg_dict['target_relation'] }} as held where {{ same_key(arg_dict['unique_key']) }}
    );
{% endmacro %}

{% macro same_key(keys) -%}
    {% for key in keys %}{{ 'and ' if not loop.first }}held.{{ key }} = found.{{ key }} {% endfor %}
{%- endmacro %}

{% macro version(row) -%}
    (coalesce({{ row }}.source_updated_at, '-infinity'::timestamptz), {{ row }}.record_id)
{%- endmacro %}

{# The stream of the current model: stg_github__reviews is ['github', 'reviews']. #}
{% macro staged_stream() -%}
    {{ return(model.name.removeprefix('stg_').split('__')) }}
{%- endmacro %}
