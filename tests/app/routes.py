"""Every route of the API, from its own OpenAPI document, with requests that fit its schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hudhud.app.urls import api
from tests.app.tenants import ID, MARK

DOCUMENT: dict[str, Any] = api.get_openapi_schema()
KEYS = {"key", "topic", "template", "segment", "journey"}
PLAIN = {"integer": 1, "number": 1, "boolean": True}
DAY = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation, aimed at the other tenant's things."""

    method: str
    path: str
    url: str
    body: object
    role: str


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return _resolve(schema[union][0])
    return schema


def example(schema: dict[str, Any], name: str = "") -> object:
    """Return a value that fits: ids and keys are those of the other tenant."""
    found = _resolve(schema)
    if "enum" in found or "const" in found:
        return found.get("const", found.get("enum", [None])[0])
    if found.get("type") == "object":
        return {key: example(value, key) for key, value in found.get("properties", {}).items()}
    if found.get("type") == "array":
        return [example(found.get("items", {}), name)]
    if found.get("type") in PLAIN:
        return ID if name.endswith(("id", "before", "after")) else PLAIN[found["type"]]
    return DAY if found.get("format") == "date-time" else _text(name)


def _text(name: str) -> str:
    if "email" in name:
        return "ours@example.com"
    return MARK if name in KEYS else "ours"


def _path_value(parameter: dict[str, Any]) -> str:
    return str(ID if parameter["schema"].get("type") == "integer" else MARK)


def find_routes() -> list[Route]:
    """Return all routes."""
    routes = []
    for path, operations in DOCUMENT["paths"].items():
        for verb, operation in operations.items():
            method, url = verb.upper(), path
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    url = url.replace(f"{{{parameter['name']}}}", _path_value(parameter))
            content = operation.get("requestBody", {}).get("content", {})
            body = example(content["application/json"]["schema"]) if "application/json" in content else None
            routes.append(Route(method, path, url, body, operation["x-role"]))
    return routes
