"""kevasync keeps Keva customer profiles and Salesforce Contacts in agreement: plan, review, apply, undo."""

__all__ = ["__version__"]

__version__ = "0.1.0"
