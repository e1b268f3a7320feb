"""The fields of a POST, as browsers send forms: `application/x-www-form-urlencoded`, short, in UTF-8, nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from forgewall.errors import ForgewallError

MAX_BYTES = 64 * 1024
MAX_DRAINED = 1024 * 1024
"""So much of a body that is too large is read all the same, so that the client reads the answer before the end."""
MAX_FIELDS = 100
SECONDS = 30.0
"""How long a body may take to come."""
KIND = "application/x-www-form-urlencoded"


class FormError(ForgewallError):
    """A body that isn't read; `status` is what it's answered with."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields in order; a name may occur more than once."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The only value of `name`, without spaces around it; '' if there is none, or several."""
        values = self.all(name)
        return values[0] if len(values) == 1 else ""

    def all(self, name: str) -> tuple[str, ...]:
        """All values of `name`, without spaces around them."""
        return tuple(value.strip() for key, value in self.fields if key == name)


async def read_form(request: Request) -> Form:
    """The form in a POST, nothing for other methods, whose bodies aren't read. Raises FormError."""
    if request.method != "POST":
        return Form()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != KIND:
        raise FormError(415, "The console takes forms only, as its own pages send them.")
    try:
        async with asyncio.timeout(SECONDS):
            body = await _body(request)
        text = body.decode("ascii")
        return Form(tuple(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)))
    except (TimeoutError, ClientDisconnect):
        raise FormError(408, "The form didn't come completely.") from None
    except ValueError:
        raise FormError(400, "The form can't be read.") from None


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 12 or int(announced) > MAX_DRAINED:
        raise _too_large()
    body, length = bytearray(), 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > MAX_DRAINED:
            break
        if length <= MAX_BYTES:
            body += chunk
    if length > MAX_BYTES:
        raise _too_large()
    return bytes(body)


def _too_large() -> FormError:
    return FormError(413, f"A form may have {MAX_BYTES // 1024} KiB at most.")
