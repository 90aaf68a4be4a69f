"""A sink for machines without Postfix's `smtp-sink`: takes everything, keeps nothing. `python -m bench.sink PORT`."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

END = b"\r\n.\r\n"
GREETING = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = cast("asyncio.Transport", transport)
        self.buffer, self.in_content = b"", False
        self.transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every whole command; skip content up to its dot."""
        self.buffer += data
        replies = []
        while (end := self.buffer.find(END if self.in_content else b"\r\n")) >= 0:
            line, self.buffer = self.buffer[:end], self.buffer[end + (len(END) if self.in_content else 2) :]
            if self.in_content:
                self.in_content = False
                replies.append(b"250 taken\r\n")
            else:
                replies.append(self.reply(line[:4].upper()))
        self.transport.write(b"".join(replies))

    def reply(self, verb: bytes) -> bytes:
        """Answer one command."""
        if verb == b"DATA":
            self.in_content = True
            # The dot may stand right at the beginning.
            self.buffer = b"\r\n" + self.buffer
            return b"354 go\r\n"
        return GREETING if verb == b"EHLO" else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
