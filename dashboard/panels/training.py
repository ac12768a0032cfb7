"""The panels of the training page, the same for every wing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.figures.curves import learning_curves
from dashboard.loaders.common import readable_card
from dashboard.panels.common import chart, sentences
from dashboard.panels.training_data import (
    bring_weights,
    choose_dataset,
    choose_preset,
    say_how_long,
)
from relrec_core.errors import RelRecError
from relrec_core.permission import read_only
from relrec_core.runs import config as configs
from relrec_core.runs import launch
from relrec_core.runs.active import active, deactivate, make_active
from relrec_core.runs.card import Card
from relrec_core.runs.config import FormField
from relrec_core.runs.directory import Run, list_runs
from relrec_core.wings import MODELS

STATES = {
    "queued": ":material/schedule:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}


def choose_wing() -> str:
    """Whose model is to be trained; the address holds it."""
    wings = list(MODELS)
    links.bound("wing", wings, wings[0], "There is nothing to train under ‘{}’.")
    wing = st.segmented_control(
        "Wing",
        wings,
        format_func=lambda name: MODELS[name].title,
        required=True,
        key="wing",
        persist_state="session",
        label_visibility="collapsed",
    )
    links.publish("wing", None if wing == wings[0] else wing)
    return str(wing)


def start_form(wing: str) -> None:
    """A form made from the trainer's settings, and the button that starts a run.

    It shows the recipe of the data set that is named above it, and trains with what it shows.
    """
    st.markdown("## New run")
    model = MODELS[wing]
    config_class = model.config_class()
    fields = {f.name: f for f in configs.form_fields(config_class)}
    key, dataset = f"setting_{wing}", fields.pop("dataset")
    if model.presets:
        chosen = {"dataset": choose_dataset(model, dataset, f"{key}_dataset")}
    else:
        chosen = {"dataset": _widget(dataset, f"{key}_dataset", dataset.default)}
    with sentences(stop=False):
        if advice := model.advice(chosen["dataset"]):
            st.caption(escape.markdown(advice))
    preset, advised = choose_preset(model, chosen["dataset"], key)
    settings = configs.load(config_class, None, {**advised, **chosen})
    suited = settings.model_dump()
    if preset:
        say_how_long(model, settings, chosen["dataset"])
        key += f"_{chosen['dataset']}_{preset}"
    elif chosen["dataset"] in config_class.recipes:
        key += f"_{chosen['dataset']}"
        st.caption(f"The settings below are those that suit {escape.markdown(chosen['dataset'])}.")
    with st.form(f"start_{key}"):
        name = st.text_input("Name", value="train", help="What to call the run in the list.")
        for field in (fields.pop(name) for name in model.first):
            chosen[field.name] = _widget(field, f"{key}_{field.name}", suited[field.name])
        with st.expander("All settings"):
            for field in fields.values():
                chosen[field.name] = _widget(field, f"{key}_{field.name}", suited[field.name])
        started = st.form_submit_button(
            "Start training",
            disabled=read_only(),
            icon=":material/play_arrow:",
            width="stretch",
        )
    if started:
        try:
            settings = configs.load(config_class, None, chosen)
            bring_weights(settings)
            run = launch.launch(wing, settings, name)
        except RelRecError as error:
            st.error(escape.markdown(error), icon=":material/error:")
        else:
            st.toast(
                f"Run {escape.markdown(run.name)} has started. It goes on even when this page is "
                "closed."
            )


def _widget(field: FormField, key: str, value: Any) -> Any:
    text = f"{field.help} Allowed: {field.allowed}."
    if field.kind == "bool":
        return st.toggle(field.title, value=value, key=key, help=field.help)
    if field.kind == "choice":
        return st.selectbox(
            field.title,
            field.choices,
            index=field.choices.index(value),
            key=key,
            help=field.help,
        )
    if field.kind == "text":
        return st.text_input(field.title, value=value, key=key, help=field.help)
    whole = field.kind == "int"
    number = int if whole else float
    return st.number_input(
        field.title,
        min_value=None if field.minimum is None else number(field.minimum),
        max_value=None if field.maximum is None else number(field.maximum),
        value=value,
        step=1 if whole else None,
        format="%d" if whole else "%g",
        key=key,
        help=text,
    )


@st.fragment(run_every=1.0)
def ongoing(wing: str) -> None:
    """Runs that are queued or running, live; found again after a restart of the dashboard."""
    runs = [r for r in list_runs(wing) if r.status().ongoing]
    before = st.session_state.get(f"ongoing_{wing}", [])
    st.session_state[f"ongoing_{wing}"] = [r.name for r in runs]
    if set(before) - {r.name for r in runs}:
        st.rerun()
    for run in runs:
        status = run.status()
        with st.container(border=True):
            st.markdown(f"**{escape.markdown(run.name)}** is {status.state}")
            st.progress(status.progress, text=escape.markdown(status.message) or "Waiting to start")
            _curves(wing, [run], key=f"live_{run.name}")
            with st.expander("Log"):
                st.code("\n".join(run.log_tail(30)) or "Nothing yet.", language=None)
            if st.button(
                "Cancel", icon=":material/stop:", key=f"cancel_{run.name}", disabled=read_only()
            ):
                try:
                    launch.cancel(run)
                except RelRecError as error:
                    st.error(escape.markdown(error))


def _curves(wing: str, runs: Sequence[Run], *, key: str) -> None:
    metrics = {run.name: run.metrics() for run in runs}
    names = {k for rows in metrics.values() for row in rows for k in row}
    for metric, title in MODELS[wing].curves.items():
        if metric in names:
            chart(
                learning_curves(metrics, metric, title),
                key=f"{key}_{metric}",
                alt=f"{title} by epoch",
            )


def run_list(wing: str) -> None:
    """All runs with their results; one picked shows its card, several are compared."""
    st.markdown("## Runs")
    runs = [r for r in list_runs(wing) if not r.status().ongoing]
    chosen, current = True, None  # what was chosen may be damaged or gone, and can be undone then
    with sentences(stop=False):
        current = active(wing)
        chosen = current is not None
    if runs:
        _pick(wing, runs, current)
    elif not list_runs(wing):
        st.info("No run yet. The dashboard shows the model that ships with it.")
    if chosen and st.button(
        "Show the shipped model again", icon=":material/undo:", disabled=read_only()
    ):
        with sentences(stop=False):
            deactivate(wing)
            st.rerun()


def _pick(wing: str, runs: Sequence[Run], current: Path | None) -> None:
    shown = MODELS[wing]
    event = st.dataframe(
        _runs_frame(wing, runs, None if current is None else current.name),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs_{wing}",
        column_config={
            shown.column: st.column_config.NumberColumn(format="%.4f", help=shown.help),
            "Minutes": st.column_config.NumberColumn(format="%.1f"),
        },
        alt=f"All runs with state, data, {shown.column} and time",
    )
    st.caption(f"**{shown.column}:** {shown.help}")
    chosen = [runs[i] for i in event.selection.rows if i < len(runs)]
    if not chosen:
        st.caption("Pick a run to see its model card, or several to compare them.")
    elif len(chosen) == 1:
        _card(chosen[0], current is not None and current.name == chosen[0].name)
    if chosen:
        _curves(wing, chosen, key="chosen")


def _runs_frame(wing: str, runs: Sequence[Run], current: str | None) -> pd.DataFrame:
    shown, rows = MODELS[wing], []
    for run in runs:
        status = run.status()
        card = readable_card(run)
        rows.append(
            {
                "Run": run.name,
                "State": "active" if run.name == current else status.state,
                "Model": card.title,
                "Data": card.data.title,
                shown.column: card.metrics.get(shown.metric),
                "Minutes": status.seconds / 60 if status.started else None,
            }
        )
    return pd.DataFrame(rows)


def _card(run: Run, is_active: bool) -> None:
    status = run.status()
    with st.container(border=True):
        st.markdown(f"**{escape.markdown(run.name)}** {STATES[status.state]} {status.state}")
        if status.state in ("failed", "cancelled") and status.message:
            st.warning(escape.markdown(status.message))
        card = readable_card(run)
        if card != Card():
            with st.expander("Model card"):
                st.json(card.to_json())
        with st.expander("Log"):
            st.code("\n".join(run.log_tail(100)) or "Nothing was logged.", language=None)
        action = _action(run, status.state, is_active)
        if action:
            try:
                action()
            except RelRecError as error:
                st.error(escape.markdown(error), icon=":material/error:")
            else:
                st.rerun()


def _action(run: Run, state: str, is_active: bool) -> Any:
    if state == "done":
        label = "This is the active model" if is_active else "Make active"
        if st.button(label, disabled=is_active or read_only(), icon=":material/bolt:"):
            return lambda: make_active(run)
    elif st.button("Resume", icon=":material/play_arrow:", disabled=read_only()):
        return lambda: launch.resume(run)
    return None
