"""`python -m benchmarks.replay` in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.replay import main
from tests.helpers_replay import (
    BODIES,
    PAGES,
    ROOT,
    Client,
    write_sets,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sets(tmp_path / "data")


@pytest.fixture
def command(data: Path, tmp_path: Path) -> list[str]:
    files = [f"--{name}={tmp_path / name}" for name in ("urls", "ready", "ca", "log")]
    start = [sys.executable, "-m", "benchmarks.replay", f"--data={data}"]
    return [*start, "--sets=first, second", *files]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(
    command: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    ready = tmp_path / "ready"
    ready.write_text("left by another run", encoding="utf-8")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdout is not None
            summary = process.stdout.readline()  # printed once it listens
            while not ready.exists() and process.poll() is None:
                time.sleep(0.01)
            port = int(ready.read_text(encoding="utf-8"))
            urls = (tmp_path / "urls").read_text(encoding="utf-8").splitlines()
            clients = [Client(port, url, tmp_path / "ca") for url in urls]
            answers = [client.ask()[2] for client in clients]  # all stay open
            process.send_signal(number)
            _, errors = process.communicate(timeout=180)
        finally:
            process.kill()
        for client in clients:
            client.connection.close()
    assert answers == BODIES
    assert (process.returncode, errors) == (0, "")
    assert summary.startswith(f"{len(PAGES)} pages at http://127.0.0.1:{port}, 5 under another URL")
    logged = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(line)["method"] == "GET" for line in logged) == len(PAGES)


def test_a_busy_port_is_one_line_and_exit_2(command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        full = [*command, f"--port={port}"]
        done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"replay: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--sets=first,third"], "no such set: 'third' in "),
        (["--sets="], "no such set: '' in "),
        (["--data=nowhere"], "no such folder: nowhere"),
        (["--port=65536"], "cannot listen on 127.0.0.1:65536: "),
        (["--log=nowhere/log"], "nowhere/log"),
        (["--ca=nowhere/ca"], "nowhere/ca"),
        (["--urls=nowhere/urls"], "nowhere/"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    command: list[str], change: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    restored = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert main([*command[3:], *change]) == 2
    finally:
        for number, handler in restored:
            signal.signal(number, handler)
    errors = capsys.readouterr().err
    assert errors.startswith("replay: ")
    assert message in errors
    assert errors.count("\n") == 1
