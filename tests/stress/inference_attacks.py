"""What an attacker can learn from what throw-away participants saw (tests/stress/scraping.py).

    truths = real_ones(folder / "votes.db")         # scores the guesses; no attacker has it
    beside_the_pixels(seen, truths)                 # (right, of): by all but the image
    by_recurrence(seen, truths, 30)                 # the version of a photo that comes back
    by_scores(seen, truths, 30)                     # the sums that debriefs tell
    by_the_code(seen, truths, study, range(1000))   # the allocation, from a guessed seed

Each gives the share of right guesses on the last participants after so many first ones.
"""

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from survey.randomization import Step, person_seed, plan
from survey.store import read_only
from survey.study import Study
from tests.stress.scraping import Seen, Trial

TRIED = 100  # of the last participants; at most half of all
Truths = dict[tuple[str, int], bool]  # token and number of a scored trial: was it real?
Showing = tuple[int, Trial]  # participant and trial


def real_ones(votes: Path) -> Truths:
    query = """SELECT token, kind, truth FROM votes JOIN participants
               ON participants.id = participant WHERE kind <> 'practice' ORDER BY votes.id"""
    db = read_only(votes)
    truths, numbers = {}, Counter()
    for token, kind, truth in db.execute(query):
        numbers[token] += 1
        if kind == "trial":
            truths[token, numbers[token]] = truth == "real"
    db.close()
    return truths


def scored(seen: Seen, truths: Truths, first: int, last: int) -> list[Showing]:
    """Showings of these participants that count; catch trials can be told by eye."""
    return [
        (who, trial)
        for who in range(first, last)
        for trial in seen.trials[who]
        if trial.kind == "trial" and (seen.tokens[who], trial.number) in truths
    ]


def late(seen: Seen, truths: Truths) -> list[Showing]:
    """Those that guesses are tried on."""
    people = len(seen.trials)
    return scored(seen, truths, people - min(TRIED, people // 2), people)


def beside_the_pixels(seen: Seen, truths: Truths) -> tuple[int, int]:
    """Right guesses and their number for the second half of the participants, by all that a trial
    tells beside its image, learned from the truth of the first half: more than anybody could know.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    half, people = len(seen.trials) // 2, len(seen.trials)
    taught, tried = scored(seen, truths, 0, half), scored(seen, truths, half, people)
    learner = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    learner.fit(*_lesson(seen, truths, taught))
    told, truth = _lesson(seen, truths, tried)
    return int((learner.predict(told) == truth).sum()), len(tried)


def _lesson(seen: Seen, truths: Truths, showings: list[Showing]) -> tuple[np.ndarray, np.ndarray]:
    told = [_told(seen, who, trial) for who, trial in showings]
    truth = [truths[seen.tokens[who], trial.number] for who, trial in showings]
    return np.array(told, dtype=float), np.array(truth)


def _told(seen: Seen, who: int, trial: Trial) -> list[float]:
    """Numbers of everything: place, time, sizes, keys, what practice told, earlier answers."""
    keys = trial.nonce + seen.tokens[who]
    practice = [t.told == "real" for t in seen.trials[who] if t.kind == "practice"]
    return [
        *(who, trial.number, trial.seconds, trial.signature[0], len(trial.keys), trial.sent),
        *practice,
        *(int(keys[i : i + 8], 16) for i in range(0, len(keys), 8)),
    ]


def by_recurrence(seen: Seen, truths: Truths, participants: int) -> float:
    """A photo's real version is shown as often as all its others together."""
    met: dict[int, Counter] = defaultdict(Counter)
    for _, trial in scored(seen, truths, 0, participants):
        met[trial.photo][trial.version] += 1

    def lead(trial: Trial) -> int:
        counts = met[trial.photo]
        others = (n for version, n in counts.items() if version != trial.version)
        return counts[trial.version] - max(others, default=0)

    return _share(seen, truths, lead)


def by_scores(seen: Seen, truths: Truths, participants: int) -> float:
    """Each score is a sum over the versions seen; many sums can be solved for their parts."""
    place = {v: i for i, v in enumerate({t.version for trials in seen.trials for t in trials})}
    said = np.zeros((participants, len(place)))  # 1: called real, -1: synthesized, 0: not seen
    for who, trial in scored(seen, truths, 0, participants):
        said[who, place[trial.version]] = 1 - 2 * trial.sent
    agreed = 2 * np.array(seen.scores[:participants]) - np.abs(said).sum(1)
    solved = np.linalg.solve(said.T @ said + 0.1 * np.eye(len(place)), said.T @ agreed)
    return _share(seen, truths, lambda trial: solved[place[trial.version]].round(6))


def by_the_code(seen: Seen, truths: Truths, study: Study, seeds: range) -> float:
    """Whoever has this code computes everybody's sequence, if a seed fits what practice told."""
    for guess in (replace(study, seed=seed) for seed in seeds):

        def steps(who: int, guess: Study = guess) -> list[Step]:
            return plan(guess, person_seed(guess, who + 1))

        if all(_fits(steps(who), trials) for who, trials in enumerate(seen.trials)):
            sequence = {
                (who, t.number): 1 - 2 * steps(who)[study.practice + t.number - 1].half
                for who, t in late(seen, truths)
            }
            return _right(sequence, seen, truths)
    return 0.5


def _fits(steps: list[Step], trials: list[Trial]) -> bool:
    told = [trial.told == "real" for trial in trials if trial.kind == "practice"]
    return all((step.half == 0) == real for step, real in zip(steps, told, strict=False))


def _share(seen: Seen, truths: Truths, lead) -> float:
    guesses = {(who, trial.number): lead(trial) for who, trial in late(seen, truths)}
    return _right(guesses, seen, truths)


def _right(guesses: dict[tuple[int, int], float], seen: Seen, truths: Truths) -> float:
    """The share that is right: above 0 says real; 0 is no guess, and right half the time."""
    right = [
        0.5 if lead == 0 else (lead > 0) == truths[seen.tokens[who], number]
        for (who, number), lead in guesses.items()
    ]
    return sum(right) / len(right)
