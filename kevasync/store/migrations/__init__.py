"""Numbered migrations of the state's tables, run by Alembic from inside the package."""
