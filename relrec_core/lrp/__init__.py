"""Layer-wise relevance propagation: rules, presets, one engine, the distance head."""

from relrec_core.lrp.engine import Propagation, Trace, propagate, trace
from relrec_core.lrp.pairs import correspondence, explain_pair
from relrec_core.lrp.similarity import Head, Reading, contrast, evidence, paper

__all__ = [
    "Head",
    "Propagation",
    "Reading",
    "Trace",
    "contrast",
    "correspondence",
    "evidence",
    "explain_pair",
    "paper",
    "propagate",
    "trace",
]
