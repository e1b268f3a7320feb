"""GitLab's container registry, and the tokens for it: an image stands anywhere below its project.

Nothing marks where the project ends, so the address is the image's whole name. What is *not* here: the paths of the
distribution API and the scopes of tokens (`oci`).
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.forges.gitlab_place import Place, project_of
from forgewall.identify.oci import image_of, mounted_from, mounts, scope_to_push
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Also, Operation, Request, Target


def identify_registry(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request to registry.gitlab.com or an instance's registry."""
    image = image_of(path)
    evidence = f"{request.method} of a container image"
    if image is None:
        if request.method in plain.READS:
            return plain_read(forge_host, evidence)
        return unidentified(forge_host, f"{request.method} names no container image")
    operation = Operation.FETCH if request.method in plain.READS else Operation.PACKAGE
    also: tuple[Also, ...] = ()
    if operation is Operation.PACKAGE and mounts(path):
        source = mounted_from(path)
        if source is None:
            return unidentified(forge_host, "the image to copy a blob from isn't certain")
        if source != image.name:
            place = _imaged(source)
            address = f"{forge_host.forge}/{'/'.join(source)}"
            also = (Also(address=address, owner=place.owner, repository=place.repository, role="source"),)
    return _image(forge_host, image.name, operation, evidence, also)


def identify_token(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """`/jwt/auth`: a token for the registry, which may push if its scope says so."""
    scope = scope_to_push(request, forge_host, path)
    if isinstance(scope, Target):
        return scope
    evidence = "a registry token that may push"
    if scope.image is None:
        return named(forge_host, None, None, Operation.PACKAGE, evidence)
    return _image(forge_host, scope.image, Operation.PACKAGE, evidence)


def _image(
    forge_host: ForgeHost, name: tuple[str, ...], operation: Operation, evidence: str, also: tuple[Also, ...] = ()
) -> Target:
    place = _imaged(name)
    address = f"{forge_host.forge}/{'/'.join(name)}"
    return named(forge_host, place.owner, place.repository, operation, evidence, also=also, address=address)


def _imaged(name: tuple[str, ...]) -> Place:
    place = project_of(name) if len(name) == 2 else None
    return place or Place(owner=name[0], repository=None)
