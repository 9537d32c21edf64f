"""Trains the playground's policy and judge from scratch: `python -m models.playground.build`."""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.errors import MissingExtraError
from models.playground import evaluate, lessons
from models.playground.tokenizer import train_tokenizer
from models.playground.training import Recipe, train
from models.playground.world import TRAINING_SEEDS, sample_problems
from models.transformers_generator import TransformersGenerator

try:
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM
except ImportError as error:
    raise MissingExtraError("Building the playground's models", error) from error

CHECKPOINTS = Path(__file__).parent / "checkpoints"
HELP = """\
Train the playground's models from scratch and write them as checkpoint folders.

The policy learns to solve the world's problems and keeps making mistakes of its own: at its
temperature 60-80% of its answers are right. The judge goes on from the policy's weights and
learns to compare a solution with its own, paragraph by paragraph. Nothing is downloaded. On two
free CPU cores each takes about 15 minutes. Each folder gets a README.md with its recipe and its
measured figures.

examples:
  python -m models.playground.build                     both, into models/playground/checkpoints
  python -m models.playground.build --only policy --out /tmp/try --steps 300
  python -m models.playground.build --only judge --out /tmp/try   continues /tmp/try/policy
  python -m models.playground.build --evaluate --out models/playground/checkpoints
"""
POLICY_RECIPE = Recipe(steps=1650, tokens=6144)
JUDGE_RECIPE = Recipe(steps=2400, tokens=6144, rate=1.5e-3, decay=0.02, warmup=40)
REAL_PROBLEMS = 1500  # from which the judge sees four samples of the policy each
UNSEEN_SEED = 777  # the problems of the measurements; below TRAINING_SEEDS, like all unseen ones


def new_model(tokenizer: Any, seed: int) -> Any:
    """A random Qwen2 of 0.92 M weights for the playground's vocabulary."""
    torch.manual_seed(seed)
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=4,
            num_attention_heads=4,
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
    tokenizer = train_tokenizer()
    model = new_model(tokenizer, options.seed).to(options.device)
    recipe = _shortened(POLICY_RECIPE, options)
    begin = time.monotonic()
    steps = train(
        model,
        lessons.solving(tokenizer, options.seed),
        recipe,
        options.seed,
        log=_say,
        each=lambda _: save(model, tokenizer, folder, 1.0),
        deadline=_deadline(options),
    )
    minutes = (time.monotonic() - begin) / 60
    save(model, tokenizer, folder, 1.0)
    finish_policy(folder, {"seed": options.seed, "steps": steps, "minutes": round(minutes, 1)})


def finish_policy(folder: Path, made: dict[str, Any]) -> None:
    """Choose the temperature at which about 70% of the answers are right; write the card."""
    generator = TransformersGenerator(str(folder))
    unseen = sample_problems(400, UNSEEN_SEED)
    shares = {
        t: evaluate.accuracy(evaluate.solve(generator, unseen, t, samples=2 if t else 1))
        for t in (0.0, 0.8, 0.9, 1.0, 1.1)
    }
    chosen = min((t for t in shares if t), key=lambda t: (abs(shares[t] - 0.7), -t))
    model = Qwen2ForCausalLM.from_pretrained(folder)
    save(model, train_tokenizer(), folder, chosen)
    solved = evaluate.solve(TransformersGenerator(str(folder)), unseen, chosen, samples=2, seed=5)
    flawed = sum(one.answered and one.error != -1 for one in solved)
    figures = {
        "answers right at temperature": {str(t): round(share, 3) for t, share in shares.items()},
        "temperature": chosen,
        "right answer with a wrong step": round(flawed / len(solved), 4),
        "no exact label": sum(one.error is None for one in solved),
        "solutions measured": len(solved),
    }
    _card(folder, "policy", POLICY_CARD, made, figures)


def build_judge(folder: Path, policy: Path, options: argparse.Namespace) -> None:
    """Train the judge from the policy's weights, measure it, and write `folder`."""
    tokenizer = train_tokenizer()
    device, seed = options.device, options.seed + 100
    model = Qwen2ForCausalLM.from_pretrained(policy, dtype=torch.float32).to(device)
    pool = real_samples(policy, options.real, seed)
    _say(f"{len(pool)} real samples, {sum(error < 0 for *_, error in pool)} of them right")
    recipe = _shortened(JUDGE_RECIPE, options)
    begin, deadline = time.monotonic(), _deadline(options)
    made = 0

    def keep(step: int) -> None:
        nonlocal made
        made = step
        save(model, tokenizer, folder, None)

    source = lessons.schooling(tokenizer, seed, pool, lambda: made / recipe.steps)
    steps = train(model, source, recipe, seed, _say, keep, deadline)
    save(model, tokenizer, folder, None)
    minutes = round((time.monotonic() - begin) / 60, 1)
    finish_judge(folder, policy, {"seed": seed, "steps": steps, "minutes": minutes})


