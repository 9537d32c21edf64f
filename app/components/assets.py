"""The files that browsers load: the components' modules, and KaTeX with its fonts.

They are served as they are, beside Streamlit's own routes, under an address with a digest of all
of them: a browser may keep them for ever, and never runs two releases mixed. Streamlit's own two
ways do not do: a folder `static` has one address for every release, and the assets of a component
are not found in an editable install.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

FOLDER = Path(__file__).parent
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
}

# A component's inline script, which is a module without an address of its own: what it imports
# must be given whole. A component whose files do not come says so in its place.
LOADER = """\
let mount;
try {
  ({ default: mount } = await import(new URL("%s", window.location.origin).href));
} catch {
  mount = ({ parentElement }) =>
    parentElement.replaceChildren("This part of the page did not load. Reload the page.");
}
export default mount;
"""


@cache
def files() -> dict[str, Path]:
    """Everything that is served: its path below this folder -> the file."""
    found = [path for path in FOLDER.rglob("*") if path.suffix in TYPES]
    return {path.relative_to(FOLDER).as_posix(): path for path in sorted(found)}


@cache
def digest() -> str:
    """A name of this release's files: another content, another name."""
    hashed = hashlib.sha256()
    for name, path in files().items():
        hashed.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:16]


def address(name: str) -> str:
    """The path at which a browser finds the file `name`, such as "data_table/data_table.js"."""
    if name not in files():
        raise ValueError(f"the app has no file {name} for browsers")
    return f"{_root()}/{name}"


def loader(name: str) -> str:
    """The inline script of a component whose module is `name`."""
    return LOADER % address(name)


def route() -> Route:
    """The route that serves the files; it goes beside Streamlit's own (`app/asgi.py`)."""
    return Route(_root() + "/{name:path}", _serve)


def _root() -> str:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' + base if base else ''}/steplens/{digest()}"


async def _serve(request: Request) -> FileResponse:
    file = files().get(request.path_params["name"])
    if file is None:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(file, media_type=TYPES[file.suffix], headers=headers)
