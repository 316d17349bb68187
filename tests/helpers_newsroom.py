"""What the tests of the demo newsroom share: its outlets, and a parameter for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import content

ROOT = Path(content.__file__).resolve().parents[1]
OUTLETS = content.load()
PORT = content.DEFAULT_PORT

per_outlet = pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
