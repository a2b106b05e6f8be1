"""Every call early, late, twice, out of order, from somebody else, and with absurd values."""

import hashlib
import hmac
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.protocol import Refused, StudyProtocol, completion_code
from survey.store import Store
from tests.helpers.study import LENIENT, TIMING, Participant, make_study


def contents(store: Store) -> dict[str, list[tuple]]:
    """Everything but the counters."""
    tables = ("participants", "trials", "votes", "cells")
    return store.transact(
        lambda ledger: {t: ledger.db.execute(f"SELECT * FROM {t}").fetchall() for t in tables}
    )


def refused(survey: StudyProtocol, reason: str, call, *arguments) -> None:
    """The call is refused for this reason, is counted, and leaves no other trace."""
    totals = survey.store.transact(lambda ledger: ledger.totals())
    before = contents(survey.store)
    with pytest.raises(Refused, match=r"^\S.*[.!]$") as refusal:
        call(*arguments)
    assert refusal.value.reason == reason
    assert contents(survey.store) == before
    counter = f"refused {reason}"
    totals[counter] = totals.get(counter, 0) + 1
    assert survey.store.transact(lambda ledger: ledger.totals()) == totals


@pytest.fixture(params=["single", "pair"])
def design(request, tmp_path) -> str:
    make_study(tmp_path / "study", design=request.param)
    return request.param


@pytest.fixture
def folder(tmp_path, design):
    return tmp_path / "study"


def test_a_participation_from_consent_to_code(survey, clock, design):
    person = Participant(survey, clock)
    study = survey.study
    seen, kinds = [], []
    while person.trial:
        trial = person.trial
        kinds.append((trial.kind, trial.number, trial.total))
        assert len(trial.images) == (2 if design == "pair" else 1)
        seen += {image.decode().split("-")[0] for image in trial.images}  # the photo's number
        ack = person.answer()
        assert (ack.right is None) == (trial.kind == "trial") == (ack.truth is None)
        if ack.truth:
            assert ack.right == (ack.truth == trial.answers[0])
    assert kinds == [("practice", n, 2) for n in (1, 2)] + [("trial", n, 10) for n in range(1, 11)]
    assert len(set(seen)) == study.positions  # no photo's content twice
    end = survey.debrief(person.token)
    assert (end.right, end.total) == (4, 8)  # always the first answer: right half the time
    assert end == survey.debrief(person.token)
    assert end.code == completion_code(study, person.token)
    assert survey.stage(person.token) == "done"
    assert survey.next_trial(person.token) is None


def test_a_published_hash_does_not_forge_a_code(survey, participant):
    study = survey.study
    forged = hmac.new(study.sha256.encode(), participant.token.encode(), hashlib.sha256)
    code = completion_code(study, participant.token)
    assert code != forged.hexdigest()[:10].upper()
    assert code != completion_code(replace(study, seed=study.seed + 1), participant.token)


def test_what_was_shown_is_what_the_vote_says(survey, clock, design):
    person = Participant(survey, clock)
    shown = []
    while person.trial:
        shown.append([image.decode() for image in person.trial.images])
        person.answer()
    votes = survey.store.transact(
        lambda ledger: ledger.db.execute("SELECT * FROM votes").fetchall()
    )
    for images, vote in zip(shown, votes, strict=True):
        fake, real = f"{vote['photo']}-{vote['condition']}", f"{vote['photo']}-real"
        if design == "single":
            assert images == [fake]
            assert (vote["truth"] == "real") == (vote["condition"] == "real")
        else:
            assert images == ([real, fake] if vote["truth"] == "left" else [fake, real])


def test_a_trial_tells_nothing_of_the_truth(participant):
    fields = set(vars(participant.trial))
    assert fields == {
        *("nonce", "images", "answers", "exposure_ms", "mask_ms", "kind", "number", "total")
    }


def test_no_consent_no_participation(survey):
    for consent in (False, None, "yes", 1):
        refused(survey, "consent", survey.begin, consent)


def test_foreign_tokens_open_nothing(survey, participant):
    for token in ("", "\ud800", "0" * 32, None, 7, ["a"], participant.token.upper() + " "):
        refused(survey, "token", survey.stage, token)
        refused(survey, "token", survey.colour_vision, token, "normal")
        refused(survey, "token", survey.next_trial, token)
        refused(survey, "token", survey.shown, token, participant.trial.nonce)
        refused(survey, "token", survey.debrief, token)
        refused(survey, "token", survey.vote, token, participant.trial.nonce, "real", TIMING)


def test_another_persons_trial_cannot_be_shown_or_voted_on(survey, participant, clock):
    other = Participant(survey, clock)
    participant.look()
    refused(survey, "stale", survey.shown, other.token, participant.trial.nonce)
    refused(survey, "stale", survey.vote, other.token, participant.trial.nonce, "real", TIMING)


