"""One request under judgement, with the policy it is judged by, and what its event and its refusal say of it.

A case keeps its policy: what is under way is not touched by a reload. Not here: judging (`enforcer`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.decide.policy import Policy
from forgewall.enforce.reply import Refusal, Reply, refuse
from forgewall.identify.registry import ForgeHost
from forgewall.model import Operation, Target, Verdict
from forgewall.proxy.arrival import Arrival
from forgewall.record.event import Decision, Exchange, PolicyRef


@dataclass(frozen=True, slots=True)
class Case:
    """A request, the policy it is judged by, the forge it goes to (None for other hosts), and its target once known."""

    policy: Policy
    arrival: Arrival
    forge: ForgeHost | None = None
    target: Target | None = None

    def decision(self, verdict: Verdict) -> Decision:
        """The event that tells of `verdict`."""
        return Decision(
            request_id=self.arrival.id,
            subject=self.arrival.subject,
            exchange=self.exchange,
            verdict=verdict,
            policy=policy_ref(self.policy),
            target=self.target,
        )

    def reply(self, verdict: Verdict, event_id: str | None, head: bytes = b"") -> Reply:
        """The refusal in the client's language; `head` is the beginning of the body, as far as it was read."""
        target = self.target
        refusal = Refusal(
            code=verdict.code,
            reason=verdict.reason,
            contact=self.policy.contact,
            event_id=event_id,
            rule=verdict.rule,
            address=target.address if target else None,
            operation=target.operation if target and target.operation is not Operation.UNIDENTIFIED else None,
            kind=target.kind if target else None,
            limit=verdict.max_upload,
        )
        return refuse(refusal, self.arrival.request, target, head)

    @property
    def exchange(self) -> Exchange:
        """The facts of the request that its event may tell."""
        request = self.arrival.request
        mime_type = request.header("content-type")
        return Exchange(
            scheme=request.scheme,
            host=request.host,
            port=request.port,
            method=request.method,
            path=request.path,
            http_version=self.arrival.http_version,
            user_agent=request.header("user-agent"),
            content_length=self.arrival.content_length,
            mime_type=mime_type.partition(";")[0].strip() if mime_type else None,
            server_name=self.arrival.server_name,
            role=self.forge.role.value if self.forge else "",
        )

    @property
    def is_push_body(self) -> bool:
        """Whether the body begins with the command list of a git push that can be read as it is."""
        request = self.arrival.request
        return (
            self.target is not None
            and self.arrival.has_body
            and request.method == "POST"
            and request.path.partition("?")[0].endswith("/git-receive-pack")
            and request.header("content-encoding") in (None, "identity")
        )


def policy_ref(policy: Policy) -> PolicyRef:
    """The policy as events name it."""
    return PolicyRef(digest=policy.digest, file=policy.file, mode=policy.mode)
