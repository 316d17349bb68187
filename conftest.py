"""What pytest cannot collect without the extras: it imports every module of `crawler` for its examples."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = (
    [] if find_spec("scrapy_playwright") else ["crawler/rendering/handler.py", "crawler/rendering/page.py"]
)
