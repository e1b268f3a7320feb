"""A throw-away code forge on loopback, and what runs real clients against it through Forgewall.

It serves the demo and the end-to-end tests. It is no product: it knows no accounts, no permissions and no web pages.
"""
