"""The text form of conditions: made to be read, compared line by line and pasted. Reading what was written gives the same tree.

    did "Page Viewed" at least 3 times in last 7 days
    and did not "Order Completed" in last 30 days
    and (city is "Tartu" or city is "Tallinn")

`and` and `or` are never mixed without brackets; what follows `#` on a line is a remark. All words: docs/guide/segments.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hudhud.kit.errors import InvalidInput
from hudhud.segments.conditions.checks import from_json
from hudhud.segments.conditions.nodes import And, Event, Not, Or, Sequence
from hudhud.segments.text.leaves import READ, WRITE, read_attribute, read_did, write_plain
from hudhud.segments.text.reader import Reader
from hudhud.segments.text.tokens import END, BadText

if TYPE_CHECKING:
    from hudhud.segments.conditions.nodes import Condition

MAX_OPEN = 60  # brackets and `not` inside one another; the tree itself is limited by checks.py
WIDTH = 100  # a group that is longer stands on lines of its own


def to_text(tree: Condition) -> str:
    """Return a tree as text; `from_text` of it is the same tree."""
    return _write_group(tree, "") if isinstance(tree, And | Or) and len(tree.of) > 1 else _write(tree, "")


def _write_group(tree: And | Or, indent: str) -> str:
    word = "and" if isinstance(tree, And) else "or"
    return f"\n{indent}{word} ".join(_write(child, indent) for child in tree.of)


def _write(tree: Condition, indent: str) -> str:
    if isinstance(tree, Not):
        inner = _write(tree.of, indent)
        return inner.replace("did ", "did not ", 1) if isinstance(tree.of, Event | Sequence) else f"not {inner}"
    if not isinstance(tree, And | Or):
        return WRITE.get(type(tree), write_plain)(tree)
    if not tree.of:
        return "everybody"
    deeper = indent + "  "
    inner = _write_group(tree, deeper)
    word = "" if len(tree.of) > 1 else "all " if isinstance(tree, And) else "any "
    line = re.sub(r"\n *", " ", inner)
    return f"{word}({line})" if len(line) <= WIDTH else f"{word}(\n{deeper}{inner}\n{indent})"


def from_text(text: str, *, journey: bool = False) -> Condition:
    """Read a tree; raises `BadText` that names line, column, what stands there and the remedy. `journey` allows `since entry`."""
    reader = Reader(text)
    plain = _read(reader, 0)
    if reader.next.kind != END:
        raise reader.refused("join conditions by `and` or `or`")
    try:
        return from_json(plain, journey=journey)
    except InvalidInput as problem:
        field, value, remedy = (str(problem.data[name]) for name in ("field", "value", "remedy"))
        raise BadText(text, _place(reader, plain, field), f"{field.rpartition('.')[2]} {value}", remedy) from None


def _read(reader: Reader, depth: int) -> dict[str, Any]:
    first = _read_one(reader, depth)
    word = next((one for one in ("and", "or") if reader.sees(one)), None)
    if word is None:
        return first
    parts = [first]
    while reader.take(word):
        parts.append(_read_one(reader, depth))
    if reader.sees("and") or reader.sees("or"):
        raise reader.refused("put brackets around what belongs together: `a and (b or c)` or `(a and b) or c`")
    return {"kind": word, "of": parts}


def _read_one(reader: Reader, depth: int) -> dict[str, Any]:
    if depth > MAX_OPEN:
        raise reader.refused(f"nest at most {MAX_OPEN} brackets; make a part of it a segment of its own")
    at = reader.next.at
    made = _read_node(reader, depth + 1)
    reader.marks.setdefault(id(made), at)
    return made


def _read_node(reader: Reader, depth: int) -> dict[str, Any]:
    if reader.take("did", "not"):
        return {"kind": "not", "of": read_did(reader)}
    if reader.take("not"):
        return {"kind": "not", "of": _read_one(reader, depth)}
    if reader.take("everybody"):
        return {"kind": "and", "of": []}
    for word, kind in (("all", "and"), ("any", "or")):
        if reader.take(word):
            return {"kind": kind, "of": [_read_bracket(reader, depth)]}
    if reader.sees("("):
        return _read_bracket(reader, depth)
    leaf = next((one for one in READ if reader.take(one)), None)
    return READ[leaf](reader) if leaf else read_attribute(reader)


def _read_bracket(reader: Reader, depth: int) -> dict[str, Any]:
    reader.expect("(")
    made = _read(reader, depth)
    reader.expect(")")
    return made


def _place(reader: Reader, plain: dict[str, Any], path: str) -> int:
    """Return where the innermost condition on the way to `path` begins."""
    node: Any = plain
    at = reader.marks.get(id(node), 0)
    for step in re.findall(r"\w+", path):
        if isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        elif isinstance(node, dict):
            node = node.get(step)
        else:
            break
        at = reader.marks.get(id(node), at)
    return at
