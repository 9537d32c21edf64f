"""OmegaPRM: a tree of steps for each question, with the Monte-Carlo share after each.

Source: arXiv 2406.06592 and the files of openr: `{question, final_answer, reasoning_steps}`, where
`reasoning_steps` is the root, `{text, mc_value, children[]}`, whose text is the question itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark

MOST_NODES = 100_000  # of one tree: 3 in the published samples, some hundreds after a long search


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution for each leaf: the texts on the way to it, with their shares. Raises BadRow.

    The first error is the first share of 0, or -1. Solutions share the steps before a fork, and
    say the same of them.
    """
    row = fields.an_object(value, "the row")
    root = row.get("reasoning_steps")
    if isinstance(root, list):
        raise fields.BadRow(
            "reasoning_steps is a list of prefixes; give the tree (text, mc_value, children)"
        )
    gold = fields.optional_text(row.get("final_answer"), "final_answer")
    question = fields.text(row.get("question"), "question")
    own_id = fields.name(row.get("question_id"), "question_id", f"{stem[:150]}-{line}")
    for number, path in enumerate(_paths(fields.an_object(root, "reasoning_steps"))):
        texts, shares = zip(*path, strict=True)
        answer = extract_answer(texts[-1])
        yield ImportRow(
            problem=question,
            steps=texts,
            generator=UNKNOWN,
            dataset=stem[: fields.MAX_NAME],
            gold_answer=gold,
            external_id=f"{own_id[:180]}/{number}",
            final_answer=answer,
            is_correct=fields.answer_is_correct(answer, gold),
            labels=(
                SourceLabel("omegaprm", shares, shares.index(0) if 0 in shares else -1, kind="mc"),
            ),
            meta={"tree": own_id},
            line=line,
        )


_Path = tuple[tuple[str, float], ...]


def _paths(root: dict[str, Json]) -> list[_Path]:
    """The way to every leaf, without the root. All of it is read first: a bad tree has none."""
    found: list[_Path] = []
    waiting: list[tuple[dict[str, Json], _Path]] = [(root, ())]
    for _ in range(MOST_NODES):
        if not waiting:
            break
        node, path = waiting.pop()
        children = node.get("children") or []
        if not isinstance(children, list):
            raise fields.BadRow("children must be a list of nodes")
        if not children and path:
            found.append(path)
        for one in reversed(children):
            child = fields.an_object(one, "a child")
            share = fields.fraction(child.get("mc_value"), "mc_value")
            if share is None:
                raise fields.BadRow("mc_value is missing")
            waiting.append((child, (*path, (fields.text(child.get("text"), "text"), share))))
    if waiting:
        raise fields.BadRow(f"the tree has more than {MOST_NODES:,} nodes")
    if not found:
        raise fields.BadRow("the tree has no step")
    return found


FORMAT = Format(
    "omegaprm",
    "OmegaPRM: a tree of steps with their Monte-Carlo shares",
    read=rows,
    fields=("question", "reasoning_steps"),
)
