"""Named queries."""

import pytest

from hudhud.kit.sql import parse


def test_queries_are_split_by_name_and_keep_their_comments() -> None:
    found = parse("-- name: one\n-- the first\nSELECT 1;\n\n-- name: two\nSELECT 2")
    assert [query.name for query in found] == ["one", "two"]
    assert found.one.text == "-- the first\nSELECT 1"
    assert found.two.text == "SELECT 2"


def test_a_misspelt_name_says_which_exist() -> None:
    with pytest.raises(AttributeError, match="there are: one"):
        _ = parse("-- name: one\nSELECT 1").won
