"""Great Expectations' pages, made to open without a network."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Protocol

# what a page loads: it loads nothing from elsewhere, and runs nothing
LOADED = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*https?:[^>]*>|<footer\b.*?</footer>"
    r"|<iframe\b.*?</iframe>",
    re.DOTALL,
)
PICTURE = re.compile(r"""url\(["']?(?:https?:)?//[^)]*\)""")
OUTSIDE = re.compile(r"""\b(?:href|src)=["'](?:https?:)?//[^"']*["']""")


class Found(Protocol):
    """One expectation and how it came out."""

    @property
    def batch(self) -> str: ...
    @property
    def expects(self) -> str: ...
    @property
    def column(self) -> str | None: ...
    @property
    def severity(self) -> str: ...
    @property
    def is_met(self) -> bool: ...
    @property
    def rows(self) -> int | None: ...
    @property
    def unexpected(self) -> int | None: ...


def site(folder: Path) -> dict[str, object]:
    """Configure a site in a folder."""
    return {
        "class_name": "SiteBuilder",
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "show_how_to_buttons": False,
    }


def clear(folder: Path) -> None:
    """Remove the pages of the run before."""
    shutil.rmtree(folder, ignore_errors=True)


def finish(folder: Path, findings: Sequence[Found]) -> None:
    """Take out what pages load from elsewhere, and write an index that needs no script."""
    style = resources.files("runner").joinpath("templates", "docs.css").read_text()
    shutil.rmtree(folder / "static", ignore_errors=True)
    pages = [page for page in folder.rglob("*.html") if page != folder / "index.html"]
    for page in pages:
        text = OUTSIDE.sub('href="#"', LOADED.sub("", page.read_text()))
        text = PICTURE.sub("none", text)
        page.write_text(text.replace("</head>", f"<style>{style}</style></head>", 1))
    (folder / "index.html").write_text(_index(folder, pages, findings, style))


def _index(folder: Path, pages: list[Path], findings: Sequence[Found], style: str) -> str:
    links = {
        page.stem.removeprefix("almoner-"): page.relative_to(folder).as_posix()
        for page in pages
        if page.relative_to(folder).parts[0] == "validations"
    }
    batches: dict[str, list[Found]] = {}
    for each in findings:
        batches.setdefault(each.batch, []).append(each)
    rows = "".join(_row(name, found, links.get(name)) for name, found in batches.items())
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Landed rows</title><style>{style}</style></head><body><main>"
        "<h1>Landed rows</h1><table><tr><th>table</th><th>rows</th><th>met</th>"
        f"<th>not met</th></tr>{rows}</table></main></body></html>"
    )


def _row(name: str, found: list[Found], link: str | None) -> str:
    label = html.escape(name)
    title = f'<a href="{html.escape(link)}">{label}</a>' if link else label
    size = next((f"{each.rows:,}" for each in found if each.rows is not None), "")
    missed = "<br>".join(_missed(each) for each in found if not each.is_met)
    met = sum(each.is_met for each in found)
    return f"<tr><td>{title}</td><td>{size}</td><td>{met}</td><td>{missed}</td></tr>"


def _missed(found: Found) -> str:
    count = f" ({found.unexpected:,} rows)" if found.unexpected is not None else ""
    text = f"{found.severity}: {found.column or ''} {found.expects}{count}"
    return f'<span class="{found.severity}">{html.escape(text)}</span>'
