"""The rules that tell secrets, from the file the operator names or those that come with Forgewall.

Not here: what a rule is (`inspect.rules`), and searching.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from forgewall.errors import StartError
from forgewall.inspect.secrets import Scanner


def read_rules(file: Path | None) -> Scanner:
    """The compiled rules of `file`, or the built-in ones. Raises StartError for a file that can't be used.

    The fingerprints of secrets are salted anew for each process, so that a log doesn't help to guess any.
    """
    salt = secrets.token_bytes(16)
    if file is None:
        return Scanner.built_in(salt=salt)
    try:
        return Scanner.load(file.read_text(encoding="utf-8"), salt=salt)
    except OSError as error:
        raise StartError(f"cannot read --secret-rules {file}: {error.strerror or error}.") from None
    except ValueError as error:
        raise StartError(f"--secret-rules {file} can't be used: {error}. Its format is that of gitleaks.") from None
