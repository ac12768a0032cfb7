"""Layer-wise relevance propagation (LRP): rules, presets, one engine, the distance head.

Bharadhwaj, EARS 2018; Bach et al. 2015.
"""

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
