{# Pages of git's own output: records begin with the byte 1E, fields are parted by 1F. Authors are not always valid
   UTF-8. A page that is not is split in its escaped form (bytes as \xNN), then decoded commit by commit and, where
   that fails, field by field: only a field that is no UTF-8 itself stays escaped, and no commit is lost. #}

{% macro git_records_in(pages, carrying=[]) %}
    {%- set page_columns = (['source', 'scope', 'parent_key', 'log_index'] + carrying) | join(', ') %}
    select {{ page_columns }}, ordinal, {{ record_id('log_index', 'ordinal') }} as record_id,
        string_split(record, chr(31)) as fields
    from (
        select {{ page_columns }}, unnest(records) as record, generate_subscripts(records, 1) - 1 as ordinal
        from (select {{ page_columns }}, {{ git_records('body') }} as records from {{ pages }})
    )
{%- endmacro %}

{% macro git_records_of_changed_sets(stream) -%}
    {{ git_records_in('(' ~ pages_of_changed_sets('git', stream) ~ ')', ['page_position']) }}
{%- endmacro %}

{% macro git_records(body) -%}
    case
                when octet_length({{ body }}) = 0 then []
                when {{ body }}[1:1] <> '\x1E'::blob then [null]
                else coalesce(
                    string_split(try(decode({{ body }})), chr(30))[2:],
                    list_transform(
                        string_split({{ body }}::varchar, '\x1E')[2:],
                        lambda record: coalesce(try(decode(record::blob)), {{ git_fields_one_by_one('record') }})
                    )
                )
            end
{%- endmacro %}

{% macro git_fields_one_by_one(record) -%}
    array_to_string(list_transform(
                            string_split({{ record }}, '\x1F'),
                            lambda field: coalesce(try(decode(field::blob)), replace(field, '\x0A', chr(10)))
                        ), chr(31))
{%- endmacro %}

{# Paths, one a line; git quotes those with unusual characters. #}
{% macro git_paths(text) -%}
    list_transform(
            list_filter(string_split({{ text }}, chr(10)), lambda path: trim(path) <> ''),
            lambda path: regexp_replace(path, '^"(.*)"$', '\1')
        )
{%- endmacro %}
