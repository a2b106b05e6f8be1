"""What axe-core finds that keeps somebody out."""

from typing import Any

from playwright.sync_api import Page


def barriers(page: Page, axe: str) -> list[str]:
    """In the whole page, with the pages that are set into it; `axe` is axe-core's text."""
    for frame in page.frames:
        frame.evaluate(axe)
    return serious(page.evaluate("axe.run()"))


def serious(found: dict[str, Any]) -> list[str]:
    """Each serious issue: its rule, its place and what is wrong; `found` is what axe.run() gave."""
    return [
        f"{issue['id']}: {node['target']} {node['html']} {node['failureSummary']}"
        for issue in found["violations"]
        if issue["impact"] in ("serious", "critical")
        for node in issue["nodes"]
    ]
