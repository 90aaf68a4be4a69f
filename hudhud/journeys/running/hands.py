"""Two hands: while one waits for an engine, or an engine works for it, the other goes on with something else."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def share(all_of: Iterable[T], work: Callable[[T], bool], stop: Callable[[], bool], hands: int) -> None:
    """Do `work` on each of these, one after the other and each as long as it says that there is more, with several threads.

    The first error ends it, and is raised. The threads bear the caller's name: signs of life and counters are the same role's.
    """
    left, errors = deque(all_of), list[BaseException]()

    def labour() -> None:
        try:
            while left and not stop() and not errors:
                if (one := _take(left)) is not None and work(one):
                    left.append(one)
        except BaseException as error:  # noqa: BLE001 -- raised in the caller's own thread
            errors.append(error)

    name = threading.current_thread().name
    others = [threading.Thread(target=labour, name=name, daemon=True) for _ in range(min(hands, len(left)) - 1)]
    for other in others:
        other.start()
    labour()
    for other in others:
        other.join()
    if errors:
        raise errors[0]


def _take(left: deque[T]) -> T | None:
    try:
        return left.popleft()
    except IndexError:
        # The other hand was quicker.
        return None
