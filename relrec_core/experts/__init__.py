"""Interpretable mixture of experts: networks split into experts that each read known inputs.

Afchar and Hennequin, RecSys 2020.
"""
