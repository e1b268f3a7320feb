"""Approvals that cover what anybody can make for himself: a whole public forge, or all its snippets. Part of `lint`.

A whole self-hosted forge is the company's own, and fine. Whether an account is a person's can't be told from a policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from forgewall.decide.complaints import quote
from forgewall.decide.policy import Approval, Policy
from forgewall.decide.remark import Code, Remark
from forgewall.model import Effect, Kind

_COLLECTIONS = {
    Kind.GITLAB: {"-/snippets", "snippets"},
    Kind.BITBUCKET: {"snippets"},
    Kind.HUGGINGFACE: {"datasets", "spaces", "buckets", "kernels", "posts", "blog"},
    Kind.CODECOMMIT: {"v1", "v1/repos"},
}
"""What stands below a forge's host and is no owner."""


def over_broad(policy: Policy, entry: Approval) -> Iterator[Remark]:
    """That `entry` admits writes to what anybody can make."""
    host, slash, rest = entry.key.partition("/")
    if slash and rest.count("/") > 1:
        return
    forge = policy.registry.lookup(host)
    if forge is None or forge.instance is not None:
        return
    if slash and rest not in _COLLECTIONS.get(forge.kind, ()):
        return
    if not any(operation.effect is Effect.WRITE for operation in entry.terms.allow):
        return
    whole = "what anybody can make there" if slash else "a whole public forge, where anybody can have a repository"
    note = f"{quote(entry.address)} approves {whole}"
    hint = f"name an owner, as in {quote(f'{entry.address}/acme')}" if "snippets" not in rest else "remove it"
    yield Remark(code=Code.OVER_BROAD, line=entry.line, message=note, hint=hint)
