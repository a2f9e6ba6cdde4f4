"""Drawing a walk as a graph: DOT for Graphviz, and SVG by layers inside one page that needs nothing else.

Relations are boxes with the columns that were reached, the sources on the left, the files on the right; a
line is an edge, solid where the value is made of its input and dashed where the input only decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from html import escape

from lineage.columns.edges import ROWS, Kind
from lineage.columns.graph import Place, Step, Walk

_ROW, _HEAD, _GAP, _LAYER_GAP, _PAD = 18, 24, 18, 110, 24
_LETTER = 6.6
_LONGEST = 46
_MOST_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A relation as it is drawn."""

    relation: str
    places: tuple[Place, ...]
    left: float
    top: float
    width: float

    @property
    def height(self) -> float:
        """Its height."""
        return _HEAD + _ROW * len(self.places) + 6

    def middle_of(self, place: Place) -> float:
        """Return where the line of a column lies."""
        return self.top + _HEAD + _ROW * (self.places.index(place) + 0.5)


def to_dot(walk: Walk) -> str:
    """Return the walk in Graphviz' language."""
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [shape=plaintext, fontname="sans-serif"];']
    for relation, places in _by_relation(walk).items():
        rows = "".join(
            f'<tr><td port="{_port(place)}" align="left">{escape(_label(place))}</td></tr>'
            for place in places
        )
        head = f"<tr><td><b>{escape(relation)}</b></td></tr>"
        table = f'<table border="0" cellborder="1" cellspacing="0">{head}{rows}</table>'
        lines.append(f"  {_quoted(relation)} [label=<{table}>];")
    for step in walk.steps:
        ends = (f"{_quoted(place.relation)}:{_quoted(_port(place))}" for place in (step.source, step.target))
        style = "solid" if _is_direct(step) else "dashed"
        lines.append(f'  {" -> ".join(ends)} [style={style}, tooltip="{step.subtype}"];')
    return "\n".join([*lines, "}"])


def to_html(walk: Walk, *, title: str) -> str:
    """Return one page with the drawn graph and, below it, every edge as a table; it needs no network.

    Args:
        walk: What was found.
        title: The page's heading.
    """
    layout = _Layout(walk)
    rows = "".join(
        f"<tr><td>{escape(step.source.text)}</td><td>{step.subtype}</td><td>{escape(step.target.text)}</td></tr>"
        for step in walk.steps
    )
    lead = (
        "Solid lines: the value is made of the input. Dashed lines: the input decides which rows, groups or "
        "branches count. Point at a column to see its own lines."
    )
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{len(walk.places) - 1} columns, {len(walk.steps)} edges. {lead}</p>"
        f"<div class=graph>{layout.svg()}</div>"
        "<h2>Every edge</h2><table><thead><tr><th>input</th><th>use</th><th>output</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><script>{_SCRIPT}</script></body></html>\n"
    )


