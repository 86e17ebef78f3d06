"""What people see when they decide on mappings and duplicates, and how each decision is recorded."""

from kevasync.review.duplicates import DuplicateReview, open_duplicates
from kevasync.review.mappings import MappingReview, open_mappings
from kevasync.review.screen import ReviewScreen

__all__ = ["DuplicateReview", "MappingReview", "ReviewScreen", "open_duplicates", "open_mappings"]
