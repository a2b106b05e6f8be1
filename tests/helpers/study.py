"""A small study on disk, a clock that the test moves, and a participant's answers."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from survey import manifest
from survey.bench.load import TIMING as AT_ONCE
from survey.protocol import StudyProtocol, Trial
from survey.study import Exclusion, Study
from survey.web.study_host import RunningStudy

TIMING = AT_ONCE | {"response_ms": 500.0, "exposure_ms": 1000.0}
LENIENT = Exclusion(failed_catch=0, same_answer_share=1.1)  # for who always presses one key


def make_study(folder: Path, *, photos: int = 0, **settings) -> Study:
    """A study whose images are their own names: enough for everything but looking."""
    defaults = {"title": "Test", "models": ("plain", "vivid"), "trials": 8, "practice": 2}
    study = Study(**defaults | {"catch": 0.25} | settings)
    roles = manifest.needed(study)
    roles["trial"] = max(photos, roles["trial"])
    (folder / manifest.STIMULI).mkdir(parents=True)
    rows = []
    for role in (role for role, number in roles.items() for _ in range(number)):
        number = len(rows) + 1
        images = {v: {"file": f"{number}-{v}", "sha256": ""} for v in study.versions(role)}
        for image in images.values():
            (folder / manifest.STIMULI / image["file"]).write_text(image["file"])
        rows.append({"id": number, "role": role, "name": f"{number}.jpg", "images": images})
    return manifest.freeze(folder, study, rows, [])


def in_service(survey: StudyProtocol) -> RunningStudy:
    """The study as a page gets it: no mirror elsewhere, no Space."""
    return RunningStudy(survey, survey.store, None, False, None, 0.0)


def outcome(coroutine: Coroutine) -> Any:
    """What it gives; in a thread, since a browser under test keeps this one's event loop busy."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class Participant:
    """Answers a study through its protocol, as a page would."""

    def __init__(self, survey: StudyProtocol, clock: Clock, panel_id: str = "") -> None:
        self.survey, self.clock = survey, clock
        self.token = survey.begin(True, panel_id)
        if survey.stage(self.token) == "colour_vision":
            survey.colour_vision(self.token, "normal")
        self.trial: Trial | None = survey.next_trial(self.token)

    def look(self) -> None:
        self.survey.shown(self.token, self.trial.nonce)
        self.clock.pass_(2)

    def answer(self, choice: int = 0, **timing):
        """Look, answer, go on to the next trial."""
        self.look()
        answer = self.trial.answers[choice]
        ack = self.survey.vote(self.token, self.trial.nonce, answer, TIMING | timing)
        self.trial = ack.next
        return ack

    def finish(self) -> "Participant":
        while self.trial:
            self.answer()
        return self
