"""Layer-wise relevance propagation: rules, presets, one engine, the distance head."""

from relrec_core.lrp.engine import Propagation, propagate, trace

__all__ = ["Propagation", "propagate", "trace"]
