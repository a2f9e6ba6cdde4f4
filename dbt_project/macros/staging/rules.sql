{# Patterns of the settings. A pattern that is a column is compiled for every row, which costs more than parsing the
   record; one that is a session variable is compiled once. The models set the variables before they run, and read
   the column where nobody did (a replay of the compiled SQL): the rows are the same. #}

{% macro set_rule_variables(rules) -%}
    {% for rule in rules -%}
        set variable {{ rule }} = (select {{ rule }} from {{ source('config', 'rules') }});
    {% endfor %}
{%- endmacro %}

{# Whether a text meets a rule; false where there is no text. #}
{% macro meets(text, rule) -%}
    coalesce(case
            when getvariable('{{ rule }}') is not null then regexp_matches({{ text }}, getvariable('{{ rule }}'))
            else regexp_matches({{ text }}, rules.{{ rule }})
        end, false)
{%- endmacro %}

{# Whether any text of a list does. #}
{% macro any_meets(texts, rule) -%}
    case
            when getvariable('{{ rule }}') is not null
                then len(list_filter({{ texts }}, lambda found: regexp_matches(found, getvariable('{{ rule }}')))) > 0
            else len(list_filter({{ texts }}, lambda found: regexp_matches(found, rules.{{ rule }}))) > 0
        end
{%- endmacro %}
