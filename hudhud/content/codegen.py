"""Liquid compiled to a Python function: constants, and slots that call the very functions of the interpreter.

Covers output with filters, if/elsif/else, unless, for (limit, offset, reversed, forloop), assign, capture, comment, break and
continue. Anything else raises `NotCompiled` and python-liquid renders that template; so does a template whose compiled form
differs from the interpreter on samples (content/program.py).
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import markupsafe
from liquid import Markup
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import logical
from liquid.builtin.expressions.arguments import KeywordArgument, PositionalArgument
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import Blank, Empty, IntegerLiteral, Literal, Nil, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.echo_tag import EchoNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForLoop, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.context import RenderContext
from liquid.exceptions import LiquidTypeError
from liquid.stringify import to_liquid_string

from hudhud.content import mime
from hudhud.content.links import click_start, pixel_start
from hudhud.content.types import FIRST_LINK, PIXEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from liquid.ast import BlockNode, ConditionalBlockNode, Node
    from liquid.builtin.expressions.loop import LoopExpression
    from liquid.expression import Expression
    from liquid.template import BoundTemplate

NO_VALUE = "''"
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


@dataclass(frozen=True, slots=True)
class Form:
    """How a text is written: `encode` for pieces of a mail's body (None: plain text), `base_url` for the addresses in it."""

    encode: Callable[[str], str] | None
    base_url: str


def compile_template(template: BoundTemplate, form: Form) -> Any:  # noqa: ANN401 -- a function made by exec
    """Compile to a function(values, message, seals, token, put); `put` takes many pieces at once.

    `message`, `seals` and `token` complete the addresses of this message (content/links.py) and of its unsubscribe page. Pieces of a body
    come in pairs, a value and the encoded constant that follows it (content/mime.py joins them).
    """
    return _Compiler(template, form).compile()


@dataclass(slots=True)
class Run:
    """Output in a straight line: values, each with the finished text after it, as sources of expressions or as text."""

    value: str
    after: list[tuple[str, str]]


