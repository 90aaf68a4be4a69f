"""A file in MaxMind's format, as small as a test needs it. Source: maxmind.github.io/MaxMind-DB (version 2.0)."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

DOUBLE, UINT64, ARRAY = 3, 9, 11


def place_file(networks: dict[str, Any]) -> bytes:
    """Return the bytes of a file that knows these IPv4 networks, each with what it says of them."""
    nodes: list[list[int | None]] = [[None, None]]
    data = b""
    leaves: list[tuple[int, int, int]] = []
    for network, said in networks.items():
        parsed = ipaddress.IPv4Network(network)
        bits = f"{int(parsed.network_address):032b}"[: parsed.prefixlen]
        here = 0
        for bit in map(int, bits[:-1]):
            below = nodes[here][bit]
            if below is None:
                below = nodes[here][bit] = len(nodes)
                nodes.append([None, None])
            here = below
        leaves.append((here, int(bits[-1]), len(data)))
        data += _value(said)
    for here, bit, offset in leaves:
        nodes[here][bit] = len(nodes) + 16 + offset
    tree = b"".join((len(nodes) if side is None else side).to_bytes(3, "big") for node in nodes for side in node)
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _metadata(len(nodes))


def _metadata(node_count: int) -> bytes:
    return _map({
        "node_count": _number(6, node_count), "record_size": _number(5, 24), "ip_version": _number(5, 4),
        "database_type": _text("Test-Country"), "languages": bytes([0, ARRAY - 7]), "description": _map({}),
        "binary_format_major_version": _number(5, 2), "binary_format_minor_version": _number(5, 0),
        "build_epoch": bytes([1, UINT64 - 7, 1]),
    })  # fmt: skip


def country(code: str) -> dict[str, Any]:
    """Return what a country file says of a network."""
    return {"country": {"iso_code": code}}


def _value(value: Any) -> bytes:  # noqa: ANN401 -- what JSON can say, but for null
    if isinstance(value, dict):
        return _map({name: _value(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return bytes([len(value), ARRAY - 7]) + b"".join(map(_value, value))
    if isinstance(value, float):
        return bytes([(DOUBLE << 5) | 8]) + struct.pack(">d", value)
    return _text(value)


def _text(text: str) -> bytes:
    return bytes([(2 << 5) | len(text)]) + text.encode()


def _number(kind: int, value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([(kind << 5) | size]) + value.to_bytes(size, "big")


def _map(pairs: dict[str, bytes]) -> bytes:
    return bytes([(7 << 5) | len(pairs)]) + b"".join(_text(name) + value for name, value in pairs.items())
