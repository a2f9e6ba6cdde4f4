"""Sound models of what has a length: spans, a week of employment, slices, and what was read of streams."""

import duckdb

_SPANS = """
    alter table marts.fct_issues add column created_at timestamptz;
    update marts.fct_issues set created_at = '2026-01-05T09:00:00.500Z';
    create table marts.fct_issue_status_spans as
    select
        issue_id, span_number, started_at::timestamptz as started_at, duration_seconds, is_current
    from marts.fct_issues
    cross join (values
        (1, '2026-01-05T09:00:00.500Z', 60, false),
        (2, '2026-01-05T09:01:00.100Z', 3600, false),
        (3, '2026-01-05T10:01:00.900Z', null, true)
    ) as spans (span_number, started_at, duration_seconds, is_current);
"""

# The first one works four fifths for two teams, the second full time for none and is away on Wednesday.
_EXPOSURE = """
    create table intermediate.int_reporting as from config.reporting;
    create table intermediate.int_people (
        account_token varchar, person_token varchar, valid_from timestamptz, valid_until timestamptz
    );
    insert into intermediate.int_people values ('account', 'second', '0001-01-01', '9999-12-31');
    create table intermediate.int_team_employments (
        person_token varchar, source varchar, fte_units integer, working_calendar varchar,
        valid_from timestamptz, valid_until timestamptz
    );
    insert into intermediate.int_team_employments values
        ('first', 'roster', 8000, null, '2025-01-01', '2026-01-07T23:00:00Z'),
        ('second', 'roster', 10000, 'other', '2026-01-05T23:00:00Z', '9999-12-31'),
        ('second', 'more', 5000, 'other', '2026-01-05T23:00:00Z', '9999-12-31');
    create table intermediate.int_team_working_days as
    select calendar_id, working_date::date as working_date
    from (values ('', '2026-01-05'), ('', '2026-01-07'), ('other', '2026-01-06'), ('other', '2026-01-07'))
        as days (calendar_id, working_date);
    create table staging.stg_roster__leave (
        source varchar, person_token varchar, from_date date, until_date date
    );
    insert into staging.stg_roster__leave values ('roster', 'account', '2026-01-07', '2026-01-08');
    create table intermediate.int_team_member_days as
    select person_token, exposure_date::date as exposure_date, team_id, fte_days::decimal(18, 4) as fte_days
    from (values
        ('first', '2026-01-05', 'payments', 0.5), ('first', '2026-01-05', 'commerce', 0.3),
        ('first', '2026-01-07', 'payments', 0.5), ('first', '2026-01-07', 'commerce', 0.3),
        ('second', '2026-01-06', null, 1), ('unknown', '2026-01-06', 'payments', 0)
    ) as days (person_token, exposure_date, team_id, fte_days);
    create table intermediate.int_team_exposure_days as
    select team_id, exposure_date, sum(fte_days)::decimal(18, 4) as own_fte_days
    from intermediate.int_team_member_days
    where team_id is not null
    group by all;
"""

_SLICES = """
    create table intermediate.int_sli_extents (objective_id varchar, first_slice bigint, last_slice bigint);
    insert into intermediate.int_sli_extents values ('answers', 10, 13), ('unmeasured', 10, 9);
    create table intermediate.int_sli_slices as
    select 'answers' as objective_id, unnest(range(10, 14)) as slice_number;
"""

# The releases of a repository that is gone were read before the range ended, and nothing else of it later.
_PLACES = """
    create table marts.mart_stream_completeness as
    select
        source, source as kind, stream, scope, read_until::timestamptz as read_until,
        case when scope = 'acme/gone'
            then [{'gap_from': read_until::timestamptz, 'gap_until': timestamptz '2026-02-28T23:00:00Z'}]
            else []
        end as gaps
    from (values
        ('github', 'issues', 'acme/shop', '2026-03-02T10:00:00Z'),
        ('github', 'releases', 'acme/shop', '2026-03-02T10:05:00Z'),
        ('github', 'releases', 'acme/gone', '2026-02-12T10:05:00Z')
    ) as places (source, stream, scope, read_until);
"""

# Deployments and issues of the shop come from its repository; the search is owned by nobody.
_FEEDING = """
    alter table marts.dim_metrics add column fact_relation varchar default 'marts.fct_deployments';
    create table intermediate.int_metric_streams (fact_relation varchar, kind varchar, stream varchar);
    insert into intermediate.int_metric_streams values
        ('marts.fct_deployments', 'github', 'deployments'), ('marts.fct_deployments', 'github', 'issues'),
        ('marts.fct_deployments', 'github', 'releases'), ('marts.fct_reviews', 'github', 'reviews');
    create table intermediate.int_reporting_periods as
    select 'month' as period_grain, month::date as period_start, ends_at - interval 1 month as starts_at,
        ends_at
    from (values
        ('2026-01-01', timestamptz '2026-01-31T23:00:00Z'), ('2026-02-01', timestamptz '2026-02-28T23:00:00Z')
    ) as months (month, ends_at);
    create table intermediate.int_repository_names (name varchar, repository varchar);
    create table intermediate.int_services as from marts.dim_services;
    create table intermediate.int_service_owners_dated (
        service_id varchar, team_path varchar[], valid_from timestamptz, valid_until timestamptz
    );
    insert into intermediate.int_service_owners_dated values
        ('shop', ['payments', 'trade'], '2025-01-01', '2026-02-01'),
        ('shop', ['commerce', 'trade'], '2026-02-01', '9999-12-31');
"""


def write(con: duckdb.DuckDBPyConnection) -> None:
    """Add them to a warehouse that holds the sound marts."""
    for sql in (_SPANS, _EXPOSURE, _SLICES, _PLACES, _FEEDING):
        con.execute(sql)
