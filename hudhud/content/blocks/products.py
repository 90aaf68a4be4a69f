"""A list of products as cards: one below the other with the picture beside the words, or two or three in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.content.blocks.conditions import say_path
from hudhud.content.blocks.pieces import Piece, attributes
from hudhud.content.blocks.wording import quantity
from hudhud.content.rawhtml import escape_text

if TYPE_CHECKING:
    from hudhud.content.blocks.pieces import Setting
    from hudhud.content.blocks.types import Products

NAME = '{{ item.name | default: item.title | default: item.sku | default: "–" }}'
PICTURE = (
    '{% if item.image_url %}<mj-image src="{{ item.image_url }}" alt="{{ item.name | default: item.title | default: "" }}" />{% endif %}'
)
PRICE = "{{ item.price | money: workspace.currency }}"


def write_products(block: Products, at: Setting, number: int) -> Piece:
    """Write the list; `number` makes its name different from that of other lists in the mail."""
    name = f"items_{number}"
    otherwise = f" | default: {say_path(block.otherwise)}" if block.otherwise else ""
    source = say_path(block.source)
    start, end = f"{{% assign {name} = {source}{otherwise} %}}", ""
    if block.when_empty == "hide":
        start, end = start + f"{{% if {name} %}}", "{% endif %}"
    else:
        # An empty list has no first item: reading it skips the person, and the reason names the list.
        end = f"{{% if {name}.size == 0 %}}{{{{ {source}[0].name }}}}{{% endif %}}"
    cards = _grid(block, at, name) if block.layout == "grid" else _list(block, at, name)
    plain = f"{{% for item in {name} limit: {block.limit} %}}{_plain(block, at)}{{% endfor %}}"
    return Piece(f"{start}{cards}{end}", f"{start}{plain}{end}")


def _list(block: Products, at: Setting, name: str) -> str:
    words = _words(block, at, "")
    if "image" in block.show:
        columns = f'<mj-column width="34%">{PICTURE}</mj-column><mj-column width="66%">{words}</mj-column>'
    else:
        columns = f"<mj-column>{words}</mj-column>"
    return f'{{% for item in {name} limit: {block.limit} %}}<mj-section mj-class="card">{columns}</mj-section>{{% endfor %}}'


def _grid(block: Products, at: Setting, name: str) -> str:
    """Write rows of columns, each with the item of its place if there is one: MJML cannot be begun in one turn of a loop and ended in another."""
    inner = (PICTURE if "image" in block.show else "") + _words(block, at, "center")
    width = f"{100 / block.per_row:.4g}%"
    rows = []
    for first in range(0, block.limit, block.per_row):
        columns = "".join(_cell(name, place, width, inner, block.limit) for place in range(first, first + block.per_row))
        rows.append(f'{{% if {name}.size > {first} %}}<mj-section mj-class="card">{columns}</mj-section>{{% endif %}}')
    return "".join(rows)


def _cell(name: str, place: int, width: str, inner: str, limit: int) -> str:
    item = f"{{% for item in {name} limit: 1 offset: {place} %}}{inner}{{% endfor %}}" if place < limit else ""
    return f'<mj-column width="{width}" vertical-align="top">{item}</mj-column>'


def _words(block: Products, at: Setting, align: str) -> str:
    aligned = attributes(align=align)
    linked = f'{{% if item.url %}}<a href="{{{{ item.url }}}}">{NAME}</a>{{% else %}}{NAME}{{% endif %}}'
    lines = [f"<mj-text{aligned}><strong>{linked}</strong></mj-text>"]
    if "quantity" in block.show:
        many = quantity(at.language, "item.quantity")
        lines.append(f'{{% if item.quantity %}}<mj-text mj-class="muted"{aligned}>{many}</mj-text>{{% endif %}}')
    if "price" in block.show:
        lines.append(f'{{% if item.price %}}<mj-text mj-class="price"{aligned}>{PRICE}</mj-text>{{% endif %}}')
    if block.button:
        label = escape_text(block.button)
        lines.append(f'{{% if item.url %}}<mj-button href="{{{{ item.url }}}}"{aligned}>{label}</mj-button>{{% endif %}}')
    return "".join(lines)


def _plain(block: Products, at: Setting) -> str:
    lines = [NAME]
    if "quantity" in block.show:
        lines.append(f"{{% if item.quantity %}}<br>{quantity(at.language, 'item.quantity')}{{% endif %}}")
    if "price" in block.show:
        lines.append(f"{{% if item.price %}}<br>{PRICE}{{% endif %}}")
    lines.append('{% if item.url %}<br><a href="{{ item.url }}"></a>{% endif %}')
    return f"<p>{''.join(lines)}</p>"
