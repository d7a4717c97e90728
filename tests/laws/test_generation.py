"""Laws of generation, with real transformers and a real encoder.

By default every shape and every sampling takes part once; all pairs of them are torture.
"""

from dataclasses import replace
from functools import cache
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.encode.byte_level import ByteEncoder
from naepo.generate import Sampling, generate, generate_batch, generate_ids
from naepo.model import ModelSettings, PartSettings, Transformer, build

ENCODER = ByteEncoder()
CONTEXT_LENGTH = 6
MAX_TOKENS = 15
SHAPES = {
    "qwen3": PartSettings(),
    "llama": PartSettings(has_qk_norm=False, tie_weights=True),
    "gpt2": PartSettings(
        norm="layer", position="learned", mlp="gelu", has_qk_norm=False, has_bias=True
    ),
    "sinusoidal": PartSettings(position="sinusoidal", mlp="relu2"),
    "window": PartSettings(window=5),
    "dropout": PartSettings(dropout=0.5),
}
SAMPLINGS = [
    Sampling(seed=1),
    Sampling(seed=2, temperature=0.7, top_k=40),
    Sampling(seed=3, top_p=0.9, min_p=0.05, repetition_penalty=1.3),
    Sampling(temperature=0.0),
    Sampling(temperature=0.0, repetition_penalty=1.5),
]


PAIRS = list(product(SHAPES, SAMPLINGS))
ONCE_EACH = [(shape, SAMPLINGS[row % len(SAMPLINGS)]) for row, shape in enumerate(SHAPES)]


def pairs(by_default: list[tuple[str, Sampling]]) -> pytest.MarkDecorator:
    """Run the test for all shapes and samplings; those not named here only as torture."""
    cases = [
        pytest.param(*pair, marks=() if pair in by_default else pytest.mark.torture)
        for pair in PAIRS
    ]
    return pytest.mark.parametrize(("shape", "sampling"), cases, ids=repr)


@cache
def model_of(shape: str) -> Transformer:
    """A tiny transformer with weights large enough that what it reads changes what it writes."""
    sizes = ModelSettings(
        vocab_size=ENCODER.vocab_size,
        context_length=CONTEXT_LENGTH,
        d_model=16,
        n_layers=1,
        n_heads=2,
        n_kv_heads=1,
        d_head=8,
        d_ff=32,
        parts=SHAPES[shape],
    )
    model = build(sizes, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return model


def ids_of(model: Transformer, prompt: str, sampling: Sampling, **more) -> list[int]:
    more = {"max_tokens": MAX_TOKENS} | more
    ids = ENCODER.encode(prompt).tolist()
    return list(generate_ids(model, ENCODER, ids, sampling=sampling, **more))


def text_of(model: Transformer, prompt: str, sampling: Sampling, **more) -> str:
    more = {"max_tokens": MAX_TOKENS} | more
    return "".join(generate(model, ENCODER, prompt, sampling=sampling, **more))


@torch.no_grad()
def chain_of_argmax(model: Transformer, prompt: str, n: int) -> list[int]:
    """Greedy decoding in its plainest form: forward over all, take the largest, append."""
    model.eval()
    ids = ENCODER.encode(prompt).tolist()
    for _ in range(n):
        ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
    return ids[-n:]


@pytest.mark.parametrize("shape", SHAPES)
def test_greedy_is_the_chain_of_argmax_by_plain_forward(shape):
    model, n = model_of(shape), CONTEXT_LENGTH - 3
    greedy = ids_of(model, "가", Sampling(temperature=0.0), max_tokens=n)
    chain = chain_of_argmax(model, "가", n)
    assert greedy == chain[: len(greedy)]
    assert len(greedy) == n or chain[len(greedy)] == ENCODER.end_id


@pairs(by_default=ONCE_EACH)
def test_the_cache_changes_no_id_also_beyond_the_context(shape, sampling):
    model = model_of(shape)
    with_cache = ids_of(model, "ab", sampling)
    assert with_cache == ids_of(model, "ab", sampling, use_cache=False)


@pairs(by_default=ONCE_EACH[:2])
def test_a_text_is_the_same_alone_and_in_a_batch(shape, sampling):
    model, prompts = model_of(shape), ["ab", "", "a prompt longer than the context", "cd"]
    together = generate_batch(model, ENCODER, prompts, sampling=sampling, max_tokens=MAX_TOKENS)
    for row, prompt in enumerate(prompts):
        own = sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + row)
        assert together[row] == text_of(model, prompt, own)


def test_another_seed_gives_another_text_and_the_same_seed_the_same():
    model = model_of("qwen3")
    texts = [text_of(model, "ab", Sampling(seed=seed)) for seed in (0, 1, 2, 0)]
    assert len(set(texts)) == 3
    assert texts[0] == texts[3]


def test_without_a_seed_every_text_is_another():
    model = model_of("qwen3")
    assert text_of(model, "ab", Sampling()) != text_of(model, "ab", Sampling())


@pytest.mark.parametrize("sampling", SAMPLINGS[:3], ids=repr)
def test_the_pieces_together_are_the_decoded_ids(sampling):
    model = model_of("qwen3")
    whole = ENCODER.decode(ids_of(model, "ab", sampling))
    text = text_of(model, "ab", sampling)
    assert text
    assert whole.startswith(text)
    assert whole[len(text) :] in ("", "\ufffd")


@pytest.mark.parametrize("mode", [True, False])
def test_generating_changes_no_weight_and_no_mode(mode):
    model = model_of("qwen3").train(mode)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    text_of(model, "ab", Sampling(seed=1))
    assert model.training is mode
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_dropout_is_off_while_generating():
    model = model_of("dropout").train()
    in_training = text_of(model, "ab", Sampling(temperature=0.0))
    assert in_training == text_of(model.eval(), "ab", Sampling(temperature=0.0))


def test_a_model_trains_on_after_it_wrote():
    model = model_of("qwen3").train()
    text_of(model, "ab", Sampling(seed=1))
    model(torch.tensor([[1, 2, 3]])).square().mean().backward()
    assert all(weight.grad is not None for weight in model.parameters())


any_case = given(
    prompt=st.text(max_size=4),
    sampling=st.builds(
        Sampling,
        seed=st.integers(0, 2**63 - 1),
        temperature=st.floats(0, 3),
        top_k=st.one_of(st.none(), st.integers(1, 300)),
        top_p=st.one_of(st.none(), st.floats(0, 1)),
        min_p=st.one_of(st.none(), st.floats(0, 1)),
    ),
)


def check_alike(prompt: str, sampling: Sampling) -> None:
    model = model_of("qwen3")
    text = text_of(model, prompt, sampling, max_tokens=10)
    assert text == text_of(model, prompt, sampling, max_tokens=10, use_cache=False)
    both = generate_batch(model, ENCODER, [prompt, prompt], sampling=sampling, max_tokens=10)
    assert text == both[0]


@settings(max_examples=5, deadline=None)
@any_case
def test_one_seed_gives_one_text_whatever_the_settings(prompt, sampling):
    check_alike(prompt, sampling)


@pytest.mark.torture
@settings(max_examples=300, deadline=None)
@any_case
def test_one_seed_gives_one_text_in_hundreds_of_settings(prompt, sampling):
    check_alike(prompt, sampling)
