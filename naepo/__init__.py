"""naepo: build a GPT of your own on your own text, and see through it.

Nothing heavy is imported here: each room (`naepo.encode`, `naepo.model`, ...) is imported by name.
"""

__version__ = "0.1.0"
