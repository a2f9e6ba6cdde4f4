{# Lists of texts, from the list's JSON. `levels` are the keys that lead from an item to its text: one list of keys,
   and a further one for each list inside an item. `$.labels[*].name` is [['name']], `$.parts[*].teams[*].slug` is
   [['teams'], ['slug']]. #}

{# The texts; an empty list where there is none. #}
{% macro texts_in(list, levels) -%}
    {%- set read = namespace(structure='VARCHAR', text=none) -%}
    {%- for keys in levels | reverse -%}
        {%- set read.structure = below_keys(read.structure, keys, is_list=not loop.first) -%}
    {%- endfor -%}
    coalesce({{ texts_of('from_json(' ~ list ~ ", '" ~ tojson([read.structure]) ~ "')", levels) }}, [])
{%- endmacro %}

{% macro below_keys(structure, keys, is_list) %}
    {%- set below = namespace(structure=[structure] if is_list else structure) -%}
    {%- for key in keys | reverse %}{% set below.structure = {key: below.structure} %}{% endfor -%}
    {{ return(below.structure) }}
{% endmacro %}

{% macro texts_of(items, levels) -%}
    {%- set item = 'item_' ~ levels | length -%}
    {%- set value = item ~ ('."' ~ levels[0] | join('"."') ~ '"' if levels[0] else '') -%}
    {%- if levels | length > 1 -%}
        flatten(list_transform({{ items }}, lambda {{ item }}: {{ texts_of(value, levels[1:]) }}))
    {%- elif levels[0] -%}
        list_transform({{ items }}, lambda {{ item }}: {{ value }})
    {%- else -%}
        {{ items }}
    {%- endif -%}
{%- endmacro %}

{# Something else than a list, or an item without the text that it should have. #}
{% macro list_loss(list, levels) -%}
    {{ list }} is not null and (json_type({{ list }}) <> 'ARRAY'
                or len(list_filter({{ texts_in(list, levels) }}, lambda found: found is null)) > 0)
{%- endmacro %}
