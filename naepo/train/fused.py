"""The training twin of `next_token_loss(model(ids), targets)`: the loss and its gradient at once.

The modules say what a model is; this says the same with fewer, larger operations, for a CPU. It
reads the modules' weights and never changes them. Tests hold the two together.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from naepo.model import Transformer
from naepo.train.fused_branches import (
    AttentionWeights,
    HeadWeights,
    MlpWeights,
    Seats,
    attention_backward,
    attention_forward,
    head_loss,
    mlp_backward,
    mlp_forward,
)
from naepo.train.masks import Masks

LONGEST_CONTEXT = 512
"""Beyond it the whole table of attention weights, which is kept, costs more than it saves."""

KNOWN_CHILDREN = ("embedding", "rotary", "blocks", "norm", "output", "prior")
"""A model with another part beside these is never trained as if it had none."""


def why_not_fused(model: nn.Module, device: torch.device) -> str | None:
    """Say why this model must be trained through its modules; None when it need not be."""
    if device.type != "cpu":
        return f"the device is {device.type}"
    if type(model) is not Transformer:
        return f"the model is a {type(model).__name__}"
    settings, parts = model.settings, model.settings.parts
    wanted = {
        "norm": (parts.norm, "rms"),
        "position": (parts.position, "rotary"),
        "has_bias": (parts.has_bias, False),
        "window": (parts.window, None),
        "attention_dropout": (parts.attention_dropout, 0.0),
        "n_kv_heads": (settings.n_kv_heads, settings.n_heads),
    }
    for name, (found, expected) in wanted.items():
        if found != expected:
            return f"{name} is {found}"
    for name, child in model.named_children():
        if name not in KNOWN_CHILDREN:
            return f"the model has a {type(child).__name__}"
    if parts.mlp not in ("swiglu", "relu2"):
        return f"mlp is {parts.mlp}"
    if settings.context_length > LONGEST_CONTEXT:
        return f"context_length is above {LONGEST_CONTEXT}"
    if any(p.dtype != torch.float32 or not p.requires_grad for p in model.parameters()):
        return "some weights are not trained, or not fp32"
    return None


class Layer(NamedTuple):
    """The weights of one block, or their gradients."""

    attention: AttentionWeights
    mlp: MlpWeights

    def as_modules(self) -> list[Tensor]:
        """Cut what is stacked, into the order of `parameters_of`."""
        norm_1, to_qkv, qk_norm, to_out = self.attention
        norm_2, widen, down = self.mlp
        heads = [] if qk_norm is None else list(qk_norm)
        wide = widen.split(down.shape[1])
        return [norm_1, *to_qkv.chunk(3), *heads, to_out, norm_2, *wide, down]


def parameters_of(block: nn.Module) -> list[nn.Parameter]:
    """Give the parameters of one block in the order of `Layer.as_modules`."""
    named = dict(block.named_parameters())
    order = (
        "norm_1", "attention.to_q", "attention.to_k", "attention.to_v", "attention.q_norm",
        "attention.k_norm", "attention.to_out", "norm_2", "mlp.gate", "mlp.up", "mlp.down",
    )  # fmt: skip
    found = [named.pop(f"{name}.weight") for name in order if f"{name}.weight" in named]
    assert not named, f"no place for {', '.join(named)}"
    return found


class FusedLoss:
    """A model's loss and gradient, from copies of its weights in the type of the products.

    `refresh` copies the weights, once a step; `part` may then run on several threads at once.
    """

    def __init__(self, model: Transformer, dtype: torch.dtype) -> None:
        self.settings = model.settings
        self.embedding = model.embedding.weight
        assert model.rotary is not None
        self._rotary = model.rotary
        self._layers = [_layer_copies(model, dtype) for _ in model.blocks]
        width, vocab = self.settings.d_model, self.settings.vocab_size
        self._prior = model.prior
        self._head = HeadWeights(
            norm=torch.empty(width),
            output=torch.empty(vocab, width, dtype=dtype),
            gain=None if self._prior is None else torch.empty(1),
        )
        blocks = [p for block in model.blocks for p in parameters_of(block)]
        head = HeadWeights(
            model.norm.weight,
            model.output.weight,
            None if self._prior is None else self._prior.gain,
        )
        self._sources = [*blocks, *head.present()]
        copies = [copy for layer in self._layers for copy in layer.as_modules()]
        self._copies = [*copies, *self._head.present()]
        self.is_tied = model.output.weight is self.embedding
        self.parameters = self._sources if self.is_tied else [*self._sources, self.embedding]
        """Whose gradients `part` gives, in its order."""

    @torch.no_grad()
    def refresh(self) -> None:
        """Take over the model's weights as they are now."""
        for copy, source in zip(self._copies, self._sources, strict=True):
            copy.copy_(source)

    @torch.no_grad()
    def part(
        self,
        ids: Int[Tensor, "batch time"],
        targets: Int[Tensor, "batch time"],
        n_tokens: int,
        seed: int,
        folds: Int[Tensor, "batch time"] | None = None,
    ) -> tuple[Float[Tensor, ""], list[Tensor]]:
        """Give the summed loss of some sequences / n_tokens, and its gradients.

        n_tokens: of all parts together, so that their sum is a mean.  seed: of dropout's masks.
        folds: of the text, left out of a prior's counts for each target; none leaves out nothing.
        """
        prior = None
        if self._prior is not None:
            prior = self._prior.log_probs(ids, leave_out=folds).flatten(0, 1)
        masks = Masks(self.settings.parts.dropout, seed)
        seats, ids = self._seats(ids.shape[1]), ids.flatten()
        size = len(ids), self.settings.d_model
        first = masks.draw(*size)
        x = F.embedding(ids, self.embedding)
        x = x if first is None else x.mul_(first)
        kept = []
        for layer in self._layers:
            x, of_attention = attention_forward(x, layer.attention, seats, masks.draw(*size))
            x, of_mlp = mlp_forward(x, layer.mlp, seats.eps, masks.draw(*size))
            kept.append((of_attention, of_mlp))
        loss, g, head = head_loss(x, self._head, targets.flatten(), seats.eps, n_tokens, prior)
        layers: list[Layer] = []
        for layer in reversed(self._layers):
            of_attention, of_mlp = kept.pop()
            g, mlp = mlp_backward(g, layer.mlp, of_mlp)
            g, attention = attention_backward(g, layer.attention, seats, of_attention)
            layers.append(Layer(attention, mlp))
        g = g if first is None else g.mul_(first)
        table = torch.ops.aten.embedding_dense_backward(g, ids, len(self.embedding), -1, False)
        grads = [grad for layer in reversed(layers) for grad in layer.as_modules()]
        if self.is_tied:
            head = head._replace(output=table.add_(head.output))
            return loss, [*grads, *head.present()]
        return loss, [*grads, *head.present(), table]

    def _seats(self, time: int) -> Seats:
        cos, sin = self._rotary(0, time)
        dtype = self._head.output.dtype
        causal = torch.full((1, time, time), float("-inf"), dtype=dtype).triu_(1)
        return Seats(cos, sin, causal, self.settings.d_head, self.settings.parts.norm_eps)


def _layer_copies(model: Transformer, dtype: torch.dtype) -> Layer:
    """Make room for the weights of one block: matrices in `dtype`, gains in fp32."""
    settings, parts = model.settings, model.settings.parts
    width, d_heads = settings.d_model, settings.n_heads * settings.d_head
    d_wide = settings.d_ff * (2 if parts.mlp == "swiglu" else 1)
    attention = AttentionWeights(
        norm=torch.empty(width),
        to_qkv=torch.empty(3 * d_heads, width, dtype=dtype),
        qk_norm=torch.empty(2, settings.d_head) if parts.has_qk_norm else None,
        to_out=torch.empty(width, d_heads, dtype=dtype),
    )
    mlp = MlpWeights(
        norm=torch.empty(width),
        widen=torch.empty(d_wide, width, dtype=dtype),
        down=torch.empty(width, settings.d_ff, dtype=dtype),
    )
    return Layer(attention, mlp)
