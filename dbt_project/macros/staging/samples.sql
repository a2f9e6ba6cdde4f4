{# Samples of range queries: pages of series, each with labels and a list of instants with values. #}

{# One row per sample of the slices that have changed, with `series_labels` as JSON with sorted keys and `sample` as a
   pair of texts. A series with native histograms has a null sample beside its others: it cannot be read as numbers. #}
{% macro samples_of_changed_slices(kind, stream) %}
    {%- set structure = {'metric': 'MAP(VARCHAR, VARCHAR)', 'values': [['VARCHAR']], 'histograms': 'JSON'} %}
    select
        source, scope, slice_started_at, step_seconds, record_id, series_labels,
        unnest(coalesce(record.values, []) || if(record.values is null or record.histograms is not null, [null], []))
            as sample
    from (
        select
            source, scope, parent_key, record_id, page_position, ordinal, record,
            {{ read_as("split_part(parent_key, '/', 1)", 'timestamptz') }} as slice_started_at,
            {{ read_as("split_part(parent_key, '/', 2)", 'integer') }} as step_seconds,
            {{ sorted_labels('record.metric') }} as series_labels
        from ({{ records_of_changed_sets(kind, stream, structure, wrapped_in=['data', 'result']) }})
        {{ once_in_its_set('scope, parent_key', ['series_labels']) }}
    )
{%- endmacro %}

{# The columns of a sample. Values are texts at the source: NaN and infinities are numbers here, a value that is none
   is a loss and still stands as text. #}
{% macro sample_columns() %}
    {{ return([
        ('value_text', 'sample[2]', 'varchar'),
        ('value', 'sample[2]', 'double'),
    ]) }}
{% endmacro %}

{# The instant of a sample. Milliseconds are exact in a double, which is read far quicker than a decimal: there are
   millions of samples. #}
{% macro sampled_at() -%}
    make_timestamptz(try_cast(round(try_cast(sample[1] as double) * 1000000) as bigint))
{%- endmacro %}

{% macro sorted_labels(labels) -%}
    to_json(map_from_entries(list_sort(map_entries({{ labels }}))))::varchar
{%- endmacro %}
