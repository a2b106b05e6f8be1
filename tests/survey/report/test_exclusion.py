"""Each rule finds those who break it, and nobody else."""

import pytest

from survey.report.evidence import open_evidence
from survey.report.exclusion import flagged, sentences
from survey.study import Exclusion
from tests.helpers.made_up_votes import poll
from tests.helpers.study import make_study

RULES = ("unfinished", "catch", "fast", "same_answer", "exposure", "colour_vision")
RATES = {"real": 0.7, "plain": 0.3, "vivid": 0.5}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_who_breaks_it(tmp_path, rule):
    study = make_study(tmp_path, photos=12)
    poll(tmp_path, RATES, 4, **{rule: {3}})
    with open_evidence(tmp_path) as evidence:
        flags = flagged(evidence.db, study)
    assert flags == {1: (), 2: (), 3: (rule,), 4: ()}


@pytest.mark.parametrize("rule", ["reloaded", "hidden", "screen"])
def test_a_rule_of_new_studies_finds_who_breaks_it(tmp_path, rule):
    new = Exclusion(reloaded_share=0.1, hidden_share=0.1, smallest_screen=500)
    assert set(sentences(new)) == {*RULES, "reloaded", "hidden", "screen"}
    flags = []
    for name, exclusion in (("new", new), ("before", Exclusion())):
        study = make_study(tmp_path / name, photos=12, exclusion=exclusion)
        poll(tmp_path / name, RATES, 4, **{rule: {3}})
        with open_evidence(tmp_path / name) as evidence:
            flags.append(flagged(evidence.db, study))
    assert flags[0] == {1: (), 2: (), 3: (rule,), 4: ()}
    assert not any(flags[1].values())


def test_rules_that_are_off_flag_nobody(tmp_path):
    off = Exclusion(0, 0, 1, 1.1, 1, False, False)
    study = make_study(tmp_path, photos=12, exclusion=off)
    poll(tmp_path, RATES, 3, **{rule: {1, 2} for rule in RULES})
    with open_evidence(tmp_path) as evidence:
        assert set(flagged(evidence.db, study).values()) == {()}
    assert not {"unfinished", "catch", "colour_vision"} & set(sentences(off))


def test_every_rule_is_said_in_words():
    assert tuple(sentences(Exclusion())) == RULES
    assert "10% of responses under 200 ms" in sentences(Exclusion())["fast"]
