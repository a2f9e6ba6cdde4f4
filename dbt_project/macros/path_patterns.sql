{#- A path pattern as a regular expression: `**` crosses folders, `*` and `?` stay within one, and a pattern that ends
    with a slash means everything below it. -#}
{% macro path_pattern_regex(pattern) -%}
'^' || replace(replace(replace(replace(
    regexp_escape({{ pattern }}) || case when ends_with({{ pattern }}, '/') then '\*\*' else '' end,
    '\*\*\/', '(?:.*/)?'), '\*\*', '.*'), '\*', '[^/]*'), '\?', '[^/]') || '$'
{%- endmacro %}
