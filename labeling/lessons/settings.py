"""What a run of the lessons is made of: two sizes, settled before either was run.

Nothing here may be changed to make a finding appear. A change makes another run, and its reason
belongs into the commit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """All that decides what comes out, but for the versions of the code and of torch.

    A PRM is trained from each source of labels once for each of `seeds`. `samples` are Monte
    Carlo's completions of a step, `n` the responses that Best-of-N chooses from. The `base` must
    not have seen labels, or its PRMs would know the answer: the shipped judge and PRM have, the
    policy has not. The other settings of training are `steplens train`'s own. `thresholds` are the
    most successes of `samples` with which a step is still wrong, each for the first seed alone
    beside the paper's 0. At each of `temperatures` the policy answers `flaw_problems` problems, and
    its right answers with a wrong step are counted. `cost_samples` are the completions of a step
    with which each strategy of Monte Carlo is costed. `corrections` are how many labels people
    correct by which queue (labeling.lessons.people.plan), and `people_mistakes` is the share of
    them that they get wrong.
    """

    size: str
    training_problems: int
    training_solutions: int  # of each problem
    test_problems: int
    test_solutions: int  # of each problem
    seeds: tuple[int, ...]
    epochs: int
    thresholds: tuple[int, ...]
    temperatures: tuple[float, ...]
    flaw_problems: int
    cost_samples: tuple[int, ...]
    corrections: tuple[tuple[str, tuple[int, ...]], ...]
    policy: str = "playground:policy"
    judge: str = "playground:judge"
    prompt: str = "playground"
    base: str = "playground:policy"
    data_seed: int = 7
    samples: int = 8
    n: int = 8
    people_mistakes: float = 0.05


# One training solution costs 0.24 core-seconds to sample, complete and judge, and 0.010 to 0.013
# for each time that a PRM learns from it (measured on 598 and 2,358 solutions, AMD EPYC). So the
# PRMs by source take about 3,600 to 4,100, and those with corrections 2,400 more, of the 7,200 of
# an hour on two cores.
FULL = Settings(
    size="full",
    training_problems=600,
    training_solutions=4,
    test_problems=250,
    test_solutions=8,
    seeds=(0, 1, 2),
    epochs=4,
    thresholds=(1, 2, 3, 4, 5, 6, 7),
    temperatures=(0.4, 0.8, 1.2),
    flaw_problems=250,
    cost_samples=(1, 2, 4, 8),
    # 1,000 disagreements there are not: 100 and 300 are the corrections that each queue has.
    corrections=(
        ("anywhere", (100, 300, 1000)),
        ("disagreements", (100, 300)),
        ("least-sure", (100, 300, 1000)),
    ),
)
# Shows that everything runs, and nothing else: with one seed no finding can be told.
SMALL = Settings(
    size="small",
    training_problems=12,
    training_solutions=3,
    test_problems=5,
    test_solutions=4,
    seeds=(0,),
    epochs=1,
    thresholds=(2,),
    temperatures=(0.4, 1.2),
    flaw_problems=4,
    cost_samples=(1, 4),
    corrections=(("anywhere", (8,)), ("disagreements", (4,)), ("least-sure", (8,))),
    samples=4,
    n=4,
)
SIZES = {one.size: one for one in (FULL, SMALL)}
