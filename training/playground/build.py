"""Trains the playground's language models from scratch: `python -m training.playground.build`."""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.errors import MissingExtraError
from models.generation.transformers import TransformersGenerator
from models.loading import load_tokenizer
from models.names import PLAYGROUND_CHECKPOINTS
from models.playground.templates.unseen import UNSEEN_TEMPLATES
from models.playground.world import ALL_TEMPLATES, TRAINING_SEEDS, WorldProblem, sample_problems
from training.playground import evaluate, lessons, surprisal
from training.playground.tokenizer import train_tokenizer
from training.playground.training import Recipe, train

try:
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM
except ImportError as error:
    raise MissingExtraError("Building the playground's models", error) from error


@dataclass(frozen=True, slots=True)
class Size:
    """The shape of a model; two key-value heads in all."""

    hidden: int
    inner: int
    layers: int
    heads: int


SOLVER = Path("build/playground/solver")
PRM_BASE = Path("build/playground/prm-base")
HELP = """\
Train the playground's language models from scratch and write them as checkpoint folders.

The policy learns to solve the world's problems and keeps making mistakes of its own: at its
temperature about 70% of its answers are right. The solver is larger and trained far longer. It is
not shipped: the judge goes on from its weights and learns to compare a solution with its own,
paragraph by paragraph. So does the base of the PRM, which learns to tell how surprising each token
was to the solver; labeling.demo.build makes the PRM of it. Nothing is downloaded. Each folder gets
a README.md with its recipe and its measured figures.

examples:
  python -m training.playground.build                     all, in turn
  python -m training.playground.build --only policy --out /tmp/try --steps 300
  python -m training.playground.build --only judge --out /tmp/try --solver /tmp/try/solver
  python -m training.playground.build --evaluate          only measure what is there
"""
POLICY_SIZE = Size(hidden=128, inner=384, layers=4, heads=4)
SOLVER_SIZE = Size(hidden=192, inner=576, layers=5, heads=6)
POLICY_RECIPE = Recipe(steps=1000, tokens=6144)
SOLVER_RECIPE = Recipe(steps=3500, tokens=8192, rate=4e-3, warmup=60)
JUDGE_RECIPE = Recipe(steps=1800, tokens=8192, rate=1.5e-3, decay=0.02, warmup=40)
PRM_BASE_RECIPE = Recipe(steps=1000, tokens=8192, rate=1.5e-3, decay=0.02, warmup=40)
READ_PROBLEMS = 6000  # from which the PRM's base reads four samples of the policy each, unlabelled
REAL_PROBLEMS = 2000  # from which the judge sees four samples of the policy each
HELD = 300  # of their samples, on which it is measured
PARTS = ("policy", "solver", "judge", "prm-base")
UNSEEN_SEED = 777  # the problems of the measurements; below TRAINING_SEEDS, like all unseen ones


def new_model(tokenizer: Any, seed: int, size: Size = POLICY_SIZE) -> Any:
    """A random Qwen2 of this size for the playground's vocabulary."""
    torch.manual_seed(seed)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=size.hidden,
            intermediate_size=size.inner,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def save(model: Any, tokenizer: Any, folder: Path, temperature: float | None) -> None:
    """Write the checkpoint as bf16 safetensors; `temperature` None means greedy."""
    folder.mkdir(parents=True, exist_ok=True)
    copy: Any = Qwen2ForCausalLM(model.config)
    copy.load_state_dict(model.state_dict())
    copy.generation_config.do_sample = temperature is not None
    if temperature is not None:
        copy.generation_config.temperature = temperature
    copy.generation_config.max_new_tokens = 512
    copy.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def build_policy(folder: Path, options: argparse.Namespace) -> None:
    """Train the policy, choose its temperature, measure it, and write `folder`."""
    finish_policy(folder, _learn_to_solve(folder, POLICY_SIZE, POLICY_RECIPE, options))


def build_solver(folder: Path, options: argparse.Namespace) -> None:
    """Train the solver, measure it, and write `folder`."""
    finish_solver(folder, _learn_to_solve(folder, SOLVER_SIZE, SOLVER_RECIPE, options))


