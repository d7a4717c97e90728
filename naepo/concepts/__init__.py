"""The arithmetic of the chapters: small functions that give every number on the way.

In: a few numbers. Out: frozen records of intermediates, in the order in which one would write them
down. It knows no model, no page and no language; torch only where a chapter is about torch itself.
"""
