"""A study served with the whole app, and people in front of it."""

from pathlib import Path

import numpy as np
from PIL import Image

from survey.store import read_only
from tests.helpers.study import make_study

EXPOSURE_MS = 200
SHORT = {"models": ("vivid",), "practice": 1, "trials": 2, "catch": 0.5}
SHORT |= {"exposure_ms": EXPOSURE_MS, "mask_ms": 30}
KEPT_OUT = "Blocked script execution in 'about:srcdoc'"  # of axe, by the report's sandbox


class Hall:
    """The whole app with a study of this design, and its votes."""

    def __init__(self, folder: Path, design: str, **settings) -> None:
        import app
        from colorize.web.studio import Studio

        self.study_folder = folder
        panel = "PROLIFIC_PID" if design == "single" else ""
        self.study = make_study(folder, design=design, **SHORT | {"panel": panel} | settings)
        paint(folder / "stimuli")
        self._app = app.build(Studio("cpu"), folder)
        _, url, _ = app.launch(self._app, prevent_thread_lock=True, quiet=True)
        self.url = url.rstrip("/")
        self._votes = read_only(folder / "data" / "votes.db")

    def votes(self) -> list[dict]:
        return list(self._votes.query("SELECT * FROM votes ORDER BY id"))

    def responses(self) -> list[tuple[str, str, str | None]]:
        rows = self._votes.query("SELECT page, question, answer FROM responses ORDER BY id")
        return [(row["page"], row["question"], row["answer"]) for row in rows]

    def panel_ids(self) -> set[str | None]:
        return {row["panel_id"] for row in self._votes.query("SELECT panel_id FROM participants")}

    def participants(self) -> int:
        return self._votes["participants"].count

    def close(self) -> None:
        self._votes.close()
        self._app.close(verbose=False)


def paint(stimuli: Path) -> None:
    """Every image a picture of its own."""
    for seed, file in enumerate(sorted(stimuli.iterdir())):
        noise = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC).save(file, "PNG")


class Visitor:
    """Somebody in front of the page."""

    def __init__(self, browser, url: str, query="", *, touch=False, **context) -> None:
        size = {"width": 360, "height": 740} if touch else {"width": 1280, "height": 800}
        options = {"viewport": size, "has_touch": touch, "is_mobile": touch}
        self.context = browser.new_context(**options | context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.touch = touch
        self.trouble: list[str] = []
        self.abroad: list[str] = []
        self.asked_to_stay = 0
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", self._leave)
        self.page.on("request", lambda r: r.url.startswith(("http:", "https:")) and
                     not r.url.startswith(url) and self.abroad.append(r.url))  # fmt: skip
        self.page.goto(f"{url}/study{query}")

    def _hear(self, message) -> None:
        if message.type == "error" and not message.text.startswith(KEPT_OUT):
            self.trouble.append(message.text)

    def _leave(self, dialog) -> None:
        self.asked_to_stay += 1
        dialog.accept()

    def screen(self) -> str:
        """Wait for a screen that wants something; a trial is one when it can be answered."""
        return self.page.wait_for_function(
            """() => {
                const section = document.querySelector('#study section:not([hidden])');
                if (!section || section.dataset.name === 'wait') return null;
                if (section.dataset.name !== 'trial') return section.dataset.name;
                const open = section.querySelector('button:not([disabled])');
                return open && (open.value === 'go' ? 'feedback' : 'trial');
            }"""
        ).json_value()

    def go(self, selector: str = "section:not([hidden]) button") -> None:
        """Press a button: with a finger, or with the keyboard alone."""
        button = self.page.locator(f"#study {selector}").first
        if self.touch:
            return button.tap()
        for _ in range(6):
            if button.evaluate("node => node === document.activeElement"):
                return self.page.keyboard.press("Enter")
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the Tab key")

    def answer(self, choice: int = 0) -> None:
        if self.touch:
            self.page.locator(".answers button").nth(choice).tap()
        else:
            self.page.keyboard.press(["ArrowLeft", "ArrowRight"][choice])

    def fill(self) -> None:
        """The first answer to each question that has any, and on."""
        self.page.evaluate(
            """() => document.querySelectorAll('#study fieldset').forEach((group) =>
                 group.querySelector('input')?.click())"""
        )
        self.page.locator("#study .main:visible").click()

    def step(self) -> str:
        """Do what the screen wants; gives the screen's name."""
        screen = self.screen()
        if screen == "trial":
            self.answer()
        elif screen == "feedback":
            self.go(".onward button")
        elif screen == "questions":
            self.fill()
        elif screen != "end":
            self.go()
        if screen != "end":  # it is gone when its buttons are, or no longer answer
            self.page.wait_for_function(
                """name => { const at = name === 'trial' ? '.answers' : name === 'feedback'
                       ? '.onward' : `section[data-name=${name}]:not([hidden])`;
                     return !document.querySelector(`#study ${at} button:not([disabled])`); }""",
                arg=screen,
            )
        return screen

    def until(self, wanted: str) -> list[str]:
        """Go on until this screen has been dealt with; gives the screens on the way."""
        way = [self.step()]
        while way[-1] != wanted:
            way.append(self.step())
        return way

    def text(self, name: str) -> str:
        return self.page.locator(f"[data-text={name}]").first.inner_text()

    def links(self) -> list[str]:
        return self.page.locator("a:visible").all_inner_texts()

    def place(self, number: int) -> bool:
        """Wait for this trial to be open."""
        self.page.wait_for_function(
            "n => document.querySelector('.trial .count').textContent.startsWith(`${n} of`)",
            arg=number,
        )
        return self.screen() == "trial"

    def at_first_sight(self, script: str) -> None:
        """Run this in the very frame that shows the next images."""
        self.page.evaluate(
            """script => {
                const trial = document.querySelector('.trial');
                const eye = new MutationObserver(() => {
                    if (trial.dataset.phase !== 'look') return;
                    eye.disconnect();
                    new Function(script)();
                });
                eye.observe(trial, {attributeFilter: ['data-phase']});
            }""",
            script,
        )
