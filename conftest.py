"""What pytest cannot collect without the extras: it imports every module. And the patience of Hypothesis."""

from __future__ import annotations

from importlib.util import find_spec

from hypothesis import HealthCheck, settings

_OF_THE_BROWSER = ["crawler/rendering/handler.py", "crawler/rendering/page.py"]
# The second is for processes that tests start.
collect_ignore = [
    *([] if find_spec("scrapy_playwright") else _OF_THE_BROWSER),
    "tests/fake_names",
    "tests/no_network",
]
# A machine with other work to do is slow at random, which says nothing about the code.
settings.register_profile("khabar", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("khabar")
