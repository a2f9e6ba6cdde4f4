-- Grain: one row per year, cluster and metric of the published DORA reports: what the cluster's members answered.
-- The clusters come from all metrics together and are not monotone in each: 2024 has the high cluster failing more often
-- than the medium one. 2025 has none. DEFINITIONS §1.
{% set answers = {
    'deployment_frequency': {
        'on demand': [6, 6], 'many a day': [6, 6], 'day to week': [4, 4], 'week to month': [3, 3],
        'month to 6 months': [2, 2], 'less than one in 6 months': [1, 1],
    },
    'duration': {
        '< 1 hour': [6, 6], '< 1 day': [5, 6], '1 day to 1 week': [4, 4], '1 week to 1 month': [3, 3],
        '1 to 6 months': [2, 2], '> 6 months': [1, 1],
    },
} %}
{% set published = [
    (2021, 'elite', 'on demand', '< 1 hour', '< 1 hour', (0, 15)),
    (2021, 'high', 'week to month', '1 day to 1 week', '< 1 day', (16, 30)),
    (2021, 'medium', 'month to 6 months', '1 to 6 months', '1 day to 1 week', (16, 30)),
    (2021, 'low', 'less than one in 6 months', '> 6 months', '> 6 months', (16, 30)),
    (2022, 'high', 'many a day', '1 day to 1 week', '< 1 day', (0, 15)),
    (2022, 'medium', 'week to month', '1 week to 1 month', '1 day to 1 week', (16, 30)),
    (2022, 'low', 'month to 6 months', '1 to 6 months', '1 week to 1 month', (46, 60)),
    (2023, 'elite', 'on demand', '< 1 day', '< 1 hour', (5, 5)),
    (2023, 'high', 'day to week', '1 day to 1 week', '< 1 day', (10, 10)),
    (2023, 'medium', 'week to month', '1 day to 1 week', '1 day to 1 week', (15, 15)),
    (2023, 'low', 'week to month', '1 week to 1 month', '1 to 6 months', (64, 64)),
    (2024, 'elite', 'on demand', '< 1 day', '< 1 hour', (5, 5)),
    (2024, 'high', 'day to week', '1 day to 1 week', '< 1 day', (20, 20)),
    (2024, 'medium', 'week to month', '1 week to 1 month', '< 1 day', (10, 10)),
    (2024, 'low', 'month to 6 months', '1 to 6 months', '1 week to 1 month', (40, 40)),
] %}
{% set ranks = {'elite': 1, 'high': 2, 'medium': 3, 'low': 4} %}
{% set rows = [] %}
{% for year, cluster, frequency, lead, recovery, failing in published %}
    {% for metric, answer in [
        ('deployment_frequency', frequency), ('change_lead_time', lead), ('failed_deployment_recovery_time', recovery),
    ] %}
        {% set steps = answers[metric if metric == 'deployment_frequency' else 'duration'][answer] %}
        {% do rows.append((year, cluster, metric, answer, (steps[0] - 1) * 2, (steps[1] - 1) * 2)) %}
    {% endfor %}
    {% set shown = failing[0] ~ ('' if failing[0] == failing[1] else '-' ~ failing[1]) ~ ' %' %}
    {% do rows.append(
        (year, cluster, 'change_fail_rate', shown, (100 - failing[1]) / 10, (100 - failing[0]) / 10)
    ) %}
{% endfor %}
select
    cast(year as integer) as year,
    cluster,
    cast(cluster_rank as integer) as cluster_rank,
    metric,
    answer,
    cast(lowest_score as decimal(9, 6)) as lowest_score,
    cast(highest_score as decimal(9, 6)) as highest_score
from (
    values
    {% for year, cluster, metric, answer, lowest, highest in rows %}
    ({{ year }}, '{{ cluster }}', {{ ranks[cluster] }}, '{{ metric }}', '{{ answer }}', {{ lowest }}, {{ highest }})
    {{- ',' if not loop.last }}
    {% endfor %}
) as clusters (year, cluster, cluster_rank, metric, answer, lowest_score, highest_score)
order by year, cluster_rank, metric
