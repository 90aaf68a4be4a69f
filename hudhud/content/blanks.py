"""Filling single texts in: parts of a request that is not a mail. Runs in the render process.

Nothing is put together from strings of others: what stands in an address is percent-encoded, and what stands in JSON is a value of JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from liquid.builtin.content import ContentNode
from liquid.builtin.output import OutputNode
from liquid.context import RenderContext
from liquid.stringify import to_liquid_string

from hudhud.content.liquid import check, is_undefined, parse
from hudhud.content.types import ROOTS, TemplateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liquid.template import BoundTemplate

    from hudhud.content.protocol import Blank

# Requests are for programs: numbers and dates stand in them as in English.
LANGUAGE = "en"
# Links of a mail are not made before there is a mail.
READABLE = {root: members for root, members in ROOTS.items() if not root.endswith("_url")}
MOST_CHARACTERS = 100_000

Read = list[tuple["Blank", "BoundTemplate"]]


def read_blanks(blanks: Sequence[Blank]) -> Read:
    """Parse and check every text; raises `TemplateError`."""
    found = []
    for blank in blanks:
        check(blank.source, LANGUAGE, escape=False, part=blank.part, roots=READABLE)
        template = parse(blank.source, LANGUAGE, escape=False, part=blank.part)
        if blank.form == "url" and not all(isinstance(node, ContentNode | OutputNode) for node in template.nodes):
            raise TemplateError(blank.part, "an address holds no tags", "write {{ … }} alone; {% … %} may stand in the body")
        found.append((blank, template))
    return found


def fill_in(blanks: Read, values: dict[str, Any]) -> list[Any]:
    """Return what the texts become with these values (without nulls); raises what `program.refusal` understands."""
    return [_fill_one(blank, template, values) for blank, template in blanks]


def _fill_one(blank: Blank, template: BoundTemplate, values: dict[str, Any]) -> Any:  # noqa: ANN401 -- any JSON
    if blank.form == "text":
        return _bounded(blank, template.render(**values))
    context = RenderContext(template, globals=template.make_globals(values))
    if blank.form == "url":
        return _bounded(blank, "".join(_piece(node, context) for node in template.nodes))
    if len(template.nodes) == 1 and isinstance(template.nodes[0], OutputNode):
        found = template.nodes[0].expression.evaluate(context)
        if not is_undefined(found):
            return _plain(found)
    return _bounded(blank, template.render(**values))


def _piece(node: object, context: RenderContext) -> str:
    if isinstance(node, ContentNode):
        return node.text
    assert isinstance(node, OutputNode)
    # Of what is missing this raises, as everywhere.
    return quote(to_liquid_string(node.expression.evaluate(context), autoescape=False), safe="")


def _plain(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """Return a value as JSON has it: texts that filters have marked become plain ones, ranges lists."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return to_liquid_string(value, autoescape=False)


def _bounded(blank: Blank, text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise TemplateError(blank.part, f"{len(text)} characters", f"use at most {MOST_CHARACTERS}")
    return text
