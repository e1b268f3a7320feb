"""Packages and container images of Gitea and Forgejo: whose they are. They belong to an owner, never to a repository.

Paths below `/api/packages/OWNER/TYPE` and `/v2/OWNER/IMAGE` (OCI distribution API), and the registry's token service.
What is *not* here: deleting and linking packages through the REST API (`gitea_api`) and the web pages (`gitea_web`).
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.oci import image_of, mounted_from, mounts, scope_to_push
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named, other, plain_read, unidentified
from forgewall.model import Also, Operation, Request, Target

# fmt: off
TYPES = frozenset({
    "alpine", "alt", "arch", "cargo", "chef", "composer", "conan", "conda", "container", "cran", "debian", "generic",
    "go", "helm", "maven", "npm", "nuget", "pub", "pypi", "rpm", "rubygems", "swift", "terraform", "vagrant",
})
# fmt: on
_SIGNING_IN = frozenset({("swift",), ("swift", "login")})


def identify_package(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request below `/api/packages`; `path` is without these two segments."""
    owner, *rest = path.pieces or ("",)
    evidence = f"{request.method} of a package"
    known = is_name(owner) and bool(rest) and rest[0] in TYPES
    if request.method in plain.READS:
        return plain_read(forge_host, evidence, owner=owner) if known else plain_read(forge_host, evidence)
    if request.method == "POST" and tuple(rest) in _SIGNING_IN:
        return named(forge_host, None, None, Operation.AUTH, "a package client signs in", address=forge_host.forge)
    if not known or path.segments[:1] != (owner,):
        return unidentified(forge_host, f"{request.method} names no certain package")
    return named(forge_host, owner, None, Operation.PACKAGE, evidence)


def identify_image(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request below `/v2`."""
    if path.segments == ("v2", "token"):
        return _token(request, forge_host, path)
    image = image_of(path)
    evidence = f"{request.method} of a container image"
    owner = image.name[0] if image is not None and len(image.name) > 1 else None
    if request.method in plain.READS:
        return plain_read(forge_host, evidence, owner=owner)
    if owner is None:
        return unidentified(forge_host, f"{request.method} names no container image")
    if not mounts(path):
        return named(forge_host, owner, None, Operation.PACKAGE, evidence)
    source = mounted_from(path)
    if source is None:
        return unidentified(forge_host, "the image to copy a blob from isn't certain", owner=owner)
    also: tuple[Also, ...] = ()
    if source[0].lower() != owner.lower():
        also = (other(forge_host, source[0], None, "source"),)
    return named(forge_host, owner, None, Operation.PACKAGE, evidence, also=also)


def _token(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    if request.method not in plain.READS and request.method != "POST":
        return unidentified(forge_host, f"{request.method} on the token service is not understood")
    scope = scope_to_push(request, forge_host, path)
    if isinstance(scope, Target):
        return scope
    owner = scope.image[0] if scope.image and len(scope.image) > 1 else None
    return named(forge_host, owner, None, Operation.PACKAGE, "a registry token that may push")
