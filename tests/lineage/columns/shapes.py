"""Shapes of SQL and the edges that they must have, written by hand.

A shape's edges are spelled `column = input input …; …`, where `rows` stands for the whole output. An input
is `table.column`, then perhaps a path `$…`; before it stands how it is used: nothing for IDENTITY, `~`
TRANSFORMATION, `+` AGGREGATION, `J:` JOIN, `F:` FILTER, `G:` GROUP_BY, `S:` SORT, `W:` WINDOW, `C:`
CONDITIONAL. A column without inputs is a constant.
"""

from typing import NamedTuple

TABLES = {
    "t": {"a": "INTEGER", "b": "INTEGER", "c": "VARCHAR", "d": "INTEGER"},
    "u": {"a": "INTEGER", "k": "INTEGER", "v": "VARCHAR"},
    "n": {
        "id": "INTEGER",
        "s": "STRUCT(x INTEGER, y STRUCT(z INTEGER))",
        "l": "INTEGER[]",
        "sl": "STRUCT(p INTEGER, q VARCHAR)[]",
        "doc": "JSON",
        "body": "VARCHAR",
        "m": "MAP(VARCHAR, INTEGER)",
        "raw": "BLOB",
    },
    "raw.t": {"a": "INTEGER", "z": "INTEGER"},
}


class Shape(NamedTuple):
    """One query and its edges."""

    name: str
    sql: str
    edges: str


PLAIN = (
    Shape("columns as they are", "select a, b from t", "a = t.a; b = t.b"),
    Shape("an alias", "select a as x from t", "x = t.a"),
    Shape("a qualified column", "select t.a from t", "a = t.a"),
    Shape("a table's alias", "select o.a from t as o", "a = t.a"),
    Shape("renamed columns of a table", "select p, q from t as o(p, q)", "p = t.a; q = t.b"),
    Shape("a schema", "select raw.t.z from raw.t", "z = raw.t.z"),
    Shape("two tables of one name", "select x.a, y.z from t x, raw.t y", "a = t.a; z = raw.t.z"),
    Shape("arithmetic", "select a + b * 2 as x from t", "x = ~t.a ~t.b"),
    Shape("a function", "select upper(c) as x from t", "x = ~t.c"),
    Shape("a function called on its value", "select c.upper() as x from t", "x = ~t.c"),
    Shape("a cast", "select a::varchar as x, try_cast(c as date) as y from t", "x = ~t.a; y = ~t.c"),
    Shape("a constant beside a column", "select 1 as one, a from t", "one =; a = t.a"),
    Shape("concatenated text", "select c || '-' || a as x from t", "x = ~t.c ~t.a"),
    Shape("a comparison", "select a > b as x from t", "x = ~t.a ~t.b"),
    Shape("between", "select a between b and d as x from t", "x = ~t.a ~t.b ~t.d"),
    Shape(
        "an alias used by a later column", "select a + 1 as x, x * b as y from t", "x = ~t.a; y = ~t.a ~t.b"
    ),
    Shape("a column wins over an alias of its name", "select b as a, a as e from t", "a = t.b; e = t.a"),
    Shape("from first", "from t select a", "a = t.a"),
    Shape("from alone", "from u", "a = u.a; k = u.k; v = u.v"),
    Shape("quoted names in capitals", 'select "A" as "X" from "T"', "x = t.a"),
    Shape("values", "select p, q from (values (1, 2)) v(p, q)", "p =; q ="),
    Shape("a row of a table as a struct", "select u.a as x from (select t as w, a from t) u", "x = t.a"),
)

CHOICES = (
    Shape("case", "select case when a > 1 then b else d end as x from t", "x = t.b t.d C:t.a"),
    Shape("case over a value", "select case a when 1 then c end as x from t", "x = t.c C:t.a"),
    Shape("if", "select if(a = 1, b, 0) as x from t", "x = t.b C:t.a"),
    Shape("coalesce", "select coalesce(a, b) as x from t", "x = t.a t.b C:t.a"),
    Shape("nullif", "select nullif(a, b) as x from t", "x = t.a C:t.a C:t.b"),
    Shape("a choice inside a sum", "select sum(case when a = 1 then b end) as x from t", "x = +t.b C:t.a"),
)

