"""Liquid compiled to a Python function: constants, and slots that call the very functions of the interpreter.

Covers output with filters, if/elsif/else, unless, case, for (limit, offset, reversed, forloop), assign, capture, comment, break and
continue. Anything else raises `NotCompiled` and python-liquid renders that template; so does a template whose compiled form
differs from the interpreter on samples (content/program.py).
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeGuard

from liquid.ast import BlockNode
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import IntegerLiteral, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.echo_tag import EchoNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.unless_tag import UnlessNode

from hudhud.content import mime
from hudhud.content.expressions import GROUPS, Names, NotCompiled
from hudhud.content.links import click_start, pixel_start
from hudhud.content.types import FIRST_LINK, PIXEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from liquid.ast import ConditionalBlockNode, Node
    from liquid.builtin.expressions.loop import LoopExpression
    from liquid.expression import Expression
    from liquid.template import BoundTemplate

NO_VALUE = "''"


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
        self.template, self.env, self.form, self.names = template, template.env, form, Names(template)
        self.lines: list[str] = []
        self.run: list[Run] = []
        self.captures, self.is_target = 0, False

    def compile(self) -> Any:  # noqa: ANN401 -- a function made by exec
        self._block(self.template.nodes, 1)
        groups = [f"    {root}_get = values[{root!r}].get" for root in GROUPS]
        source = "\n".join(["def render(values, message, seals, token, put):", "    local = {}", *groups, *self.lines, ""])
        exec(compile(source, "<liquid>", "exec"), self.names.known)  # noqa: S102 -- the source is made of names and numbers of ours and of reprs, author's text is bound as constants
        return self.names.known["render"]

    def _line(self, depth: int, text: str) -> None:
        self._flush(depth)
        self.lines.append("    " * depth + text)

    # -- output

    def _constant(self, text: str) -> None:
        if text:
            self._after_value("text", html.unescape(text) if self.is_target and self.env.autoescape else text)

    def _finished(self, expression: str) -> None:
        """Write what needs no encoding and fits on a line of its own."""
        self._after_value("finished", expression)

    def _after_value(self, kind: str, content: str) -> None:
        if not self.run:
            self.run.append(Run(NO_VALUE, []))
        self.run[-1].after.append((kind, content))

    def _value(self, expression: str) -> None:
        if self.is_target:
            self.run.append(Run(f"(v if type(v := {expression}) is str else target(v))", []))
            return
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
                    parts += [self.names.bind(text), *content.split(", ")]
                    text = soft
        parts.append(self.names.bind(text))
        return parts[0] if len(parts) == 1 else "f'" + "".join(f"{{{part}}}" for part in parts) + "'"

    # -- nodes

    def _block(self, nodes: Iterable[Node], depth: int) -> None:
        start, rest = len(self.lines), list(nodes)
        while rest:
            node = rest.pop(0)
            if rest and _is_tracked(node, rest[0]):
                self._tracked(node, depth)
                rest.pop(0)
            else:
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
            case IfNode() | UnlessNode():
                self._if(node, depth)
            case ForNode():
                self._for(node, depth)
            case CaseNode():
                self._case(node, depth)
            case AssignNode():
                self._line(depth, f"local[{str(node.name)!r}] = {self.names.say(node.expression)}")
            case CaptureNode():
                self._capture(node, depth)
            case CommentNode() | InlineCommentNode():
                pass
            case BreakNode() | ContinueNode() if self.names.loops and not self.captures:
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
            case (("unsubscribe_url" | "preferences_url") as name, _) if name not in self.names.assigned and name not in dict(
                self.names.loops
            ):
                self._constant(f"{base}/u/")
                self._finished("token")
                self._constant("/preferences" if name == "preferences_url" else "")
            case _:
                self._value(self.names.say(expression))

    def _if(self, node: IfNode | UnlessNode, depth: int) -> None:
        negation = "not " if isinstance(node, UnlessNode) else ""
        self._line(depth, f"if {negation}truthy({self.names.say(node.condition)}):")
        self._block(_nodes(node.consequence), depth + 1)
        alternatives: Sequence[ConditionalBlockNode] = node.alternatives
        for alternative in alternatives:
            self._line(depth, f"elif truthy({self.names.say(alternative.expression)}):")
            self._block(_nodes(alternative.block), depth + 1)
        if node.default:
            self._line(depth, "else:")
            self._block(_nodes(node.default), depth + 1)

    def _case(self, node: CaseNode, depth: int) -> None:
        """Every `when` that matches is written, and each `else` if none did before."""
        number = self.names.new_number()
        self._line(depth, f"case{number}, other{number} = {self.names.say(node.expression)}, True")
        for block in node.blocks:
            if isinstance(block, BlockNode):
                self._line(depth, f"if other{number}:")
                self._block(block.nodes, depth + 1)
            else:
                values: list[Expression] = block.expression.children()
                # The reference writes a block once for each of its values that matches: plain when only one can.
                if len({one.value for one in values if isinstance(one, StringLiteral)}) < len(values) > 1:
                    raise NotCompiled("when")
                tests = " or ".join(f"eq(case{number}, {self.names.say(one)})" for one in values)
                self._line(depth, f"if {tests}:")
                self._line(depth + 1, f"other{number} = False")
                self._block(_nodes(block.block), depth + 1)

    def _for(self, node: ForNode, depth: int) -> None:
        loop: LoopExpression = node.expression
        if loop.cols is not None or isinstance(loop.offset, StringLiteral):
            raise NotCompiled("for")
        number = self.names.new_number()
        bounds = ", ".join(self.names.say(bound) if bound else "None" for bound in (loop.limit, loop.offset))
        self._line(depth, f"list{number} = items({self.names.say(loop.iterable)}, {bounds}, {bool(loop.reversed)})")
        source = f"list{number}"
        if self.names.uses_forloop:
            parent = f"loop{self.names.loops[-1][1][3:]}" if self.names.loops else "undefined('parentloop', token=None)"
            self._line(depth, f"loop{number} = ForLoop('', iter(list{number}), len(list{number}), {parent})")
            source = f"loop{number}"
        self._line(depth, f"for one{number} in {source}:")
        self._line(depth + 1, f"get{number} = one{number}.get if type(one{number}) is dict else nothing")
        self.names.loops.append((loop.identifier, f"one{number}"))
        self._block(_nodes(node.block), depth + 1)
        self.names.loops.pop()
        if node.default:
            self._line(depth, f"if not list{number}:")
            self._block(_nodes(node.default), depth + 1)

    def _capture(self, node: CaptureNode, depth: int) -> None:
        if self.captures:
            raise NotCompiled("capture in capture")
        number = self.names.new_number()
        self._line(depth, f"captured{number} = []; outer, put = put, captured{number}.extend")
        self.captures += 1
        self._block(_nodes(node.block), depth)
        self.captures -= 1
        joined = f"''.join(captured{number})"
        self._line(depth, f"put = outer; local[{str(node.name)!r}] = {f'Markup({joined})' if self.env.autoescape else joined}")

    def _tracked(self, node: CaptureNode, depth: int) -> None:
        """The address behind which a person's own target is kept: what content/markup.py writes as a capture and a filter."""
        number = self.names.new_number()
        self._line(depth, f"captured{number} = []; outer{number}, put = put, captured{number}.extend")
        self.captures, self.is_target = self.captures + 1, True
        self._block(_nodes(node.block), depth)
        self.captures, self.is_target = self.captures - 1, False
        self._line(depth, f"put = outer{number}")
        self.run.append(Run(f"track(''.join(captured{number}))", []))


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


def _is_tracked(node: Node, after: Node) -> TypeGuard[CaptureNode]:
    if not isinstance(node, CaptureNode) or not isinstance(after, OutputNode) or not isinstance(after.expression, FilteredExpression):
        return False
    return str(node.name) == "hudhud_href" and [one.name for one in after.expression.filters or ()] == ["hudhud_track"]


def _nodes(block: BlockNode) -> Iterable[Node]:
    return block.nodes
