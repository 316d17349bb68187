"""The report: one HTML page about the run, the sites and the corpus, made of records alone."""