STARS = (
    Shape("star", "select * from u", "a = u.a; k = u.k; v = u.v"),
    Shape("star without a column", "select * exclude (v) from u", "a = u.a; k = u.k"),
    Shape(
        "star with a replaced column", "select * replace (k + 1 as k) from u", "a = u.a; k = ~u.k; v = u.v"
    ),
    Shape("star with a renamed column", "select * rename (k as key) from u", "a = u.a; key = u.k; v = u.v"),
    Shape("a table's star", "select u.*, t.b from t, u", "a = u.a; k = u.k; v = u.v; b = t.b"),
    Shape("star like a pattern", "select * like 'k%' from u", "k = u.k"),
    Shape("columns by pattern", "select columns('^(a|k)$') from u", "a = u.a; k = u.k"),
    Shape("columns by lambda", "select columns(lambda c: c like 'v%') from u", "v = u.v"),
    Shape("a function over columns", "select min(columns(*)) from u", "a = +u.a; k = +u.k; v = +u.v"),
    Shape("columns unpacked into a call", "select coalesce(*columns('a|k')) as x from u", "x = u.a u.k"),
    Shape(
        "two tables' columns of one name",
        "select * from u x, u y",
        "a = u.a; k = u.k; v = u.v; a_1 = u.a; k_1 = u.k; v_1 = u.v",
    ),
    Shape("a struct's star", "select s.* from n", "x = n.s$.x; y = n.s$.y"),
    Shape(
        "a made struct's star", "select w.* from (select {'p': a, 'q': b} as w from t)", "p = t.a; q = t.b"
    ),
)

ROWS = (
    Shape("where", "select a from t where b > 1 and c is not null", "a = t.a; rows = F:t.b F:t.c"),
    Shape("where by an alias", "select a + 1 as x from t where x > 2", "x = ~t.a; rows = F:t.a"),
    Shape("group by", "select a, sum(b) as x from t group by a", "a = t.a; x = +t.b; rows = G:t.a"),
    Shape("group by place", "select a, count(b) as x from t group by 1", "a = t.a; x = +t.b; rows = G:t.a"),
    Shape("group by all", "select a, max(b) as x from t group by all", "a = t.a; x = +t.b; rows = G:t.a"),
    Shape(
        "group by an expression's alias",
        "select a % 2 as x, min(b) as y from t group by x",
        "x = ~t.a; y = +t.b; rows = G:t.a",
    ),
    Shape(
        "grouping sets",
        "select a, c, sum(b) as x from t group by grouping sets ((a), (c), ())",
        "a = t.a; c = t.c; x = +t.b; rows = G:t.a G:t.c",
    ),
    Shape(
        "rollup",
        "select a, c, sum(b) as x from t group by rollup (a, c)",
        "a = t.a; c = t.c; x = +t.b; rows = G:t.a G:t.c",
    ),
    Shape("having", "select a from t group by a having sum(b) > 1", "a = t.a; rows = G:t.a F:t.b"),
    Shape("order by", "select a from t order by b", "a = t.a; rows = S:t.b"),
    Shape(
        "order by an alias before a column",
        "select -b as a from t order by a limit 1",
        "a = ~t.b; rows = S:t.b",
    ),
    Shape("order by all", "select a, b from t order by all", "a = t.a; b = t.b; rows = S:t.a S:t.b"),
    Shape("distinct", "select distinct a, b from t", "a = t.a; b = t.b; rows = G:t.a G:t.b"),
    Shape(
        "distinct on", "select distinct on (a) b from t order by a, d", "b = t.b; rows = G:t.a S:t.a S:t.d"
    ),
    Shape(
        "a limit that is computed",
        "select a from t order by a limit (select max(k) from u)",
        "a = t.a; rows = S:t.a F:u.k",
    ),
    Shape(
        "qualify",
        "select a from t qualify row_number() over (partition by b order by d) = 1",
        "a = t.a; rows = W:t.b W:t.d",
    ),
    Shape(
        "qualify by an alias",
        "select a, max(d) over (partition by b) as x from t qualify x > 1",
        "a = t.a; x = +t.d W:t.b; rows = F:t.d W:t.b",
    ),
)

