"""A git-lfs transfer agent that uploads in parts, as Hugging Face's does (git-lfs/docs/custom-transfers.md).

git-lfs starts it and speaks JSON lines with it; it runs alone, without the rest of `demo`. The answer to a batch gives
it the addresses of the parts in the action's header, beside `chunk_size`, and the address to tell that all are there.
It reads proxy and CA from the environment. Settings: `lfs.customtransfer.multipart.path` and `….args`.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


def main() -> int:
    """Serve one git-lfs process until it says `terminate`."""
    for line in sys.stdin:
        message = json.loads(line)
        match message["event"]:
            case "init":
                _say({})
            case "upload":
                _say({"event": "complete", "oid": message["oid"], **_outcome(message)})
            case _:
                return 0
    return 0


def _outcome(message: dict[str, Any]) -> dict[str, Any]:
    try:
        _upload(message["oid"], Path(message["path"]), message["action"])
    except urllib.error.HTTPError as error:
        text = error.read(4096).decode("utf-8", "replace")
        return {"error": {"code": error.code, "message": f"HTTP {error.code}: {text}"}}
    except OSError as error:
        return {"error": {"code": 1, "message": str(error)}}
    return {}


def _upload(oid: str, file: Path, action: dict[str, Any]) -> None:
    header = action["header"]
    length = int(header["chunk_size"])
    numbers = sorted(int(name) for name in header if name.isdecimal())
    parts = []
    with file.open("rb") as content:
        for number in numbers:
            tag = _send("PUT", header[str(number)], content.read(length), "application/octet-stream")
            parts.append({"partNumber": number, "etag": tag})
    _send("POST", action["href"], json.dumps({"oid": oid, "parts": parts}).encode(), "application/json")


def _send(method: str, url: str, content: bytes, media_type: str) -> str | None:
    request = urllib.request.Request(url, content, {"Content-Type": media_type}, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        tag: str | None = response.headers.get("ETag")
        return tag


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
