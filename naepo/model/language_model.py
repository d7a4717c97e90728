"""What a language model is: ids in, scores for the next id out.

Every language model passes one suite, `tests/laws/test_language_models.py`.
"""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from naepo.model.cache import State
from naepo.model.settings import LanguageModelSettings


@runtime_checkable
class LanguageModel(Protocol):
    """Scores every next id, shows what it thinks on the way, and reads on from where it stood.

    The laws: the future cannot change the past; `step` repeated, however the text is cut, equals
    `forward`; texts side by side do not disturb each other; `output(norm(hidden(ids)[-1]))`, plus
    what a prior adds, equals `forward(ids)`.
    """

    @property
    def settings(self) -> LanguageModelSettings:
        """Give its shape."""
        ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call `forward`, hooks included."""
        ...

    def forward(self, ids: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time vocab"]:
        """Score, at every position, every id that may come next (before the softmax)."""
        ...

    def hidden(self, ids: Int[Tensor, "batch time"]) -> list[Float[Tensor, "batch time d_model"]]:
        """Give the state of every position after the embedding and after each block."""
        ...

    def start(self, batch_size: int = 1) -> State:
        """Give the state of `batch_size` texts of which nothing has been read."""
        ...

    def step(
        self, ids: Int[Tensor, "batch time"], state: State
    ) -> tuple[Float[Tensor, "batch time vocab"], State]:
        """Read any number of further ids; give the scores after each, and the state after all."""
        ...
