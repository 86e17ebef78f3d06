"""Great Expectations suites: gates on a snapshot and on a batch about to be written."""
