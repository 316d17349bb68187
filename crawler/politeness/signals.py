"""What the politeness tells the rest of a crawl.

`robots_read` is sent once a run for each origin whose robots.txt is known, fetched or remembered, with
`host_url` (scheme://host:port) and `sitemaps` (absolute addresses it names).
"""

robots_read = object()
