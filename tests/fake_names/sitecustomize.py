"""Python loads this at its start where it finds it on PYTHONPATH: names are looked up in a table.

No other `.test` name exists. KHABAR_TEST_NAMES is a JSON file:
{name: {"answers": [[address, …], "EAI_…", …], "seconds": 1.5}}.
Each lookup takes the next answer, addresses or an error; the last one stays. Who was looked up is appended to
the file's `.log`.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from threading import Lock
from typing import Any

_FILE = Path(os.environ["KHABAR_TEST_NAMES"])
_TABLE: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
_real = socket.getaddrinfo
_lock = Lock()


def _getaddrinfo(host: Any, port: Any, *args: Any, **named: Any) -> Any:
    name = host.rstrip(".") if isinstance(host, str) else ""
    if name not in _TABLE and not name.endswith(".test"):
        return _real(host, port, *args, **named)
    with _lock:
        with _FILE.with_suffix(".log").open("a", encoding="utf-8") as log:
            log.write(f"{host}\n")
        entry = _TABLE.get(name, {"answers": ["EAI_NONAME"]})
        answers = entry["answers"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
    time.sleep(entry.get("seconds", 0.0))
    if isinstance(answer, str):
        raise socket.gaierror(getattr(socket, answer), "as the table says")
    return [found for address in answer for found in _real(address, port, *args, **named)]


socket.getaddrinfo = _getaddrinfo
