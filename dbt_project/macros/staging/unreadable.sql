{# A record without its key cannot be told from any other; neither can a page that is no JSON. Both leave the model
   and are listed by their address. Runs after each staging model, in its transaction. #}
{% macro set_aside_unreadable() %}
    {%- if config.get('unique_key') %}
    {%- set stream = staged_stream() | join('__') %}
    {%- set nameless %}
        {%- for key in config.get('unique_key') %}{{ ' or ' if not loop.first }}{{ key }} is null{% endfor %}
    {%- endset %}
    delete from {{ source('raw', 'unreadable_records') }}
    where stream = '{{ stream }}' and record_id in (select record_id from {{ this }} where {{ nameless }});
    insert into {{ source('raw', 'unreadable_records') }} (stream, record_id)
    select '{{ stream }}', record_id from {{ this }} where {{ nameless }};
    delete from {{ this }} where {{ nameless }};
    {%- endif %}
{% endmacro %}
