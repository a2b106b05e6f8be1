"""The question types that a study can have, by the names that study.json gives them.

    DESIGNS["single"].answers        # what people may say
    DESIGNS["pair"].presentation(("regression",), "trial", slot=0)

Begin with design.py: all that a type decides. A new one is a file here, with its words, a line
below, and its tests; no table of the database changes.
"""

from survey.designs.design import Design
from survey.designs.pair import Pair
from survey.designs.preference import Preference
from survey.designs.sequence import Sequence
from survey.designs.single import Single

DESIGNS: dict[str, Design] = {
    design.name: design for design in (Single(), Pair(), Sequence(), Preference())
}
