"""Who breaks which of the rules that the design fixed beforehand.

Nobody is deleted: whoever is flagged is left out of one of the two analyses of a report.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from survey.study import Exclusion, Study

# One row for each participant with a scored vote; catch trials count as behaviour, practice not.
# `most`: how often they gave the answer that they gave most.
BEHAVIOUR = """
SELECT participant,
       SUM(kind = 'catch' AND answer <> truth) AS failed,
       COUNT(*) AS shown,
       SUM(response_ms < :fast_ms) AS fast,
       SUM(instr(' ' || flags || ' ', ' exposure ') > 0) AS exposure,
       SUM(showings > 1) AS reloaded,
       SUM(hidden > 0) AS hidden,
       MIN(MIN(screen_width, screen_height)) AS screen,
       SUM(kind = 'trial') AS trials,
       MAX({counts}) AS most
FROM votes WHERE kind <> 'practice' {among} GROUP BY participant HAVING trials > 0
"""


def flagged(
    db: Database, study: Study, participant: int | None = None
) -> dict[int, tuple[str, ...]]:
    """Every participant (or this one) with a scored vote, and the rules that each one breaks."""
    answers = {f"answer_{i}": answer for i, answer in enumerate(study.answers)}
    counts = ", ".join(f"SUM(kind = 'trial' AND answer = :{name})" for name in answers)
    among = "" if participant is None else "AND participant = :participant"
    query = f"""SELECT behaviour.*, finished_at, colour_vision
                FROM ({BEHAVIOUR.format(counts=counts, among=among)}) AS behaviour
                JOIN participants ON participants.id = participant ORDER BY participant"""
    values = {"fast_ms": study.exclusion.fast_ms, "participant": participant} | answers
    return {row["participant"]: tuple(_broken(row, study)) for row in db.query(query, values)}


def _broken(row: dict[str, Any], study: Study) -> list[str]:
    rules = study.exclusion
    broken = {
        "unfinished": rules.unfinished and row["finished_at"] is None,
        "catch": row["failed"] >= rules.failed_catch > 0,
        "fast": row["fast"] > rules.fast_share * row["shown"],
        "same_answer": row["most"] >= rules.same_answer_share * row["trials"],
        "exposure": row["exposure"] > rules.exposure_share * row["shown"],
        "colour_vision": rules.colour_deficient and row["colour_vision"] == "deficient",
        "reloaded": row["reloaded"] > rules.reloaded_share * row["shown"],
        "hidden": row["hidden"] > rules.hidden_share * row["shown"],
        "screen": row["screen"] < rules.smallest_screen,
    }
    return [rule for rule, applies in broken.items() if applies]


def sentences(rules: Exclusion) -> dict[str, str]:
    """The rules in force, in words."""
    reloaded, hidden = rules.reloaded_share, rules.hidden_share
    said = {
        "unfinished": "Did not finish" if rules.unfinished else "",
        "catch": f"Failed {rules.failed_catch} catch trials or more" if rules.failed_catch else "",
        "fast": f"More than {rules.fast_share:.0%} of responses under {rules.fast_ms:g} ms",
        "same_answer": f"The same answer on {rules.same_answer_share:.0%} of the trials or more",
        "exposure": f"Exposure not kept on more than {rules.exposure_share:.0%} of the trials",
        "colour_vision": "Colour vision deficient, by own account"
        if rules.colour_deficient
        else "",
        "reloaded": f"Reloaded the page on more than {reloaded:.0%} of the trials"
        if reloaded < 1
        else "",
        "hidden": f"Hid the page on more than {hidden:.0%} of the trials" if hidden < 1 else "",
        "screen": f"A screen below {rules.smallest_screen} px on its shorter side (a phone)"
        if rules.smallest_screen
        else "",
    }
    return {rule: text for rule, text in said.items() if text}
