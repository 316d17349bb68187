"""Why a request is not sent: values a spider can tell apart."""

from __future__ import annotations

from enum import StrEnum

from scrapy.exceptions import IgnoreRequest


class Why(StrEnum):
    """What keeps us from a host."""

    RETRY_AFTER = "retry_after"
    CIRCUIT_OPEN = "circuit_open"
    HOST_BUDGET = "host_budget"
    ROBOTS_UNREACHABLE = "robots_unreachable"


_SAID = {
    Why.RETRY_AFTER: "{host} asked to be left alone",
    Why.CIRCUIT_OPEN: "{host} does not answer",
    Why.HOST_BUDGET: "{host} has had its requests of this run",
    Why.ROBOTS_UNREACHABLE: "robots.txt of {host} cannot be had",
}


class RobotsForbidden(IgnoreRequest):
    """robots.txt says no."""

    def __init__(self) -> None:
        super().__init__("Forbidden by robots.txt")


class HostUnavailable(IgnoreRequest):
    """Nothing is wrong with the URL: its host may not be asked now.

    `seconds` until it may be asked again, None for not in this run; `status` is the answer that the request
    itself got (429, 503), None for one that was not sent.
    """

    def __init__(
        self, host: str, reason: Why, seconds: float | None, *, status: int | None = None, detail: str = ""
    ) -> None:
        said = _SAID[reason].format(host=host) + (f" ({detail})" if detail else "")
        super().__init__(said if seconds is None else f"{said}; to be asked again in {seconds:.0f} s")
        self.host = host
        self.reason = reason
        self.seconds = seconds
        self.status = status
