"""The smallest honest trainer: a line fitted by gradient descent, resumable and distributed."""

from __future__ import annotations

import time
from typing import Literal

import torch
from pydantic import Field

from relrec_core.runs import distributed
from relrec_core.runs.card import Card
from relrec_core.runs.config import TrainerConfig
from relrec_core.runs.directory import Run


class Config(TrainerConfig):
    """Settings of the tiny trainer, one of every kind."""

    epochs: int = Field(default=5, ge=1, le=100_000, title="Epochs", description="Full passes.")
    batch: int = Field(default=8, gt=0, lt=65, description="Examples a step, at most 100 % of all.")
    rate: float = Field(default=0.1, gt=0, le=1, description="Step size.")
    decay: float = Field(default=0.0, ge=0, description="Pull towards zero.")
    shuffle: bool = Field(default=True, description="Draw examples in random order.")
    shape: Literal["line", "plane"] = Field(default="plane", description="What to fit.")
    note: str = Field(default="", description="A remark.")
    pause: float = Field(default=0.0, ge=0, le=10, description="Seconds of sleep an epoch.")
    fault: Literal["none", "bug", "full"] = Field(default="none", description="What goes wrong.")


def train(config: Config, run: Run) -> None:
    """Fit y = 2 x0 - x1 + 0.5 from 64 seeded points."""
    with distributed.session(config.device, config.threads) as group:
        torch.manual_seed(config.seed)
        x = torch.randn(64, 2)  # (points, inputs)
        y = x @ torch.tensor([2.0, -1.0]) + 0.5  # (points,)
        model = torch.nn.Linear(2, 1)
        wrapped = group.wrap(model)
        optimizer = torch.optim.SGD(model.parameters(), lr=config.rate, weight_decay=config.decay)
        state, first = run.read_state(), 0
        if state is not None:
            model.load_state_dict(state[0])
            first = state[1]["epoch"]
        for epoch in range(first + 1, config.epochs + 1):
            group.check_cancelled(run)
            draw = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
            batch = torch.randperm(64, generator=draw)[: config.batch]  # (batch,)
            mine = batch[group.share(len(batch))]  # (share,)
            losses = (wrapped(x[mine]).squeeze(1) - y[mine]) ** 2  # (share,)
            loss = group.batch_mean(losses, len(batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log_metrics(epoch, loss=group.mean(float(loss.detach())))
            run.write_state(model.state_dict(), {"epoch": epoch})
            run.report(epoch / config.epochs, f"epoch {epoch}")
            time.sleep(config.pause)
            if config.fault == "bug":
                raise ZeroDivisionError("a bug")
            if config.fault == "full":
                raise OSError(28, "No space left on device")
        run.write_checkpoint(model.state_dict(), {"epochs": config.epochs})
        run.write_card(Card(seed=config.seed, metrics={"loss": run.metrics()[-1]["loss"]}))
