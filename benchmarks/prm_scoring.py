"""Solutions a second of PRM scoring, against the model cards' ways, on this machine's CPU.

    python -m benchmarks.prm_scoring [--solutions 6] [--rounds 1] [--tokens 1024] [--threads 1]

One random Qwen2-shaped PRM of 110 million weights scores ProcessBench solutions (real ones where
../shared/data has them, else synthetic ones of such lengths). The card's way is one solution at
a time, joined as text, with the head at every position. Both run in turns, and their processor
seconds are compared too, since a shared machine is not equally fast twice (with one thread;
several count the time that they wait for each other). Also timed: raw forward passes over the
same tokens, without padding and without reading text, as the bound of what can be had; and
RLHFlow's published loop, one forward pass per step, against one pass per solution.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, Qwen2Model

from models.prm.encoding import Encoded
from models.prm.reader import PRM
from models.prm.save import save_prm
from models.prm.schemes import SYSTEM_PROMPT
from models.prm.transformers import LoadedPRM, load_prm, score_solutions

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "processbench"
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS = "so the sum of all parts is equal to twice what was left and we get therefore"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>"]
SHAPE: dict[str, Any] = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "num_key_value_heads": 4,
    "max_position_embeddings": 4096,
}
Solution = tuple[str, list[str]]


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    os.environ["STEPLENS_THREADS"] = str(options.threads)
    everything, source = processbench()
    chosen = random.Random(0).sample(everything, options.solutions)
    tokenizer = trained_tokenizer(everything)
    with tempfile.TemporaryDirectory() as folder:
        ours, as_chat = checkpoints(tokenizer, Path(folder))
        weights = sum(p.numel() for p in ours.model.parameters())
        tokens = sorted(len(ours.format.encode(*s).ids) for s in chosen)
        print(
            f"{weights / 1e6:.0f}M weights, float32, {options.threads} threads; {len(chosen)} "
            f"solutions ({source}) of {sum(len(s) for _, s in chosen) / len(chosen):.1f} steps; "
            f"tokens {tokens[0]} to {tokens[-1]}, median {tokens[len(tokens) // 2]}"
        )
        compare(
            "Qwen2.5-Math-PRM: one at a time as on its card",
            lambda s: [card(ours, *solution) for solution in s],
            lambda s: score_solutions(ours, s, options.tokens),
            chosen,
            options.rounds,
        )
        low = replace(ours, model=copy.deepcopy(ours.model).to(torch.bfloat16))
        compare(
            "the same, ours in bfloat16 (--dtype bfloat16)",
            lambda s: [card(ours, *solution) for solution in s],
            lambda s: score_solutions(low, s, options.tokens),
            chosen,
            options.rounds,
        )
        encoded = [ours.format.encode(*one) for one in chosen]
        compare(
            "raw forward passes over the same tokens, without padding",
            lambda _: [raw_pass(ours, one) for one in encoded],
            lambda s: score_solutions(ours, s, options.tokens),
            chosen,
            options.rounds,
        )
        few = chosen[: max(1, len(chosen) // 4)]
        compare(
            "RLHFlow: its loop of one pass per step",
            lambda s: [loop(as_chat, *solution) for solution in s],
            lambda s: score_solutions(as_chat, s, options.tokens),
            few,
            1,
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--solutions", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tokens", type=int, help="padded tokens of a batch")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def compare(
    title: str,
    theirs: Callable[[list[Solution]], Any],
    ours: Callable[[list[Solution]], Any],
    solutions: list[Solution],
    rounds: int,
) -> None:
    """Time both in turns; print solutions a second, their ratios and their distance."""
    seconds = {"theirs": 0.0, "ours": 0.0}
    busy = {"theirs": 0.0, "ours": 0.0}
    scores: dict[str, list[list[float]]] = {}
    both = [("theirs", theirs), ("ours", ours)]
    for number in range(rounds):
        for name, run in both if number % 2 == 0 else both[::-1]:
            began, worked = time.perf_counter(), time.process_time()
            scores[name] = run(solutions)
            seconds[name] += time.perf_counter() - began
            busy[name] += time.process_time() - worked
    rates = {name: rounds * len(solutions) / s for name, s in seconds.items()}
    print(
        f"{title}: {rates['theirs']:.2f} solutions/s, ours {rates['ours']:.2f}, "
        f"{rates['ours'] / rates['theirs']:.2f} times as many "
        f"({busy['theirs'] / busy['ours']:.2f} times for the same processor seconds); "
        f"largest difference {largest(scores['ours'], scores['theirs']):.1e}"
    )


def largest(some: list[list[float]], others: list[list[float]]) -> float:
    """The largest difference between two scores of a step."""
    return max(
        abs(a - b)
        for row, other in zip(some, others, strict=True)
        for a, b in zip(row, other, strict=True)
    )


@torch.no_grad()
def card(prm: LoadedPRM, problem: str, steps: list[str]) -> list[float]:
    """The published usage of Qwen2.5-Math-PRM, but for its mask of non-zero probabilities."""
    messages = [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": problem},
        {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
    ]
    text = prm.tokenizer.apply_chat_template(messages, tokenize=False)
    ids = torch.tensor([prm.tokenizer.encode(text)])
    logits = prm.model.score(prm.model.model(input_ids=ids).last_hidden_state)
    mask = ids == prm.tokenizer.encode("<extra_0>")[0]
    return logits.softmax(-1)[mask][:, 1].tolist()


@torch.no_grad()
def loop(prm: LoadedPRM, problem: str, steps: list[str]) -> list[float]:
    """RLHFlow's published loop: the whole chat so far for every step.

    It is spared the logits of the whole vocabulary, which the published one computes.
    """
    chat: list[dict[str, str]] = []
    scores = []
    for number, step in enumerate(steps):
        text = step.strip() if number else f"{problem} {step.strip()}"
        chat += [{"role": "user", "content": text}, {"role": "assistant", "content": "+"}]
        ids = list(prm.tokenizer.apply_chat_template(chat, return_dict=False))
        hidden = prm.model.model(input_ids=torch.tensor([ids])).last_hidden_state
        # Before "+", the end of the turn and a line break
        scores.append(float(prm.model.score(hidden[0, -4]).softmax(-1)[1]))
    return scores


@torch.no_grad()
def raw_pass(prm: LoadedPRM, encoded: Encoded) -> list[float]:
    """One forward pass over one solution's tokens, which stand ready: the least work there is."""
    hidden = prm.model.model(input_ids=torch.tensor([encoded.ids])).last_hidden_state[0]
    logits = prm.model.score(hidden[list(encoded.separator_positions)])
    return logits.softmax(-1)[:, 1].tolist()


