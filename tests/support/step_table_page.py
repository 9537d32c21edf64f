"""A page for the tests: the step table over a queue in memory, with a server that can be deaf.

The environment says what it serves: STEP_TABLE_ITEMS names a JSON file of items, STEP_TABLE_LOG
one to which every commit is appended, STEP_TABLE_MODE the mode, STEP_TABLE_DATA more of `data` as
JSON. While the file named by STEP_TABLE_DEAF exists, nothing is stored and nothing acknowledged.
The page stands as the app's do, with its style sheet and a sidebar.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import streamlit as st

from app.components.step_table.step_table import step_table

st.set_page_config(layout="wide")
st.html(Path(__file__).parents[2] / "app" / "theme" / "app.css")
st.container(key="wide").title("Review")
st.sidebar.text("StepLens")
KEY = "table"
more = json.loads(os.environ.get("STEP_TABLE_DATA", "{}"))
mode = os.environ.get("STEP_TABLE_MODE", "review")
items = json.loads(Path(os.environ["STEP_TABLE_ITEMS"]).read_text())
log = Path(os.environ["STEP_TABLE_LOG"])
deaf = Path(os.environ["STEP_TABLE_DEAF"]).exists()

stored = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
known = {commit["token"] for commit in stored}
sent = st.session_state.get(KEY) or {}
acked = []
for commit in sent.get("outbox") or []:
    with log.with_suffix(".received").open("a") as received:
        received.write(commit["token"] + "\n")
    if deaf:
        continue
    if commit["token"] not in known:
        with log.open("a") as out:
            out.write(json.dumps(commit) + "\n")
        stored.append(commit)
        known.add(commit["token"])
    acked.append(commit["token"])
undone = {commit["undoes"] for commit in stored if commit["undoes"]}
done = {
    commit["solution_id"]
    for commit in stored
    if commit["action"] != "undo" and commit["token"] not in undone
}
left = [item for item in items if mode != "review" or item["solution_id"] not in done]
evidence = {}
if wants := sent.get("wants"):
    name = f"{wants['solution_id']}:{wants['annotator_id']}"
    text = "so \\(x = 2\\) <img src=x onerror=alert(1)>"
    rollout = {"step": 0, "outcome": "wrong", "answer": "41", "text": text}
    near = [{"solution_id": 77, "step": 1, "score": 0.43, "right": False}]
    place = {"n": 1200, "below": 0.125, "wrong": 0.7, "near": near}
    evidence[name] = {"rollouts": [rollout], "places": [place] * 12}
step_table(
    key=KEY,
    data={
        "mode": mode,
        "items": left[:5] if mode == "review" else left[:1],
        "acked": acked,
        "scope": "test",
        "queue": "all",
        "evidence": evidence,
        "progress": {"position": len(done) + 1, "total": len(items), "label": ""},
        **more,
    },
)
