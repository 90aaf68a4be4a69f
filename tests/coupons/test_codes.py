"""Codes: what a pattern makes can be read aloud, checked, and not guessed."""

from __future__ import annotations

import itertools

import pytest

from hudhud.coupons.codes import LETTERS, check_pattern, is_sound, make_code
from hudhud.kit.errors import InvalidInput


def test_a_code_is_of_its_pattern_and_a_slip_is_found() -> None:
    pattern = "SALE-####-###%"
    for _ in range(50):
        code = make_code(pattern)
        assert is_sound(pattern, code)
        assert is_sound(pattern, code.lower())
        assert code.startswith("SALE-")
        for place in range(5, len(code)):
            if code[place] == "-":
                continue
            wrong = LETTERS[(LETTERS.index(code[place]) + 7) % len(LETTERS)]
            assert not is_sound(pattern, code[:place] + wrong + code[place + 1 :])


def test_neighbours_the_other_way_round_are_found() -> None:
    pattern, missed = "######%", 0
    for first, second in itertools.pairwise(LETTERS):
        code = make_code(pattern)
        drawn = [*code[:4], first, second]
        from hudhud.coupons.codes import check_letter  # noqa: PLC0415

        swapped = [*code[:4], second, first]
        missed += check_letter(drawn) == check_letter(swapped)
    assert missed == 0


@pytest.mark.parametrize("pattern", ["", "SALE", "SALE-#####", "sale-######", "######%%", "###### #"])
def test_patterns_that_could_be_guessed_or_misread_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput):
        check_pattern(pattern)
