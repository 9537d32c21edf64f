"""`--engine ray` on a local cluster of two workers: the same labels as one process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from click.testing import CliRunner
from sqlalchemy import text

from app.cli.main import main
from db.engine import Database, create_database, open_database
from models import replicas
from models.cluster import Cluster
from models.errors import ModelError
from models.generation.base import CompletionRequest, Sampling
from models.generation.load import load_generator
from models.generation.ray import ReplicatedGenerator
from models.prm.load import load_scorer
from models.replicas import Replicas

TWO = Cluster(2)
CHAT = [{"role": "user", "content": "Tom has 3 apples and buys 4. How many has he?"}]
ON_RAY = ("--engine", "ray", "--replicas", "2")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with solutions from the playground's policy."""
    file = tmp_path_factory.mktemp("sampled") / "project.db"
    database = create_database(f"sqlite:///{file}")
    run(database, "playground", "sample", "--problems", "12", "--solutions", "3")
    database.close()
    return file


@pytest.fixture
def two(sampled: Path, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two projects with the same solutions."""
    opened = []
    for name in ("here", "there"):
        shutil.copy(sampled, tmp_path / f"{name}.db")
        opened.append(open_database(f"sqlite:///{tmp_path / name}.db"))
    yield opened[0], opened[1]
    for database in opened:
        database.close()


def run(database: Database, *words: str) -> str:
    done = CliRunner().invoke(main, ["--db", database.url, *words])
    assert done.exit_code == 0, done.output
    return done.output


def rows(database: Database, table: str, columns: str) -> list[Any]:
    """What a project holds, in an order that does not depend on when it was stored."""
    with database.engine.connect() as connection:
        found = connection.execute(text(f"select {columns} from {table}"))
        return sorted(map(tuple, found), key=repr)


def labels(database: Database) -> list[Any]:
    return rows(database, "annotation", "solution_id, first_error, scores, status, evidence")


def rollouts(database: Database) -> list[Any]:
    return rows(database, "rollout", "solution_id, step, sample, text, outcome, n_tokens")


@pytest.mark.parametrize(
    "words",
    [
        ("mc", "--model", "playground:policy", "--samples", "4", "--wave", "40"),
        ("mc", "--model", "playground:policy", "--samples", "4", "--strategy", "adaptive"),
        ("judge", "--model", "playground:judge", "--prompt", "playground"),
    ],
    ids=["scan", "adaptive", "judge"],
)
def test_the_labels_are_those_of_one_process(
    words: tuple[str, ...], two: tuple[Database, Database]
) -> None:
    here, there = two
    run(here, "annotate", *words)
    run(there, "annotate", *words, *ON_RAY)
    assert len(labels(here)) > 20
    assert labels(there) == labels(here)
    assert rollouts(there) == rollouts(here)


def test_a_prm_scores_as_in_one_process() -> None:
    solutions = [("Add 1 and 2.", ("1 + 2 = 3.", f"So it is {n}.")) for n in range(7)]
    there, here = load_scorer("playground:prm", cluster=TWO), load_scorer("playground:prm")
    assert (there.scheme, there.revision) == (here.scheme, here.revision)
    for far, near in zip(there.score(solutions), here.score(solutions), strict=True):
        assert far == pytest.approx(near, abs=1e-5)


def test_tokens_of_prompts_are_counted() -> None:
    there, here = load_generator("playground:policy", TWO), load_generator("playground:policy")
    assert there.revision == here.revision
    assert there.batch_size == 2 * here.batch_size
    assert there.default_temperature() == here.default_temperature()
    asked = CompletionRequest(there.prompt_ids(CHAT, "He has"), 3)
    [far] = there.complete([asked], Sampling(max_tokens=5))
    near = here.prompt_ids(CHAT, "He has")
    assert isinstance(near, tuple)
    assert far.n_prompt_tokens == len(near)
    assert there.complete([], Sampling()) == []


def test_a_replica_that_dies_costs_a_wave(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    words = ("annotate", "mc", "--model", "playground:policy", "--samples", "4", "--wave", "30")
    complete, waves = ReplicatedGenerator.complete, iter(range(1000))

    def one_dies(self: ReplicatedGenerator, *asked: Any) -> Any:
        if next(waves) == 2:
            self._replicas.spread(lambda model, part: os._exit(1), [0])
        return complete(self, *asked)

    monkeypatch.setattr(ReplicatedGenerator, "complete", one_dies)
    failed = CliRunner().invoke(main, ["--db", there.url, *words, *ON_RAY])
    assert failed.exit_code == 1
    assert "A replica of the model has died" in failed.output
    kept = set(rollouts(there))
    run(there, *words, *ON_RAY)
    run(here, *words)
    assert labels(there) == labels(here)
    assert rollouts(there) == rollouts(here)
    assert kept
    assert kept < set(rollouts(there))


def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="room for 2 replicas of 1 core and 0 GPUs, not for 3"):
        load_generator("playground:policy", Cluster(3))
    with pytest.raises(ModelError, match="room for 0 replicas of 1 core and 1 GPUs, not for 1"):
        load_generator("playground:policy", Cluster(gpus=1))
    with pytest.raises(ModelError, match="nowhere"):
        load_generator("transformers:/nowhere", Cluster(1))
    with pytest.raises(ModelError, match="leave out --engine ray"):
        load_generator("openai:m@http://localhost:1", TWO)
    with pytest.raises(ModelError, match="different versions of the model"):
        Replicas(dict, TWO).same(lambda model: os.getpid())
    occupied: Replicas[dict[str, str]] = Replicas(dict, Cluster(1))
    monkeypatch.setattr(replicas, "PLACING_SECONDS", 8)
    with pytest.raises(ModelError, match="busy: 1 of 2 replicas found a place"):
        Replicas(dict, TWO)
    assert len(occupied) == 1


def test_replicas_belong_to_ray(two: tuple[Database, Database]) -> None:
    words = ["--db", two[0].url, "annotate", "mc", "--model", "playground:policy"]
    refused = CliRunner().invoke(main, [*words, "--replicas", "2"])
    assert refused.exit_code == 2
    assert "--replicas and --gpus belong to --engine ray" in refused.output