def test_the_question_comes_once_and_before_the_trials(survey):
    token = survey.begin(True)
    refused(survey, "phase", survey.next_trial, token)
    refused(survey, "stale", survey.shown, token, "x")
    refused(survey, "stale", survey.vote, token, "x", "real", TIMING)
    refused(survey, "phase", survey.debrief, token)
    for answer in ("purple", "", None, 3, ["normal"]):
        refused(survey, "answer", survey.colour_vision, token, answer)
    survey.colour_vision(token, "unsure")
    refused(survey, "twice", survey.colour_vision, token, "normal")


def test_a_vote_waits_for_its_exposure(survey, participant, clock):
    arguments = participant.token, participant.trial.nonce, participant.trial.answers[0], TIMING
    refused(survey, "unseen", survey.vote, *arguments)
    survey.shown(participant.token, participant.trial.nonce)
    clock.pass_(0.999)
    refused(survey, "early", survey.vote, *arguments)
    refused(survey, "twice", survey.shown, participant.token, participant.trial.nonce)
    clock.pass_(0.001)
    survey.vote(*arguments)


def test_unlimited_exposure_has_no_early_votes(tmp_path, clock):
    make_study(tmp_path / "open", exposure_ms=None)
    store = Store(tmp_path / "open", durable=False)
    person = Participant(StudyProtocol(store, clock), clock)
    person.survey.shown(person.token, person.trial.nonce)
    person.survey.vote(person.token, person.trial.nonce, "real", TIMING | {"exposure_ms": 500.0})
    store.close()


def test_a_vote_counts_once(survey, participant):
    trial = participant.trial
    participant.answer()
    for answer in trial.answers:
        refused(survey, "stale", survey.vote, participant.token, trial.nonce, answer, TIMING)
    refused(survey, "stale", survey.shown, participant.token, trial.nonce)
    refused(survey, "unseen", survey.vote, *vote_of(participant))


def test_after_the_end_nothing_more_is_taken(survey, participant):
    last = participant.trial
    while participant.trial:
        last = participant.trial
        participant.answer()
    refused(survey, "stale", survey.vote, participant.token, last.nonce, last.answers[0], TIMING)
    refused(survey, "stale", survey.shown, participant.token, last.nonce)
    refused(survey, "twice", survey.colour_vision, participant.token, "normal")


def test_the_score_waits_for_the_end(survey, participant):
    participant.answer()
    refused(survey, "phase", survey.debrief, participant.token)


def vote_of(participant: Participant, **timing) -> tuple:
    trial = participant.trial
    return participant.token, trial.nonce, trial.answers[0], TIMING | timing


ABSURD = [math.nan, math.inf, -math.inf, -1, 1e300, 10**400, "5", None, True, [], {}, "1; DROP"]


SEEN = {
    "window_width": 1200, "window_height": 800, "shown_width": 416.0, "modality": "touch",
    "browser": "Firefox 128", "gamut": "p3", "cover_ms": 116.7,
}  # fmt: skip


def test_how_a_trial_was_seen_is_kept(survey, participant):
    participant.answer(**SEEN)
    participant.answer(**dict.fromkeys(SEEN))
    participant.answer()  # a page that was open before there was any of it
    rows = survey.store.transact(lambda ledger: ledger.db.execute("SELECT * FROM votes").fetchall())
    assert [{name: row[name] for name in SEEN} for row in rows] == [
        SEEN, dict.fromkeys(SEEN), dict.fromkeys(SEEN)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lie",
    [
        {"modality": "voice"}, {"modality": 1}, {"gamut": "sepia"}, {"browser": "x" * 41},
        {"browser": "a\nb"}, {"browser": ["Firefox"]}, {"window_width": 0}, {"cover_ms": -1.0},
        {"window_height": 1.5}, {"shown_width": True}, {"shown_height": 3.0},
    ],
)  # fmt: skip
def test_what_no_browser_says_of_it_is_refused(survey, participant, lie):
    participant.look()
    token, trial = participant.token, participant.trial
    vote = survey.vote, token, trial.nonce, trial.answers[0], TIMING | lie
    refused(survey, "timing", *vote)


def test_images_in_turn_take_twice_the_time(tmp_path, clock):
    make_study(tmp_path, design="sequence", exposure_ms=500, mask_ms=100, practice=0)
    store = Store(tmp_path, durable=False)
    survey = StudyProtocol(store, clock)
    person = Participant(survey, clock)
    survey.shown(person.token, person.trial.nonce)
    clock.pass_(1.05)
    vote = person.token, person.trial.nonce, "second", TIMING | {"response_ms": 1.0}
    refused(survey, "early", survey.vote, *vote)
    clock.pass_(0.06)
    assert survey.vote(*vote).next
    store.close()


@pytest.mark.parametrize("field", TIMING)
def test_absurd_timings_are_refused(survey, participant, field):
    participant.look()
    nullable = {"exposure_ms", "refresh_hz"}
    for value in ABSURD:
        if value is not None or field not in nullable:
            refused(survey, "timing", survey.vote, *vote_of(participant, **{field: value}))


