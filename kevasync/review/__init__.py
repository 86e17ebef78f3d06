"""What people see when they decide on mappings and duplicates, and how each decision is recorded."""