def processbench() -> tuple[list[Solution], str]:
    """Solutions, and where they are from."""
    rows = [row for file in sorted(DATA.glob("*.json")) for row in json.loads(file.read_text())]
    if rows:
        return [(row["problem"], row["steps"]) for row in rows], "ProcessBench"
    chance = random.Random(1)
    words = WORDS.split()

    def text(letters: float) -> str:
        return " ".join(chance.choices(words, k=max(3, round(chance.gauss(letters, 60) / 4.5))))

    return [
        (text(220), [text(190) for _ in range(chance.randint(2, 12))]) for _ in range(400)
    ], "synthetic"


def trained_tokenizer(solutions: list[Solution]) -> PreTrainedTokenizerFast:
    """8,000 tokens learnt from these texts, so that their lengths in tokens are realistic."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8000,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (text for problem, steps in solutions for text in [problem, *steps])
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        additional_special_tokens=SPECIAL,
        chat_template=CHAT,
    )


def checkpoints(tokenizer: PreTrainedTokenizerFast, folder: Path) -> tuple[LoadedPRM, LoadedPRM]:
    """A random PRM in Qwen's layout, and a random language model read in RLHFlow's way."""
    torch.manual_seed(0)
    config = Qwen2Config(vocab_size=len(tokenizer), **SHAPE)
    save_prm(PRM(Qwen2Model(config)), tokenizer, folder / "prm", {})
    ours = load_prm(str(folder / "prm"), "cpu", "qwen")
    Qwen2ForCausalLM(config).save_pretrained(folder / "chat")
    tokenizer.save_pretrained(folder / "chat")
    return ours, load_prm(str(folder / "chat"), "cpu", "rlhflow")


if __name__ == "__main__":
    main()
