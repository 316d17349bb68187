"""From a fetched page to a row of Parquet: pure decisions, with effects only in `pipelines.store`."""

SCHEMA_VERSION = 2
EXTRACTOR_VERSION = "0.1.0"
EXTRACTOR = f"khabar-{EXTRACTOR_VERSION}"
