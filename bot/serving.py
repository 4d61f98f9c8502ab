"""The web server, which tells when it listens."""

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """A server that calls `ready` once it takes requests: an address that is told before then leads nowhere."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.should_exit:
            self.ready()