AGGREGATES = (
    Shape("count of rows", "select count(*) as n from t", "n = +t.*"),
    Shape(
        "count of rows of a join",
        "select count(*) as n from t join u on t.a = u.a",
        "n = +t.* +u.*; rows = J:t.a J:u.a",
    ),
    Shape("count of filtered rows", "select count(*) filter (where b > 1) as n from t", "n = +t.* F:t.b"),
    Shape("count distinct", "select count(distinct a) as n from t", "n = +t.a"),
    Shape("sum with a filter", "select sum(a) filter (where c = 'x') as x from t", "x = +t.a F:t.c"),
    Shape("the greatest by another", "select arg_max(a, b) as x from t", "x = +t.a S:t.b"),
    Shape("an ordered list", "select list(a order by b desc) as x from t", "x = +t.a S:t.b"),
    Shape("ordered text", "select string_agg(c, ',' order by a) as x from t", "x = +t.c S:t.a"),
    Shape("a quantile", "select quantile_cont(a, 0.9) as x, median(b) as y from t", "x = +t.a; y = +t.b"),
    Shape("within group", "select mode() within group (order by a) as x from t", "x = +t.a"),
    Shape(
        "an aggregate that the parser does not know",
        "select product(a) as x, kurtosis(b) as y from t",
        "x = +t.a; y = +t.b",
    ),
    Shape(
        "an aggregate inside arithmetic",
        "select sum(a) / nullif(count(*), 0) as x from t",
        "x = +t.a +t.* C:t.*",
    ),
)

WINDOWS = (
    Shape("a rank", "select row_number() over (partition by a order by b) as x from t", "x = W:t.a W:t.b"),
    Shape("a rank over everything", "select row_number() over () as x from t", "x = W:t.*"),
    Shape(
        "a running sum", "select sum(b) over (partition by a order by d) as x from t", "x = +t.b W:t.a W:t.d"
    ),
    Shape("a neighbour", "select lag(b) over (order by d) as x from t", "x = ~t.b W:t.d"),
    Shape(
        "a named window", "select sum(b) over w as x from t window w as (partition by a)", "x = +t.b W:t.a"
    ),
    Shape(
        "the first that is not empty",
        "select first_value(b ignore nulls) over (order by d) as x from t",
        "x = ~t.b W:t.d",
    ),
    Shape(
        "a frame of a column's size",
        "select sum(a) over (order by d range between b preceding and current row) as x from t",
        "x = +t.a W:t.d W:t.b",
    ),
    Shape(
        "a filtered window",
        "select count(*) filter (where b > 1) over (partition by a) as x from t",
        "x = +t.* F:t.b W:t.a",
    ),
)

