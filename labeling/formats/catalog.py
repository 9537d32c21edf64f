"""Every format there is, which of them can be read, and which can be written."""

from __future__ import annotations

from collections.abc import Iterable

from labeling.formats import jsonl, responses
from labeling.formats.benchmarks import (
    big_bench_mistake,
    mr_ben,
    mr_gsm8k,
    prmbench,
    processbench,
    stepverify,
)
from labeling.formats.training_sets import math_shepherd, omegaprm, prm800k, scan, trl

_BENCHMARKS = (
    prmbench.FORMAT,
    mr_gsm8k.FORMAT,
    mr_ben.FORMAT,
    big_bench_mistake.FORMAT,
    stepverify.FORMAT,
)
FORMATS = {
    format.name: format
    for format in (
        jsonl.FORMAT,
        processbench.FORMAT,
        prm800k.FORMAT,
        math_shepherd.FORMAT,
        trl.FORMAT,
        *_BENCHMARKS,
        scan.FORMAT,
        omegaprm.FORMAT,
        responses.FORMAT,
    )
}
READERS = {name: format.read for name, format in FORMATS.items() if format.read}
# Whose labels are there to evaluate on; each reader calls whoever gave them by its format's name.
BENCHMARKS = frozenset(format.name for format in (processbench.FORMAT, *_BENCHMARKS))
WRITERS = {name: format.write for name, format in FORMATS.items() if format.write}


def in_words(name: str) -> str:
    """The name of a format and what a row of it holds."""
    return f"{name}: {FORMATS[name].words}"


def table(names: Iterable[str]) -> str:
    """`names` with their words, a line each, for --help and lists."""
    names = list(names)
    width = max(map(len, names))
    return "\n".join(f"{name:{width}}  {FORMATS[name].words}" for name in names)
