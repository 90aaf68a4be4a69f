"""The floor of sending: ready bytes, pipelined envelopes, nothing else. `python -m bench.pump PORT MAILS CONNECTIONS` prints mails/s."""

from __future__ import annotations

import asyncio
import sys
import time

import uvloop

BODY = b"Subject: x\r\n\r\n" + b"x" * 76 + b"\r\n" + (b"y" * 76 + b"\r\n") * 110 + b".\r\n"
ENVELOPE = b"MAIL FROM:<a@bench.example>\r\nRCPT TO:<b@bench.example>\r\nDATA\r\n"
# MAIL, RCPT, DATA, the dot.
REPLIES = 4


async def pump(port: int, mails: int) -> None:
    """Send `mails` over one connection: each envelope rides with the content before it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"HELO bench\r\n" + ENVELOPE)
    for _ in range(REPLIES):
        await reader.readline()
    for number in range(mails):
        writer.write(BODY + (ENVELOPE if number < mails - 1 else b"QUIT\r\n"))
        for _ in range(REPLIES if number < mails - 1 else 1):
            await reader.readline()
    writer.close()


async def main(port: int, mails: int, connections: int) -> float:
    """Send over several connections at once; return mails/s."""
    began = time.perf_counter()
    await asyncio.gather(*(pump(port, mails // connections) for _ in range(connections)))
    return mails / (time.perf_counter() - began)


if __name__ == "__main__":
    print(uvloop.run(main(*(int(word) for word in sys.argv[1:4]))))
