"""The columns of the tables that definitions arrive in, schema `config`."""

from collections.abc import Mapping
from typing import Final

_SHARE: Final = "decimal(18,9)"
SLO_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "slo_objectives": {
        "slo_id": "varchar",
        "objective_id": "varchar",
        "objective_number": "integer",
        "title": "varchar",
        "service_id": "varchar",
        "indicator_kind": "varchar",
        "is_counter": "boolean",
        "is_failure_ratio": "boolean",
        "budgeting_method": "varchar",
        "target_ratio": _SHARE,
        "slice_seconds": "bigint",
        "slice_target_ratio": _SHARE,
        "threshold_operator": "varchar",
        "threshold_value": _SHARE,
        "no_traffic_policy": "varchar",
        "gap_policy": "varchar",
        "window_kind": "varchar",
        "window_count": "integer",
        "window_unit": "varchar",
        "window_seconds": "bigint",
        "window_starts_local_at": "timestamp",
        "window_time_zone": "varchar",
        "composite_weight": _SHARE,
        "definition_file": "varchar",
    },
    "slo_signals": {
        "objective_id": "varchar",
        "signal_role": "varchar",
        "source_kind": "varchar",
        "source": "varchar",
        "query_name": "varchar",
        "step_seconds": "integer",
        "matcher_count": "integer",
    },
    "slo_matchers": {
        "objective_id": "varchar",
        "signal_role": "varchar",
        "label": "varchar",
        "operator": "varchar",
        "label_value": "varchar",
    },
    "slo_alert_rules": {
        "objective_id": "varchar",
        "rule_name": "varchar",
        "severity": "varchar",
        "long_window_seconds": "integer",
        "short_window_seconds": "integer",
        "budget_share_ratio": _SHARE,
        "burn_rate_threshold": _SHARE,
    },
}
