"""URL identity: what may be fetched, how it is written one way, and which addresses are one article.

`checked_url` is the address as it is asked for; `canonical_url` the same address spelled one way, which may
be shown and fetched; `article_key` also folds the views of an article (http and https, www, mobile, AMP,
print) and is for comparing only; `credible_canonical` is what the page says of itself, when that may be
believed.
"""

from pipelines.urls.canonical import canonical_url
from pipelines.urls.checked import BadUrl, checked_url, given_url, trimmed, without_credentials
from pipelines.urls.credible import credible_canonical
from pipelines.urls.domain import registered_domain, same_publisher
from pipelines.urls.key import article_key
from pipelines.urls.wrappers import unwrapped

__all__ = [
    "BadUrl",
    "article_key",
    "canonical_url",
    "checked_url",
    "credible_canonical",
    "given_url",
    "registered_domain",
    "same_publisher",
    "trimmed",
    "unwrapped",
    "without_credentials",
]