JOINS = (
    Shape("inner join", "select t.b, u.k from t join u on t.a = u.a", "b = t.b; k = u.k; rows = J:t.a J:u.a"),
    Shape(
        "left join with a condition",
        "select b, k from t left join u on t.a = u.a and u.v = 'x'",
        "b = t.b; k = u.k; rows = J:t.a J:u.a J:u.v",
    ),
    Shape("using", "select a, b, k from t join u using (a)", "a = t.a; b = t.b; k = u.k; rows = J:t.a J:u.a"),
    Shape(
        "star of using",
        "select * from u join (select a, d from t) w using (a)",
        "a = u.a; k = u.k; v = u.v; d = t.d; rows = J:u.a J:t.a",
    ),
    Shape("a full join's key", "select a from t full join u using (a)", "a = t.a u.a; rows = J:t.a J:u.a"),
    Shape("a right join's key", "select a from t right join u using (a)", "a = u.a; rows = J:t.a J:u.a"),
    Shape("natural join", "select a, k from t natural join u", "a = t.a; k = u.k; rows = J:t.a J:u.a"),
    Shape(
        "semi join",
        "select * from u semi join t on u.a = t.a",
        "a = u.a; k = u.k; v = u.v; rows = J:u.a J:t.a",
    ),
    Shape("anti join", "select k from u anti join t using (a)", "k = u.k; rows = J:u.a J:t.a"),
    Shape(
        "as of join",
        "select t.b, u.k from t asof join u on t.a = u.a and t.d >= u.k",
        "b = t.b; k = u.k; rows = J:t.a J:u.a J:t.d J:u.k",
    ),
    Shape("positional join", "select b, k from t positional join u", "b = t.b; k = u.k"),
    Shape("cross join", "select b, k from t cross join u", "b = t.b; k = u.k"),
    Shape(
        "a comma and a condition",
        "select b, k from t, u where t.a = u.a",
        "b = t.b; k = u.k; rows = F:t.a F:u.a",
    ),
    Shape(
        "joins in brackets",
        "select b, k, z from t left join (u join raw.t r on u.a = r.a) on t.a = r.z",
        "b = t.b; k = u.k; z = raw.t.z; rows = J:u.a J:raw.t.a J:t.a J:raw.t.z",
    ),
    Shape(
        "a joined subquery's filter",
        "select b from t join (select a from u where k > 1) w on t.a = w.a",
        "b = t.b; rows = F:u.k J:t.a J:u.a",
    ),
)

QUERIES = (
    Shape(
        "a common table",
        "with w as (select a + 1 as x from t where b > 0) select x * 2 as y from w",
        "y = ~t.a; rows = F:t.b",
    ),
    Shape(
        "a chain of common tables",
        "with w as (select a, sum(b) as s from t group by a), z as (select s from w where a > 1) select max(s) as m from z",
        "m = +t.b; rows = G:t.a F:t.a",
    ),
    Shape("a common table's own names", "with w(x, y) as (select a, b from t) select y from w", "y = t.b"),
    Shape(
        "a common table inside a subquery",
        "select x from (with w as (select a as x from t) select x from w)",
        "x = t.a",
    ),
    Shape("a common table that hides a table", "with t as (select k as a from u) select a from t", "a = u.k"),
    Shape("union all", "select a, c from t union all select k, v from u", "a = t.a u.k; c = t.c u.v"),
    Shape(
        "union all by name",
        "select a, b from t union all by name select k as b, a from u",
        "a = t.a u.a; b = t.b u.k",
    ),
    Shape(
        "union by name with a new column",
        "select a from t union all by name select k from u",
        "a = t.a; k = u.k",
    ),
    Shape("union", "select a from t union select k from u", "a = t.a u.k; rows = G:t.a G:u.k"),
    Shape("except", "select a from t except select a from u", "a = t.a; rows = F:t.a F:u.a"),
    Shape("intersect", "select a from t intersect select a from u", "a = t.a; rows = F:t.a F:u.a"),
    Shape(
        "a recursive table",
        "with recursive r as (select a, b from t union all select r.a + 1, u.k from r join u on u.a = r.a) select a, b from r",
        "a = t.a ~t.a; b = t.b u.k; rows = J:u.a J:t.a",
    ),
    Shape(
        "a recursive table with a key",
        "with recursive r(x, y) using key (x) as (select a, b from t union select x, y + 1 from r where y < 9) select y from r",
        "y = t.b ~t.b; rows = F:t.b G:t.a",
    ),
    Shape(
        "exists",
        "select a from t where exists (select 1 from u where u.a = t.a)",
        "a = t.a; rows = F:u.* F:u.a F:t.a",
    ),
    Shape(
        "in",
        "select a from t where b in (select k from u where v = 'x')",
        "a = t.a; rows = F:t.b F:u.k F:u.v",
    ),
    Shape("not in a list", "select a from t where b not in (1, d)", "a = t.a; rows = F:t.b F:t.d"),
    Shape("a scalar subquery", "select (select max(k) from u) as x from t", "x = +u.k"),
    Shape(
        "a correlated subquery",
        "select (select sum(k) from u where u.a = t.a) as x from t",
        "x = +u.k F:u.a F:t.a",
    ),
    Shape("any", "select a = any (select k from u) as x from t", "x = ~t.a ~u.k"),
    Shape("a subquery as an array", "select array(select k from u order by a) as x", "x = +u.k S:u.a"),
    Shape("exists as a value", "select exists (from u where u.a = t.a) as x from t", "x = +u.* F:u.a F:t.a"),
    Shape(
        "lateral",
        "select e.x from t, lateral (select t.a + u.k as x from u where u.a = t.b) e",
        "x = ~t.a ~u.k; rows = F:u.a F:t.b",
    ),
    Shape("lateral without the word", "select e.x from t, (select t.a as x) e", "x = t.a"),
)