class _Layout:
    """Boxes in layers: each right of everything that it reads, ordered so that lines cross little."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._relations = _by_relation(walk)
        self._inputs: dict[str, set[str]] = defaultdict(set)
        for step in walk.steps:
            if step.source.relation != step.target.relation:
                self._inputs[step.target.relation].add(step.source.relation)

    @cached_property
    def _layers(self) -> list[list[str]]:
        depth: dict[str, int] = {}
        for relation in _in_order(self._relations, self._inputs):
            depth[relation] = 1 + max((depth.get(each, -1) for each in self._inputs[relation]), default=-1)
        layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
        for relation, layer in depth.items():
            layers[layer].append(relation)
        outputs: dict[str, set[str]] = defaultdict(set)
        for relation, inputs in self._inputs.items():
            for each in inputs:
                outputs[each].add(relation)
        for sweep in range(_MOST_SWEEPS):
            neighbours = self._inputs if sweep % 2 == 0 else outputs
            place = {name: at for layer in layers for at, name in enumerate(layer)}
            for names in layers:
                names.sort(key=lambda name: (_mean(place[each] for each in neighbours[name]), name))
                place.update({name: at for at, name in enumerate(names)})
        return layers

    @cached_property
    def _boxes(self) -> dict[str, Box]:
        boxes: dict[str, Box] = {}
        left = float(_PAD)
        for layer in self._layers:
            width = max((_width(name, self._relations[name]) for name in layer), default=0.0)
            top = float(_PAD)
            for name in layer:
                box = Box(name, tuple(self._relations[name]), left, top, width)
                boxes[name] = box
                top += box.height + _GAP
            left += width + _LAYER_GAP
        return boxes

    def svg(self) -> str:
        """Return the drawing."""
        boxes = self._boxes
        width = max((box.left + box.width for box in boxes.values()), default=0.0) + _PAD
        height = max((box.top + box.height for box in boxes.values()), default=0.0) + _PAD
        ids = {place: f"c{at}" for at, place in enumerate(self._walk.places)}
        lines = "".join(self._line(step, ids) for step in self._walk.steps)
        drawn = "".join(self._box(box, ids) for box in boxes.values())
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img">'
            f"<g>{lines}</g><g>{drawn}</g></svg>"
        )

    def _line(self, step: Step, ids: Mapping[Place, str]) -> str:
        one, other = self._boxes[step.source.relation], self._boxes[step.target.relation]
        x1, y1 = one.left + one.width, one.middle_of(step.source)
        x2, y2 = other.left, other.middle_of(step.target)
        bend = (x1 + x2) / 2
        kind = "direct" if _is_direct(step) else "indirect"
        return (
            f'<path class="{kind}" data-a="{ids[step.source]}" data-b="{ids[step.target]}" '
            f'd="M{x1:.0f} {y1:.0f}C{bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}">'
            f"<title>{escape(step.source.text)} → {escape(step.target.text)} ({step.subtype})</title></path>"
        )

    def _box(self, box: Box, ids: Mapping[Place, str]) -> str:
        head = (
            f'<rect x="{box.left:.0f}" y="{box.top:.0f}" width="{box.width:.0f}" '
            f'height="{box.height:.0f}" rx="6"/>'
            f'<text class="relation" x="{box.left + 9:.0f}" y="{box.top + 16:.0f}">'
            f"{escape(box.relation)}</text>"
        )
        names = "".join(
            f'<text id="{ids[place]}" class="column{" start" if place == self._walk.start else ""}" '
            f'x="{box.left + 9:.0f}" y="{box.middle_of(place) + 4:.0f}">{escape(_shortened(_label(place)))}'
            f"<title>{escape(place.text)}</title></text>"
            for place in box.places
        )
        return head + names


def _by_relation(walk: Walk) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = defaultdict(list)
    for place in sorted(walk.places):
        found[place.relation].append(place)
    return dict(sorted(found.items()))


def _in_order(relations: Iterable[str], inputs: Mapping[str, set[str]]) -> Sequence[str]:
    """Return relations after those that they read; a cycle, which no build has, is cut."""
    waiting = {name: set(inputs.get(name, ())) for name in relations}
    while True:
        try:
            return list(TopologicalSorter(waiting).static_order())
        except CycleError as error:
            first, second = error.args[1][0], error.args[1][1]
            waiting[second].discard(first)


def _mean(places: Iterable[int]) -> float:
    given = list(places)
    return sum(given) / len(given) if given else 0.0


def _width(relation: str, places: Sequence[Place]) -> float:
    longest = max([relation, *(_shortened(_label(place)) for place in places)], key=len)
    return len(longest) * _LETTER + 20


def _label(place: Place) -> str:
    if place.column == ROWS:
        return "its rows"
    return (
        place.path
        if place.path and place.column == "body"
        else f"{place.column}{place.path and ' '}{place.path}"
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _is_direct(step: Step) -> bool:
    return Kind[step.subtype].is_direct


def _port(place: Place) -> str:
    return f"{place.column}{place.path}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_STYLE = (
    "body{font:14px/1.5 system-ui,'DejaVu Sans',sans-serif;color:#1f2a37;margin:28px}"
    "h1{font-size:21px;margin:0 0 4px}h2{font-size:16px;margin:26px 0 6px}p{color:#5b6673;margin:0 0 14px}"
    ".graph{overflow:auto;border:1px solid #e3e7ec;border-radius:8px;background:#fbfcfd}"
    "svg rect{fill:#fff;stroke:#cfd6dd}"
    "svg text{font:11px ui-monospace,'DejaVu Sans Mono',monospace;fill:#1f2a37}"
    "svg text.relation{font-weight:700;fill:#1d6f6a}svg text.start{font-weight:700;fill:#a83226}"
    "svg text.column{cursor:default}path{fill:none;stroke:#1d6f6a;stroke-width:1.2;opacity:.55}"
    "path.indirect{stroke:#8a94a0;stroke-dasharray:4 4;opacity:.4}svg.some path{opacity:.05}"
    "svg.some path.on{opacity:1;stroke-width:2}"
    "table{border-collapse:collapse;font-size:12.5px}th,td{text-align:left;padding:3px 14px 3px 0;"
    "border-bottom:1px solid #e3e7ec;font-family:ui-monospace,'DejaVu Sans Mono',monospace}"
)
_SCRIPT = (
    "const s=document.querySelector('svg');s.querySelectorAll('text.column').forEach(t=>{"
    "t.onmouseenter=()=>{s.classList.add('some');s.querySelectorAll('path').forEach(p=>"
    "p.classList.toggle('on',p.dataset.a===t.id||p.dataset.b===t.id))};"
    "t.onmouseleave=()=>s.classList.remove('some')});"
)
