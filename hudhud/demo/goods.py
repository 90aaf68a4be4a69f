"""What the sample shop sells, with a small picture of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PICTURES = "/demo/pictures"  # the app draws them there
SHOP = "https://shop.example"
CURRENCY = "EUR"
CATEGORIES = {
    "Feeders": "#c2713d",
    "Nest boxes": "#6b8f4e",
    "Seed": "#d0a33b",
    "Books": "#5377a6",
    "Binoculars": "#4a4e69",
    "Prints": "#a65369",
}


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on sale."""

    sku: str
    name: str
    category: str
    price: float
    weight: int  # how often it is looked at, beside the others

    def properties(self, pictures: str) -> dict[str, Any]:
        """Return what events say about it (Segment's e-commerce spec); `pictures` is the address of the picture folder."""
        return {
            "product_id": self.sku,
            "sku": self.sku,
            "name": self.name,
            "category": self.category,
            "price": self.price,
            "currency": CURRENCY,
            "url": f"{SHOP}/p/{self.sku}",
            "image_url": f"{pictures}/{self.sku}.svg",
        }


PRODUCTS = (
    Product("tube-feeder", "Tube feeder", "Feeders", 24.9, 9),
    Product("window-feeder", "Window feeder", "Feeders", 17.5, 8),
    Product("suet-cage", "Suet cage", "Feeders", 9.9, 6),
    Product("oak-nest-box", "Oak nest box", "Nest boxes", 39.0, 7),
    Product("swift-box", "Swift box", "Nest boxes", 54.0, 3),
    Product("robin-box", "Open robin box", "Nest boxes", 29.0, 5),
    Product("sunflower-5", "Sunflower hearts, 5 kg", "Seed", 21.5, 10),
    Product("winter-mix-10", "Winter mix, 10 kg", "Seed", 32.0, 8),
    Product("nyjer-2", "Nyjer seed, 2 kg", "Seed", 12.9, 5),
    Product("field-guide", "Field guide to 800 birds", "Books", 27.0, 6),
    Product("garden-birds", "A year of garden birds", "Books", 18.0, 4),
    Product("binoculars-8x32", "Binoculars 8×32", "Binoculars", 189.0, 4),
    Product("binoculars-10x42", "Binoculars 10×42", "Binoculars", 329.0, 2),
    Product("hoopoe-print", "Hoopoe, art print", "Prints", 35.0, 5),
    Product("kingfisher-print", "Kingfisher, art print", "Prints", 35.0, 4),
)
BY_SKU = {product.sku: product for product in PRODUCTS}


def picture(product: Product) -> str:
    """Draw the product's picture: a bird on the colour of its category, and its price."""
    colour = CATEGORIES[product.category]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" width="320" height="320" role="img">'
        f'<rect width="320" height="320" fill="{colour}"/><circle cx="160" cy="150" r="104" fill="#fff" fill-opacity=".18"/>'
        '<path d="M92 190c8-54 48-86 96-78l52 14-44 14c-2 58-40 92-92 88l-40 26z" fill="#fff" fill-opacity=".92"/>'
        f'<circle cx="180" cy="134" r="7" fill="{colour}"/><path d="M176 108l-6-44 20 26 8-34 10 36 22-24-12 42z" fill="#fff" fill-opacity=".92"/>'
        f'<text x="160" y="296" font-family="system-ui,sans-serif" font-size="30" text-anchor="middle" fill="#fff">{product.price:.2f} €</text></svg>'
    )
