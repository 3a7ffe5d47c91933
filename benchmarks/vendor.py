"""A model server that says what time it is: each piece of a streamed answer is the moment at which it left.

    python -m benchmarks.vendor CHUNKS SECONDS_APART GO_FILE

Prints its address. Answers wait until the file is there, and then begin within one second, one after the other.
"""

import asyncio
import itertools
import json
import sys
import time
from pathlib import Path

#: Characters of a piece: nanoseconds of the monotonic clock, which all processes of a machine share, and a space.
WIDTH = 20
SPREAD_SECONDS = 1.0


def stamp() -> str:
    return f"{time.monotonic_ns():019d} "


def event(delta: dict[str, str], finish: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {
        "id": "c",
        "object": "chat.completion.chunk",
        "model": "gpt-4o-mini",
        "choices": [choice],
        **more,
    }
    data = b"data: " + json.dumps(chunk).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


class Vendor:
    def __init__(self, chunks: int, apart: float, go: Path) -> None:
        self.chunks = chunks
        self.apart = apart
        self.go = go
        self.numbers = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"post"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length))
        number = next(self.numbers)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while not self.go.exists():
            await asyncio.sleep(0.02)
        await asyncio.sleep(number % 100 / 100 * SPREAD_SECONDS)
        began = time.monotonic()
        for done in range(self.chunks):
            await asyncio.sleep(max(0.0, began + done * self.apart - time.monotonic()))
            writer.write(event({"content": stamp()}))
        usage = {"prompt_tokens": 10, "completion_tokens": self.chunks, "total_tokens": 10 + self.chunks}
        last = event({}, "stop", usage=usage)
        writer.write(last + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await writer.drain()
        writer.close()


async def main(chunks: int, apart: float, go: Path) -> None:
    server = await asyncio.start_server(Vendor(chunks, apart, go).serve, "127.0.0.1", 0, backlog=1000)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
