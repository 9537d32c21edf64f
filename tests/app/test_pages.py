"""Every page runs on an empty, a one-row and a small project, and on hostile content."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.auth import identity
from app.ui import project_summary
from app.ui.counts import counted
from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer, list_annotators
from db.corrections import append_corrections, correction_log
from db.engine import Database, open_database
from db.ingest import insert_rows
from db.jobs import claim_job, create_job, finish_job
from db.lists.comparison import compared_annotators
from db.lists.counts import project_counts
from db.lists.kinds import KindCounts, count_kinds
from db.records import AGREE, AnnotationRecord, ImportRow, SourceLabel
from labeling.demo.prepare import prepare_demo
from labeling.evaluation.processbench import evaluate_processbench
from labeling.review.commits import to_correction
from labeling.review.queues import QUEUES
from tests.support.pages import MAIN, open_page, shown, words_of

PAGES = (
    "overview",
    "imports",
    "browse",
    "review",
    "queues",
    "consensus",
    "agreement",
    "evaluation",
    "jobs",
    "solution",
)
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "![x](http://evil.example/x.png) [y](javascript:alert(1)) $\\href{javascript:1}{z}$",
    "\u202e:red[*2*3*4*] `{{1}}` ]]> \\(x\\) \x01",
)


def fill(database: Database, n: int, text: str = "") -> None:
    """`n` solutions on which MC and the judge agree, differ, or say nothing, in turn."""
    insert_rows(
        database,
        [
            ImportRow(
                f"Problem {i // 2} {text}",
                (f"a {text}", f"b {i}", "c"),
                f"g{i % 2} {text}",
                f"d{i % 3} {text}",
                gold_answer=f"4 {text}",
                final_answer=f"5 {text}",
                is_correct=(True, False, None)[i % 3],
                labels=(SourceLabel("playground-truth", (1.0, -1.0, None), 1),),
            )
            for i in range(n)
        ],
        hidden_annotators=frozenset({"playground-truth"}),
    )
    mc = ensure_annotator(database, "mc", f"mc {text}".strip(), {"model": "p"})
    judge = ensure_annotator(database, "judge", f"j {text}".strip(), {"model": "j"})
    said: dict[str, Any] = {"critiques": [text, None, None], "reply": text, "prompt": text}
    counts: dict[str, Any] = {"successes": [1, 0, 0], "trials": [8, 8, 0]}
    ids = range(1, n + 1)
    save_wave(
        database,
        mc.id,
        None,
        [AnnotationRecord(i, 0, (0.1, 0.0, None), 1, "ok", counts) for i in ids],
    )
    save_wave(
        database,
        judge.id,
        None,
        [AnnotationRecord(i, 0, (1.0, 0.0, None), (1, -1, None)[i % 3], "ok", said) for i in ids],
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("rows", [0, 1, 12])
def test_every_page_runs(
    database: Database, monkeypatch: pytest.MonkeyPatch, page: str, rows: int
) -> None:
    if rows:
        fill(database, rows)
    test = open_page(database, monkeypatch, page, **({"id": "1"} if page == "solution" else {}))
    assert not test.exception
    assert test.title


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", HOSTILE, ids=["html", "markdown", "rest"])
def test_hostile_content_is_never_parsed(
    database: Database, monkeypatch: pytest.MonkeyPatch, page: str, text: str
) -> None:
    fill(database, 3, text)
    job = create_job(database, "import", {"files": [text], "format": text})
    finish_job(database, claim_job(database, job.id), "failed", text, {"x": text})
    made = {
        "token": "token-0001",
        "solution_id": 1,
        "action": "label",
        "labels": [1, -1, None],
        "first_error": 1,
        "note": text,
    }
    reviewer = ensure_reviewer(database, text)
    append_corrections(database, [to_correction(made, reviewer.id, {1: 3})])
    test = open_page(database, monkeypatch, page, **({"id": "1"} if page == "solution" else {}))
    assert not test.exception
    # What Streamlit interprets is ours alone; everything else is text, an option, or a component.
    for element in [*test.markdown, *test.caption, *test.title, *test.subheader, *test.error]:
        assert text not in element.value
    for element in test.get("html"):
        assert text not in element.proto.body


def test_pages_cannot_be_taken_for_the_older_kind_of_app() -> None:
    assert not (MAIN.parent / "pages").exists()


def test_the_address_filters_browse(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, 12)
    test = open_page(database, monkeypatch, "browse", dataset="d1 ", answer="Wrong answer")
    assert not test.exception
    assert "4 solutions" in words_of(test)
    rows = shown(test, "solutions")["rows"]
    assert [row["cells"][1]["value"] for row in rows] == ["2", "5", "8", "11"]
    kind = open_page(database, monkeypatch, "browse", disagreement="Only MC sees an error")
    assert "4 solutions" in words_of(kind)
    nothing = open_page(database, monkeypatch, "browse", text="no such words")
    assert "0 solutions" in words_of(nothing)


def test_browse_shows_one_page_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 120)
    test = open_page(database, monkeypatch, "browse", page="3")
    rows = shown(test, "solutions")["rows"]
    assert [row["cells"][1]["value"] for row in rows] == [str(i) for i in range(101, 121)]


@pytest.mark.parametrize("given", ["", "0", "x", "-1", "1e3", "99", "9" * 40, "²", "1;drop"])
def test_a_bad_solution_id_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    fill(database, 1)
    test = open_page(database, monkeypatch, "solution", id=given)
    assert not test.exception
    assert test.title[0].value == "No such solution"


def test_hidden_annotators_are_shown_only_when_asked_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 3)

    def names(test: AppTest, key: str) -> set[str]:
        item = shown(test, key)["items"][0]
        return {column["name"] for column in item["annotators"]}

    assert names(open_page(database, monkeypatch, "review"), "review") == {"mc", "j"}
    assert names(open_page(database, monkeypatch, "solution", id="1"), "solution") == {"mc", "j"}
    asked = open_page(
        database, monkeypatch, "solution", id="1", annotators="human:playground-truth"
    )
    assert "playground-truth" in names(asked, "solution")


def test_what_the_browser_sends_is_stored_answered_and_gone_from_the_queue(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 6)
    test = open_page(database, monkeypatch, "review")
    queue = [item["solution_id"] for item in shown(test, "review")["items"]]
    good = {
        "token": "token-good",
        "solution_id": queue[0],
        "action": "label",
        "labels": [1, 1, 1],
        "first_error": -1,
        "scores_visible": True,
    }
    test.session_state["review Ada"] = {
        "outbox": [good, {**good, "token": "token-bad1", "labels": [1]}]
    }
    test.run()
    data = shown(test, "review")
    assert not test.exception
    assert data["acked"] == ["token-good"]
    assert "token-bad1" in data["refused"]
    assert queue[0] not in [item["solution_id"] for item in data["items"]]
    (act,) = correction_log(database, queue[0])
    assert act.first_error == -1


def test_a_data_sets_name_cannot_sign_corrections(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 3)
    monkeypatch.setenv("STEPLENS_DB", database.url)
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.session_state.reviewer = "playground-truth"
    test.switch_page("views/review.py")
    test.run()
    assert shown(test, "review")["mode"] == "read"
    assert "Choose another one" in words_of(test)


@pytest.mark.parametrize("queue", ["mc_only", "high_wrong"])
def test_a_blind_reviewer_is_told_no_queue_that_gives_the_verdict_away(
    database: Database, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    fill(database, 12)
    named = compared_annotators(database).named
    telling = {named(one.words) for one in QUEUES.values() if one.blind_words}
    assert named(QUEUES[queue].words) in telling
    test = open_page(database, monkeypatch, "review", queue=queue, blind="true")
    assert not test.exception
    (choice,) = [box for box in test.selectbox if box.label == "Queue"]
    assert not telling & set(choice.options)
    assert choice.value == queue  # it is the one asked for, under another name
    assert queue not in test.query_params["queue"]
    drawn = json.dumps(shown(test, "review"))
    assert not [words for words in telling if words in drawn]
    # The code in the address leads there again; with open eyes the name is back.
    code = "".join(test.query_params["queue"])
    again = open_page(database, monkeypatch, "review", queue=code)
    (choice,) = [box for box in again.selectbox if box.label == "Queue"]
    assert choice.value == queue
    assert named(QUEUES[queue].words) in choice.options


def test_the_next_step_follows_the_loop(database: Database) -> None:
    fill(database, 6)
    assert project_summary.advice(database, None).page == "review"
    reviewer = ensure_reviewer(database, "Ada")
    made = {
        "token": "token-0001",
        "solution_id": 1,
        "action": "label",
        "labels": [1, 1, 1],
        "first_error": -1,
    }
    append_corrections(database, [to_correction(made, reviewer.id, {1: 3})])
    assert project_summary.advice(database, reviewer).button == "Run the consensus"


def test_the_overview_says_what_this_is_and_opens_every_stage(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 12)
    test = open_page(database, monkeypatch, "overview")
    assert "StepLens shows side by side where" in words_of(test)
    stages = {one["label"]: one for one in shown(test, "loop")["stages"]}
    kinds = count_kinds(database)
    assert stages["Import"]["value"]["value"] == "12"
    assert stages["Compare"]["value"]["value"] == f"{kinds.differ}"
    assert stages["Review"]["note"] == "nobody yet"
    pages = [one["value"]["href"].partition("?")[0] for one in stages.values()]
    assert pages == ["browse", "browse", "browse", "review", "consensus", "jobs", "jobs"]
    opened = {
        row["cells"][0]["href"]: row["cells"][1]["value"]
        for row in shown(test, "disagreements")["rows"]
    }
    assert opened == {
        f"review?queue={kind}": f"{count:,}"
        for kind, count in kinds.of.items()
        if count and kind != AGREE
    }


def test_the_commands_of_an_empty_page_fill_this_project(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page(database, monkeypatch, "overview")
    assert len(test.code) == 2
    for code in test.code:
        words = shlex.split(code.value)
        assert words[:2] == ["steplens", "--db"]
        if database.file is not None:
            opened = open_database(words[2])
            assert opened.file == database.file.resolve()
            opened.close()
        else:  # a password stays in the environment
            assert words[2] in (database.url, "$STEPLENS_DB")


def test_the_overview_knows_prms_that_were_not_trained_here(database: Database) -> None:
    fill(database, 6)

    def trained() -> tuple[str, str]:
        stages = project_summary.loop(
            project_counts(database),
            KindCounts(0, 0, {}),
            project_summary.everybody(database),
            None,
            [],
        )
        (stage,) = (one for one in stages if one["label"] == "Train")
        return stage["note"], stage["state"]

    assert trained() == ("no PRM yet", "todo")
    for name, said in (
        ("one", "none here, 1 PRM from elsewhere"),
        ("two", "none here, 2 PRMs from elsewhere"),
    ):
        prm = ensure_annotator(database, "prm", name, {"model": name})
        save_wave(
            database, prm.id, None, [AnnotationRecord(1, prm.id, (0.9, 0.8, 0.7), -1, "ok", {})]
        )
        assert trained() == (said, "todo")


def test_the_overview_says_when_it_is_not_known_what_an_annotator_was_trained_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 6)
    evaluate_processbench(database, "judge:j", "human:playground-truth")
    table = json.dumps(shown(open_page(database, monkeypatch, "overview"), "evaluations"))
    assert "not known what it was trained on" in table
    assert "d0" in table  # the F1 of each data set stands behind the mean
    assert "d2" in table


def test_without_a_judge_the_next_step_is_a_judge(database: Database) -> None:
    insert_rows(database, [ImportRow("p", ("a",), "g", "d")])
    assert project_summary.advice(database, None).query == {"start": "Judge"}
    insert_rows(database, [ImportRow("q", ("a",), "g", "d", gold_answer="1")])
    assert project_summary.advice(database, None).query == {"start": "Monte Carlo"}
    assert [one.label for one in list_annotators(database)] == []


def test_a_quick_count_is_fresh_and_a_slow_one_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("app.ui.counts.time.monotonic", lambda: clock[0])
    calls = []

    def count() -> int:
        calls.append(1)
        clock[0] += 2.0
        return len(calls)

    assert [counted(database, "n", count) for _ in range(2)] == [1, 1]
    clock[0] += 41
    assert counted(database, "n", count) == 2


def test_names_are_cleaned() -> None:
    assert identity.clean_name("  Ada\x00\n Lovelace " + "x" * 99)[:12] == "Ada Lovelace"
    assert len(identity.clean_name("x" * 999)) == identity.NAME_LENGTH


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The prepared project: over a thousand solutions, each with three annotators."""
    opened = open_database(prepare_demo(tmp_path_factory.mktemp("demo") / "p.db", lambda *_: None))
    yield opened
    opened.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_runs_on_a_full_project(
    demo: Database, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    test = open_page(demo, monkeypatch, page, **({"id": "1"} if page == "solution" else {}))
    assert not test.exception
    assert test.title


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("rows", [0, 12])
def test_every_queue_opens_and_says_what_to_do_when_it_is_empty(
    database: Database, monkeypatch: pytest.MonkeyPatch, queue: str, rows: int
) -> None:
    if rows:
        fill(database, rows)
    query = {"queue": queue, **({"ids": "1,2"} if queue == "filter" else {})}
    test = open_page(database, monkeypatch, "review", **query)
    assert not test.exception
    if test.get("bidi_component") and any(
        "review" in e.proto.id for e in test.get("bidi_component")
    ):
        data = shown(test, "review")
        assert data["items"] or data["nothing"]
    else:
        assert "Nothing to compare yet" in words_of(test)
