"""Solutions that begin alike as one tree of token ids, in which every prefix stands once.

A node attends to its ancestors and itself alone, and its position counts along its branch: what is
computed at it is what a pass over its own solution computes there.

A dense mask makes every node pay for the whole tree. In depth-first order the nodes that a block of
them sees are few, those it hangs from and itself, so attention may go by such blocks instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from models.errors import MissingExtraError
from models.prm.encoding import Encoded

try:
    import torch
    from torch import Tensor
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
except ImportError as error:
    raise MissingExtraError("A process reward model", error) from error

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

# Families whose logits a test compares with those of one solution at a time. Others may bring
# position or state of their own, as linear attention does, and are computed one by one.
FAMILIES = ("gemma", "gemma2", "llama", "mistral", "qwen2", "qwen3")
MASKED_KERNELS = ("eager", "sdpa")  # that take a mask of our own
# The share of its tokens that a solution must have in common with the one before it. A mask costs
# attention its causal kernel, so a few tokens of a chat template are not worth one.
WORTH = 1 / 8
# Nodes of a tree. Its mask, and the work of attention, grow with their square.
TREE_TOKENS = 2048
NAME = "steplens_blocks"  # among the implementations of attention that transformers knows
NODES = 128  # of a block: fewer see less that is masked, and are more calls


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in depth-first order: those from j up to and without `ends[j]` are j and what is below.

    `positions` counts from 0 along each branch. `reads` has, for each solution, the nodes at which
    its steps are read.
    """

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    ends: tuple[int, ...]
    reads: tuple[tuple[int, ...], ...]


def supports(config: PreTrainedConfig, length: int) -> bool:
    """Whether trees of solutions of up to `length` tokens can be run by a model of this config.

    Layers with a sliding window take the same mask as all others where nothing reaches beyond it.
    """
    window = getattr(config, "sliding_window", None)
    return (
        config.model_type in FAMILIES
        and config._attn_implementation in MASKED_KERNELS
        and (window is None or length <= window)
    )


def tree_of(solutions: Sequence[Encoded]) -> Tree:
    """The tree of the solutions' token ids; several roots where they do not begin alike."""
    ids: list[int] = []
    positions: list[int] = []
    ends: list[int] = []
    reads: list[tuple[int, ...]] = [()] * len(solutions)
    branch: list[int] = []  # the nodes of the solution before
    before: tuple[int, ...] = ()
    # Sorted, solutions that share a prefix are neighbours, and the nodes come out depth-first.
    for place in sorted(range(len(solutions)), key=lambda i: solutions[i].ids):
        solution = solutions[place]
        shared = shared_prefix(before, solution.ids)
        for node in branch[shared:]:
            ends[node] = len(ids)
        branch = branch[:shared] + list(range(len(ids), len(ids) + len(solution.ids) - shared))
        ids += solution.ids[shared:]
        positions += range(shared, len(solution.ids))
        ends += [0] * (len(ids) - len(ends))
        reads[place] = tuple(branch[at] for at in solution.separator_positions)
        before = solution.ids
    for node in branch:
        ends[node] = len(ids)
    return Tree(tuple(ids), tuple(positions), tuple(ends), tuple(reads))


def groups(solutions: Sequence[Encoded], budget: int) -> list[list[int]]:
    """Indices of the solutions that are worth a tree together, each tree of at most `budget` nodes.

    A solution that shares too little is a group of its own, and so is one longer than the budget.
    A tree beyond the budget is cut into several, each with the prefix that its solutions share.
    """
    found: list[list[int]] = []
    before: tuple[int, ...] = ()
    size = 0
    for place in sorted(range(len(solutions)), key=lambda i: solutions[i].ids):
        ids = solutions[place].ids
        shared = shared_prefix(before, ids)
        size += len(ids) - shared
        if found and shared >= WORTH * len(ids) and size <= budget:
            found[-1].append(place)
        else:
            found.append([place])
            size = len(ids)
        before = ids
    return found


def n_nodes(solutions: Sequence[Encoded]) -> int:
    """The number of nodes of the solutions' tree."""
    ids = sorted(one.ids for one in solutions)
    shared = sum(shared_prefix(one, other) for one, other in pairwise(ids))
    return sum(map(len, ids)) - shared


def shared_prefix(some: tuple[int, ...], others: tuple[int, ...]) -> int:
    """The number of ids that both begin with."""
    return len(os.path.commonprefix([some, others]))


def tree_tensors(
    tree: Tree, device: torch.device, dtype: torch.dtype
) -> tuple[Tensor, tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """What `node_tensors` gives, and a mask (1, 1, n, n) that is added to attention's logits."""
    ids, at, positions = node_tensors(tree, device)
    ends = torch.tensor(tree.ends, device=device)
    node = torch.arange(len(tree.ids), device=device)
    return ids, at, (positions, added_mask(node, node, ends, dtype))


def node_tensors(tree: Tree, device: torch.device) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
    """`ids` (1, n) of n nodes, rows and columns of all places to read, solution by solution, and
    the nodes' positions (1, n).
    """
    ids, positions = (torch.tensor([one], device=device) for one in (tree.ids, tree.positions))
    columns = torch.tensor([node for read in tree.reads for node in read], device=device).long()
    return ids, (torch.zeros_like(columns), columns), positions


def added_mask(nodes: Tensor, others: Tensor, ends: Tensor, dtype: torch.dtype) -> Tensor:
    """(1, 1, n, k), to add to attention's logits: which of k `others`, of these `ends`, each of n
    `nodes` sees.
    """
    seen = is_ancestor(nodes[:, None], others[None, :], ends[None, :])
    mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
    return mask.masked_fill_(~seen, torch.finfo(dtype).min)[None, None]


def is_ancestor(node: Tensor, other: Tensor, end: Tensor) -> Tensor:
    """Whether `other`, whose nodes below it end before `end`, is an ancestor of `node`, or it."""
    return (other <= node) & (node < end)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive nodes: `keys` (k,) are those that any of them sees, in order; which of these each
    of its n nodes sees is in the `mask` (1, 1, n, k), added to the logits of attention.
    """

    keys: Tensor
    mask: Tensor


def blocks_of(tree: Tree, device: torch.device, dtype: torch.dtype) -> list[Block]:
    """The blocks of all nodes, in order."""
    ends, nodes = torch.tensor(tree.ends), torch.arange(len(tree.ids))
    found = []
    for block in nodes.split(NODES):
        start = int(block[0])
        keys = torch.cat([nodes[:start][ends[:start] > start], block])
        mask = added_mask(block, keys, ends[keys], dtype)
        found.append(Block(keys.to(device), mask.to(device)))
    return found


@contextmanager
def in_blocks(config: PreTrainedConfig) -> Iterator[None]:
    """Let the model of `config` compute the `blocks` that its forward is given."""
    usual = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = usual


def _attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: None,
    blocks: Sequence[Block],
    **others: Any,
) -> tuple[Tensor, None]:
    """SDPA of each block: `query` (1, heads, nodes, width) to (1, nodes, heads, width)."""
    parts, start = [], 0
    for block in blocks:
        end = start + block.mask.shape[2]
        rows, keys = query[:, :, start:end], block.keys
        parts.append(
            sdpa_attention_forward(
                module, rows, key[:, :, keys], value[:, :, keys], block.mask, **others
            )[0]
        )
        start = end
    return torch.cat(parts, dim=1), None


AttentionInterface.register(NAME, _attend)
