"""The one web application: the page that looks inside, and the questions it may ask.

In: folders of models and requests of one person on this machine. Out: tables as JSON, tensors as
bytes. It computes nothing itself, that is `look`'s; it never opens a port to other machines.
"""

from naepo.serve.app import create_app
from naepo.serve.library import Library

__all__ = ["Library", "create_app"]
