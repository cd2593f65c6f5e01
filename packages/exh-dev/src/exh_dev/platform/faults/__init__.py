"""Fault injection: rules that delay, replace or break the platform's answers, and `/_dev/faults` to change them.

Failures of SideFX are in `exh_dev.sidefx`.
"""
