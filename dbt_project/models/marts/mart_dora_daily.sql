-- Grain: one row per scope and day of the reporting time zone, from the scope's first deployment on.
{{ dora_wide('day') }}
