"""What DuckDB's functions do to a value's shape, where the parser knows them by name only."""

AGGREGATES = frozenset(
    {
        "approx_top_k",
        "arbitrary",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bitstring_agg",
        "bool_and",
        "bool_or",
        "corr",
        "covar_pop",
        "covar_samp",
        "entropy",
        "favg",
        "fsum",
        "geomean",
        "geometric_mean",
        "histogram",
        "histogram_exact",
        "kahan_sum",
        "kurtosis",
        "kurtosis_pop",
        "mad",
        "product",
        "quantile",
        "quantile_cont",
        "quantile_disc",
        "reservoir_quantile",
        "sem",
        "skewness",
        "sum_no_overflow",
        "sumkahan",
        "stddev_pop",
        "stddev_samp",
        "var_pop",
        "var_samp",
        "weighted_avg",
    }
)
"""Aggregates whose result is another kind of value than what they read."""

PICKING_AGGREGATES = frozenset(
    {
        "any_value",
        "arbitrary",
        "first",
        "last",
        "max",
        "min",
        "mode",
        "arg_min",
        "arg_max",
        "max_by",
        "min_by",
    }
)
"""Aggregates that hand on one of the values that they read."""

RANKINGS = frozenset({"row_number", "rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist", "ntile"})
"""Window functions that read rows, not values."""

NEIGHBOURS = frozenset({"lag", "lead", "first_value", "last_value", "nth_value"})
"""Window functions that hand on the value of another row."""

KEEPING_LISTS = frozenset(
    {
        "array_distinct",
        "array_filter",
        "array_pop_back",
        "array_pop_front",
        "array_resize",
        "array_reverse",
        "array_reverse_sort",
        "array_slice",
        "array_sort",
        "array_to_sorted",
        "array_where",
        "list_distinct",
        "list_filter",
        "list_grade_up",
        "list_resize",
        "list_reverse",
        "list_reverse_sort",
        "list_select",
        "list_slice",
        "list_sort",
        "list_where",
        "array_unique",
        "sort_array",
    }
)
"""Functions that return some elements of their first argument."""

JOINING_LISTS = frozenset(
    {
        "array_append",
        "array_cat",
        "array_concat",
        "array_intersect",
        "array_prepend",
        "array_push_back",
        "array_push_front",
        "list_append",
        "list_cat",
        "list_concat",
        "list_intersect",
        "list_prepend",
    }
)
"""Functions that return elements of all their arguments, which may be lists or elements."""

MAPPING_LISTS = frozenset(
    {"list_transform", "list_apply", "array_transform", "array_apply", "apply", "transform"}
)
MAKING_LISTS = frozenset({"list_value", "list_pack", "array_value"})
TAKING_ELEMENTS = frozenset(
    {"list_extract", "array_extract", "list_element", "element_at", "map_extract_value"}
)
TAKING_FIELDS = frozenset(
    {"struct_extract", "struct_extract_at", "json_extract", "json_extract_path", "json_extract_string"}
)
PARSING_JSON = frozenset(
    {
        "from_json",
        "from_json_strict",
        "json_transform",
        "json_transform_strict",
        "json",
        "json_parse",
        "parse_json",
    }
)
TAKING_JSON = frozenset(
    {
        "json_extract",
        "json_extract_path",
        "json_extract_string",
        "json_extract_path_text",
        "json_value",
        "json_query",
    }
)
FLATTENING = frozenset(["flatten"])

TABLE_FUNCTION_COLUMNS = {
    "json_each": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    "json_tree": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    "range": ("range",),
    "generate_series": ("generate_series",),
    "repeat_row": ("column0",),
}
"""Columns of table functions that are known."""
