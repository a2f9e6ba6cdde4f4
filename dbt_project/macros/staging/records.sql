{# From pages to records. A page is never allowed to stop a load: what cannot be decoded or parsed becomes one
   record that is NULL, which `set_aside_unreadable` takes out of the model and `stg_unparsed_pages` counts. #}

{# Every record of every page of a relation, with its address.
   structure: mapping of JSON keys to 'VARCHAR', to a nested mapping, or to a list of one mapping. Leaves are VARCHAR,
   so that a value of another type than expected arrives as text and its failed cast can be counted.
   wrapped_in: the key that holds the list where the endpoint answers with an object, or the keys that lead to it.
   carrying: further columns of the pages to pass on.
   beside: names of further columns with another structure that each record is read as, too. #}
{% macro records_in(pages, structure, wrapped_in=none, carrying=[], beside={}) %}
    {%- set page_columns = (['source', 'scope', 'parent_key', 'log_index'] + carrying) | join(', ') %}
    select
        {{ page_columns }},
        ordinal,
        {{ record_id('log_index', 'ordinal') }} as record_id,
        {% for name in beside %}{{ name }}, {% endfor %}record
    from (
        select {{ page_columns }}, unnest(records) as record, generate_subscripts(records, 1) - 1 as ordinal
            {%- for name in beside %}, unnest({{ name }}_list) as {{ name }}{% endfor %}
        from (
            select {{ page_columns }}, coalesce(try({{ parsed('page_text', structure, wrapped_in) }}), [null]) as records
                {%- for name, other in beside.items() %},
                try({{ parsed('page_text', other, wrapped_in) }}) as {{ name }}_list
                {%- endfor %}
            from (select {{ page_columns }}, try(decode(body)) as page_text from {{ pages }})
        )
    )
{%- endmacro %}

{# A page's text as a list of records, whether the endpoint answers with a list, with one object, or with a list
   (or one object) inside an object. A null in place of that list is an empty one. #}
{% macro parsed(page_text, structure, wrapped_in=none) -%}
    {%- set json = tojson(structure) -%}
    {%- set keys = [wrapped_in] if wrapped_in is string else wrapped_in or [] -%}
    case
                when {{ page_text }} = '' then []
                when not starts_with(ltrim(left({{ page_text }}, 64)), '{') then from_json({{ page_text }}, '[{{ json }}]')
                {% if keys -%}
                else coalesce(
                    {{ unwrapped(page_text, '[' ~ json ~ ']', keys) }},
                    case json_type({{ page_text }}, '$.{{ '"' ~ keys | join('"."') ~ '"' }}')
                        when 'NULL' then []
                        when 'OBJECT' then [{{ unwrapped(page_text, json, keys) }}]
                    end
                )
                {%- else -%}
                else [from_json({{ page_text }}, '{{ json }}')]
                {%- endif %}
            end
{%- endmacro %}

{% macro unwrapped(page_text, json, keys) -%}
    {%- set wrapped = namespace(json=json) -%}
    {%- for key in keys | reverse %}{% set wrapped.json = '{"' ~ key ~ '": ' ~ wrapped.json ~ '}' %}{% endfor -%}
    from_json({{ page_text }}, '{{ wrapped.json }}')
    {%- for key in keys %}."{{ key }}"{% endfor %}
{%- endmacro %}

{# The address of a record: the log index of its page, and its place in the page in the low 23 bits. #}
{% macro record_id(log_index, ordinal) -%}
    ({{ log_index }} << 23) | {{ ordinal }}
{%- endmacro %}
