"""Who sits at the command line: the account, by what the system knows and not by what the environment says."""

from __future__ import annotations

import os
import pwd

from forgewall.review.person import Person, Role

SOURCE = "login"


def person() -> Person:
    """The account of this process; of root under sudo the one who called it (SUDO_USER, sudo(8)).

    Whoever may write the policy's file is a reviewer: the file's mode decides that, not Forgewall.
    """
    return Person(name=_name(), source=SOURCE, role=Role.REVIEWER)


def _name() -> str:
    caller = os.environ.get("SUDO_USER", "")
    if os.geteuid() == 0 and caller and _exists(caller):  # only root's word counts for somebody else
        return caller
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in a container with a number for an account
        return f"uid-{os.getuid()}"


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except (KeyError, ValueError):
        return False
    return True