NESTED = (
    Shape("a struct's field", "select s.x, s.y.z from n", "x = n.s$.x; z = n.s$.y.z"),
    Shape("a field of a qualified column", "select n.s.y.z as x from n", "x = n.s$.y.z"),
    Shape(
        "a field by its text",
        "select s['x'] as x, struct_extract(s, 'y').z as z from n",
        "x = n.s$.x; z = n.s$.y.z",
    ),
    Shape(
        "a made struct taken apart", "select w.p as x from (select {'p': a, 'q': b} as w from t)", "x = t.a"
    ),
    Shape("a struct from struct_pack", "select struct_pack(p := a, q := b) as x from t", "x = t.a t.b"),
    Shape("an element", "select l[1] as x, l[-1] as y from n", "x = n.l$[*]; y = n.l$[*]"),
    Shape("an element at a computed place", "select l[id] as x from n", "x = n.l$[*] C:n.id"),
    Shape("a part of a list", "select l[1:2] as x from n", "x = ~n.l"),
    Shape("a field of an element", "select sl[1].p as x from n", "x = n.sl$[*].p"),
    Shape("unnest", "select unnest(sl).q as x from n", "x = n.sl$[*].q"),
    Shape("an unnested struct", "select unnest(s) from n", "x = n.s$.x; y = n.s$.y"),
    Shape(
        "unnest to the bottom",
        "select unnest(sl, recursive := true) from n",
        "p = n.sl$[*].p; q = n.sl$[*].q",
    ),
    Shape("unnest in from", "select id, e.p from n, unnest(n.sl) as w(e)", "id = n.id; p = n.sl$[*].p"),
    Shape("unnest in from by its name", "select x from n, unnest(n.l) as x", "x = n.l$[*]"),
    Shape(
        "rows of an unnested list are counted",
        "select count(*) as x from (select unnest(l) from n)",
        "x = +n.* +n.l",
    ),
    Shape("a made list", "select [a, b] as x, list_value(a, d) as y from t", "x = t.a t.b; y = t.a t.d"),
    Shape("an unnested made list", "select unnest([{'p': a}, {'p': b}]).p as x from t", "x = t.a t.b"),
    Shape(
        "a lambda over a list",
        "select list_transform(sl, lambda e: e.p + id) as x from n",
        "x = ~n.sl$[*].p ~n.id",
    ),
    Shape(
        "a list filtered", "select list_filter(l, lambda e: e > id) as x from n", "x = ~n.l F:n.l$[*] F:n.id"
    ),
    Shape(
        "a field of a filtered list",
        "select list_filter(sl, lambda e: e.q = 'x')[1].p as x from n",
        "x = ~n.sl$[*].p F:n.sl$[*].q",
    ),
    Shape(
        "a comprehension", "select [e.p for e in sl if e.q = 'x'] as x from n", "x = n.sl$[*].p F:n.sl$[*].q"
    ),
    Shape(
        "a lambda inside a lambda",
        "select list_transform(l, lambda p: list_transform(l, lambda q: p + q)) as x from n",
        "x = ~n.l$[*]",
    ),
    Shape(
        "a list of structs by aggregation",
        "select unnest(w).p as x from (select list({'p': a, 'q': b} order by d) as w from t)",
        "x = +t.a S:t.d",
    ),
    Shape("joined lists", "select list_concat(l, [id]) as x from n", "x = ~n.l ~n.id"),
    Shape("a map's key", "select m['k'] as x from n", "x = n.m$.k"),
    Shape("the greatest struct's field", "select arg_max(s, id).x as x from n", "x = +n.s$.x S:n.id"),
)

