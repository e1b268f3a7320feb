"""Why a GraphQL request can't be understood for certain."""

from __future__ import annotations


class Unclear(ValueError):
    """What servers may read differently, or nobody knows; the message is a sentence without a full stop."""
