import json
from collections import Counter
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.designs.design import CONSENT
from survey.randomization import LONGEST_RUN, Step, latin_list, open_slots, person_seed, plan
from survey.study import DesignError, Exclusion, Study, guessers_pass


def a_study(**changes) -> Study:
    return Study(**{"title": "Poster", "models": ("regression", "classification")} | changes)


studies = st.builds(
    a_study,
    models=st.integers(1, 5).map(lambda k: tuple(f"m{i}" for i in range(k))),
    design=st.sampled_from(["single", "pair"]),
    practice=st.integers(0, 12),
    trials=st.integers(1, 60),
    catch=st.floats(0, 0.5),
)


@given(studies, st.integers(0, 2**62))
def test_a_plan_holds_what_the_design_says_in_balanced_order(study, seed):
    steps = plan(study, seed)
    kinds = Counter(step.kind for step in steps)
    assert kinds == +Counter(practice=study.practice, trial=study.trials, catch=study.catches)
    assert {step.kind for step in steps[: study.practice]} <= {"practice"}
    for part in (steps[: study.practice], steps[study.practice :]):
        runs = [len(list(run)) for _, run in groupby(step.half for step in part)]
        assert max(runs, default=0) <= LONGEST_RUN
    for kind in ("practice", "trial"):
        halves = Counter(step.half for step in steps if step.kind == kind)
        assert abs(halves[0] - halves[1]) <= 1
    assert plan(study, seed) == steps


@given(studies)
def test_catch_trials_are_synthesized_or_on_both_sides(study):
    sides = Counter(step.half for step in plan(study, 7) if step.kind == "catch")
    if study.design == "single":
        assert set(sides) <= {1}
    else:
        assert abs(sides[0] - sides[1]) <= 1


