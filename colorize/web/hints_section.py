"""The visitor's hand on the Colorize page: pins with colours, other possibilities, a reference.

    python app.py

It wires only: what is suggested comes from suggestions.py, what is said of pins from hint_words.py,
and all that one does with pins happens in the browser (assets/colorize/hints.js).
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from uuid import uuid4

import gradio as gr

from colorize.hints.file import parse_hints, write_text
from colorize.hints.hint import Hint
from colorize.settings import Settings
from colorize.web.handlers import HEAVY, LATEST, LIGHT, sent, told, with_settings
from colorize.web.studio import Studio
from colorize.web.theme import WORDS
from colorize.web.widgets import Borrowed, Hints, PhotoUpload, Stage, Versions, data_url

OTHERS = """<div class="section"><h2>Other possibilities</h2>
<p>Often several colours are plausible. These are clearly different versions of the whole photo, all
of which the model holds possible; take one over, and its pins are yours to change.</p></div>"""
REFERENCE = """<div class="section"><h2>Colours of another photo</h2>
<p>The same room today, the uncle’s uniform: where the model sees the same in both photos, yours
takes the colours of the other. They become pins, which you can change.</p></div>"""
DROP = WORDS["image.drop_to_upload"]
STRENGTH = "0 is nothing of the other photo, 1 its colours."
ONE_COLOUR = "This model states one colour only: there are no others that it holds possible."
FEW_OTHERS = (
    "The model is sure of this photo: it holds no clearly different version possible.",
    "The model is fairly sure of this photo: it holds one clearly different version possible.",
    "The model holds two clearly different versions possible, and no third one.",
)
NO_PHOTO = "There is no photo yet: give one first."
NOTHING_ALIKE = (
    "Nothing in the other photo is like anything in this one, so no colours are carried over: take "
    "a photo that shows the same things."
)
MODEL_HELD = "The model held possible:"
MODEL_STATES = "This model states one colour only, so the choice is yours."


class HintsHandlers:
    """What happens at the pins. A photo is the path of its upload, None if there is none."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    @told
    @with_settings
    def notes(self, path: str | None, settings: Settings) -> Hints:
        """What the page says of each pin."""
        if not path or not settings.hints:
            return Hints(notes=[])
        from colorize.web.hint_words import hint_notes  # torch: the first page need not wait

        look = self.studio.preview(path, settings.model).look
        said = hint_notes(look, settings.hints, settings.temperature)
        return Hints(notes=[asdict(note) for note in said])

    @told
    @with_settings
    def ask(self, path: str | None, settings: Settings, event: gr.EventData) -> Hints:
        """The colours that the model held possible at a spot."""
        if not path:
            raise gr.Error(NO_PHOTO, print_exception=False)
        spot = Hint(sent(event, "x"), sent(event, "y"))  # which says what is wrong with them
        swatches = self.studio.swatches(path, settings, spot.x, spot.y)
        offers = [asdict(swatch) for swatch in swatches]
        lead = MODEL_HELD if offers else MODEL_STATES
        return Hints(spot={"x": spot.x, "y": spot.y, "lead": lead, "offers": offers})

    @told
    def load(self, event: gr.EventData) -> Hints:
        """A file of hints that somebody chose, checked."""
        hints = parse_hints(str(sent(event, "text")))
        words = f"{len(hints)} pins were loaded from {sent(event, 'name')}."
        # each loading is another one, even of the same file
        return Hints(loaded={"hints": write_text(hints), "words": words, "time": uuid4().hex})

    @told
    @with_settings
    def versions(self, path: str | None, settings: Settings) -> dict[str, object]:
        """Other versions of the whole photo."""
        from colorize.web.hint_words import palette_words  # torch, likewise

        if not path:
            raise gr.Error(NO_PHOTO, print_exception=False)
        found = self.studio.alternatives(path, settings)
        weighs = self.studio.preview(path, settings.model).look.centres is not None
        shown = [
            {
                "picture": data_url(version.pixels),
                "hints": write_text(version.hints),
                "words": palette_words(version.hints),
            }
            for version in found
        ]
        return {"photo": path, "sentence": versions_sentence(len(found), weighs), "versions": shown}

    @told
    @with_settings
    def borrow(
        self, path: str | None, settings: Settings, reference: str | None, strength: float
    ) -> dict[str, object] | None:
        """What the other photo lends, as hints."""
        if not path or not reference:
            return None
        wish = replace(settings, reference=reference, strength=strength)
        try:
            loan = self.studio.borrow(path, wish)
        except ValueError as error:  # the other photo is grey or broken: told in its place
            return {"photo": path, "sentence": str(error)}
        pairs = [
            {"x": one.hint.x, "y": one.hint.y, "from": one.source, "color": one.hint.color}
            for one in loan.borrowed
            if one.source
        ]
        return {
            "photo": path,
            "sentence": loan_sentence(len(pairs), len(loan.borrowed)),
            "hints": write_text(loan.hints) if pairs else "[]",
            "taken": data_url(loan.taken),
            "giver": data_url(loan.reference),
            "pairs": pairs,
        }


def versions_sentence(found: int, weighs: bool) -> str:
    """Why there are fewer than three."""
    if not weighs:
        return ONE_COLOUR
    return "" if found >= 3 else FEW_OTHERS[found]


def loan_sentence(taken: int, places: int) -> str:
    """What became of the places that were looked at."""
    if not taken:
        return NOTHING_ALIKE
    return (
        f"{taken} of {places} places took their colour from the other photo. Nothing there is like "
        "the others, so they stay as they are."
        if taken < places
        else f"All {places} places took their colour from the other photo."
    )


def hints_section(
    handlers: HintsHandlers, stage: Stage, hints: Hints, shown: Sequence[gr.Component]
) -> tuple[PhotoUpload, gr.Slider]:
    """Questions at a spot, words that follow the stage, files, and what is suggested; returned are
    the other photo and its strength. `shown` is the photo and its settings."""
    hints.ask(handlers.ask, shown, hints, **LATEST)
    hints.chosen(handlers.load, None, hints, **LIGHT)
    stage.change(handlers.notes, shown, hints, **LATEST)
    gr.HTML(OTHERS)
    versions = Versions(elem_id="versions")
    versions.show(handlers.versions, shown, versions, **HEAVY)
    gr.HTML(REFERENCE)
    with gr.Row(elem_id="lending"):
        reference, strength = reference_input()
        borrowed = Borrowed(elem_id="borrowed")
    given = [*shown, reference, strength]
    reference.change(handlers.borrow, given, borrowed, **HEAVY)
    strength.release(handlers.borrow, given, borrowed, **LATEST)
    return reference, strength


def reference_input() -> tuple[PhotoUpload, gr.Slider]:
    """Where the other photo comes in, and how far its colours are taken over."""
    with gr.Column(elem_id="lender"):
        reference = PhotoUpload(
            label="The other photo", elem_id="reference", buttons=[], placeholder=DROP
        )
        strength = gr.Slider(
            0, 1, 1, step=0.05, label="Strength", info=STRENGTH, elem_id="strength"
        )
    return reference, strength
