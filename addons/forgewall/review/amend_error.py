"""The error of an edit that isn't made: what stands in the way, where, and what to do by hand."""

from __future__ import annotations

from forgewall.errors import ForgewallError


class AmendError(ForgewallError):
    """The policy can't be edited this way; nothing was changed."""

    exit_code = 1

    def __init__(self, file: str, line: int | None, sentence: str, advice: str = "") -> None:
        self.file = file
        self.line = line
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {sentence}" + (f" ({advice})" if advice else ""))
