-- Grain: one row per scope and week of the reporting time zone.
{{ dora_wide('week') }}
