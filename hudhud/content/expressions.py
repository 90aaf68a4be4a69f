"""Expressions of Liquid as expressions of Python, for content/codegen.py: names of values, filters, comparisons."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING, Any

import markupsafe
from liquid import Markup
from liquid.builtin.expressions import logical
from liquid.builtin.expressions.arguments import KeywordArgument, PositionalArgument
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import Blank, Empty, Literal, Nil, StringLiteral
from liquid.builtin.tags.for_tag import ForLoop
from liquid.context import RenderContext
from liquid.exceptions import LiquidTypeError
from liquid.stringify import to_liquid_string

from hudhud.content.links import BOOK

if TYPE_CHECKING:
    from collections.abc import Callable

    from liquid.expression import Expression
    from liquid.template import BoundTemplate

ALWAYS_TRUE = frozenset({str, Markup, int, float, list, dict})
# Roots of values that are always there, with whatever members.
GROUPS = ("person", "event", "workspace")
COMPARISONS = {
    logical.EqExpression: "eq({0}, {1})",
    logical.NeExpression: "not eq({0}, {1})",
    logical.LeExpression: "le({0}, {1})",
    logical.GeExpression: "le({1}, {0})",
    logical.LtExpression: "lt(None, {0}, {1})",
    logical.GtExpression: "lt(None, {1}, {0})",
    logical.ContainsExpression: "contains(None, {0}, {1})",
    logical.LogicalAndExpression: "truthy({0}) and truthy({1})",
    logical.LogicalOrExpression: "truthy({0}) or truthy({1})",
}


class NotCompiled(Exception):
    """This template uses something that only the interpreter knows."""


class Names:
    """What the generated function can name, and how it says an expression."""

    def __init__(self, template: BoundTemplate) -> None:
        """Know the reference's own functions, and what the template assigns."""
        self.env = template.env
        self.loops: list[tuple[str, str]] = []
        analysis = template.analyze()
        self.uses_forloop, self.assigned = "forloop" in analysis.variables, analysis.locals.keys()
        self.known: dict[str, Any] = {
            "truthy": _truthy,
            "eq": logical._eq,  # noqa: SLF001 -- the reference's own semantics
            "le": logical._le,  # noqa: SLF001 -- the reference's own semantics
            "lt": logical._lt,  # noqa: SLF001 -- the reference's own semantics
            "contains": logical._contains,  # noqa: SLF001 -- the reference's own semantics
            "escape": markupsafe._escape_inner,  # type: ignore[attr-defined]  # noqa: SLF001 -- what its `escape` wraps; here the text is on its way out
            "text": partial(to_liquid_string, autoescape=self.env.autoescape),
            "target": partial(_target, autoescape=self.env.autoescape),
            "track": partial(BOOK.dynamic, escaped=self.env.autoescape),
            "Markup": Markup,
            "items": _items,
            "ForLoop": ForLoop,
            "walk": _walker(template),
            "nothing": _nothing,
            "undefined": self.env.undefined,
        }

    def bind(self, value: object) -> str:
        """Give a value a name."""
        name = f"k{len(self.known)}"
        self.known[name] = value
        return name

    def new_number(self) -> int:
        """Return a number that no variable has yet."""
        return int(self.bind(None)[1:])

    def say(self, expression: Expression) -> str:
        """Write an expression; raises `NotCompiled`."""
        match expression:
            case FilteredExpression():
                piece = self._filtered(expression)
            case logical.BooleanExpression():
                piece = self.say(expression.expression)
            case Path():
                piece = self._path(expression)
            case StringLiteral():
                piece = self.bind(Markup(expression.value) if self.env.autoescape else expression.value)
            case Literal():
                piece = self.bind(expression.value)
            case Nil():
                piece = "None"
            case Empty() | Blank():
                piece = self.bind(expression)
            case _:
                piece = self._comparison(expression)
        return piece

    def _comparison(self, expression: Any) -> str:  # noqa: ANN401 -- the classes of COMPARISONS share no base that has left and right
        form = COMPARISONS.get(type(expression))
        if form is None:
            raise NotCompiled(type(expression).__name__)
        return "(" + form.format(self.say(expression.left), self.say(expression.right)) + ")"

    def _filtered(self, expression: FilteredExpression) -> str:
        piece = self.say(expression.left)
        for one in expression.filters or ():
            function = self.env.filters[one.name]
            if getattr(function, "with_context", False):
                raise NotCompiled(one.name)
            arguments = [piece]
            for argument in one.args:
                if isinstance(argument, KeywordArgument):
                    arguments.append(f"{argument.name}={self.say(argument.value)}")
                elif isinstance(argument, PositionalArgument):
                    arguments.append(self.say(argument.value))
                else:
                    raise NotCompiled(one.name)
            if getattr(function, "with_environment", False):
                arguments.append(f"environment={self.bind(self.env)}")
            called = f"{self.bind(function)}({', '.join(['v' if one.name == 'default' else piece, *arguments[1:]])})"
            # Almost every person has the value, and then there is nothing to ask.
            piece = f"(v if type(v := {piece}) is str and v else {called})" if one.name == "default" else called
        return piece

    def _path(self, path: Path) -> str:
        if any(isinstance(segment, Path) for segment in path.path) or not isinstance(path.path[0], str):
            raise NotCompiled("nested path")
        root, rest = path.path[0], tuple(path.path[1:])
        if root == "forloop":
            if not self.loops:
                raise NotCompiled("forloop")
            return f"walk(loop{self.loops[-1][1][3:]}, {rest!r}, 'forloop')"
        for name, variable in reversed(self.loops):
            if name == root:
                return _quick(f"get{variable[3:]}", rest, f"walk({variable}, {rest!r}, {root!r})") if rest else variable
        if root in self.assigned:
            return f"walk(local if {root!r} in local else values, {(root, *rest)!r}, {root!r})"
        careful = f"walk(values, {(root, *rest)!r}, {root!r})"
        return _quick(f"{root}_get", rest, careful) if root in GROUPS else careful


