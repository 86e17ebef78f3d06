"""What people see when they decide on mappings, duplicates and Accounts, and how each decision is recorded."""

from kevasync.review.accounts import AccountReview, open_accounts
from kevasync.review.duplicates import DuplicateReview, open_duplicates
from kevasync.review.mappings import MappingReview, open_mappings
from kevasync.review.screen import ReviewScreen

__all__ = [
    "AccountReview",
    "DuplicateReview",
    "MappingReview",
    "ReviewScreen",
    "open_accounts",
    "open_duplicates",
    "open_mappings",
]
