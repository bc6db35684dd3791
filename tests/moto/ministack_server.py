"""ministack's server on a free port. Prints the port; ends when stdin ends.

Nothing is supplied here: it is ministack 1.5.33 as it is, less its listener for IoT.
"""

import os
import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", 0))
os.environ["GATEWAY_PORT"] = str(listener.getsockname()[1])
os.environ["IOT_MTLS_ENABLED"] = "0"
os.environ["LOG_LEVEL"] = "WARNING"
os.environ["MINISTACK_ACCOUNT_ID"] = sys.argv[1]

import asyncio

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


async def main():
    config = Config()
    # The socket listens already: a client that is faster than the server waits in its queue.
    config.bind = [f"fd://{listener.detach()}"]
    print(os.environ["GATEWAY_PORT"], flush=True)
    await serve(app, config)


threading.Thread(target=end_with_stdin, daemon=True).start()
asyncio.run(main())