def _learn_to_solve(
    folder: Path, size: Size, recipe: Recipe, options: argparse.Namespace
) -> dict[str, Any]:
    tokenizer, seed = train_tokenizer(), options.seed
    model = new_model(tokenizer, seed, size).to(options.device)
    begin = time.monotonic()
    steps = train(
        model,
        lessons.solving(tokenizer, seed),
        _shortened(recipe, options),
        seed,
        log=_say,
        each=lambda _: save(model, tokenizer, folder, 1.0),
        deadline=_deadline(options),
    )
    save(model, tokenizer, folder, 1.0)
    return {
        "seed": seed,
        "steps": steps,
        "tokens a step": recipe.tokens,
        "minutes": _minutes_since(begin),
    }


def finish_policy(folder: Path, made: dict[str, Any]) -> None:
    """Choose the temperature at which about 70% of the answers are right; write the card."""
    generator = TransformersGenerator(str(folder))
    tried = sample_problems(300, UNSEEN_SEED + 2)
    shares = {
        t: evaluate.accuracy(evaluate.solve(generator, tried, t, samples=2)).value
        for t in (0.7, 0.8, 0.9, 1.0, 1.1)
    }
    chosen = min(shares, key=lambda t: (abs(shares[t] - 0.7), -t))
    model = Qwen2ForCausalLM.from_pretrained(folder)
    save(model, load_tokenizer(folder), folder, chosen)
    _card(folder, "policy", POLICY_CARD, made, {**_solved(folder, chosen), "temperature": chosen})


def finish_solver(folder: Path, made: dict[str, Any]) -> None:
    """Measure the solver; write the card."""
    _card(folder, "solver", SOLVER_CARD, made, _solved(folder, 0.0))


def _solved(folder: Path, temperature: float) -> dict[str, Any]:
    """What share of unseen problems is solved, with 95% intervals."""
    generator = TransformersGenerator(str(folder))
    unseen = sample_problems(1000, UNSEEN_SEED)
    foreign = sample_problems(400, UNSEEN_SEED, UNSEEN_TEMPLATES)
    figures: dict[str, Any] = {}
    for name, problems in (("", unseen), (" of unseen kinds", foreign)):
        greedy = evaluate.accuracy(evaluate.solve(generator, problems, 0.0))
        figures[f"answers right{name}, greedy"] = str(greedy)
        if temperature:
            solved = evaluate.solve(generator, problems, temperature, seed=5)
            figures[f"answers right{name}, sampled"] = str(evaluate.accuracy(solved))
            if not name:
                flawed = sum(one.answered and one.error != -1 for one in solved)
                figures["right answer with a wrong step"] = round(flawed / len(solved), 4)
                figures["no exact label"] = sum(one.error is None for one in solved)
    return {**figures, "problems": f"{len(unseen)}, and {len(foreign)} of unseen kinds"}


def build_judge(folder: Path, policy: Path, options: argparse.Namespace) -> None:
    """Train the judge from the solver's weights, measure it, and write `folder`."""
    tokenizer = load_tokenizer(options.solver)
    device, seed = options.device, options.seed + 100
    model = Qwen2ForCausalLM.from_pretrained(options.solver, dtype=torch.float32).to(device)
    pool = real_samples(policy, options.real, seed)
    _say(f"{len(pool)} real samples, {sum(error < 0 for *_, error in pool)} of them right")
    recipe = _shortened(JUDGE_RECIPE, options)
    begin, deadline = time.monotonic(), _deadline(options)
    gone = 0.0

    def keep(step: int) -> None:
        nonlocal gone
        gone = step / recipe.steps
        save(model, tokenizer, folder, None)

    source = lessons.schooling(tokenizer, seed, pool, lambda: gone)
    steps = train(model, source, recipe, seed, _say, keep, deadline)
    save(model, tokenizer, folder, None)
    made = {"seed": seed, "steps": steps, "minutes": _minutes_since(begin)}
    finish_judge(folder, policy, made)


def sampled(
    policy: Path, problems: Sequence[WorldProblem], samples: int, seed: int
) -> list[evaluate.Sampled]:
    """`samples` solutions of each problem by the policy, at its own temperature."""
    generator = TransformersGenerator(str(policy))
    temperature = generator.default_temperature() or 1.0
    return evaluate.solve(generator, problems, temperature, samples, seed)