def real_samples(policy: Path, n: int, seed: int) -> list[lessons.Judged]:
    """Solutions by the policy to `n` training problems, labelled by the checker.

    Right solutions are thinned to half as many as there are wrong.
    """
    problems = sample_problems(n, TRAINING_SEEDS - 1 + 900_000_000 + seed)
    generator = TransformersGenerator(str(policy))
    temperature = generator.default_temperature() or 1.0
    solved = evaluate.solve(generator, problems, temperature, samples=4, seed=seed)
    judged: list[lessons.Judged] = [
        (one.problem, one.steps, one.error) for one in solved if one.error is not None
    ]
    wrong = [one for one in judged if one[2] >= 0]
    right = [one for one in judged if one[2] < 0]
    random.Random(seed).shuffle(right)
    return wrong + right[: len(wrong) // 2]


def finish_judge(folder: Path, policy: Path, made: dict[str, Any]) -> None:
    """Measure the judge end to end on the policy's solutions of unseen problems; write the card."""
    generator = TransformersGenerator(str(policy))
    temperature = generator.default_temperature() or 1.0
    unseen = sample_problems(400, UNSEEN_SEED + 1)
    solved = evaluate.solve(generator, unseen, temperature, samples=2, seed=9)
    found = evaluate.judge_figures(TransformersGenerator(str(folder)), solved)
    figures = {
        "solutions judged": found.n,
        "exact first error": round(found.exact, 3),
        "accuracy on wrong solutions": round(found.error_accuracy, 3),
        "accuracy on right solutions": round(found.correct_accuracy, 3),
        "F1 (harmonic mean of the two)": round(found.f1, 3),
        "unparsed replies": found.unparsed,
        "blind solutions with the right answer": round(found.blind_accuracy, 3),
    }
    _card(folder, "judge", JUDGE_CARD, made, figures)


POLICY_CARD = """\
A Qwen2 language model of 0.92 M weights that solves the playground's word problems, and errs.

Trained from scratch by `python -m models.playground.build --only policy` on generated problems:
batches of about 64 solutions, AdamW (0.003, a cosine down to 2%). The loss covers the solution
only. 30% of the solutions hold one injected wrong step that is masked from the loss, 40% of
these go on as if it were right; the mistakes the policy makes are its own. It has seen no step
label.

Prompt: the chat template with the problem as the user's message.
"""
JUDGE_CARD = """\
The playground's judge: the policy's weights, trained on to compare a solution with its own.

Trained by `python -m models.playground.build --only judge`: AdamW (0.0015, a cosine down to 2%)
on whole solutions to judge (a third of them real samples of the policy, labelled by the world's
exact checker, the rest gold ones with or without one injected mistake), on short drills and bare
pairs of equations in comparing, and on solving. The reference it learns with is the gold
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
    run = "This run: " + ", ".join(f"{key} {value}" for key, value in made.items()) + "."
    if not made and card.is_file():  # only measured anew: how it was made stays as it was
        run = next(
            (r for r in card.read_text("utf-8").split("\n") if r.startswith("This run:")), run
        )
    content = f"# playground:{name}\n\n{text}\n{run}\n\n## Measured on unseen problems\n\n{rows}\n"
    card.write_text(content, "utf-8")
    _say(content)


def _shortened(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    if options.steps is None:
        return recipe
    return replace(recipe, steps=options.steps)


def _deadline(options: argparse.Namespace) -> float | None:
    return None if options.minutes is None else time.monotonic() + 60 * options.minutes


def _say(text: str) -> None:
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m models.playground.build",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=("policy", "judge"), help="build one of the two")
    parser.add_argument("--out", type=Path, default=CHECKPOINTS, help="parent of the folders")
    parser.add_argument("--seed", type=int, default=0, help="decides weights and problems")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--steps", type=int, help="steps a stage, instead of the recipe's")
    parser.add_argument("--minutes", type=float, help="cool down and end each model in this time")
    parser.add_argument(
        "--real", type=int, default=REAL_PROBLEMS, help="problems with real samples"
    )
    parser.add_argument("--evaluate", action="store_true", help="only measure what --out holds")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    if options.device == "auto":
        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    policy, judge = options.out / "policy", options.out / "judge"
    if options.only != "judge":
        finish_policy(policy, {}) if options.evaluate else build_policy(policy, options)
    if options.only != "policy":
        if options.evaluate:
            finish_judge(judge, policy, {})
        else:
            build_judge(judge, policy, options)


if __name__ == "__main__":
    main()
