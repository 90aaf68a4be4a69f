"""Reads about warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.kit import sql
from hudhud.warehouses.types import Run, Warehouse, WarehouseNotFound

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.warehouses")


def find_warehouses(ws: Scope) -> list[Warehouse]:
    """Every one, the oldest first."""
    return [msgspec.convert(row, Warehouse) for row in ws.all(QUERIES.find_warehouses, warehouse_id=None)]


def get_warehouse(ws: Scope, warehouse_id: int) -> Warehouse:
    """One of them; raises `WarehouseNotFound`."""
    found = ws.one(QUERIES.find_warehouses, warehouse_id=warehouse_id)
    if found is None:
        raise WarehouseNotFound
    return msgspec.convert(found, Warehouse)


def find_runs(ws: Scope, warehouse_id: int, *, after: int | None = None, limit: int = 50) -> list[Run]:
    """A page of readings and dry runs, newest first, older than `after`."""
    return [msgspec.convert(row, Run) for row in ws.all(QUERIES.find_runs, warehouse_id=warehouse_id, after=after, limit=limit)]
