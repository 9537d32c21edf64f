"""Published PRMs: tiny random checkpoints in each layout, against each model card's own code.

The references use Transformers' classes and the cards' way of writing the input, one solution
at a time and nothing of ours. No published weights are here.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sqlalchemy import select
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    PreTrainedTokenizerFast,
)

import labeling.prm.job
from db.annotations import annotations_of
from db.engine import Database
from db.ingest import insert_rows
from db.records import ImportRow
from db.schema import Annotator
from models.errors import CheckpointError, ModelError
from models.prm import transformers as prms
from models.prm.base import Scores, Solutions
from models.prm.schemes import SCHEMES, SYSTEM_PROMPT
from models.prm.transformers import LoadedPRM, load_prm, score_solutions
from tests.support.tiny import save_tiny_policy, tiny_tokenizer
from tests.support.tiny_prms import (
    LLAMA_CHAT,
    edit_config,
    llama_tokenizer,
    mistral_tokenizer,
    save_classifier,
    save_math_shepherd,
    save_qwen,
    save_rlhflow,
    save_skywork,
)
from tests.training.test_prm_learns import do

SOLUTIONS = [
    ("Tom has 3 apples.", ["He buys 4.", "So 3 + 4 = 7.", "The answer is 7."]),
    ("Tom has 3 apples and buys 4 more ки. And - more + more.", ["First 3 + 4\nis 7. ", "So 7."]),
    ("Tom", ["a", "b + c - d", "3\n\n4", "Step 4: And so on, and on, and on.", "e"]),
    ("Tom has 3 apples and then buys 4 more apples and then 3 more and 4 more.", ["It is 14."]),
]


# References: the published usage of each, in straight lines


@torch.no_grad()
def qwen_card(
    folder: Path, tokenizer: PreTrainedTokenizerFast, problem: str, steps: Sequence[str]
) -> list[float]:
    messages = [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": problem},
        {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
    ]
    chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
    ids = torch.tensor([tokenizer.encode(chat, add_special_tokens=False)])
    weights = load_file(folder / "model.safetensors")
    hidden = AutoModel.from_pretrained(folder)(ids).last_hidden_state
    hidden = torch.relu(hidden @ weights["score.0.weight"].T + weights["score.0.bias"])
    logits = hidden @ weights["score.2.weight"].T + weights["score.2.bias"]
    masks = ids == tokenizer.encode("<extra_0>")[0]
    return logits.softmax(-1)[masks][:, 1].tolist()


@torch.no_grad()
def math_shepherd_card(
    folder: Path, tokenizer: PreTrainedTokenizerFast, problem: str, steps: Sequence[str]
) -> list[float]:
    candidates = tokenizer.encode("+ -")[1:]
    tag = tokenizer.encode("ки")[-1]
    lines = [s.strip() if "Step" in s else f"Step {k}: {s.strip()}" for k, s in enumerate(steps, 1)]
    ids = torch.tensor([tokenizer.encode(f"{problem} " + "\n".join(f"{x} ки" for x in lines))])
    logits = AutoModelForCausalLM.from_pretrained(folder)(ids).logits[:, :, candidates]
    scores = logits.softmax(dim=-1)[:, :, 0][ids == tag].tolist()
    assert len(scores) == len(steps) + problem.count(" ки")
    return scores[problem.count(" ки") :]


@torch.no_grad()
def rlhflow_script(
    folder: Path, tokenizer: PreTrainedTokenizerFast, problem: str, steps: Sequence[str]
) -> list[float]:
    model = AutoModelForCausalLM.from_pretrained(folder)
    candidates = [tokenizer.encode("+")[-1], tokenizer.encode("-")[-1]]
    scores, conversation = [], []
    for k, step in enumerate(steps):
        text = problem + " " + step.strip() if k == 0 else step.strip()
        conversation.append({"content": text, "role": "user"})
        conversation.append({"content": "+", "role": "assistant"})
        ids = tokenizer.apply_chat_template(conversation, return_dict=False)
        logits = model(torch.tensor([ids])).logits[:, -3, candidates]
        scores.append(logits.softmax(dim=-1)[:, 0].item())
    return scores


@torch.no_grad()
def skywork_script(
    folder: Path, tokenizer: PreTrainedTokenizerFast, problem: str, steps: Sequence[str]
) -> list[float]:
    ids = tokenizer.encode(tokenizer.bos_token + problem + "\n")
    flags = []
    for step in steps:
        for line in step.split("\n"):
            ids += (tokenizer.encode(line) if line else []) + [tokenizer.encode("\n")[-1]]
        flags.append(len(ids) - 1)
    model = AutoModelForCausalLM.from_pretrained(folder)
    hidden = model(torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0]
    weights = load_file(folder / "model.safetensors")
    values = hidden @ weights["v_head.summary.weight"].T + weights["v_head.summary.bias"]
    return values.squeeze(-1).sigmoid()[flags].tolist()


@torch.no_grad()
def pure_card(
    folder: Path, tokenizer: PreTrainedTokenizerFast, problem: str, steps: Sequence[str]
) -> list[float]:
    ids = tokenizer(problem, add_special_tokens=False)["input_ids"]
    score_ids = []
    for step in steps:
        ids = ids + tokenizer(step.rstrip(), add_special_tokens=False)["input_ids"]
        ids = ids + tokenizer("\n", add_special_tokens=False)["input_ids"]
        score_ids.append(len(ids) - 1)
    model = AutoModelForTokenClassification.from_pretrained(folder)
    probs = model(torch.tensor([ids])).logits[0, score_ids].softmax(dim=-1)
    return ((probs[:, 1] - probs[:, 0] + 1) / 2).tolist()  # the card's reward is in [-1, 1]


@torch.no_grad()
def trl_row(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    problem: str,
    steps: Sequence[str],
    separator: str = "\n",
) -> list[float]:
    ids = tokenizer(problem, add_special_tokens=False)["input_ids"]
    if tokenizer.bos_token_id is not None:
        ids = [tokenizer.bos_token_id, *ids]
    labelled = []
    for step in steps:
        ids = ids + tokenizer(step, add_special_tokens=False)["input_ids"]
        ids = ids + tokenizer.encode(separator, add_special_tokens=False)
        labelled.append(len(ids) - 1)
    model = AutoModelForTokenClassification.from_pretrained(folder)
    return model(torch.tensor([ids])).logits[0].softmax(dim=-1)[labelled, 1].tolist()


KINDS = {
    "qwen": (save_qwen, tiny_tokenizer, qwen_card),
    "math-shepherd": (save_math_shepherd, mistral_tokenizer, math_shepherd_card),
    "rlhflow": (save_rlhflow, llama_tokenizer, rlhflow_script),
    "skywork": (save_skywork, None, skywork_script),
    "pure": (lambda f, c=400: save_classifier(f / "PURE-PRM-7B", c), tiny_tokenizer, pure_card),
    "trl": (lambda f, c=400: save_classifier(f, c, "<|endoftext|>"), None, trl_row),
}


@dataclass(frozen=True)
class Recognised:
    """A checkpoint, what its card says of SOLUTIONS, and the PRM that was recognised in it."""

    name: str
    folder: Path
    expected: list[list[float]]
    prm: LoadedPRM


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recognised:
    torch.set_num_threads(1)
    torch.manual_seed(5)
    make, make_tokenizer, card = KINDS[request.param]
    folder = make(tmp_path_factory.mktemp("kind"))
    tokenizer = (make_tokenizer or tiny_tokenizer)()
    if make_tokenizer is None:
        tokenizer.bos_token = "<|endoftext|>"
    expected = [card(folder, tokenizer, *solution) for solution in SOLUTIONS]
    return Recognised(request.param, folder, expected, load_prm(str(folder)))


def test_scores_are_the_model_cards(kind: Recognised) -> None:
    assert kind.prm.scheme == kind.name
    got = score_solutions(kind.prm, SOLUTIONS)
    for row, wanted in zip(got, kind.expected, strict=True):
        assert row == pytest.approx(wanted, abs=1e-5)
    flat = [score for row in kind.expected for score in row]
    assert max(flat) - min(flat) > 0.05  # a wrong place to read would show


def test_what_it_is_batched_with_does_not_matter(kind: Recognised) -> None:
    alone = [score_solutions(kind.prm, [solution])[0] for solution in SOLUTIONS]
    for budget in (1, 200, 100_000):
        together = score_solutions(kind.prm, SOLUTIONS, batch_tokens=budget)
        for row, wanted in zip(together, alone, strict=True):
            assert row == pytest.approx(wanted, abs=1e-5)


def test_one_forward_pass_per_batch(kind: Recognised, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = 0
    forward = prms.PRM.forward

    def counted(
        self: prms.PRM, ids: torch.Tensor, at: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        nonlocal passes
        passes += 1
        return forward(self, ids, at)

    monkeypatch.setattr(prms.PRM, "forward", counted)
    score_solutions(kind.prm, SOLUTIONS, batch_tokens=100_000, tree_tokens=0)
    assert passes == 1


def test_whole_steps_are_dropped_at_the_end(kind: Recognised, tmp_path: Path) -> None:
    """A context of exactly two steps: the third is not scored, the others score as before."""
    problem, steps = SOLUTIONS[0]
    full = kind.prm.format.encode(problem, steps)
    assert full.n_kept_steps == 3
    for room, kept in ((full.separator_positions[1] + 1, 2), (full.separator_positions[1], 1)):
        edit_config(
            shutil.copytree(kind.folder, tmp_path / f"{kept}" / kind.folder.name),
            max_position_embeddings=room,
        )
        short = load_prm(str(tmp_path / f"{kept}" / kind.folder.name))
        scores = score_solutions(short, [(problem, steps), ("long " * 400, ["a"])])
        assert scores[0][:kept] == pytest.approx(kind.expected[0][:kept], abs=1e-5)
        assert scores[0][kept:] == [None] * (3 - kept)
        assert scores[1] == [None]
        assert len(short.format.encode(problem, steps).ids) <= room


def test_the_same_scheme_when_it_is_named(kind: Recognised, tmp_path: Path) -> None:
    """Whatever the folder is called; and the hub's cache is a folder of a known name."""
    nameless = shutil.copytree(kind.folder, tmp_path / "nameless")
    named = load_prm(str(nameless), scheme=kind.name)
    assert named.scheme == kind.name
    assert score_solutions(named, SOLUTIONS) == score_solutions(kind.prm, SOLUTIONS)
    cache = tmp_path / f"models--someone--{kind.folder.name}" / "snapshots" / "0a1b"
    assert load_prm(str(shutil.copytree(kind.folder, cache))).scheme == kind.name


