"""Liquid compiled to a Python function: constants, and slots that call the very functions of the interpreter.

Covers output with filters, if/elsif/else, unless, for (limit, offset, reversed, forloop), assign, capture, comment, break and
continue. Anything else raises `NotCompiled` and python-liquid renders that template; so does a template whose compiled form
differs from the interpreter on samples (content/program.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liquid import Markup
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import logical
from liquid.builtin.expressions.arguments import KeywordArgument, PositionalArgument
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import Blank, Empty, Literal, Nil, StringLiteral
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
from markupsafe import escape as markup_escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from liquid.ast import BlockNode, ConditionalBlockNode, Node
    from liquid.builtin.expressions.loop import LoopExpression
    from liquid.expression import Expression
    from liquid.template import BoundTemplate

# What a compiled template looks like: (values, append) -> None; append takes finished pieces.
Function = "Callable[[dict[str, Any], Callable[[Any], object]], None]"
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


def compile_template(template: BoundTemplate, constant: Callable[[str], Any], slot: Callable[[str], Any]) -> Any:  # noqa: ANN401 -- a function made by exec
    """Compile to a function(values, append); `constant` and `slot` make a piece of author's text and of a value's text."""
    return _Compiler(template, constant, slot).compile()


class _Compiler:
    def __init__(self, template: BoundTemplate, constant: Callable[[str], Any], slot: Callable[[str], Any]) -> None:
        self.template, self.env, self.constant = template, template.env, constant
        self.lines: list[str] = []
        self.loops: list[tuple[str, str]] = []
        self.captures = 0
        self.names: dict[str, Any] = {
            "slot": slot,
            "truthy": logical.is_truthy,
            "eq": logical._eq,  # noqa: SLF001 -- the reference's own semantics
            "le": logical._le,  # noqa: SLF001 -- the reference's own semantics
            "lt": logical._lt,  # noqa: SLF001 -- the reference's own semantics
            "contains": logical._contains,  # noqa: SLF001 -- the reference's own semantics
            "text": _stringify(self.env.autoescape),
            "Markup": Markup,
            "items": _items,
            "ForLoop": ForLoop,
            "walk": _walker(template),
            "undefined": self.env.undefined,
        }

    def compile(self) -> Any:  # noqa: ANN401 -- a function made by exec
        self._block(self.template.nodes, 1)
        source = "def render(values, append):\n    local = {}\n" + "\n".join(self.lines) + "\n"
        exec(compile(source, "<liquid>", "exec"), self.names)  # noqa: S102 -- the source is made of names and numbers of ours, author's text is bound as constants
        return self.names["render"]

    def _bind(self, value: object) -> str:
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def _line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def _block(self, nodes: Iterable[Node], depth: int) -> None:
        start = len(self.lines)
        for node in nodes:
            self._node(node, depth)
        if len(self.lines) == start:
            self._line(depth, "pass")

    def _node(self, node: Node, depth: int) -> None:
        match node:
            case ContentNode():
                self._line(depth, f"append({self._bind(node.text if self.captures else self.constant(node.text))})")
            case OutputNode() | EchoNode():
                piece = f"text({self._expression(node.expression)})"
                self._line(depth, f"append({piece})" if self.captures else f"append(slot({piece}))")
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
        parent = f"loop{self.loops[-1][1][3:]}" if self.loops else "undefined('parentloop', token=None)"
        self._line(depth, f"loop{number} = ForLoop('', iter(list{number}), len(list{number}), {parent})")
        self._line(depth, f"for one{number} in loop{number}:")
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
        self._line(depth, f"captured{number} = []; outer, append = append, captured{number}.append")
        self.captures += 1
        self._block(_nodes(node.block), depth)
        self.captures -= 1
        joined = f"''.join(captured{number})"
        self._line(depth, f"append = outer; local[{str(node.name)!r}] = {f'Markup({joined})' if self.env.autoescape else joined}")

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
            piece = f"{self._bind(function)}({', '.join(arguments)})"
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
                return f"walk({variable}, {rest!r}, {root!r})"
        return f"walk(local if {root!r} in local else values, {(root, *rest)!r}, {root!r})"


def _nodes(block: BlockNode) -> Iterable[Node]:
    return block.nodes


def _stringify(escape: bool) -> Callable[[Any], str]:  # noqa: FBT001 -- mirrors Environment.autoescape
    def plain(value: Any) -> str:  # noqa: ANN401 -- any Liquid value
        return value if type(value) is str else to_liquid_string(value, autoescape=False)

    def escaped(value: Any) -> str:  # noqa: ANN401 -- any Liquid value
        kind = type(value)
        if kind is Markup:
            return value  # type: ignore[no-any-return]
        if kind is str:
            # Letters and digits need no escaping, and most values are nothing else.
            return value if value.isalnum() else markup_escape(value)
        return to_liquid_string(value, autoescape=True)

    return escaped if escape else plain


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
