"""The forms that start jobs: each gives (kind, params) once it is sent, else None.

The defaults work on the playground at once. What the address says (`jobs?start=...&model=...`)
comes before them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app.ui import address, filters, formatting, project
from db.annotators import list_annotators
from db.engine import Database
from db.lists.browse import count_solutions, filter_choices
from db.records import in_order
from db.results import list_exports
from labeling.jobs.files import data_folder
from labeling.judge.templates import shipped_prompts
from labeling.montecarlo.planner import STRATEGIES
from training.config import LABELS, TrainConfig
from training.folders import free_file, free_folder

Asked = tuple[str, dict[str, Any]] | None


def monte_carlo(database: Database) -> Asked:
    """Monte Carlo: complete from every step and see how often the gold answer comes out."""
    with st.form("mc"):
        model = st.text_input("Policy", _given("model", "playground:policy"), help=MODEL_HELP)
        left, right = st.columns(2)
        samples = left.number_input("Samples per step", 1, 1024, 8)
        seed = right.number_input("Seed", 0, None, 0)
        strategy = st.selectbox(
            "Strategy",
            STRATEGIES,
            help="scan stops a step at its first success and a solution at its first step "
            "without one: the same hard labels for a quarter of the tokens. bisect and adaptive "
            "spend less still, and let a success vouch for the steps before it.",
        )
        name = _name()
        sent = st.form_submit_button("Start Monte Carlo", type="primary", width="stretch")
    params = {"model": model, "samples": samples, "strategy": strategy, "seed": seed, "name": name}
    params |= _only(database)
    return ("annotate_mc", _filled(params)) if sent else None


def judge(database: Database) -> Asked:
    """A judge reads each step and names the first wrong one."""
    prompts = shipped_prompts()
    with st.form("judge"):
        model = st.text_input("Judge", _given("model", "playground:judge"), help=MODEL_HELP)
        prompt = st.selectbox(
            "Prompt",
            prompts,
            prompts.index("playground"),
            accept_new_options=True,
            help="A shipped prompt, or the path of your own (docs/judge.md).",
        )
        votes = st.number_input(
            "Votes", 1, 64, 1, help="Replies per solution; the majority decides."
        )
        name = _name()
        sent = st.form_submit_button("Start the judge", type="primary", width="stretch")
    params = {"model": model, "prompt": prompt, "seed": 0, "votes": votes, "name": name}
    params |= _only(database)
    return ("annotate_judge", _filled(params)) if sent else None


def prm(database: Database) -> Asked:
    """A PRM scores every step."""
    with st.form("prm"):
        model = st.text_input(
            "Checkpoint",
            _given("model", "playground:prm"),
            help="A folder that training wrote, or playground:prm.",
        )
        threshold = st.number_input(
            "Threshold",
            0.0,
            1.0,
            0.5,
            0.05,
            help="The first step that scores below it is the first error.",
        )
        name = _name()
        sent = st.form_submit_button("Score with it", type="primary", width="stretch")
    params = {"model": model, "threshold": threshold, "name": name, **_only(database)}
    return ("annotate_prm", _filled(params)) if sent else None


def train(database: Database) -> Asked:
    """Train a PRM on an export."""
    exports = [one.path for one in list_exports(database)]
    wanted = _given("export", exports[0] if exports else "")
    options = list(dict.fromkeys([*([wanted] if wanted else []), *exports]))
    folder = data_folder(database) / "checkpoints"
    with st.form("train"):
        export = st.selectbox(
            "Export",
            options,
            format_func=lambda path: Path(path).name,
            accept_new_options=True,
            placeholder="Path of an export",
            help="A folder written on the Consensus page or by steplens export; or a labelled file "
            "in any import format.",
        )
        base = st.text_input("Base", _given("base", "playground:prm"), help=BASE_HELP)
        out = st.text_input("Checkpoint folder", str(free_folder(folder, "prm")))
        seed = st.number_input("Seed", 0, None, 0)
        settings = _training_settings()
        sent = st.form_submit_button("Start training", type="primary", width="stretch")
    if not options:
        st.text("Nothing has been exported yet.")
        st.page_link("views/consensus.py", label="Export a consensus first")
    if sent and not export:
        project.complain("Training needs an export.")
        return None
    params = {"export": export, "base": base, "out": out, "seed": seed, **settings}
    return ("train", params) if sent else None


def _training_settings() -> dict[str, Any]:
    """What else may be set: only what differs from the usual, so that a job's words stay short."""
    usual = TrainConfig()
    with st.expander("Settings"):
        epochs = st.number_input("Epochs", 0, None, usual.epochs, help="0: by the base.")
        rate = st.number_input(
            "Learning rate", 0.0, 1.0, 0.0, format="%g", step=1e-6, help="0: by the base's size."
        )
        head = st.selectbox(
            "Head", ["mlp", "linear"], help="What a language model gets; a PRM keeps its own."
        )
        lora = st.number_input(
            "LoRA rank", 0, 1024, 0, help="0 trains every weight; 16 is usual for a large base."
        )
        labels = st.selectbox(
            "Labels",
            LABELS,
            help="soft: a step's target is its Monte-Carlo success rate, where the export has one.",
        )
        tokens = st.number_input(
            "Tokens a device computes at once",
            256,
            None,
            usual.device_tokens,
            help="Fewer take less memory and more passes; the result is the same.",
        )
    asked = {
        "epochs": epochs,
        "learning_rate": rate or None,
        "head": head,
        "lora": lora,
        "labels": labels,
        "device_tokens": tokens,
    }
    return {name: value for name, value in asked.items() if value != getattr(usual, name)}


