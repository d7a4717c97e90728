"""What each mode costs: time, and memory kept for the gradient, measured here and now."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from naepo.learn.blocks import Table
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w

WAYS = ("train", "eval", "eval_no_grad", "eval_inference", "train_inference")
LENGTH, TIMES, DROPOUT, SEED = 256, 5, 0.1, 1


def costs(given: Given) -> Step:
    """Run one small transformer in each way, and tell time, memory, and whether it repeats."""
    model, ids = _made()
    ways = {name: _measured(model, ids, name) for name in WAYS}
    said = {True: w("yes"), False: w("no")}
    rows = [
        [w(f"way_{name}"), found["ms"], found["mib"], said[found["same"]], said[found["learns"]]]
        for name, found in ways.items()
    ]
    head = ("", w("milliseconds"), w("kept_mib"), w("same_twice"), w("can_learn"))
    return Step(
        key="costs",
        shows=(Table(head=head, rows=rows),),
        says={
            "n": LENGTH,
            "p": DROPOUT,
            "kept": ways["train"]["mib"],
            "eval": ways["eval"]["mib"],
            "faster": ways["eval"]["ms"] / ways["eval_inference"]["ms"],
        },
    )


def _made() -> tuple[Any, Any]:
    import torch

    from naepo.model import ModelSettings, Transformer
    from naepo.model.settings import PartSettings

    torch.manual_seed(SEED)
    settings = ModelSettings(
        vocab_size=256,
        context_length=LENGTH,
        d_model=128,
        n_layers=4,
        n_heads=4,
        n_kv_heads=4,
        d_head=32,
        d_ff=256,
        parts=PartSettings(dropout=DROPOUT),
    )
    model = Transformer(settings)
    with torch.no_grad():  # a fresh model adds nothing to its stream; dropout would not be seen
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.normal_(0, weight.shape[1] ** -0.5)
    return model, torch.randint(0, 256, (1, LENGTH))


def _measured(model: Any, ids: Any, name: str) -> dict[str, Any]:
    """Give milliseconds (the least of several), MiB that autograd keeps, and what can be done."""
    import torch

    model.train(name.startswith("train"))
    mode: Callable[[], AbstractContextManager[Any]] = nullcontext
    if name.endswith("inference"):
        mode = torch.inference_mode
    elif name.endswith("no_grad"):
        mode = torch.no_grad
    with mode():
        with _kept(model) as kept:
            first = model(ids)
        is_same = torch.equal(first, model(ids))
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            model(ids)
            took.append(time.perf_counter() - began)
    return {
        "ms": 1000 * min(took),
        "mib": sum(kept.values()) / 2**20,
        "same": is_same,
        "learns": first.requires_grad,
    }


@contextmanager
def _kept(model: Any) -> Iterator[dict[int, int]]:
    """Note the memory of every tensor that autograd keeps, each once, weights apart."""
    import torch

    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    sizes: dict[int, int] = {}

    def note(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        yield sizes
