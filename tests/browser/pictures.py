"""The pictures of the app in docs/: every page, wide and narrow, by day and by night.

python -m survey board data/board --simulate 2000
python app.py --port 7860 --data data &
python tests/browser/pictures.py http://127.0.0.1:7860 docs
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

READY = {
    "": "#maps figure",
    "compare": "table.bars",
    "prefer": ".stand[data-phase=ask]",
    "study": "h1:visible",
    "results": "iframe:visible, h1:visible",
}
WIDTHS = {1280: 860, 360: 740}  # of the window, with its height
TALLEST = 1500  # pixels of a page that are shown
SAMPLE, SAMPLE_FILE = "An astronaut in front of a flag", "astronaut"
PINS = (((0.3, 0.75), "vivid red"), ((0.75, 0.5), "greyish yellow"))  # of what the model offers
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("address", help="of the running app")
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for width, height in WIDTHS.items():
            for light in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": height},
                    device_scale_factor=2 if width < 500 else 1,
                    color_scheme=light,
                    reduced_motion="reduce",
                )
                for path, ready in READY.items():
                    picture = args.folder / f"{path or 'colorize'}-{width}-{light}.jpg"
                    take(page, f"{args.address}/{path}", ready, picture)
                take_board(page, args.folder / f"board-{width}-{light}.jpg")
                page.close()


def take(page: Page, address: str, ready: str, picture: Path) -> None:
    page.goto(address)
    page.locator(ready).first.wait_for(timeout=120_000)
    if picture.name.startswith("colorize"):
        set_pins(page)
    page.wait_for_timeout(1500)  # pictures that fade in
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": min(height, TALLEST)}
    page.screenshot(path=picture, type="jpeg", quality=88, full_page=True, clip=clip)
    print(picture)


def take_board(page: Page, picture: Path) -> None:
    """The board alone, of the Results page that is open."""
    page.locator("#board iframe:visible").wait_for(timeout=120_000)
    page.wait_for_timeout(500)  # as tall as it is
    box = page.locator("#board").bounding_box()
    top = box["y"] + page.evaluate("scrollY")
    clip = box | {"y": top, "height": min(box["height"], TALLEST)}
    page.screenshot(path=picture, type="jpeg", quality=70, full_page=True, clip=clip)
    print(picture)


def set_pins(page: Page) -> None:
    """Take a sample, ask about spots in it, and choose of the colours that are offered."""
    page.get_by_role("button", name=SAMPLE).click()
    page.locator(f"#stage img.after[alt^='{SAMPLE_FILE}']").wait_for()
    page.get_by_label("Divider between the photo before and after").fill("25")
    photo = page.locator("#stage .spotter")
    photo.scroll_into_view_if_needed()
    for (x, y), color in PINS:
        page.keyboard.press("Escape")
        box = photo.bounding_box()
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.locator(".offers").get_by_text(color, exact=True).click()
    page.locator("#hints .told em").nth(1).wait_for()
    if page.viewport_size["width"] < 640:
        page.keyboard.press("Escape")  # a page is shown whole, and the question at its lower end
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()
