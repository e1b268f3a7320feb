"""AWS CodeCommit: git below `/v1/repos/NAME`, and the JSON API (`codecommit_api`).

An address (`git-codecommit.REGION.amazonaws.com/v1/repos/NAME`) names no account, as git's URL doesn't: the account is
that of the credentials which sign the request. So an approval covers the repositories of this name in every account,
and whoever has another account's credentials may create one there. Only AWS can tell accounts apart: the policy of a
VPC endpoint can ask for `aws:ResourceAccount`.
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges.codecommit_api import found_name, identify_api
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository
from forgewall.identify.targets import unidentified
from forgewall.model import Kind, Request, Target


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind codecommit."""
    if forge_host.role is Role.API and request.method == "POST":
        return identify_api(request, forge_host, path)
    if forge_host.role is Role.API and path.query:
        # AWS' older protocols put operation, input and signature there. Nothing is asked of this API but by POST.
        return unidentified(forge_host, f"{request.method} with a query names no operation that is understood")
    return plain.identify(request, forge_host, path)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`v1/repos/NAME`; a name keeps its case and may not end in `.git`."""
    if len(names) != 3 or names[:2] != ("v1", "repos"):
        return None
    return found_name(forge_host, names[2])


FORGE = Forge(kind=Kind.CODECOMMIT, read=read, repository_of=repository_of, complete=True)
