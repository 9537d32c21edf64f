"""What labels are worth for the tokens that were generated for them: exact, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.engine import open_database
from labeling.lessons.noise.completions import Case, cases
from labeling.lessons.noise.quality import Quality
from labeling.lessons.noise.replay import replay
from labeling.lessons.parts import Result, Task
from labeling.montecarlo.planner import STRATEGIES, MCConfig

REFERENCE = ("<reference>\n", "\n</reference>")  # labeling/judge/prompts/playground.md
JUDGE, CONSENSUS = "judge", "consensus"


def measure_cost(task: Task) -> Result:
    """Each strategy with each number of samples, the judge, and the consensus of the two.

    Tokens are the generated ones, of whatever model.
    """
    params = task.params
    database = open_database(task.database_url)
    try:
        asked = list(cases(database, params["dataset"]))
    finally:
        database.close()
    quality = Quality(asked)
    judged = [case.judged for case in asked]
    spent = judge_tokens(asked, params["judge"])
    points = [_point(JUDGE, None, asked, judged, spent, quality)]
    pairs = [(strategy, samples) for strategy in STRATEGIES for samples in params["samples"]]
    for done, (strategy, samples) in enumerate(pairs):
        results, tokens = replay(MCConfig(samples, strategy), asked)
        said = [result.first_error for result in results]
        points.append(_point(strategy, samples, asked, said, tokens, quality))
        both = [a + b for a, b in zip(tokens, spent, strict=True)]
        kept = [a == b is not None for a, b in zip(said, judged, strict=True)]
        points.append(
            _point(f"{CONSENSUS} with {strategy}", samples, asked, said, both, quality, kept)
        )
        task.report(done + 1, len(pairs), f"{strategy} of {samples}")
    return {"solutions": len(asked), "points": points}


def judge_tokens(asked: Sequence[Case], judge: str) -> list[int]:
    """The tokens that the judge generated for each solution, counted by its own tokenizer.

    Its reply, and its own solution where it solves the problem first: once for each problem, for
    the first of its solutions. Each ends with a token that ends it.
    """
    from models.loading import load_tokenizer
    from models.names import checkpoint_folder

    tokenizer = load_tokenizer(checkpoint_folder(judge))
    solved: set[int] = set()

    def length(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False)) + 1

    tokens = []
    for case in asked:
        spent = 0
        if case.judge is not None:
            evidence = case.judge.evidence
            if evidence.get("reply"):
                spent += length(evidence["reply"])
            reference = _reference(evidence)
            if reference is not None and case.solution.problem_id not in solved:
                solved.add(case.solution.problem_id)
                spent += length(reference)
        tokens.append(spent)
    return tokens


def _reference(evidence: dict[str, Any]) -> str | None:
    """The judge's own solution as it stands in its prompt, without the tags that number it."""
    text = evidence["prompt"][-1]["content"]
    _, begun, rest = text.partition(REFERENCE[0])
    if not begun:
        return None
    lines = rest.partition(REFERENCE[1])[0].splitlines()
    return "\n".join(line for line in lines if "analysis_" not in line)


def _point(
    source: str,
    samples: int | None,
    asked: Sequence[Case],
    said: Sequence[int | None],
    tokens: Sequence[int],
    quality: Quality,
    kept: Sequence[bool] | None = None,
) -> Result:
    """One way to label all solutions: its tokens, what it is worth, and the one by the other."""
    mine = [True] * len(asked) if kept is None else kept
    hits = [
        float(one and case.true is not None and first_error == case.true)
        for one, case, first_error in zip(mine, asked, said, strict=True)
    ]
    return {
        "source": source,
        "samples": samples,
        "tokens": sum(tokens),
        "tokens_per_solution": sum(tokens) / len(tokens),
        **quality.of(said, mine),
        "exact_per_1000_tokens": quality.share(
            [(hit, n / 1000) for hit, n in zip(hits, tokens, strict=True)]
        ),
    }
