{#- The part of a deployed change's life, from commit to deployment, that lies between two instants; empty where it
    has none. An empty instant, or an end before the start, gives an empty part, never a zero. -#}
{% macro lead_time_part(start, finish) -%}
case
    when state = 'deployed'
        and {{ start }} <= {{ finish }}
        and {{ finish }} >= committed_at
        and {{ start }} <= deployed_at
        then date_sub('second', greatest({{ start }}, committed_at), least({{ finish }}, deployed_at))
end
{%- endmacro %}
