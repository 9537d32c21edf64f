"""Filling a project from the playground: problems, sampled solutions, exact labels."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from db.imports.matching import problem_fingerprint
from db.ingest import insert_rows
from db.records import ImportRow, IngestCount, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.answers.grade import grade
from labeling.jobs.context import JobContext
from labeling.judge.verdicts import scores
from labeling.prompt import question
from labeling.seeds import completion_seed
from models.steps import split_steps

if TYPE_CHECKING:
    from models.playground.world import WorldProblem

TRUTH = "playground-truth"
DATASET = "playground"
POLICY = "playground:policy"
PROBLEMS_AT_ONCE = 64
MAX_TOKENS = 256


def run_sample(context: JobContext) -> dict[str, Any]:
    """Sample params["solutions"] solutions to each of params["problems"] new problems.

    Every solution is labelled by the world's exact checker, as the human annotator
    `playground-truth`, which the review queue hides. Solutions that came out word for word the
    same are stored once, with their number in `samples`. They are of the data set
    params["dataset"], or of the playground's, and drawn at params["temperature"], or at the
    policy's own.
    """
    from models.generation.base import CompletionRequest, Sampling, default_temperature
    from models.generation.load import load_generator
    from models.playground.world import sample_problems

    dataset = context.params.get("dataset", DATASET)
    n, k, seed = (context.params[name] for name in ("problems", "solutions", "seed"))
    generator = load_generator(POLICY)
    temperature = context.params.get("temperature", default_temperature(generator))
    sampling = Sampling(temperature=temperature, max_tokens=MAX_TOKENS)
    problems = sample_problems(n, seed)
    count, sampled, right = IngestCount(), 0, 0
    for start in range(0, n, PROBLEMS_AT_ONCE):
        part = problems[start : start + PROBLEMS_AT_ONCE]
        requests = [
            CompletionRequest(
                generator.prompt_ids(question(problem.text)),
                completion_seed(seed, problem_fingerprint(problem.text), 0, sample),
            )
            for problem in part
            for sample in range(k)
        ]
        completions = generator.complete(requests, sampling)
        rows = []
        for place, problem in enumerate(part):
            mine = completions[place * k : (place + 1) * k]
            rows.extend(solution_rows(problem, [one.text for one in mine], dataset))
        sampled += len(completions)
        right += sum(row.samples for row in rows if row.is_correct)
        count += insert_rows(
            context.database, rows, job=context.job, hidden_annotators=frozenset({TRUTH})
        )
        context.report(min(start + len(part), n), n, f"{sampled:,} solutions sampled")
    return {
        "problems": count.problems,
        "sampled": sampled,
        "solutions": count.solutions,
        "duplicates": sampled - count.solutions,
        "correct_share": round(right / max(sampled, 1), 4),
    }


def solution_rows(
    problem: WorldProblem, texts: list[str], dataset: str = DATASET
) -> list[ImportRow]:
    """The distinct solutions among `texts`, each with its exact labels; empty ones are dropped."""
    from models.playground.world import first_error

    written = Counter(tuple(split_steps(text)) for text in texts)
    rows = []
    for steps, times in written.items():
        if not steps:
            continue
        truth = first_error(problem, list(steps))
        answer = extract_answer(steps[-1])
        labels: tuple[SourceLabel, ...] = ()
        if truth is not None:
            exact = tuple(
                None if score is None else 1.0 if score else -1.0
                for score in scores(truth, len(steps))
            )
            labels = (SourceLabel(TRUTH, exact, truth),)
        rows.append(
            ImportRow(
                problem=problem.text,
                steps=steps,
                generator=POLICY,
                dataset=dataset,
                gold_answer=str(problem.answer),
                final_answer=answer,
                is_correct=answer is not None and grade(answer, str(problem.answer)) == "correct",
                labels=labels,
                samples=times,
                meta={"kind": problem.kind, "subject": problem.subject},
            )
        )
    return rows