@given(studies, st.lists(st.integers(0, 1), max_size=30), st.randoms())
def test_every_round_visits_each_slot_of_a_half_once(study, halves, random):
    visited = []
    for half in halves:
        visited.append(random.choice(open_slots(study, half, visited)))
    for half in (0, 1):
        own = [slot for slot in visited if slot // len(study.models) == half]
        rounds = [own[i : i + len(study.models)] for i in range(0, len(own), len(study.models))]
        assert len(own) == halves.count(half)
        assert all(len(set(one)) == len(one) for one in rounds)


@given(st.integers(1, 5), st.integers(0, 200))
def test_the_lists_are_a_latin_square(k, rank):
    study = a_study(models=tuple(f"m{i}" for i in range(k)))
    lists = [latin_list(study, slot, rank) for slot in range(study.slots)]
    assert sorted(lists) == list(range(study.slots))
    assert latin_list(study, 0, rank) != latin_list(study, 0, rank + 1)


def test_slots_say_condition_truth_and_what_is_shown():
    def shown(study: Study, kind: str = "trial") -> list[tuple[str, ...]]:
        return [study.presentation(kind, slot).versions for slot in range(study.slots)]

    single = a_study()
    conditions = [single.presentation("trial", s).condition for s in range(4)]
    assert conditions == ["real", "real", *single.models]
    assert single.presentation("trial", 1).truth == "real"
    assert single.presentation("trial", 2).truth == "synthesized"
    assert shown(single)[2] == ("regression",)
    pair = a_study(design="pair")
    conditions = [pair.presentation("trial", s).condition for s in range(4)]
    assert conditions == [*pair.models, *pair.models]
    assert shown(pair)[0] == ("real", "regression")
    assert pair.presentation("trial", 0).truth == "left"
    assert shown(pair, "catch")[3] == ("catch", "real")


def test_different_people_get_different_plans():
    study = a_study()
    seeds = [person_seed(study, number) for number in range(200)]
    assert len({tuple(plan(study, seed)) for seed in seeds}) == 200
    assert person_seed(a_study(seed=1), 5) != person_seed(study, 5)


def test_steps_survive_being_written():
    steps = plan(a_study(), 3)
    assert [Step.parse(str(step)) for step in steps] == steps


def test_a_saved_study_comes_back_and_an_edit_is_noticed(tmp_path):
    study = a_study(exclusion=Exclusion(failed_catch=3), exposure_ms=None)
    path = study.save(tmp_path)
    assert Study.load(tmp_path) == study
    frozen = json.loads(path.read_text())
    assert frozen["sha256"] == study.sha256
    frozen["study"]["title"] = "Another"
    path.write_text(json.dumps(frozen))
    with pytest.raises(DesignError, match="edited after it was frozen"):
        Study.load(tmp_path)
    assert Study.load(tmp_path, changed=True).title == "Another"


@pytest.mark.parametrize(
    "change",
    [
        {"design": "triple"},
        {"models": ()},
        {"models": ("a", "a")},
        {"models": ("real",)},
        {"title": " "},
        {"consent": ""},
        {"exposure_ms": 10},
        {"mask_ms": -1},
        {"practice": -1},
        {"trials": 0},
        {"catch": 0.6},
        {"target": -1},
        {"expire_minutes": 0},
    ],
)
def test_impossible_designs_are_refused_in_a_sentence(change):
    with pytest.raises(DesignError, match=r"\w.*\."):
        a_study(**change)


def test_a_file_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(DesignError, match="holds no study.json"):
        Study.load(tmp_path)
    for text in ("{", "[]", "{}", '{"study": {"title": "x"}}', '{"study": {"a": 1}}'):
        tmp_path.joinpath("study.json").write_text(text)
        with pytest.raises(DesignError):
            Study.load(tmp_path)


def test_photos_needed_fill_every_list():
    assert a_study(models=("a", "b", "c"), trials=40).photos_needed == 42
    assert a_study(models=("a",), trials=40).photos_needed == 40


def test_what_came_later_does_not_change_older_designs(tmp_path):
    """Its hash is the one that its settings of then have."""
    study = Study(title="x", models=("a", "b"), exclusion=Exclusion(failed_catch=1))
    assert not {"real_catches", "counterbalanced"} & study.as_dict().keys()
    assert not {"hidden_share", "smallest_screen"} & study.as_dict()["exclusion"].keys()
    new = replace(study, counterbalanced=True, exclusion=Exclusion(smallest_screen=500))
    assert new.sha256 != study.sha256
    for one in (study, new):
        one.save(tmp_path)
        assert Study.load(tmp_path) == one


@pytest.mark.parametrize(
    ("catches", "failed", "share"), [(4, 2, 5 / 16), (10, 3, 56 / 1024), (4, 0, 1), (4, 9, 1)]
)
def test_guessers_pass_by_hand(catches, failed, share):
    assert guessers_pass(catches, failed, 0.5) == pytest.approx(share)


@pytest.mark.parametrize("catches", range(13))
def test_few_guessers_keep_the_rule_of_new_studies(catches):
    rules = Exclusion.of_new_studies(catches, 0.5)
    assert rules.failed_catch <= catches
    passed = guessers_pass(catches, rules.failed_catch, 0.5)
    if catches >= 7:
        assert passed < 0.07 and guessers_pass(catches, rules.failed_catch + 1, 0.5) > 0.06
    assert rules.hidden_share == rules.reloaded_share == 0.1


def test_catch_trials_of_both_halves():
    study = Study(title="x", models=("a", "b"), catch=0.25, real_catches=True)
    for seed in range(20):
        halves = [step.half for step in plan(study, seed) if step.kind == "catch"]
        assert sorted(halves) == [0] * 5 + [1] * 5
    shown = [study.presentation("catch", slot) for slot in range(study.slots)]
    assert [(one.versions, one.truth) for one in shown] == (
        [(("real",), "real")] * 2 + [(("catch",), "synthesized")] * 2
    )


def test_keys_mean_the_reverse_for_half_of_the_people():
    study = Study(title="x", models=("a", "b"), counterbalanced=True)
    orders = [study.answers_of(person_seed(study, number)) for number in range(400)]
    assert set(orders) == {("real", "synthesized"), ("synthesized", "real")}
    assert 150 < orders.count(study.answers) < 250
    pairs = replace(study, design="pair", question="", consent=CONSENT)
    assert {pairs.answers_of(person_seed(pairs, n)) for n in range(50)} == {("left", "right")}
    plain = Study(title="x", models=("a", "b"))
    assert {plain.answers_of(person_seed(plain, n)) for n in range(50)} == {plain.answers}


@pytest.mark.parametrize("display", ["fit", "natural", "32", "400"])
def test_images_have_the_size_that_a_study_gives_them(display):
    assert Study(title="x", models=("a",), display=display).display == display


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"display": "31"}, "display is '31'"),
        ({"display": "4e2"}, "use fit, natural or 32 to 2000"),
        ({"minutes": -1}, "minutes is -1"),
        ({"contact": "x" * 301}, "contact is over 300"),
        ({"design": "sequence", "exposure_ms": None}, "give an exposure"),
    ],
)
def test_later_settings_have_rules_too(settings, said):
    with pytest.raises(DesignError, match=said):
        Study(title="x", models=("a",), **settings)
