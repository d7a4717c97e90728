"""Look inside: one run of a model, with every number on the way kept under its name.

In: a model, ids, changes to try. Out: tensors and small tables, each view of the page as a Python
call. It changes nothing in the model, draws nothing and knows no web; `page/` holds what a browser
shows of it.
"""

from naepo.look.changes import Change
from naepo.look.layout import layout
from naepo.look.ops import Code, Op
from naepo.look.trace import Trace, trace
from naepo.look.view import view

__all__ = ["Change", "Code", "Op", "Trace", "layout", "trace", "view"]
