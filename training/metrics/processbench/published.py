"""The paper's numbers (arXiv 2501.07301), to stand beside what is measured. Nothing here was run.

Two accuracies that it misprints are given as arXiv 2412.06559 has them: RLHFlow-PRM-Deepseek-8B on
Omni-MATH with an error, Skywork-PRM-7B on MATH without one.
"""

from __future__ import annotations

from dataclasses import dataclass

SUBSETS = ("gsm8k", "math", "olympiadbench", "omnimath")
# Solutions (with an error, without one) of ProcessBench's subsets (arXiv 2412.06559, table 1).
SIZES = {
    "gsm8k": (207, 193),
    "math": (594, 406),
    "olympiadbench": (661, 339),
    "omnimath": (759, 241),
}


@dataclass(frozen=True, slots=True)
class Published:
    """A row of the table of ProcessBench results, in percent.

    `figures` has (error accuracy, correct accuracy, F1) by subset; `mean` is the average F1.
    """

    name: str
    figures: dict[str, tuple[float, float, float]]
    mean: float
    is_prm: bool


def _rows(text: str, *, prms: bool) -> tuple[Published, ...]:
    found = []
    for line in text.strip().splitlines():
        name, *cells, mean = line.split()
        triples = [tuple(map(float, cell.split("/"))) for cell in cells]
        figures = {
            subset: (error, correct, f1)
            for subset, (error, correct, f1) in zip(SUBSETS, triples, strict=True)
        }
        found.append(Published(name, figures, float(mean), prms))
    return tuple(found)


# Error accuracy/correct accuracy/F1 of each subset, then the average F1.
PROCESSBENCH = _rows(
    """
GPT-4o-0806 70.0/91.2/79.2 54.4/76.6/63.6 45.8/58.4/51.4 45.2/65.6/53.5 61.9
o1-mini 88.9/97.9/93.2 83.5/95.1/88.9 80.2/95.6/87.2 74.8/91.7/82.4 87.9
Qwen2.5-72B-Instruct 62.8/96.9/76.2 46.3/93.1/61.8 38.7/92.6/54.6 36.6/90.9/52.2 61.2
QwQ-32B-Preview 81.6/95.3/88.0 78.1/79.3/78.7 61.4/54.6/57.8 55.7/68.0/61.3 71.5
""",
    prms=False,
) + _rows(
    """
Skywork-PRM-1.5B 50.2/71.5/59.0 37.9/65.2/48.0 15.4/26.0/19.3 13.6/32.8/19.2 36.4
Math-Shepherd-PRM-7B 32.4/91.7/47.9 18.0/82.0/29.5 15.0/71.1/24.8 14.2/73.0/23.8 31.5
RLHFlow-PRM-Mistral-8B 33.8/99.0/50.4 21.7/72.2/33.4 8.2/43.1/13.8 9.6/45.2/15.8 28.4
RLHFlow-PRM-Deepseek-8B 24.2/98.4/38.8 21.4/80.0/33.8 10.1/51.0/16.9 10.1/51.9/16.9 26.6
Skywork-PRM-7B 61.8/82.9/70.8 43.8/69.2/53.6 17.9/31.9/22.9 14.0/41.9/21.0 42.1
EurusPRM-Stage1 46.9/42.0/44.3 33.3/38.2/35.6 23.9/19.8/21.7 21.9/24.5/23.1 31.2
EurusPRM-Stage2 51.2/44.0/47.3 36.4/35.0/35.7 25.7/18.0/21.2 23.1/19.1/20.9 31.3
Qwen2.5-Math-7B-Math-Shepherd 46.4/95.9/62.5 18.9/96.6/31.6 7.4/93.8/13.7 4.0/95.0/7.7 28.9
Qwen2.5-Math-7B-PRM800K 53.1/95.3/68.2 48.0/90.1/62.6 35.7/87.3/50.7 29.8/86.1/44.3 56.5
Qwen2.5-Math-PRM-7B 72.0/96.4/82.4 68.0/90.4/77.6 55.7/85.5/67.5 55.2/83.0/66.3 73.5
Qwen2.5-Math-PRM-72B 78.7/97.9/87.3 74.2/88.2/80.6 67.9/82.0/74.3 64.8/78.8/71.1 78.3
""",
    prms=True,
)


def subset_of(dataset: str, n_error: int, n_correct: int) -> str | None:
    """The subset of ProcessBench that a data set of this name and size is, whole; else None."""
    name = dataset.lower().replace("-", "").replace("_", "").removeprefix("processbench")
    return name if SIZES.get(name) == (n_error, n_correct) else None
