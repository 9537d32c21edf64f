"""Makes the pictures of the docs from the prepared project: `python docs/screenshots.py`.

Needs Chromium and the `dev` extra. They are made, not kept by hand, so that they stay true.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import chromium, streamlit_server  # noqa: E402

from app.serve import OPTIONS  # noqa: E402
from labeling.demo import prepare_demo  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PAGES = {
    "overview": "",
    "browse": "browse",
    "review": "review",
    "solution": "solution?id=1",
}
SIZE = {"width": 1280, "height": 800}


def main() -> None:
    """Every page in light, the review page in dark too."""
    IMAGES.mkdir(exist_ok=True)
    theme = [f"--{name}={value}" for name, value in OPTIONS if name.startswith("theme")]
    with tempfile.TemporaryDirectory() as folder:
        url = prepare_demo(Path(folder) / "playground.db", lambda *_: None)
        environment = {"STEPLENS_DB": url, "USER": "ann", "LOGNAME": "ann"}
        with streamlit_server(ROOT / "app" / "main.py", environment, theme) as at:
            with chromium() as browser:
                for scheme in ("light", "dark"):
                    page = browser.new_page(viewport=SIZE, color_scheme=scheme)  # type: ignore
                    for name, path in PAGES.items():
                        if scheme == "dark" and name != "review":
                            continue
                        page.goto(f"{at}/{path}")
                        page.wait_for_selector("h1, tr[aria-selected=true]")
                        page.wait_for_timeout(3000)
                        suffix = "-dark" if scheme == "dark" else ""
                        page.screenshot(path=IMAGES / f"{name}{suffix}.png")
                    page.close()


if __name__ == "__main__":
    main()