def test_timings_with_other_fields_or_more_time_than_passed_are_refused(survey, participant):
    participant.look()
    refused(survey, "timing", survey.vote, *vote_of(participant, extra=1))
    refused(survey, "timing", survey.vote, *vote_of(participant, response_ms=60_000.0))
    for timing in (None, [], "x", {}, 5):
        refused(survey, "timing", survey.vote, *vote_of(participant)[:3], timing)


def test_absurd_answers_and_nonces_are_refused(survey, participant):
    participant.look()
    token, nonce, _, timing = vote_of(participant)
    other = {"left", "real"} - set(participant.trial.answers)
    for answer in (*other, "", None, 5, ["real"], {"a": 1}, "REAL"):
        refused(survey, "answer", survey.vote, token, nonce, answer, timing)
    for foreign in ("", None, 7, [nonce], nonce + " ", nonce.upper() + "x"):
        refused(survey, "stale", survey.vote, token, foreign, participant.trial.answers[0], timing)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60)
@given(json_like, json_like, json_like, json_like)
def test_whatever_is_sent_the_answer_is_refused(survey, a, b, c, d):
    votes = len(contents(survey.store)["votes"])
    for call, arguments in (
        (survey.begin, (a if a is not True else b, c)),
        (survey.colour_vision, (a, b)),
        (survey.next_trial, (a,)),
        (survey.shown, (a, b)),
        (survey.vote, (a, b, c, d)),
        (survey.debrief, (a,)),
    ):
        if arguments[0] is not True:
            with pytest.raises(Refused):
                call(*arguments)
    assert len(contents(survey.store)["votes"]) == votes


def test_a_reload_shows_the_same_trial_and_is_flagged(survey, participant, clock):
    first = participant.trial
    participant.look()
    again = participant.trial = survey.next_trial(participant.token)
    assert again.images == first.images
    assert again.nonce != first.nonce
    assert (again.kind, again.number) == (first.kind, first.number)
    refused(survey, "stale", survey.vote, participant.token, first.nonce, first.answers[0], TIMING)
    refused(survey, "unseen", survey.vote, *vote_of(participant))
    participant.answer()
    (vote,) = contents(survey.store)["votes"]
    assert vote["showings"] == 2
    assert vote["flags"] == "reloaded"


def test_a_reload_before_the_image_was_seen_is_not_flagged(survey, participant):
    participant.trial = survey.next_trial(participant.token)
    participant.answer()
    (vote,) = contents(survey.store)["votes"]
    assert (vote["showings"], vote["flags"]) == (1, "")


def test_a_restart_resumes_at_the_same_trial(folder, clock):
    store = Store(folder)
    person = Participant(StudyProtocol(store, clock), clock)
    for _ in range(3):
        person.answer()
    images = person.trial.images
    store.close()
    store = Store(folder)
    person.survey = StudyProtocol(store, clock)
    person.trial = person.survey.next_trial(person.token)
    assert person.trial.images == images
    assert person.finish().survey.debrief(person.token).total == 8
    store.close()


@pytest.mark.parametrize(
    ("timing", "flags"),
    [
        ({}, ""),
        ({"blurs": 1, "hidden": 2}, "blur hidden"),
        ({"response_ms": 199.0}, "fast"),
        ({"exposure_ms": 1016.0}, ""),
        ({"exposure_ms": 1034.0}, "exposure"),
        ({"exposure_ms": 1009.0, "refresh_hz": 144.0}, "exposure"),
        ({"exposure_ms": None, "refresh_hz": None}, "exposure"),
    ],
)
def test_flags_tell_and_do_not_refuse(survey, participant, timing, flags):
    participant.answer(**timing)
    (vote,) = contents(survey.store)["votes"]
    assert vote["flags"] == flags


def test_panel_ids_are_kept_only_when_the_study_says_so(survey):
    survey.begin(True, "someone")
    assert contents(survey.store)["participants"][0]["panel_id"] is None
    for panel_id in (None, 5, "a" * 129, "a\nb"):
        refused(survey, "panel", survey.begin, True, panel_id)


def test_a_panels_member_who_comes_again_goes_on(tmp_path, clock):
    make_study(tmp_path / "panel", panel="PROLIFIC_PID")
    store = Store(tmp_path / "panel", durable=False)
    survey = StudyProtocol(store, clock)
    person = Participant(survey, clock, "someone")
    person.answer()
    assert survey.begin(True, "someone") == person.token
    assert survey.begin(True, "another") != person.token
    refused(survey, "panel", survey.begin, True)
    refused(survey, "panel", survey.begin, True, "{{%PROLIFIC_PID%}}")
    store.close()


def test_a_full_study_takes_nobody_until_somebody_leaves(tmp_path, clock):
    make_study(tmp_path / "small", target=2, exclusion=LENIENT)
    store = Store(tmp_path / "small", durable=False)
    survey = StudyProtocol(store, clock)
    Participant(survey, clock).finish()
    gone = Participant(survey, clock)
    refused(survey, "full", survey.begin, True)
    clock.pass_(31 * 60)
    Participant(survey, clock).finish()
    refused(survey, "full", survey.begin, True)
    gone.trial = survey.next_trial(gone.token)  # who has begun may always go on
    gone.finish()
    store.close()
