"""Texts that GitLab carries out: quick actions in the description or a comment of an issue may copy it elsewhere.

Spec: docs.gitlab.com, "GitLab quick actions". `/move` and `/clone` name a project by its path, others a mail address
that is told of everything from then on; whatever looks like one of them counts, whether or not GitLab would carry it
out there (in a quotation, for instance).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from forgewall.identify.fields import given
from forgewall.identify.forges.gitlab_call import Call, Fields, texts
from forgewall.identify.forges.gitlab_place import Place
from forgewall.identify.query import base_name
from forgewall.model import Also, Operation, Target

# GitLab drops carriage returns before it looks for actions.
_LEAVES = re.compile(r"^[^\S\n]*+/(?P<action>move|clone)\b(?P<rest>.*)", re.IGNORECASE | re.MULTILINE)
# They let people in who have no account, by mail.
_INVITES = re.compile(r"^[^\S\n]*+/(?:add_email|invite_email|convert_to_ticket)\b", re.IGNORECASE | re.MULTILINE)
_MOST = 10  # copies that one text may ask for


def remark(call: Call) -> Target:
    """A text of an issue or an epic that exists."""
    return _remarked(call, call.nested())


def note(call: Call) -> Target:
    """A comment of the web pages, which `note_project_id` puts into another project."""
    fields = call.nested("note_project_id")
    if fields is None:
        return call.doubtful()
    if any(base_name(name) in ("project", "group") for name in fields):
        return call.doubtful("the parameters are those of a project's settings")
    if not given(fields, "note_project_id"):
        return _remarked(call, fields)
    place = call.finder.project(fields["note_project_id"])
    return call.doubtful(place) if isinstance(place, str) else _remarked(call.at(place), fields)


def _remarked(call: Call, fields: Fields | None) -> Target:
    if call.unread and not call.path.query:
        return call.target(wants_body=True)
    if fields is None or call.place is None:
        return call.doubtful("the parameters can't be searched for quick actions")
    also: list[Also] = []
    invites = False
    for found in texts(fields):
        text = found.replace("\r", "")
        invites = invites or _INVITES.search(text) is not None
        for match in _LEAVES.finditer(text):
            place = _goal(call, match["action"], match["rest"].strip())
            if place is None or len(also) >= _MOST:
                return call.doubtful("a quick action may copy the issue to another project")
            if place != call.place:
                also.append(call.also(place, "destination", Operation.ISSUE))
    if invites:
        also.append(call.also(call.place, "second", Operation.COLLABORATOR))
    return call.target(also=tuple(dict.fromkeys(also)))


def _goal(call: Call, action: str, rest: str) -> Place | None:
    """The project that an action names; None if it isn't certain."""
    words = [word for word in rest.split() if word != "--with_notes"]
    if not words and action.lower() == "clone":
        return call.place
    place = call.finder.project(words[0]) if len(words) == 1 else None
    return place if isinstance(place, Place) and "/" in words[0] else None


REMARKS: Mapping[str, Callable[[Call], Target]] = {"remark": remark, "note": note}
"""What the roles of rows with a text do."""
