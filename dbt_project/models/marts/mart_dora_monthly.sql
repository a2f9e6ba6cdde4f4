-- Grain: one row per scope and month of the reporting time zone.
{{ dora_wide('month') }}
