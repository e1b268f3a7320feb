"""Measurements of Forgewall beside stock mitmproxy, on this machine, over loopback. `python -m bench` runs them all.

Not here: checks. A benchmark fails only where something doesn't work, never because it is slow.
"""
