"""moto's S3 server as a process: `python -m tests.s3_server PORT`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any


def one_at_a_time(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """moto looks whether a condition holds and then writes: two threads of it may both find that it does.

    A store does both in one step.
    """
    lock = Lock()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with lock:
            return list(app(environ, start_response))

    return serve


def main(port: int) -> None:
    """moto is an extra: pytest imports this module without it, too."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    run_simple(
        "127.0.0.1", port, one_at_a_time(DomainDispatcherApplication(create_backend_app)), threaded=True
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
