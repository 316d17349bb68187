"""Python loads this at its start where it finds it on PYTHONPATH: whoever asks the network is written down.

KHABAR_TEST_NETWORK names the file. Sockets of this machine's own processes are none of the network.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, NoReturn

_LOG = Path(os.environ["KHABAR_TEST_NETWORK"])


def _note(what: str) -> NoReturn:
    with _LOG.open("a", encoding="utf-8") as log:
        log.write(f"{what}\n")
    raise OSError("there is no network here")


def _getaddrinfo(host: Any, *_: Any, **__: Any) -> NoReturn:
    _note(f"name {host}")


class _Socket(socket.socket):
    def connect(self, address: Any) -> None:
        self._refuse(address)
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        self._refuse(address)
        return super().connect_ex(address)

    def _refuse(self, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _note(f"connection to {address}")


socket.getaddrinfo = _getaddrinfo
socket.socket = _Socket  # type: ignore[misc]  # for the whole process, that is the point
