"""The demo newsroom: six invented outlets on loopback, so that a crawl can be shown and graded."""
