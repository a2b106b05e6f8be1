"""The people of an export: how each took part, and which rules of exclusion they broke.

Without panel ids and codes, which are nobody's business: those are in `python -m survey people`.

    people_table(evidence).csv()
"""

from __future__ import annotations

from survey.report.evidence import Evidence
from survey.report.exclusion import flagged, sentences
from survey.report.safe_csv import Cell
from survey.report.tables import Table

COLUMNS = ("participant", "finished", "minutes", "left_answer", "scored_votes", "right", "excluded")
QUERY = """
SELECT p.id, finished_at IS NOT NULL AS finished, (seen_at - begun_at) / 60 AS minutes, seed,
       COUNT(v.id) AS scored, COUNT(iif(answer = truth, 1, NULL)) AS correct
FROM participants p LEFT JOIN votes v ON participant = p.id AND kind = 'trial'
GROUP BY p.id ORDER BY p.id
"""


def people_table(evidence: Evidence) -> Table:
    """Everyone who consented; a column for each rule in force: 1 where it is broken."""
    study, rules = evidence.study, tuple(sentences(evidence.study.exclusion))
    flags, rows = flagged(evidence.db, study), []
    for p in evidence.db.query(QUERY):
        broken = flags.get(p["id"], () if p["finished"] else ("unfinished",))
        row: list[Cell] = [p["id"], p["finished"], round(p["minutes"], 2)]
        row += [study.answers_of(p["seed"])[0], p["scored"], p["correct"], int(bool(broken))]
        rows.append([*row, *(int(rule in broken) for rule in rules)])
    return Table("people", COLUMNS + tuple(f"broke_{rule}" for rule in rules), rows)