def evaluate(database: Database) -> Asked:
    """ProcessBench's metric of one annotator against another."""
    everybody = in_order(list_annotators(database))
    machines = [one.label for one in everybody if one.kind != "human"]
    people = [one.label for one in everybody if one.kind == "human"]
    if not machines or not people:
        st.text(
            "An evaluation compares a model's verdicts with labels by people, or by the "
            "playground's checker. This project is missing one or the other."
        )
        return None
    newest_prm = next((label for label in machines if label.startswith("prm:")), machines[0])
    wanted = _given("annotator", newest_prm)
    with st.form("evaluate"):
        annotator = st.selectbox(
            "Annotator", machines, machines.index(wanted) if wanted in machines else 0
        )
        reference = st.selectbox("Reference", people + machines)
        sent = st.form_submit_button("Start the evaluation", type="primary", width="stretch")
    params = {"annotator": annotator, "reference": reference, "dataset": None}
    return ("evaluate", params) if sent else None


def import_files(_: Database) -> None:
    """Files have a page of their own, which shows what they would become."""
    st.text("The page Import shows what files would become before it stores them.")
    st.page_link("views/imports.py", label="Import files")


def export_project(database: Database) -> Asked:
    """All that the project holds, as one file on the server."""
    folder = data_folder(database) / "exports"
    with st.form("export project"):
        file = st.text_input(
            "File",
            str(free_file(folder, "project", ".jsonl.gz")),
            help="On the machine that runs StepLens. The name's end says how it is compressed: "
            ".gz, .bz2, .xz or .zst.",
        )
        st.text(
            "Solutions, annotations with their evidence, corrections, queues and evaluations go "
            "into one file. The page Import, or steplens import, makes the same project of it."
        )
        sent = st.form_submit_button("Export the project", type="primary", width="stretch")
    if sent and not file.strip():
        project.complain("An export needs the path of a file.")
        return None
    return ("export_project", {"file": file.strip()}) if sent else None


def grade(database: Database) -> Asked:
    """The final answers that an import left open, compared with the gold ones."""
    datasets, _ = filter_choices(database)
    with st.form("grade"):
        dataset = st.selectbox("Data set", datasets, index=None, placeholder="any")
        st.text(
            "An import grades what strings and exact numbers settle. This grades the rest, and "
            "leaves open what cannot be graded."
        )
        sent = st.form_submit_button("Grade answers", type="primary", width="stretch")
    return ("grade", {"dataset": dataset}) if sent else None


def sample(database: Database) -> Asked:
    """New problems of the playground, with solutions by its policy."""
    with st.form("sample"):
        left, right = st.columns(2)
        problems = left.number_input("Problems", 1, 100_000, 100)
        solutions = right.number_input("Solutions per problem", 1, 64, 4)
        seed = st.number_input("Seed", 0, None, 0, help="Another seed gives other problems.")
        sent = st.form_submit_button("Sample solutions", type="primary", width="stretch")
    params = {"problems": problems, "solutions": solutions, "seed": seed}
    return ("sample", params) if sent else None


BASE_HELP = (
    "A PRM goes on learning, slowly: playground:prm, or a folder that training wrote. A language "
    "model, such as playground:policy, gets a new head and needs far more data: on 1,500 solutions "
    "it reaches half the F1."
)
MODEL_HELP = (
    "transformers:PATH_OR_ID, a folder, or one of the playground's: playground:policy, "
    "playground:judge, playground:prm."
)
ANNOTATORS = tuple(
    formatting.JOBS[kind] for kind in ("annotate_mc", "annotate_judge", "annotate_prm")
)
FORMS: dict[str, Callable[[Database], Asked]] = {
    formatting.JOBS["annotate_mc"]: monte_carlo,
    formatting.JOBS["annotate_judge"]: judge,
    formatting.JOBS["annotate_prm"]: prm,
    formatting.JOBS["train"]: train,
    formatting.JOBS["evaluate"]: evaluate,
    formatting.JOBS["import"]: import_files,
    formatting.JOBS["export_project"]: export_project,
    formatting.JOBS["grade"]: grade,
    formatting.JOBS["sample"]: sample,
}


def say_what_for(database: Database) -> None:
    """Above an annotator's form: the solutions that Browse chose for it, if it did."""
    if not filters.any_of(filters.given()):
        return
    wanted = filters.asked_for(database, filters.given())
    n = count_solutions(database, wanted)
    with st.container(border=True):
        what = formatting.shorten(filters.in_words(database, filters.given()), 80)
        st.text(f"Only {formatting.number_of(n, 'solution')}: {what}")
        st.page_link("views/browse.py", label="Change", query_params=filters.given())


def _only(database: Database) -> dict[str, Any]:
    if not filters.any_of(filters.given()):
        return {}
    return {"only": filters.asked_for(database, filters.given()).to_json()}


def _given(name: str, otherwise: str) -> str:
    return address.get(name) or otherwise


def _name() -> str:
    return st.text_input("Name", placeholder="from the model's name", help="The annotator's name.")


def _filled(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value not in (None, "")}
