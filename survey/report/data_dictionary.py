"""The data dictionary of an export: what every column means, and its unit."""

from survey.study import Study

MEANING: dict[str, tuple[str, str]] = {  # column: what it is, its unit
    "vote": ("Number of the vote, in order of arrival", ""),
    "participant": ("Number of the participant, in order of arrival", ""),
    "position": ("Place of the trial in the participant's sequence, from 0", ""),
    "kind": ("practice (with feedback), trial (scored) or catch (easy: absurd or vivid)", ""),
    "photo": ("Number of the photo", ""),
    "slot": ("Place of the photo in the Latin square of this participant's list, from 0", ""),
    "condition": ("Version of the photo that the vote judges", ""),  # the design says it better
    "truth": ("The right answer; empty: there is none", ""),
    "answer": ("What the participant said, in the same words", ""),
    "requested_ms": ("Exposure asked for; empty: until answered", "ms"),
    "exposure_ms": ("Exposure measured in the browser; empty: could not be measured", "ms"),
    "response_ms": (
        "From the end of the exposure (without a limit: from the first frame) to the key",
        "ms",
    ),
    "dropped_frames": ("Frames that the browser missed during the trial", ""),
    "blurs": ("Times the page lost focus during the trial", ""),
    "hidden": ("Times the page was hidden during the trial", ""),
    "screen_width": ("Width of the screen", "CSS px"),
    "screen_height": ("Height of the screen", "CSS px"),
    "pixel_ratio": ("Device pixels per CSS pixel", ""),
    "refresh_hz": ("Refresh rate of the screen; empty: could not be measured", "Hz"),
    "showings": ("1; more when the page was reloaded on this trial", ""),
    "opened_at": ("When the trial was handed out, by the server's clock", "s since 1970"),
    "shown_at": ("When the trial was shown, by the server's clock", "s since 1970"),
    "received_at": ("When the vote or answer arrived, by the server's clock", "s since 1970"),
    "flags": ("What was unusual: any of blur, exposure, fast, hidden, reloaded", ""),
    "seed": ("Seed of all that is random for this participant", ""),
    "list": ("List of the Latin square that this participant belongs to", ""),
    "plan": (
        "Kind (p: practice, t: trial, c: catch) and half of the slots (0: the first, 1: the "
        "second) of every position, in order",
        "",
    ),
    "colour_vision": ("By their own account: normal, deficient or unsure; empty: not asked", ""),
    "begun_at": ("When the participant consented", "s since 1970"),
    "seen_at": ("When the participant was last heard of", "s since 1970"),
    "answered": ("Positions voted on", ""),
    "finished_at": ("When the last position was voted on; empty: never", "s since 1970"),
    "role": ("Use of the photo: trial, practice or catch", ""),
    "photo_name": ("The researcher's file name of the photo", ""),
    "file": ("Name of the image file", ""),
    "image_sha256": ("SHA-256 of the image file", ""),
    "window_width": ("Width of the browser's window; empty: not logged", "CSS px"),
    "window_height": ("Height of the browser's window; empty: not logged", "CSS px"),
    "shown_width": ("Width at which an image was shown; empty: not logged", "CSS px"),
    "modality": ("What the answer was given with: key, touch, mouse or pen; empty: not logged", ""),
    "browser": ("Browser and its main version; empty: not logged", ""),
    "gamut": ("Colours of the screen by the browser: srgb, p3 or rec2020; empty: not logged", ""),
    "cover_ms": (
        "How long the cover was seen; empty: answered before it was taken away, or none",
        "ms",
    ),
    "response": ("Number of the answer to a question page, in order of arrival", ""),
    "page": ("before or after the trials", ""),
    "question": ("Name of the question; study.json has its words", ""),
    "change": ("Number of the change outside the frozen design, in order of time", ""),
    "setting": ("What was changed: state, target or results", ""),
    "value": ("What the setting was changed to", ""),
    "changed_at": ("When it was changed", "s since 1970"),
}


def meaning(study: Study, column: str) -> tuple[str, str]:
    """What a column of this study holds, and its unit."""
    words = study.question_type.words
    told = {"condition": words.condition, "truth": words.truth, **words.columns}
    general, unit = MEANING.get(column, ("", ""))
    return told.get(column, general), unit
