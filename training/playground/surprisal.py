"""Teaches a language model to tell how surprising the token was that it has just read.

A PRM reads a solution once, so at the end of a step it must know whether what stands there is what
it would have written. A language model knows that one token too early: its prediction is ready
where the token is not read yet. Learning to repeat a teacher's log-probability of each token, one
position later, turns the one into the other, and needs no labels: only solutions, right or wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

from models.errors import MissingExtraError
from models.loading import chat_ids
from training.playground.training import Example, hidden_states, padded

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F
except ImportError as error:
    raise MissingExtraError("Training the playground's models", error) from error

LEAST = -10.0  # nats; how much less likely a token was than this teaches nothing more
RARE = -5.0  # nats
Solution = tuple[str, tuple[str, ...]]


def reading(tokenizer: Any, solutions: Sequence[Solution]) -> Iterator[Example]:
    """Solutions as a generator writes them, again and again; the problem's tokens count nothing."""
    examples = []
    for problem, steps in solutions:
        head = chat_ids(tokenizer, [{"role": "user", "content": problem}])
        body = tokenizer.encode("\n\n".join(steps), add_special_tokens=False)
        ids = (*head, *body)
        examples.append(Example(ids, (0.0,) * len(head) + (1.0,) * len(body)))
    return cycle(examples)


def loss_against(teacher: Any) -> Callable[[Any, Sequence[Example]], Tensor]:
    """The mean squared error, in nats, of a model with a head `surprisal` against `teacher`."""

    def loss(model: Any, batch: Sequence[Example]) -> Tensor:
        return F.mse_loss(*_told_and_true(model, teacher, batch))

    return loss


def _told_and_true(model: Any, teacher: Any, batch: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """What `model` tells and what `teacher` gave, in nats, of each token that counts: (tokens,)."""
    ids, weights = padded(batch, model.model.embed_tokens.weight.device)
    at = weights[:, 1:].nonzero(as_tuple=True)
    true = log_probabilities(teacher, ids, at).clamp(min=LEAST)
    return model.surprisal(hidden_states(model, ids)[:, 1:][at])[:, 0], true


@torch.no_grad()
def log_probabilities(teacher: Any, ids: Tensor, at: tuple[Tensor, ...]) -> Tensor:
    """log p of the tokens at `at` (counted from the second one) after those before them."""
    logits = F.linear(hidden_states(teacher, ids)[:, :-1][at], teacher.model.embed_tokens.weight)
    return -F.cross_entropy(logits, ids[:, 1:][at], reduction="none")


def add_head(model: Any) -> None:
    """Give `model` the head that is trained with it."""
    model.surprisal = nn.Linear(model.config.hidden_size, 1).to(model.device)
    nn.init.zeros_(model.surprisal.weight)


def drop_head(model: Any) -> None:
    """Take the head away: what stays is a backbone."""
    del model.surprisal


def deepened(model: Any) -> Any:
    """`model` with its last layer twice, the second time without effect until it is trained.

    What the last layer finds at each token can then be gathered at the end of a step. Source:
    block expansion, LLaMA Pro (Wu et al., arXiv 2401.02415).
    """
    config = copy.deepcopy(model.config)
    config.num_hidden_layers += 1
    config.layer_types = [*config.layer_types, config.layer_types[-1]]
    deeper = type(model)(config)
    deeper.load_state_dict(model.state_dict(), strict=False)
    added = deeper.model.layers[-1]
    added.load_state_dict(model.model.layers[-1].state_dict())
    nn.init.zeros_(added.self_attn.o_proj.weight)
    nn.init.zeros_(added.mlp.down_proj.weight)
    return deeper


@torch.no_grad()
def measure(
    model: Any, teacher: Any, tokenizer: Any, solutions: Sequence[Solution]
) -> dict[str, Any]:
    """How well `model` tells the surprisals of `solutions`, and finds the tokens under exp(-5)."""
    source = reading(tokenizer, solutions)
    pairs = [_told_and_true(model, teacher, [next(source)]) for _ in solutions]
    said, true = (torch.cat(one) for one in zip(*pairs, strict=True))
    found, rare = said < RARE, true < RARE
    hits = (found & rare).sum().item()
    return {
        "tokens": len(true),
        "mean squared error, nats": round(F.mse_loss(said, true).item(), 3),
        "that of always saying the mean": round(true.var().item(), 3),
        "rare tokens": rare.sum().item(),
        "rare tokens found": round(hits / max(rare.sum().item(), 1), 3),
        "found tokens that are rare": round(hits / max(found.sum().item(), 1), 3),
    }
