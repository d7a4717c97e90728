"""Scores to what can be heard and seen: sound, engraved scores, piano rolls.

In: a score. Out: samples, SVG, PNG. It knows no model and no network.
"""
