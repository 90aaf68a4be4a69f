"""The mapping process: `python -m hudhud.hooks.evaluator`. Reads a mapping and bodies on standard input, writes what comes of each item.

It holds no keys, opens no files and no connections, and is made anew for each use, so that nothing of one source reaches another. Memory
(RLIMIT_AS) and CPU time (RLIMIT_CPU, anew for each body) are limited; an item that takes too long is given up alone. Answers are lines of
JSON, `[]` when it begins, `[body, item, messages, problem]`, and `[body]` at a body's end: whoever reads them knows where it stopped.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qs

import msgspec
from jsonata import Jsonata

from hudhud.hooks.protocol import MAX_LEVELS, MAX_MESSAGES, Given, Work

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTRA_MEMORY = 256 * 2**20
ITEM_CPU_S, BODY_CPU_S = 0.5, 20
MAX_ANSWER_BYTES = 16 * 2**20  # of one body
MAX_FIELDS = 10_000  # of a form
FORM = "application/x-www-form-urlencoded"
TOO_MUCH = "it needs too much time or memory"


class Unfit(Exception):
    """The body, or what the mapping makes of it, is of no use; the text says why."""


class TooLong(BaseException):
    """Too much CPU time for one item; no handler of the library's may swallow it."""


def read(given: Given) -> Any:  # noqa: ANN401 -- any JSON
    """Return what a body says: JSON, or the fields of a form (a list where a name comes more than once). Raises `Unfit`."""
    try:
        if given.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            fields = parse_qs(given.body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
            return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
        return msgspec.json.decode(given.body)
    except RecursionError:
        raise Unfit("the body is nested too deep") from None
    except ValueError as error:
        raise Unfit(f"the body is neither JSON nor a form: {error}") from None


def compiled(text: str, what: str) -> Jsonata:
    """Parse an expression; raises `Unfit` with the place of the mistake."""
    if not text.strip():
        raise Unfit(f"{what}: write an expression")
    try:
        return Jsonata(text)
    except Exception as error:  # noqa: BLE001 -- whatever the library raises is about the text
        raise Unfit(f"{what}: {_told(error)}") from None


def _told(error: Exception) -> str:
    place = getattr(error, "location", -1)
    said = " ".join(str(error).split()) or type(error).__name__
    return f"{said} (character {place})" if isinstance(place, int) and place > 0 else said


def evaluate(expression: Jsonata, value: Any, names: dict[str, Any]) -> Any:  # noqa: ANN401 -- any JSON
    """Evaluate within an item's CPU time; raises `Unfit`."""
    frame = expression.create_frame()
    for name, bound in names.items():
        frame.bind(name, bound)
    # Again and again: the library may have swallowed the first one.
    signal.setitimer(signal.ITIMER_PROF, ITEM_CPU_S, ITEM_CPU_S / 10)
    try:
        return expression.evaluate(value, frame)
    except (MemoryError, RecursionError, SystemError, TooLong):
        # A SystemError is a MemoryError that a library lost on its way.
        raise Unfit(TOO_MUCH) from None
    except Exception as error:  # noqa: BLE001 -- as above: the expression, or the item
        raise Unfit(_told(error)) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def items_of(expression: Jsonata | None, value: Any, names: dict[str, Any]) -> list[Any]:  # noqa: ANN401 -- any JSON
    """Return the items of a body: each is mapped, and may fail, on its own."""
    found = value if expression is None else evaluate(expression, value, names)
    return [] if found is None else list(found) if isinstance(found, list) else [found]


def messages_of(made: Any) -> bytes:  # noqa: ANN401 -- any JSON
    """Return what an item makes as a JSON list of objects; raises `Unfit`."""
    several = [] if made is None else made if isinstance(made, list) else [made]
    if not all(isinstance(one, dict) for one in several):
        raise Unfit('make objects, such as {"type": "track", "userId": id, "event": "Order Completed"}')
    if len(several) > MAX_MESSAGES:
        raise Unfit(f"it makes more than {MAX_MESSAGES} messages")
    if _is_deeper(several, MAX_LEVELS):
        raise Unfit(f"it makes objects or lists more than {MAX_LEVELS} deep")
    try:
        return json.dumps(several, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Unfit(f"it makes something that is no JSON: {error}") from None


def _is_deeper(value: Any, levels: int) -> bool:  # noqa: ANN401 -- any JSON
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)


def answers(work: Work, place: int) -> Iterator[bytes]:
    """Yield the lines about one body."""
    try:
        yield from _lines(work, place)
    except Unfit as unfit:
        yield _problem(place, 0, unfit)
    yield b"[%d]\n" % place


def _lines(work: Work, place: int) -> Iterator[bytes]:
    given = work.bodies[place]
    mapping = compiled(work.mapping, "mapping")
    where = compiled(work.items, "items") if work.items.strip() else None
    value = read(given)
    names = {"body": value, "headers": given.headers, "received_at": given.received_at}
    said = 0
    for number, item in enumerate(items_of(where, value, names)):
        if number >= MAX_MESSAGES or said > MAX_ANSWER_BYTES:
            yield _problem(place, number, Unfit(f"the body makes more than {MAX_MESSAGES} messages, or {MAX_ANSWER_BYTES} bytes"))
            return
        line = _line(mapping, item, names | {"index": number}, place, number)
        said += len(line)
        yield line


def _line(mapping: Jsonata, item: Any, names: dict[str, Any], place: int, number: int) -> bytes:  # noqa: ANN401 -- any JSON
    try:
        return b'[%d,%d,%s,""]\n' % (place, number, messages_of(evaluate(mapping, item, names)))
    except Unfit as unfit:
        return _problem(place, number, unfit)


def _problem(place: int, number: int, unfit: Unfit) -> bytes:
    return msgspec.json.encode([place, number, [], str(unfit)[:500].encode(errors="replace").decode()]) + b"\n"


def limit() -> None:
    """Limit memory to what is in use now plus an allowance; nothing is written to disk."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- read once, before anything untrusted
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + EXTRA_MEMORY, in_use + EXTRA_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
    signal.signal(signal.SIGPROF, _out_of_time)


def _out_of_time(_signal: int, _frame: object) -> NoReturn:
    raise TooLong


def allow_cpu() -> None:
    """Let the process use a body's CPU time more before the system kills it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + BODY_CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def main() -> None:
    """Answer once."""
    work = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Work)
    sink, sys.stdout = sys.stdout.buffer, sys.stderr
    limit()
    sink.write(b"[]\n")
    sink.flush()
    for place in range(len(work.bodies)):
        allow_cpu()
        for line in answers(work, place):
            sink.write(line)
        sink.flush()


if __name__ == "__main__":
    main()
