"""What the web pages of Azure DevOps ask of the server's data providers, by one POST for all of them.

Which providers run stands in the body. Most only read, some write what their parameters say (settings of pipelines,
tokens). So those that are known to read are listed (`data/azure-devops-providers.txt`); all others are unidentified.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from forgewall.identify.forges.azure_devops_body import fields
from forgewall.identify.forges.azure_devops_call import Call
from forgewall.model import Target

_MAX_SHOWN = 100  # characters of a name in evidence


def query(call: Call) -> Target:
    """A query of data providers."""
    found = fields(call.request)
    wanted = None if found is None else found.get("contributionids")
    if not isinstance(wanted, list) or not wanted:
        return call.doubtful("the body doesn't tell certainly which data providers run")
    for name in wanted:
        if not isinstance(name, str) or name.lower() not in readers():
            return call.doubtful(f"the data provider {str(name)[:_MAX_SHOWN]!r} is not known to only read")
    return call.target()


@cache
def readers() -> frozenset[str]:
    """The data providers that only read."""
    source = resources.files("forgewall.identify").joinpath("data/azure-devops-providers.txt")
    lines = source.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
