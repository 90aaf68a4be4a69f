"""From an author's MJML to HTML with Liquid in it: mask Liquid and links, compile, inline styles, put both back.

MJML and CSS tools must not see Liquid (they refuse `<` in it, escape its quotes, move it out of tables), so each piece
becomes a token before and the same piece again afterwards. Link targets are taken from the author's own attribute, so the
target of a click is exactly what was written.
"""

from __future__ import annotations

import html
import re
import secrets
from dataclasses import dataclass, field

import css_inline
import mjml

from hudhud.content.links import MOST_LINKS, PLAIN_SCHEMES, is_page
from hudhud.content.types import TemplateError

# Begins every token: nobody outside of this process knows it, and nothing of it is left in what is made.
STEM = "hq" + secrets.token_hex(5).translate(str.maketrans("0123456789", "ghijklmnop"))
TOKEN, LINK_TOKEN = re.compile(rf"{STEM}x(\d{{4,}})z"), re.compile(rf"{STEM}h(\d{{4,}})z")
IN_HREF, IN_COMMENT = re.compile(f'href="{LINK_TOKEN.pattern}"'), re.compile(f"<!--{TOKEN.pattern}-->")
LIQUID = re.compile(r"\{\{-?.*?-?\}\}|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|\{%-?.*?-?%\}", re.DOTALL)
TAG = re.compile(r"<!--.*?-->|<(/?)([a-zA-Z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>", re.DOTALL)
HREF = re.compile(r"""(?<![\w-])(href\s*=\s*)("([^"]*)"|'([^']*)')""", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
# Elements whose content is HTML or text; everywhere else in the body MJML drops stray text.
TEXTUAL = frozenset(
    {
        "mj-text",
        "mj-button",
        "mj-table",
        "mj-raw",
        "mj-title",
        "mj-preview",
        "mj-style",
        "mj-social-element",
        "mj-navbar-link",
        "mj-accordion-title",
        "mj-accordion-text",
    }
)
# Inside these a comment would be shown as text.
NO_COMMENTS = frozenset({"mj-title", "mj-preview", "mj-style", "mj-button"})
PIXEL = '<img src="{{ 0 | hudhud_pixel }}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
TRACKED = "{{% capture hudhud_href %}}{}{{% endcapture %}}{{{{ hudhud_href | hudhud_track }}}}"
DIRECT = re.compile(r"\{\{-?\s*(unsubscribe_url|preferences_url)\s*-?\}\}")


@dataclass
class Masked:
    """Source without Liquid, and what each token stands for."""

    text: str
    pieces: list[str] = field(default_factory=list)
    hrefs: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def token(self, piece: str) -> str:
        """Keep a piece of Liquid; return what stands for it."""
        self.pieces.append(piece)
        return f"{STEM}x{len(self.pieces) - 1:04}z"


def compile_mjml(document: str, part: str) -> tuple[str, list[str]]:
    """Compile a whole MJML document (`layout.into_document`); return (HTML with Liquid, targets of static links). Raises `TemplateError`."""
    masked = Masked("")
    masked.text = _mask_liquid(document, masked)
    masked.text = _mask_hrefs(masked, part)
    try:
        document = mjml.mjml2html(masked.text, fonts={})
    except (ValueError, RuntimeError, OSError) as error:
        raise TemplateError(part, str(error), "correct the MJML", kind="mjml") from error
    # MJML's own reset works from the head; inlined into every cell it would double the mail.
    document = document.replace('<style type="text/css">\n#outlook', '<style type="text/css" data-css-inline="ignore">\n#outlook', 1)
    document = css_inline.inline(document, keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)
    return unmask(document.replace("</body>", PIXEL + "</body>", 1), masked), masked.links


def _mask_liquid(source: str, masked: Masked) -> str:
    """Replace Liquid by tokens that survive where they stand: text in attributes, comments in HTML, `mj-raw` between elements."""
    flat = LIQUID.sub(lambda found: masked.token(found[0]), source)
    result, stack, position = [], ["mjml"], 0
    for found in [*TAG.finditer(flat), None]:
        end = found.start() if found else len(flat)
        result.append(_wrap(flat[position:end], stack[-1], masked))
        if found is None:
            break
        result.append(found[0])
        position = found.end()
        _follow(stack, found)
    return _complete_tables("".join(result))


def _follow(stack: list[str], tag: re.Match[str]) -> None:
    name = (tag[2] or "").lower()
    if not name.startswith("mj"):
        return
    if tag[1]:
        if name in stack:
            del stack[len(stack) - 1 - stack[::-1].index(name) :]
    elif not tag[4]:
        stack.append(name)


def _wrap(text: str, inside: str, masked: Masked) -> str:
    def replace(found: re.Match[str]) -> str:
        is_tag = masked.pieces[int(found[1])].startswith("{%")
        if inside not in TEXTUAL:
            return f"<mj-raw><!--{found[0]}--></mj-raw>" if is_tag else f"<mj-raw>{found[0]}</mj-raw>"
        return f"<!--{found[0]}-->" if is_tag and inside not in NO_COMMENTS else found[0]

    return TOKEN.sub(replace, text)


def _complete_tables(source: str) -> str:
    """Write `<tbody>` around the rows of tables, so that no parser puts one inside a loop."""

    def complete(found: re.Match[str]) -> str:
        inner = found[2]
        return found[0] if re.search(r"<t(body|head)\b", inner, re.IGNORECASE) else f"{found[1]}<tbody>{inner}</tbody>{found[3]}"

    return re.sub(r"(<mj-table\b(?:[^>]*[^/>])?>)(.*?)(</mj-table>)", complete, source, flags=re.DOTALL)


def _mask_hrefs(masked: Masked, part: str) -> str:
    """Replace every target by a token, and number the ones that are the same for everybody."""

    def in_tag(tag: re.Match[str]) -> str:
        if tag[2] is None or tag[1] or tag[2].lower() in ("link", "base", "mj-font", "mj-include"):
            return tag[0]
        return HREF.sub(
            lambda found: found[1] + '"' + mask_href(found[3] if found[3] is not None else found[4], masked, part) + '"', tag[0]
        )

    return TAG.sub(in_tag, masked.text)


def mask_href(raw: str, masked: Masked, part: str) -> str:
    """Return what stands for a target: a token, or the target itself where there is nothing to count; raises `TemplateError`."""
    target = ENTITY.sub(lambda found: html.unescape(found[0]), raw).strip()
    source = TOKEN.sub(lambda found: masked.pieces[int(found[1])], target)
    scheme = target.partition(":")[0].lower()
    if source != target:
        masked.hrefs.append(source if DIRECT.fullmatch(source) else TRACKED.format(_escape_around(target, masked)))
    elif is_page(target):
        if target not in masked.links:
            masked.links.append(target)
        if len(masked.links) > MOST_LINKS:
            raise TemplateError(part, f"it has more than {MOST_LINKS} links", "leave some out", kind="too_many_links")
        masked.hrefs.append(f"{{{{ {masked.links.index(target)} | hudhud_link }}}}")
    elif scheme in PLAIN_SCHEMES or target.startswith("#"):
        return raw
    else:
        raise TemplateError(
            part,
            f"the link {target[:80]!r} leads nowhere",
            "write an address that begins with https://, mailto: or tel:",
            kind="link_nowhere",
        )
    return f"{STEM}h{len(masked.hrefs) - 1:04}z"


def _escape_around(target: str, masked: Masked) -> str:
    """HTML-escape the constant parts of a target that contains Liquid."""
    parts = TOKEN.split(target)
    return "".join(masked.pieces[int(part)] if index % 2 else html.escape(part) for index, part in enumerate(parts))


def unmask(document: str, masked: Masked) -> str:
    """Put Liquid back; a link token that is not a whole attribute (a share button's) becomes the plain target."""
    document = IN_HREF.sub(lambda found: f'href="{masked.hrefs[int(found[1])]}"', document)

    def plain(found: re.Match[str]) -> str:
        number = re.match(r"\{\{ (\d+) \|", masked.hrefs[int(found[1])])
        return html.escape(masked.links[int(number[1])]) if number else ""

    document = LINK_TOKEN.sub(plain, document)
    document = IN_COMMENT.sub(lambda found: masked.pieces[int(found[1])], document)
    return TOKEN.sub(lambda found: masked.pieces[int(found[1])], document)