def real_samples(policy: Path, n: int, seed: int) -> list[lessons.Judged]:
    """Solutions by the policy to `n` training problems, labelled by the checker.

    Right solutions are thinned to half as many as there are wrong.
    """
    problems = sample_problems(n, TRAINING_SEEDS - 1 + 900_000_000 + seed)
    solved = sampled(policy, problems, 4, seed)
    judged: list[lessons.Judged] = [
        (one.problem, one.steps, one.error) for one in solved if one.error is not None
    ]
    wrong = [one for one in judged if one[2] >= 0]
    right = [one for one in judged if one[2] < 0]
    random.Random(seed).shuffle(right)
    return wrong + right[: len(wrong) // 2]


def finish_judge(folder: Path, policy: Path, made: dict[str, Any]) -> None:
    """Measure the judge end to end on the policy's solutions of unseen problems; write the card."""
    judge = TransformersGenerator(str(folder))
    figures: dict[str, Any] = {}
    kinds = (("", ALL_TEMPLATES, 1000), (" (unseen kinds)", UNSEEN_TEMPLATES, 400))
    for name, templates, n in kinds:
        problems = sample_problems(n, UNSEEN_SEED + 1, templates)
        found = evaluate.judge_figures(judge, sampled(policy, problems, 1, 9))
        figures |= {
            f"solutions judged{name}": found.exact.n,
            f"exact first error{name}": str(found.exact),
            f"accuracy on wrong solutions{name}": str(found.error_accuracy),
            f"accuracy on right solutions{name}": str(found.correct_accuracy),
            f"F1{name}": round(found.f1, 3),
            f"unparsed replies{name}": found.unparsed,
            f"blind solutions with the right answer{name}": str(found.blind),
        }
    _card(folder, "judge", JUDGE_CARD, made, figures)


def build_prm_base(folder: Path, policy: Path, options: argparse.Namespace) -> None:
    """Train the PRM's base from the solver's weights, measure it, and write `folder`."""
    tokenizer, seed, device = load_tokenizer(options.solver), options.seed + 200, options.device
    problems = sample_problems(options.read, TRAINING_SEEDS - 1 + 950_000_000 + seed)
    texts = [(one.problem.text, one.steps) for one in sampled(policy, problems, 4, seed)]
    random.Random(seed).shuffle(texts)
    read, held = texts[HELD:], texts[:HELD]
    teacher, model = (
        Qwen2ForCausalLM.from_pretrained(options.solver, dtype=torch.float32).to(device)
        for _ in range(2)
    )
    surprisal.add_head(model)
    recipe = _shortened(PRM_BASE_RECIPE, options)
    begin, deadline = time.monotonic(), _deadline(options)
    source, loss = surprisal.reading(tokenizer, read), surprisal.loss_against(teacher)
    steps = train(model, source, recipe, seed, _say, deadline=deadline, loss_of=loss)
    made = {"seed": seed, "steps": steps, "minutes": _minutes_since(begin)}
    figures = surprisal.measure(model, teacher, tokenizer, held)
    surprisal.drop_head(model)
    save(surprisal.deepened(model), tokenizer, folder, None)
    _card(folder, "prm-base", PRM_BASE_CARD, made, figures)


POLICY_CARD = """\
A Qwen2 language model of 0.92 M weights that solves the playground's word problems, and errs.

Trained from scratch by `python -m training.playground.build --only policy` on generated problems,
with Muon for the matrices and AdamW for the rest (rate 0.003, a cosine down to 2%). The loss
covers the solution only. 30% of the solutions hold one injected wrong step that is masked from
the loss, 40% of these go on as if it were right; the mistakes the policy makes are its own. It
has seen no step label.

Prompt: the chat template with the problem as the user's message.
"""
SOLVER_CARD = """\
A Qwen2 language model of 2.35 M weights that solves the playground's word problems.

Trained as the policy is, longer and at a rate of 0.004. The judge and the PRM begin with its
weights. It has seen no step label.
"""
PRM_BASE_CARD = """\
What the playground's PRM begins with: the solver, taught to tell how surprising each token was.

Trained by `python -m training.playground.build --only prm-base` on solutions sampled from the
policy, right and wrong, without any label: at each token it learns to tell the log-probability
that the solver, which is its teacher, gave to that token. Then a layer was added that does nothing
yet. It is no language model any more. It has seen no step label.
"""
JUDGE_CARD = """\
The playground's judge: the weights of a solver that is larger than the policy and was trained
longer (2.35 M), trained on to compare a solution with its own.

Trained by `python -m training.playground.build --only judge`: Muon and AdamW (0.0015, a cosine down
to 2%) on whole solutions to judge (a third of them real samples of the policy, labelled by the
world's exact checker, the rest gold ones with or without one injected mistake), on short drills
and bare pairs of equations in comparing, and on solving. The reference it learns with is the gold
solution. It has seen exact step labels: do not use it as the backbone of a PRM whose label
sources you compare.

Use: (1) it solves the problem blind and greedily; (2) it gets the problem, that solution cut into
numbered analyses as the reference, and the numbered paragraphs, and replies with analyses up to
the first wrong one. Where its own solution is wrong, so is its verdict.
"""


def _card(
    folder: Path, name: str, text: str, made: dict[str, Any], figures: dict[str, Any]
) -> None:
    rows = "\n".join(f"- {key}: {json.dumps(value)}" for key, value in figures.items())
    card = folder / "README.md"
    begins = "This run: "
    run = begins + ", ".join(f"{key} {value}" for key, value in made.items()) + "."
    if not made and card.is_file():  # only measured anew: how it was made stays as it was
        lines = card.read_text("utf-8").split("\n")
        run = next((line for line in lines if line.startswith(begins)), run)
    content = f"# playground:{name}\n\n{text}\n{run}\n\n## Measured on unseen problems\n\n{rows}\n"
    card.write_text(content, "utf-8")
    _say(content)


def _shortened(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    if options.steps is None:
        return recipe
    return replace(recipe, steps=options.steps)


def _deadline(options: argparse.Namespace) -> float | None:
    return None if options.minutes is None else time.monotonic() + 60 * options.minutes


def _minutes_since(begin: float) -> float:
    return round((time.monotonic() - begin) / 60, 1)


def _say(text: str) -> None:
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.playground.build",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=PARTS, help="build one of them")
    parser.add_argument(
        "--out", type=Path, default=PLAYGROUND_CHECKPOINTS, help="parent of the folders"
    )
    parser.add_argument("--solver", type=Path, default=SOLVER, help="folder of the solver")
    parser.add_argument("--prm-base", type=Path, default=PRM_BASE, help="folder of the PRM's base")
    parser.add_argument("--seed", type=int, default=0, help="decides weights and problems")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--steps", type=int, help="steps a stage, instead of the recipe's")
    parser.add_argument("--minutes", type=float, help="cool down and end each model in this time")
    parser.add_argument(
        "--real", type=int, default=REAL_PROBLEMS, help="problems with real samples"
    )
    parser.add_argument("--read", type=int, default=READ_PROBLEMS, help="problems the base reads")
    parser.add_argument("--evaluate", action="store_true", help="only measure what --out holds")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    if options.device == "auto":
        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    policy, judge = options.out / "policy", options.out / "judge"
    build: dict[str, Callable[[], None]] = {
        "policy": lambda: build_policy(policy, options),
        "solver": lambda: build_solver(options.solver, options),
        "judge": lambda: build_judge(judge, policy, options),
        "prm-base": lambda: build_prm_base(options.prm_base, policy, options),
    }
    # The base's figures need its head, which is gone: they are only taken as it is made.
    measure: dict[str, Callable[[], None]] = {
        "policy": lambda: finish_policy(policy, {}),
        "solver": lambda: finish_solver(options.solver, {}),
        "judge": lambda: finish_judge(judge, policy, {}),
        "prm-base": lambda: None,
    }
    for part in PARTS if options.only is None else (options.only,):
        (measure if options.evaluate else build)[part]()


if __name__ == "__main__":
    main()
