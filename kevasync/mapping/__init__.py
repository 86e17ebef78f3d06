"""Which field is which: the mapping, its file, its transformations and the lint against describe."""
