"""Commands that look and store nothing: one line for a mistake, no log, output any terminal can show."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from scrapy.commands import ScrapyCommand

from crawler.errors import ExitCode

# What is looked at is neither stored nor counted, and its failure is one line of ours, not a log.
_QUIETLY: dict[str, Any] = {"ITEM_PIPELINES": {}, "EXTENSIONS": {}, "LOG_LEVEL": "CRITICAL"}


class QuietCommand(ScrapyCommand):
    """Base of `scrapy explain` and `scrapy newsite`; `name` is how the user calls it."""

    requires_project = True
    name: ClassVar[str]

    def be_quiet(self) -> None:
        """Settings of a visit that leaves nothing behind, whatever `-s` and `-L` say."""
        from crawler.config import name_operator
        from crawler.loglines import install

        install()
        assert self.settings is not None
        name_operator(self.settings)
        for name, value in _QUIETLY.items():
            self.settings.set(name, value, priority="spider")  # -s and -L come before these

    def refuse(self, message: str, code: ExitCode) -> NoReturn:
        """End with one line."""
        from crawler.terminal import harmless

        print(f"scrapy {self.name}: {harmless(message)}", file=sys.stderr)
        sys.exit(code)

    @staticmethod
    def show(lines: Iterable[str]) -> None:
        """To standard output, whatever it can show; a reader that stops reading is no error."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            print("\n".join(lines))
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
