"""Forgewall: a forward web proxy that keeps company data out of code repositories nobody approved.

A request to a code forge becomes a *target*, the policy turns it into a *verdict*, the proxy carries the verdict out
in the client's own language, and an *event* tells what happened and why.
"""

__version__ = "0.1.0"
