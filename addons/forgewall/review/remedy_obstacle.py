"""Why no entry of `approved:` would let a request pass, and where to turn instead: one sentence for each code.

Events' reasons quote requests; whoever prints a sentence makes it printable (`record.redact`).
"""

from __future__ import annotations

from forgewall.decide.policy import Policy
from forgewall.model import Effect, Verdict
from forgewall.review.remedy_place import place_of

_PROTOCOL = {
    "ssh": "let the client use HTTPS: git config --global url.https://HOST/.insteadOf ssh://git@HOST/",
    "host-mismatch": "the names in the connection must agree; look at the client, or list the address in "
    "`defaults: ip_literals` if it is one of the company's own",
    "port": "only HTTPS and HTTP ports of a forge can be checked",
    "log-unwritable": "make the event log writable again; `events: on_error` decides what passes meanwhile",
    "internal-error": "look at the faults in the event log",
    "busy": "try again when there is less to do",
    "spool": "free some space where long bodies are kept (--spool)",
}
_KNOW = (
    "an approval needs to know whose repository it is: send the request that the reason names, so that Forgewall "
    "learns it, or write the forge's `id:` into the entry of the repository"
)


def of_verdict(verdict: Verdict, policy: Policy) -> str:
    """What stands in the way of an approval where the engine says `verdict`; '' where an entry can help."""
    code = verdict.code
    if code == "forbidden":
        return (
            f"{verdict.reason} ({verdict.reference}); a prohibition holds for everybody and always, and is only "
            "lifted by hand"
        )
    if code == "unidentified":
        return f"{verdict.reason}; {_KNOW}"
    if code == "read":
        return f"{verdict.reason}, whatever is approved; change it at {verdict.reference}"
    if code in {effect.value for effect in Effect} - {Effect.READ, Effect.WRITE}:
        return f"{verdict.reason}; this can't be approved for one address, change `{verdict.rule.replace('/', ': ')}`"
    return ""


def of_event(code: str, rule: str, reason: str, policy: Policy) -> str:
    """What stands in the way where a limit, contents, the protocol or an unlisted host had decided; '' where not."""
    category = rule.partition("/")[0]
    where = place_of(rule, policy)
    if code == "volume" or category == "limits":
        return (
            f"{reason}; this limit counts for all uploads together: raise it at {where}, or wait until it allows more"
        )
    if code == "malformed" or category == "protocol":
        hint = _PROTOCOL.get(code, "no entry of a policy lifts this; look at the client that sent it")
        return f"{reason}; {hint}"
    if code == "other-host":
        return f"{reason}; hosts that are no forge go by `defaults: other_hosts` ({where})"
    if code in {"content", "unread"}:
        return f"{reason}; `content` decides this, also below approved addresses: see {where}, or mend the upload"
    return ""
