"""Lists that are read with the first address."""

from pipelines.urls.domain import same_publisher
from pipelines.urls.key import article_key


def warm_up() -> None:
    """Read them now: half a second of work that would else fall to whoever waits for the first answer."""
    article_key("http://warm.invalid/news/1?to=http%3A%2F%2Fwarm.invalid%2F&utm_source=warm")
    same_publisher("http://warm.invalid/", "http://also.warm.invalid/")
