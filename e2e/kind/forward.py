"""Lets a port of another network namespace be reached on this machine: `python -I -S forward.py PORT PID`.

Listens on PORT of the loopback here, and connects each caller with PORT of the loopback in the network
namespace of the process PID. Runs until it is killed. Uses the standard library alone.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
import sys
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
_CHUNK = 65536
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, in the standard library since Python 3.12


def main(port: int, pid: int) -> None:
    """Listen, then move; raises OSError where either is not allowed."""
    listener = socket.create_server((LOOPBACK, port))
    _enter_network(pid)  # the listener stays where it was made
    asyncio.run(_serve(listener, port))


def _enter_network(pid: int) -> None:
    """Have all sockets from here on in the network namespace of a process; see setns(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
        if libc.setns(namespace.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")


async def _serve(listener: socket.socket, port: int) -> None:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))

    server = await asyncio.start_server(connect, sock=listener)
    async with server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