# What is not certain is refused


def test_a_language_model_is_never_scored_unasked(tmp_path: Path) -> None:
    policy = str(save_tiny_policy(tmp_path / "policy"))
    with pytest.raises(CheckpointError, match="not a process reward model") as refusal:
        load_prm(policy)
    assert all(name in str(refusal.value) for name in SCHEMES)
    for scheme in ("qwen", "skywork", "trl", "pure"):
        with pytest.raises(CheckpointError, match="no weights|no bos_token"):
            load_prm(policy, scheme=scheme)
    with pytest.raises(ModelError, match="no PRM scheme 'shepherd'; there are: steplens, qwen"):
        load_prm("nobody/never-fetched", scheme="shepherd")


def test_a_reward_head_is_not_passed_over_for_the_language_model(tmp_path: Path) -> None:
    folder = save_skywork(tmp_path / "skywork")
    with pytest.raises(CheckpointError, match="has a reward head"):
        load_prm(str(folder), scheme="rlhflow")


def test_an_outcome_reward_model_is_no_prm(tmp_path: Path) -> None:
    folder = save_classifier(tmp_path / "orm")
    edit_config(folder, architectures=["Qwen2ForSequenceClassification"])
    with pytest.raises(CheckpointError, match="Qwen2ForSequenceClassification"):
        load_prm(str(folder))


