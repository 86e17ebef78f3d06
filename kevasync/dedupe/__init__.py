"""Which records are one person or organisation: blocking, comparison, scoring, clusters, survivorship, merge plans."""
