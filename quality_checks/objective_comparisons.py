"""Windows of objectives against their slices and their definitions, with budgets reckoned a second time.

The newest windows of each objective and kind are added up from the slices; all windows must agree with
themselves.
"""

from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD
from quality_checks.offending_rows import no_row_offends

_WINDOWS: Final = "marts.fct_slo_windows"
_NEWEST: Final = f"""
    select *
    from {_WINDOWS}
    where not is_composite
    qualify row_number() over (partition by objective_id, window_kind order by window_ends_at desc) <= 4
"""
_AMOUNTS: Final = ("counted_units", "spent_units", "good_count", "total_count")
_ITEM: Final = f"concat_ws(' ', slo_window_id, unnest({list(_AMOUNTS)})) as item"


def _millionths(amounts: str) -> str:
    listed = ", ".join(f"round({amounts.format(column=column)} * 1000000)::hugeint" for column in _AMOUNTS)
    return f"unnest([{listed}]) as value"


_SLICES_ADD_UP: Final = Comparison(
    name="slo_windows_add_up_their_slices",
    subjects=(_WINDOWS,),
    layer="facts",
    sentence="What a window of an objective counts is what its slices count, each once.",
    left=f"""
        select {_ITEM}, {_millionths("coalesce(sum(slices.{column}), 0)")}
        from ({_NEWEST}) as windows
        left join intermediate.int_sli_slices as slices
            on slices.objective_id = windows.objective_id
            and slices.slice_started_at >= windows.window_starts_at
            and slices.slice_started_at < windows.window_ends_at
        group by slo_window_id
    """,
    right=f"select {_ITEM}, {_millionths('coalesce({column}, 0)')} from ({_NEWEST})",
    measure="millionths",
    remedy=REBUILD,
    tolerance=1,
)

# a budget may be exceeded: what is left is negative then
_RECKONED: Final = f"""
    select slo_window_id as item
    from {_WINDOWS} as windows
    inner join config.slo_objectives as objectives using (objective_id)
    where not is_composite and (
        objective_ratio is distinct from target_ratio
        or abs(budget_left_units + spent_units - budget_units) > 0.000001
        or abs(attainment_ratio * counted_units + spent_units - counted_units)
            > 0.000001 * (counted_units + 1)
        or (attainment_ratio is null) <> (counted_units = 0)
        or (is_partial is false and abs(budget_units - (1 - target_ratio) * counted_units) > 0.000001)
        or is_met is distinct from case
            when counted_units > 0 then spent_units <= (1 - target_ratio) * counted_units
        end
        or slice_count < gap_slice_count + no_traffic_slice_count
        or (is_partial is false and slice_count * windows.slice_seconds <> (
            epoch_us(window_ends_at) - epoch_us(window_starts_at)
        ) // 1000000)
    )
"""

OBJECTIVE_COMPARISONS: tuple[Comparison, ...] = (
    _SLICES_ADD_UP,
    no_row_offends(
        "slo_budgets_are_of_their_objective",
        "Attainment, budget and what is left of it follow from the objective's target and what was counted.",
        {_WINDOWS: _RECKONED},
        measure="windows",
    ),
)
