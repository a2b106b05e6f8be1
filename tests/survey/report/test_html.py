"""The page: complete, self-contained, escaped, and honest about what it does not know."""

import re
from html.parser import HTMLParser

import pytest

from survey import manifest
from survey.protocol import StudyProtocol
from survey.report.believed_photos import most_and_least_believed
from survey.report.evidence import open_evidence
from survey.report.findings import find
from survey.report.html import report
from survey.report.tables import tables
from survey.store import Store
from survey.store_errors import StoreError
from survey.study import DesignError, Study
from tests.helpers.made_up_votes import poll
from tests.helpers.study import Participant, make_study

RATES = {"real": 0.75, "plain": 0.25, "vivid": 0.5}
VOID = {"meta", "img", "br", "circle", "line", "rect"}
EVIL = '<script src=x>alert("$title")'


class Nesting(HTMLParser):
    """Fails on tags that are closed wrongly; collects whatever would fetch something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.scripts, self.addresses = [], 0, []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.addresses += [v for k, v in attrs if k in ("src", "href", "srcset", "data", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def voted(tmp_path):
    make_study(tmp_path, photos=24)
    poll(tmp_path, RATES, 25, catch={4}, unfinished={5})
    return tmp_path


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\N{NO-BREAK SPACE}", " ")


def test_it_says_what_a_reviewer_asks_for(voted):
    said = text(report(voted))
    study = Study.load(voted)
    for needed in (
        "23 participants, 24 photos",
        "one image at a time",
        "exposure 1 s",
        "People and photos like these",
        "votes taken as independent",
        "Failed 2 catch trials or more 1",
        "Did not finish 1",
        "2 of 25 participants",
        study.sha256,
        study.consent.strip()[:40],
    ):
        assert needed in said, needed
    for published in ("34.6 %", "57.7 %", "69.2 %", "32.3 %"):
        assert published in said
    assert "another design: pairs, each image for 1 s" in said


def test_its_numbers_are_the_findings(voted):
    with open_evidence(voted) as evidence:
        findings = find(evidence.db, evidence.study)
    said = text(report(voted))
    for condition in findings.headline.conditions:
        rate = condition.rate
        assert f"{100 * rate.estimate:.1f} % {100 * rate.low:.1f} to {100 * rate.high:.1f}" in said


def test_it_fetches_nothing_and_runs_nothing(voted):
    page = Nesting(report(voted))
    assert page.scripts == 0
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)


@pytest.mark.parametrize("design", ["single", "pair"])
def test_text_from_outside_is_escaped(tmp_path, design):
    texts = dict.fromkeys(("title", "consent", "question"), EVIL)
    make_study(tmp_path, photos=12, models=(EVIL, "b&w"), design=design, **texts)
    poll(tmp_path, {"real": 0.7, EVIL: 0.4, "b&w": 0.4}, 4)
    page = report(tmp_path)
    assert Nesting(page).scripts == 0
    assert "&lt;script src=x&gt;alert(&quot;$title&quot;)" in page
    assert "b&amp;w" in page


def test_pairs_are_reported_as_pairs(tmp_path):
    make_study(tmp_path, photos=24, design="pair", exposure_ms=None)
    poll(tmp_path, {"plain": 0.2, "vivid": 0.4}, 20)
    said = text(report(tmp_path))
    assert "pairs · exposure until answered" in said
    assert "At 50 % nobody could tell" in said
    assert "Strength against the real photo" in said
    assert "another design" not in said


def test_few_people_are_said_to_be_few(tmp_path):
    make_study(tmp_path, photos=12)
    poll(tmp_path, RATES, 3)
    said = text(report(tmp_path))
    assert "Only 3 participants: take the intervals as rough." in said
    assert "Only 12 photos" in said


def test_many_people_on_few_photos_are_warned(tmp_path):
    make_study(tmp_path, photos=12)
    poll(tmp_path, RATES, 60)
    assert "60 participants judged the same 12 photos" in text(report(tmp_path))


def test_enough_photos_need_no_warning(voted):
    assert "judged the same" not in text(report(voted))


def test_published_figures_stand_beside_ours(tmp_path):
    make_study(tmp_path / "single", photos=24, models=("regression", "other"))
    poll(tmp_path / "single", {"real": 0.7, "regression": 0.4, "other": 0.4}, 25)
    page = report(tmp_path / "single")
    assert re.search(r"regression 34.6 % not told survey, design not described \d\d", text(page))
    table = page.split("Published figures")[1].split("</table>")[0]
    assert "<svg" not in table  # on no common axis
    assert re.search(r"classification 57.7 %[^%]* not described — — — —", text(page))


def test_nobody_yet_stands_beside_published_figures(tmp_path):
    make_study(tmp_path, models=("regression", "rebalanced"))
    Store(tmp_path, durable=False).close()
    said = text(report(tmp_path))
    assert said.count("no people yet") == 2
    make_study(tmp_path / "pairs", models=("regression",), design="pair")
    Store(tmp_path / "pairs", durable=False).close()
    assert "no people yet" not in text(report(tmp_path / "pairs"))  # asked in another way


def test_a_d_prime_of_few_votes_is_warned_of(tmp_path):
    make_study(tmp_path, photos=24)
    poll(tmp_path, {"real": 0.75, "plain": 0.0, "vivid": 0.5}, 25)
    said = text(report(tmp_path))
    assert re.search(r"behind the d′ of plain, only \d are of the rarest kind", said)
    assert "behind the d′ of vivid" not in said


def test_an_open_study_warns_of_looking_early(tmp_path):
    make_study(tmp_path, photos=12, target=10)
    poll(tmp_path, RATES, 3)
    said = text(report(tmp_path))
    assert "3 of 10 participants." in said
    assert "hold however often one looks" in said


def test_one_person_is_no_interval(tmp_path):
    make_study(tmp_path, photos=12)
    poll(tmp_path, RATES, 1)
    assert "0.0 to 100.0" in text(report(tmp_path))


EXTREMES = (
    {"response_ms": 0.0}, {"response_ms": 3000.0}, {"exposure_ms": None}, {"exposure_ms": 0.0},
    {"refresh_hz": None}, {"blurs": 100_000, "hidden": 100_000, "dropped_frames": 1_000_000},
    {"screen_width": 1, "screen_height": 100_000, "pixel_ratio": 0.1},
)  # fmt: skip


@pytest.mark.parametrize("timing", EXTREMES)
@pytest.mark.parametrize("votes", [1, 3, 12])
def test_nobodys_votes_can_break_it(folder, store, survey, clock, timing, votes):
    """Whatever a browser may say; one that said 0 ms every time used to."""
    person = Participant(survey, clock)
    for number in range(votes):
        person.answer(number % 2 if votes == 3 else 0, **timing)
    assert "</html>" in report(folder)


def test_when_all_are_excluded_everyone_is_shown(tmp_path):
    make_study(tmp_path, photos=12)
    poll(tmp_path, RATES, 4, unfinished={1, 2, 3, 4})
    said = text(report(tmp_path))
    assert "Every participant so far breaks a rule of exclusion" in said
    assert "4 of 4 participants" in said


def test_no_votes_yet(folder, store):
    assert "No votes yet." in report(folder)


def test_galleries_prefer_many_votes_to_extreme_shares(voted):
    with open_evidence(voted) as evidence:
        findings = find(evidence.db, evidence.study)
    most, least = most_and_least_believed(findings)
    assert {photo.condition for photo in most + least} <= {"plain", "vivid"}
    assert most[0].rate.low == max(p.rate.low for p in findings.per_photo if p.condition != "real")
    assert least[0].rate.high == min(
        p.rate.high for p in findings.per_photo if p.condition != "real"
    )


def test_a_lost_image_leaves_a_gap(voted):
    for image in (voted / manifest.STIMULI).iterdir():
        image.unlink()
    assert 'class="missing"' in report(voted)


def test_a_changed_design_is_refused(voted):
    study = Study.load(voted)
    Study(study.title, study.models, seed=99, stimuli=study.stimuli).save(voted)
    with pytest.raises(DesignError, match="Undo the change of study.json"):
        report(voted)


def test_there_must_be_a_study(tmp_path):
    with pytest.raises(DesignError, match="does not exist"):
        report(tmp_path / "nothing")
    (tmp_path / "not.zip").write_text("no")
    with pytest.raises(DesignError, match="is no zip file"):
        report(tmp_path / "not.zip")


def test_reading_does_not_disturb_a_running_study(voted):
    store = Store(voted, durable=False)
    before = report(voted)
    store.transact(lambda ledger: ledger.db.execute("INSERT INTO counters VALUES ('x', 1)"))
    assert report(voted) == before
    store.close()


def test_tables_hold_both_analyses(voted):
    with open_evidence(voted) as evidence:
        rates, differences, photos = tables(find(evidence.db, evidence.study))
    assert [row[0] for row in rates.rows] == ["kept"] * 3 + ["everyone"] * 3
    assert len(differences.rows) == 1
    assert len(photos.rows) == 24 * 3
    for sheet in (rates, differences, photos):
        assert {len(row) for row in sheet.rows} == {len(sheet.columns)}
        assert sheet.csv().count("\n") == len(sheet.rows) + 1


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: data[:4096] + b"\xff" * 40_000, "is damaged .* survey restore"),
        (lambda data: b"", "cannot be used .no such table"),
        (lambda data: b"no database" * 99, "is damaged .file is not a database"),
    ],
    ids=["middle", "nothing", "text"],
)
def test_a_damaged_database_is_told_with_a_remedy(folder, clock, damage, sentence):
    store = Store(folder)
    Participant(StudyProtocol(store, clock), clock).finish()
    store.close()
    store.path.write_bytes(damage(store.path.read_bytes()))
    with pytest.raises(StoreError, match=sentence):
        report(folder)
