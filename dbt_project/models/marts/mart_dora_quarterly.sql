-- Grain: one row per scope and quarter of the reporting time zone.
{{ dora_wide('quarter') }}