def _quick(get: str, rest: tuple[object, ...], careful: str) -> str:
    """Look one member up without a call of ours; whatever is missing or empty is looked up again with care."""
    return f"({get}({rest[0]!r}) or {careful})" if len(rest) == 1 and isinstance(rest[0], str) else careful


def _nothing(_name: str) -> None:
    return None


def _truthy(value: Any) -> bool:  # noqa: ANN401 -- any Liquid value
    return type(value) in ALWAYS_TRUE or logical.is_truthy(value)


def _target(value: Any, *, autoescape: bool) -> str:  # noqa: ANN401 -- any Liquid value
    text = to_liquid_string(value, autoescape)
    return html.unescape(text) if autoescape else text


def _walker(template: BoundTemplate) -> Callable[[Any, tuple[str | int, ...], str], Any]:
    get_item = RenderContext(template).get_item
    undefined = template.env.undefined

    def walk(value: Any, path: tuple[str | int, ...], root: str) -> Any:  # noqa: ANN401 -- any Liquid value
        for segment in path:
            try:
                value = value[segment] if type(value) is dict and segment in value else get_item(value, segment)
            except (KeyError, TypeError, IndexError):
                return undefined(root, hint=f"{'.'.join(map(str, path))} is undefined", token=None)
        return value

    return walk


def _items(value: Any, limit: Any, offset: Any, backwards: bool) -> list[Any]:  # noqa: ANN401, FBT001 -- called by generated code
    """Turn what a `for` loops over into a list, as LoopExpression does."""
    if isinstance(value, dict):
        result: list[Any] = list(value.items())
    elif isinstance(value, (list, tuple, range)):
        result = list(value)
    else:
        # Strings, undefined values and mistakes: rare in loops, left to the interpreter's judgement.
        message = f"cannot loop over {type(value).__name__}"
        raise LiquidTypeError(message, token=None)
    start = int(offset or 0)
    result = result[start : start + int(limit)] if limit is not None else result[start:]
    return result[::-1] if backwards else result
