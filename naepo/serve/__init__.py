"""The one web application: the page that looks inside, and the questions it may ask.

In: folders of models and requests of one person on this machine. Out: tables as JSON, tensors as
bytes. It computes nothing itself, that is `look`'s; it never opens a port to other machines.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naepo.serve.app import create_app
    from naepo.serve.library import Library

__all__ = ["Library", "create_app"]


def __getattr__(name: str) -> Any:
    """Load the application only when it is asked for: the page is served before torch is there."""
    if name == "create_app":
        from naepo.serve.app import create_app

        return create_app
    if name == "Library":
        from naepo.serve.library import Library

        return Library
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
