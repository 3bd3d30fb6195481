"""Score a county's government units under a published assessment scheme, and explain every number."""

__version__ = "0.3.0"