class _Compiler:
    def __init__(self, template: BoundTemplate, form: Form) -> None:
        self.template, self.env, self.form = template, template.env, form
        self.lines: list[str] = []
        self.run: list[Run] = []
        self.loops: list[tuple[str, str]] = []
        self.captures = 0
        analysis = template.analyze()
        self.uses_forloop, self.assigned = "forloop" in analysis.variables, analysis.locals.keys()
        self.names: dict[str, Any] = {
            "truthy": logical.is_truthy,
            "eq": logical._eq,  # noqa: SLF001 -- the reference's own semantics
            "le": logical._le,  # noqa: SLF001 -- the reference's own semantics
            "lt": logical._lt,  # noqa: SLF001 -- the reference's own semantics
            "contains": logical._contains,  # noqa: SLF001 -- the reference's own semantics
            "escape": markupsafe._escape_inner,  # type: ignore[attr-defined]  # noqa: SLF001 -- what its `escape` wraps; here the text is on its way out
            "text": partial(to_liquid_string, autoescape=self.env.autoescape),
            "Markup": Markup,
            "items": _items,
            "ForLoop": ForLoop,
            "walk": _walker(template),
            "nothing": _nothing,
            "undefined": self.env.undefined,
        }

    def compile(self) -> Any:  # noqa: ANN401 -- a function made by exec
        self._block(self.template.nodes, 1)
        groups = [f"    {root}_get = values[{root!r}].get" for root in GROUPS]
        source = "\n".join(["def render(values, message, seals, token, put):", "    local = {}", *groups, *self.lines, ""])
        exec(compile(source, "<liquid>", "exec"), self.names)  # noqa: S102 -- the source is made of names and numbers of ours and of reprs, author's text is bound as constants
        return self.names["render"]

    def _bind(self, value: object) -> str:
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def _line(self, depth: int, text: str) -> None:
        self._flush(depth)
        self.lines.append("    " * depth + text)

    # -- output

    def _constant(self, text: str) -> None:
        if text:
            self._after_value("text", text)

    def _finished(self, expression: str) -> None:
        """Write what needs no encoding and fits on a line of its own."""
        self._after_value("finished", expression)

    def _after_value(self, kind: str, content: str) -> None:
        if not self.run:
            self.run.append(Run(NO_VALUE, []))
        self.run[-1].after.append((kind, content))

    def _value(self, expression: str) -> None:
        value = "escape(v)" if self.env.autoescape else "v"
        self.run.append(Run(f"({value} if type(v := {expression}) is str else text(v))", []))

    def _flush(self, depth: int) -> None:
        """Write the straight line of output so far as one statement."""
        pieces = [piece for one in self.run for piece in (one.value, self._after(one))]
        if self.run:
            self.lines.append("    " * depth + f"put(({', '.join(pieces)}))")
        self.run = []

    def _after(self, run: Run) -> str:
        encode = self.form.encode if not self.captures else None
        soft = mime.SOFT_BREAK if encode else ""
        parts, text = [], soft if run.value != NO_VALUE else ""
        for kind, group in groupby(run.after, itemgetter(0)):
            contents = [content for _, content in group]
            if kind == "text":
                joined = "".join(contents)
                text += (encode(joined) + soft) if encode else joined
            else:
                for content in contents:
                    parts += [self._bind(text), *content.split(", ")]
                    text = soft
        parts.append(self._bind(text))
        return parts[0] if len(parts) == 1 else "f'" + "".join(f"{{{part}}}" for part in parts) + "'"

    # -- nodes

    def _block(self, nodes: Iterable[Node], depth: int) -> None:
        start = len(self.lines)
        for node in nodes:
            self._node(node, depth)
        self._flush(depth)
        if len(self.lines) == start:
            self._line(depth, "pass")

    def _node(self, node: Node, depth: int) -> None:
        match node:
            case ContentNode():
                self._constant(node.text)
            case OutputNode() | EchoNode():
                self._output(node.expression)
            case IfNode():
                self._if(node, "truthy({})", depth)
            case UnlessNode():
                self._if(node, "not truthy({})", depth)
            case ForNode():
                self._for(node, depth)
            case AssignNode():
                self._line(depth, f"local[{str(node.name)!r}] = {self._expression(node.expression)}")
            case CaptureNode():
                self._capture(node, depth)
            case CommentNode() | InlineCommentNode():
                pass
            case BreakNode() | ContinueNode() if self.loops and not self.captures:
                self._line(depth, "break" if isinstance(node, BreakNode) else "continue")
            case _:
                raise NotCompiled(type(node).__name__)

    def _output(self, expression: Expression) -> None:
        """Write an output; addresses of ours are constants round a seal."""
        base = html.escape(self.form.base_url) if self.env.autoescape else self.form.base_url
        match _address(expression):
            case ("hudhud_link", int(number)):
                self._constant(click_start(base, number))
                self._finished(f"message, seals[{number + FIRST_LINK}]")
            case ("hudhud_pixel", _):
                self._constant(pixel_start(base))
                self._finished(f"message, seals[{PIXEL}]")
                self._constant(".gif")
            case (("unsubscribe_url" | "preferences_url") as name, _) if name not in self.assigned and name not in dict(self.loops):
                self._constant(f"{base}/u/")
                self._finished("token")
                self._constant("/preferences" if name == "preferences_url" else "")
            case _:
                self._value(self._expression(expression))

    def _if(self, node: IfNode | UnlessNode, test: str, depth: int) -> None:
        self._line(depth, f"if {test.format(self._expression(node.condition))}:")
        self._block(_nodes(node.consequence), depth + 1)
        alternatives: Sequence[ConditionalBlockNode] = node.alternatives
        for alternative in alternatives:
            self._line(depth, f"elif truthy({self._expression(alternative.expression)}):")
            self._block(_nodes(alternative.block), depth + 1)
        if node.default:
            self._line(depth, "else:")
            self._block(_nodes(node.default), depth + 1)

    def _for(self, node: ForNode, depth: int) -> None:
        loop: LoopExpression = node.expression
        if loop.cols is not None or isinstance(loop.offset, StringLiteral):
            raise NotCompiled("for")
        number = len(self.names)
        bounds = ", ".join(self._expression(bound) if bound else "None" for bound in (loop.limit, loop.offset))
        self._line(depth, f"list{number} = items({self._expression(loop.iterable)}, {bounds}, {bool(loop.reversed)})")
        self.names[f"list{number}"] = None
        source = f"list{number}"
        if self.uses_forloop:
            parent = f"loop{self.loops[-1][1][3:]}" if self.loops else "undefined('parentloop', token=None)"
            self._line(depth, f"loop{number} = ForLoop('', iter(list{number}), len(list{number}), {parent})")
            source = f"loop{number}"
        self._line(depth, f"for one{number} in {source}:")
        self._line(depth + 1, f"get{number} = one{number}.get if type(one{number}) is dict else nothing")
        self.loops.append((loop.identifier, f"one{number}"))
        self._block(_nodes(node.block), depth + 1)
        self.loops.pop()
        if node.default:
            self._line(depth, f"if not list{number}:")
            self._block(_nodes(node.default), depth + 1)

    def _capture(self, node: CaptureNode, depth: int) -> None:
        if self.captures:
            raise NotCompiled("capture in capture")
        number = len(self.names)
        self.names[f"captured{number}"] = None
        self._line(depth, f"captured{number} = []; outer, put = put, captured{number}.extend")
        self.captures += 1
        self._block(_nodes(node.block), depth)
        self.captures -= 1
        joined = f"''.join(captured{number})"
        self._line(depth, f"put = outer; local[{str(node.name)!r}] = {f'Markup({joined})' if self.env.autoescape else joined}")

    def _expression(self, expression: Expression) -> str:
        match expression:
            case FilteredExpression():
                piece = self._filtered(expression)
            case logical.BooleanExpression():
                piece = self._expression(expression.expression)
            case Path():
                piece = self._path(expression)
            case StringLiteral():
                piece = self._bind(Markup(expression.value) if self.env.autoescape else expression.value)
            case Literal():
                piece = self._bind(expression.value)
            case Nil():
                piece = "None"
            case Empty() | Blank():
                piece = self._bind(expression)
            case _:
                piece = self._comparison(expression)
        return piece

    def _comparison(self, expression: Any) -> str:  # noqa: ANN401 -- the classes of COMPARISONS share no base that has left and right
        form = COMPARISONS.get(type(expression))
        if form is None:
            raise NotCompiled(type(expression).__name__)
        return "(" + form.format(self._expression(expression.left), self._expression(expression.right)) + ")"

    def _filtered(self, expression: FilteredExpression) -> str:
        piece = self._expression(expression.left)
        for one in expression.filters or ():
            function = self.env.filters[one.name]
            if getattr(function, "with_context", False):
                raise NotCompiled(one.name)
            arguments = [piece]
            for argument in one.args:
                if isinstance(argument, KeywordArgument):
                    arguments.append(f"{argument.name}={self._expression(argument.value)}")
                elif isinstance(argument, PositionalArgument):
                    arguments.append(self._expression(argument.value))
                else:
                    raise NotCompiled(one.name)
            if getattr(function, "with_environment", False):
                arguments.append(f"environment={self._bind(self.env)}")
            called = f"{self._bind(function)}({', '.join(['v' if one.name == 'default' else piece, *arguments[1:]])})"
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


def _address(expression: Expression) -> tuple[str, int] | None:
    """The name (and number) of an address of ours, if that is all that is written."""
    if not isinstance(expression, FilteredExpression):
        return None
    filters = expression.filters or ()
    match expression.left:
        case IntegerLiteral(value=number) if len(filters) == 1 and not filters[0].args:
            return (filters[0].name, number) if filters[0].name in ("hudhud_link", "hudhud_pixel") else None
        case Path(path=[str(name)]) if not filters:
            return (name, 0)
    return None


def _nodes(block: BlockNode) -> Iterable[Node]:
    return block.nodes


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