def test_pickled_weights_are_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = save_math_shepherd(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="convert them"):
        load_prm(str(folder))


def test_a_misread_tokenizer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a vocabulary of the published size, the ids must be the published ones."""
    folder = save_math_shepherd(tmp_path)
    monkeypatch.setattr(PreTrainedTokenizerFast, "__len__", lambda self: 32000)
    with pytest.raises(CheckpointError, match="is not Math-Shepherd's"):
        load_prm(str(folder))


def test_a_template_that_rewrites_the_past_is_refused(tmp_path: Path) -> None:
    folder = save_rlhflow(tmp_path)
    last_only = LLAMA_CHAT.replace("{% for m in messages %}", "{% for m in messages[-2:] %}")
    llama_tokenizer(last_only).save_pretrained(folder)
    with pytest.raises(CheckpointError, match="does not append turns"):
        load_prm(str(folder))


def test_two_classifier_layers_and_a_blank_line(tmp_path: Path) -> None:
    folder = save_qwen(tmp_path)
    edit_config(folder, architectures=["Qwen2ForTokenClassification"])
    assert load_prm(str(folder)).scheme == "trl"
    blank = save_classifier(tmp_path / "Qwen2.5-Math-7B-Instruct-PRM-0.2")
    prm = load_prm(str(blank))
    assert prm.scheme == "trl-blank-line"
    for solution, scores in zip(SOLUTIONS, score_solutions(prm, SOLUTIONS), strict=True):
        wanted = trl_row(blank, tiny_tokenizer(), *solution, separator="\n\n")
        assert scores == pytest.approx(wanted, abs=1e-5)


def test_numbers_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert prms.scoring_dtype("cuda:0") is torch.bfloat16
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert prms.scoring_dtype("cuda") is torch.float16
    assert prms.scoring_dtype("cpu") is torch.float32


# The job


def test_the_job_resumes_and_counts_what_it_drops(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a checkpoint whose scheme only the person knows."""
    folder = str(save_math_shepherd(tmp_path, context=46).rename(tmp_path / "anonymous"))
    insert_rows(
        database,
        [ImportRow(problem, tuple(steps), "gen", "unit") for problem, steps in SOLUTIONS],
    )
    monkeypatch.setattr(labeling.prm.job, "SEGMENT", 1)
    scored = []

    def stopped_at_the_second(prm: LoadedPRM, solutions: Solutions) -> Scores:
        scored.append([problem for problem, _ in solutions])
        if len(scored) == 2:
            raise RuntimeError("stopped")
        return score_solutions(prm, solutions)

    monkeypatch.setattr(prms, "score_solutions", stopped_at_the_second)
    params = {"model": folder, "name": "shepherd", "scheme": "math-shepherd"}
    with pytest.raises(RuntimeError, match="stopped"):
        do(database, "annotate_prm", **params)
    result = do(database, "annotate_prm", **params)
    problems = [[problem] for problem, _ in SOLUTIONS]
    assert scored == [*problems[:2], [], *problems[1:]]  # what was stored is not scored again

    expected = score_solutions(load_prm(folder, scheme="math-shepherd"), SOLUTIONS)
    stored = sorted(annotations_of(database, [1, 2, 3, 4]), key=lambda a: a.solution_id)
    assert [list(a.scores) for a in stored] == [
        [None if score is None else pytest.approx(score, abs=1e-6) for score in row]
        for row in expected
    ]
    dropped = [row.count(None) for row in expected]
    assert [a.evidence["steps_dropped"] for a in stored] == dropped
    assert sum(count > 0 for count in dropped[1:]) > 1
    assert result["steps_dropped"] == sum(dropped[1:])
    with database.read() as session:
        assert session.scalars(select(Annotator.config)).one()["scheme"] == "math-shepherd"
