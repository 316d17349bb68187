"""What a page says it is written in, and what its bytes say: the parts of `pipelines.page.decode`."""
