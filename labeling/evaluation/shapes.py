"""What a stored evaluation that was read from a file must hold, so that pages can show it."""

from __future__ import annotations

import math
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, TypedDict, get_args, get_origin, get_type_hints
from typing import is_typeddict as is_object

from db.records import REWARD
from labeling.evaluation.results import BestOfNJson, ProcessBenchJson
from labeling.evaluation.stored import BEST_OF_N, BIASES, CALIBRATION, PROCESSBENCH, SLICES

# What results of older versions lack, and whoever reads them does without.
_LATER = {
    *("solutions", "offsets", "policies", "lengths", "graded", "training_data"),
    *("trained_on_problems", "held_out_share", "threshold_policy", "tuned_on"),
}


class _Against(TypedDict):
    annotator: str
    reference: NotRequired[str | None]


class _Value(TypedDict):
    value: float | None


class _Tolerance(TypedDict):
    exact: _Value


class _Biases(TypedDict):
    """What is read of stored `prm_errors.biases.Biases`."""

    measured: _Against
    tolerances: dict[str, _Tolerance]


class _Error(TypedDict):
    ece: float | None


class _Calibration(TypedDict):
    """What is read of a stored `prm_errors.calibration.CalibrationReport`."""

    measured: _Against
    steps: _Error


class _F1(TypedDict):
    f1: float | None


class _Slices(TypedDict):
    """What is read of stored `prm_errors.slices.Slices`."""

    measured: _Against
    all: _F1


RESULTS: dict[str, type] = {
    PROCESSBENCH: ProcessBenchJson,
    BEST_OF_N: BestOfNJson,
    BIASES: _Biases,
    CALIBRATION: _Calibration,
    SLICES: _Slices,
}


def check_result(kind: str, result: dict[str, Any]) -> None:
    """Raise ValueError, naming the field, where a result of this kind has another form.

    Fields that it does not know may hold anything.
    """
    if kind not in RESULTS:
        raise ValueError(f"kind must be one of {', '.join(RESULTS)}, not {kind!r}")
    _check(result, RESULTS[kind], "result")
    if kind == BIASES and result["measured"]["annotator"] not in result["tolerances"]:
        raise ValueError("result.tolerances has nothing of result.measured.annotator")
    if kind == BEST_OF_N:
        _check_curves(result)


def _check_curves(result: dict[str, Any]) -> None:
    sizes = len(result["sizes"])
    if not result["datasets"] or not sizes:
        raise ValueError("result has no datasets, or no sizes")
    parts = {f"result.datasets.{name}": part for name, part in result["datasets"].items()}
    for what, part in {"result": result, **parts}.items():
        if not {"product", REWARD} & part["curves"].keys():
            raise ValueError(f"{what}.curves must have product or {REWARD}")
        for way, picks in part["curves"].items():
            if len(picks) != sizes:
                raise ValueError(f"{what}.curves.{way} must have {sizes} entries, one a size")


def _check(value: Any, wanted: Any, what: str) -> None:
    form, parts = get_origin(wanted), get_args(wanted)
    if is_object(wanted):
        _check_object(value, wanted, what)
    elif form is UnionType:
        if value is not None or NoneType not in parts:
            _check(value, next(one for one in parts if one is not NoneType), what)
    elif form is Literal:
        if value not in parts:
            raise ValueError(f"{what} must be one of {', '.join(map(repr, parts))}")
    elif form is list:
        _need(isinstance(value, list), what, "a list")
        for place, one in enumerate(value):
            _check(one, parts[0], f"{what}[{place}]")
    elif form is dict:
        _need(isinstance(value, dict), what, "an object")
        for name, one in value.items():
            _check(one, parts[1], f"{what}.{name}")
    elif wanted is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        _need(number and math.isfinite(value), what, "a number")
    elif wanted is int:
        _need(isinstance(value, int) and not isinstance(value, bool), what, "a whole number")
    else:
        _need(isinstance(value, wanted), what, "text" if wanted is str else wanted.__name__)


def _check_object(value: Any, wanted: Any, what: str) -> None:
    _need(isinstance(value, dict), what, "an object")
    for name, form in get_type_hints(wanted, include_extras=True).items():
        optional = get_origin(form) is NotRequired
        if name in value:
            _check(value[name], get_args(form)[0] if optional else form, f"{what}.{name}")
        elif not optional and name not in _LATER:
            raise ValueError(f"{what}.{name} is missing")


def _need(holds: bool, what: str, form: str) -> None:
    if not holds:
        raise ValueError(f"{what} must be {form}")
