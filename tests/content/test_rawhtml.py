"""HTML mode: byte for byte what the author wrote, but for the targets of links and what is added at the ends."""

from __future__ import annotations

import re
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hudhud.content.markup import PIXEL
from hudhud.content.publish import compile_copy
from hudhud.content.rawhtml import compile_html
from hudhud.content.types import Compiled, Copy, TemplateError
from tests.content.test_compile import URLS, html_of, targets_of


def raw(source: str, *, preheader: str = "", inline_css: bool = False) -> Compiled:
    """Compile a mail that is HTML."""
    return compile_copy(Copy("Hello", mode="html", html=source, preheader=preheader, inline_css=inline_css), "en")


@settings(max_examples=40, deadline=None)
@given(URLS, st.sampled_from(['<a href="{}">', "<a  class=x HREF='{}'>", '<area href = "{}" />', "<A\n href=\"{}\" title='<'>"]))
def test_a_click_leads_to_exactly_what_the_author_wrote(url: str, tag: str) -> None:
    copy = raw(f"<html><body>{tag.format(escape(url))}x</a></body></html>")
    assert targets_of(copy) == [url]


PIECES = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<br>",
            "<td class='x'>",
            "&amp;",
            "&",
            "<!-- note -->",
            "<style>a > b { color: red }</style>",
            "text ",
            "é",
            "<",
            "{{ person.first_name }}",
            "{% if person.first_name %}",
            "<b",
            '<a name="x">',
            "\r\n",
            "<!--[if mso]><td><![endif]-->",
            "\t",
            '"',
            "<script>'<a href=x>'</script>",
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=60, deadline=None)
@example('<!DOCTYPE html>\n<html><head><title>x</title></head><body class="a">', "</body>\n</html>")
@given(PIECES, PIECES)
def test_everything_but_links_stays_as_it_was(before: str, after: str) -> None:
    """What is put in is the address and the picture; taken out again, the author's bytes are left."""
    source = f'{before}<a href="https://x.example/">y</a>{after}'
    document, links = compile_html(source, "", "part")
    # A tag left open in what stands before may swallow the link: then it is no link, and nothing is changed.
    assert links in ([], ["https://x.example/"])
    restored = document.replace(PIXEL, "", 1).replace('href="{{ 0 | hudhud_link }}"', 'href="https://x.example/"')
    assert restored == source


def test_what_outlook_alone_reads_is_counted_too() -> None:
    source = (
        "<!--[if mso]><v:roundrect href='https://x.example/?a=1&amp;b=2' arcsize=\"8%\"><w:anchorlock/></v:roundrect><![endif]-->"
        "<!--[if !mso]><!--><a href='https://x.example/?a=1&amp;b=2'>Go</a><!--<![endif]-->"
    )
    copy = raw(source)
    assert copy.links == ["https://x.example/?a=1&b=2"]
    assert targets_of(copy) == ["https://x.example/?a=1&b=2"] * 2
    assert html_of(copy).replace("\r\n", "\n").startswith("<!--[if mso]><v:roundrect href=")


def test_the_picture_stands_before_the_end_and_the_preheader_at_the_beginning() -> None:
    copy = raw('<html><body class="a>b">Hi</body></html>', preheader="Look: {{ person.first_name }}")
    document = html_of(copy)
    assert re.search(
        r'<body class="a>b"><div style="display:none[^>]*>Look: Ada</div>Hi<img src="https://m\.example/t/o/[^>]*></body></html>', document
    )
    assert "Look" not in copy.text
    assert html_of(raw("Hi")).startswith("Hi<img ")


def test_styles_are_written_into_elements_only_where_that_is_asked_for() -> None:
    source = "<html><head><style>.a { color: red } @media print { .a { color: blue } }</style></head><body><table>{% for i in event.items %}<tr><td class=a>{{ i }}</td></tr>{% endfor %}</table></body></html>"
    assert "style=" not in html_of(raw(source), items=["x"]).partition("<img")[0]
    document = html_of(raw(source, inline_css=True), items=["x", "y"])
    assert len(re.findall(r'<tr><td class="?a"? style="color: red;?">[xy]</td></tr>', document)) == 2
    assert "@media print" in document


@pytest.mark.parametrize("link", ["javascript:alert(1)", "/page.html", "", "*|UNSUB|*"])
def test_links_that_lead_nowhere_are_told(link: str) -> None:
    with pytest.raises(TemplateError, match="leads nowhere") as caught:
        raw(f'<a href="{link}">x</a>')
    assert caught.value.data["field"] == "languages.en.html"


def test_a_link_of_a_value_and_one_with_liquid_are_kept_exactly() -> None:
    copy = raw(
        '<a href="{{ event.link }}">x</a><a href="https://x.example/?a=1&amp;b={{ event.q }}">y</a><a href="{{ unsubscribe_url }}">u</a>'
    )
    assert targets_of(copy, link="https://y.example/?c=1&d=2", q="q&r") == ["https://y.example/?c=1&d=2", "https://x.example/?a=1&b=q&r"]
    assert 'href="https://m.example/u/1"' in html_of(copy, link="https://y.example", q="")


def test_ten_thousand_pieces_come_back_each_to_its_place() -> None:
    source = "".join(f"{{{{ event.v{number} }}}}<i>" for number in range(10_050))
    assert compile_html(source, "", "part")[0] == source + PIXEL