DOCUMENTS = (
    Shape("a JSON arrow", "select doc->'a' as x, doc->>'$.a.b' as y from n", "x = n.doc$.a; y = n.doc$.a.b"),
    Shape("a chain of arrows", "select doc->'a'->>'b' as x from n", "x = n.doc$.a.b"),
    Shape("an arrow cast to a number", "select (doc->>'$.x')::integer as x from n", "x = ~n.doc$.x"),
    Shape(
        "a path through a list",
        "select json_extract_string(doc, '$.a[0].b') as x from n",
        "x = n.doc$.a[*].b",
    ),
    Shape("a quoted key", """select doc->>'$."a b"' as x from n""", 'x = n.doc$["a b"]'),
    Shape("a computed path", "select json_extract(doc, '$.' || body) as x from n", "x = ~n.doc ~n.body"),
    Shape(
        "from_json",
        """select from_json(body, '{"a": {"b": "VARCHAR"}}').a.b as x from n""",
        "x = n.body$.a.b",
    ),
    Shape(
        "an unnested document",
        """select unnest(from_json(body, '[{"a": "VARCHAR"}]')).a as x from n""",
        "x = n.body$[*].a",
    ),
    Shape(
        "a document's star",
        """select r.* from (select from_json(body, '{"a": "VARCHAR", "b": "BIGINT"}') as r from n)""",
        "a = n.body$.a; b = n.body$.b",
    ),
    Shape(
        "a document inside a document",
        """select from_json(r.a, '{"id": "VARCHAR"}').id as x from (select from_json(body, '{"a": "VARCHAR"}') as r from n)""",
        "x = n.body$.a.id",
    ),
    Shape(
        "a page of records, as staging reads it",
        """
        with records as (
            select record from (select unnest(records) as record from (
                select coalesce(try(case
                    when page = '' then [] else from_json(page, '[{"commit": {"author": {"date":
                    "VARCHAR"}}, "parents": [{"sha": "VARCHAR"}]}]')
                end), [null]) as records
                from (select try(decode(raw)) as page from n)
            ))
        )
        select try_cast(record.commit.author.date as timestamptz) as authored_at,
            list_transform(record.parents, lambda parent: parent.sha) as parent_shas
        from records""",
        "authored_at = ~n.raw$[*].commit.author.date C:n.raw; parent_shas = n.raw$[*].parents[*].sha C:n.raw",
    ),
    Shape(
        "a cast to a struct",
        "select (doc::STRUCT(a STRUCT(b INTEGER), x INTEGER)).a.b as x from n",
        "x = n.doc$.a.b",
    ),
    Shape("rows of a document", "select value as x from n, json_each(n.doc)", "x = ~n.doc"),
)

PIVOTS = (
    Shape(
        "pivot",
        "select * from (select a, b, d from t) pivot (sum(b) for d in (1, 2))",
        "1 = +t.b F:t.d; 2 = +t.b F:t.d; a = t.a; rows = G:t.a",
    ),
    Shape(
        "unpivot",
        "select * from (select c, a, b from t) unpivot (v for k in (a, b))",
        "c = t.c; k =; v = t.a t.b; rows = F:t.a F:t.b",
    ),
    Shape(
        "a pivot statement",
        "from (pivot t on d in (1, 2) using sum(b) group by a)",
        "a = t.a; 1 = +t.b F:t.d; 2 = +t.b F:t.d; rows = G:t.a",
    ),
)

SHAPES = (
    *PLAIN,
    *CHOICES,
    *STARS,
    *ROWS,
    *AGGREGATES,
    *WINDOWS,
    *JOINS,
    *QUERIES,
    *NESTED,
    *DOCUMENTS,
    *PIVOTS,
)
