"""What the transformer's siblings are made of: scans, convolutions, locked dropout, sizes."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from naepo.config import UserError
from naepo.model import ModelSettings, build, describe
from naepo.model.describe import render
from naepo.model.huggingface import from_tensors, is_standard, to_config, to_tensors
from naepo.model.huggingface_config import from_config, why_not_standard
from naepo.model.kinds import KINDS, read_settings, settings_of, settings_table, transformer_of
from naepo.model.locked import dropped_weight, embedded, locked
from naepo.model.lstm import Lstm
from naepo.model.mingru import bent, log_bent, mixed
from naepo.model.past import taps
from naepo.model.scan import at_once, in_a_row
from naepo.model.sibling_settings import CnnSettings, MinGruSettings, RnnSettings

SIZES = {
    "vocab_size": 11, "context_length": 8, "d_model": 16, "n_layers": 2, "d_hidden": 12, "d_ff": 24,
}  # fmt: skip
SIBLINGS = [RnnSettings(**SIZES), MinGruSettings(**SIZES), CnnSettings(**SIZES)]
every_sibling = pytest.mark.parametrize("shape", SIBLINGS, ids=lambda shape: shape.kind)
few = settings(max_examples=10, deadline=None)


@few
@given(st.integers(1, 3), st.integers(1, 9), st.booleans(), st.integers(0, 99))
def test_both_ways_of_a_scan_agree_and_so_do_their_gradients(batch, time, goes_on, seed):
    draw = torch.Generator().manual_seed(seed)
    gate, candidate = (
        torch.randn(batch, time, 4, generator=draw, dtype=torch.float64).requires_grad_()
        for _ in range(2)
    )
    before = torch.rand(batch, 4, generator=draw, dtype=torch.float64) + 0.1 if goes_on else None
    one = at_once(gate, log_bent(candidate), before)
    other = mixed(gate, candidate, before)
    assert_close(one, other, rtol=1e-9, atol=1e-9)
    read = torch.randn(one.shape, generator=draw, dtype=torch.float64)
    found = [torch.autograd.grad((way * read).sum(), (gate, candidate)) for way in (one, other)]
    for a, b in zip(*found, strict=True):
        assert_close(a, b, rtol=1e-8, atol=1e-8)


def test_the_gradient_of_the_scan_is_the_true_one():
    draw = torch.Generator().manual_seed(0)
    keep, add = (torch.rand(2, 5, 3, generator=draw, dtype=torch.float64) for _ in range(2))
    before = torch.rand(2, 3, generator=draw, dtype=torch.float64)
    asked = [each.requires_grad_() for each in (keep, add, before)]
    assert torch.autograd.gradcheck(in_a_row, asked)


def test_a_scan_in_logarithms_neither_overflows_nor_vanishes():
    gate = torch.full((1, 2000, 1), -12.0)
    states = at_once(gate, torch.zeros(1, 2000, 1))
    assert states.isfinite().all()
    assert_close(states[0, -1, 0].item(), 1 - (1 - torch.sigmoid(gate[0, 0, 0]).item()) ** 2000,
                 rtol=1e-2, atol=0)  # fmt: skip


def test_a_candidate_is_above_zero_and_continuous():
    x = torch.tensor([-40.0, -1e-6, 0.0, 1e-6, 3.0])
    assert (bent(x) > 0).all()
    assert_close(bent(x), log_bent(x).exp())
    assert_close(bent(x)[1:4], torch.full((3,), 0.5), atol=1e-5, rtol=0)


@few
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 9))
def test_a_product_with_the_inputs_side_by_side_is_torchs_causal_convolution(size, apart, time):
    draw = torch.Generator().manual_seed(size + 10 * apart + 100 * time)
    x, weight = torch.randn(2, time, 3, generator=draw), torch.randn(5, 3, size, generator=draw)
    found = taps(x, size, apart)[0] @ weight.permute(2, 1, 0).reshape(-1, 5)
    padded = F.pad(x.mT, ((size - 1) * apart, 0))
    assert_close(found, F.conv1d(padded, weight, dilation=apart).mT, rtol=1e-4, atol=1e-4)


def test_an_lstm_is_torchs_own():
    mixer = Lstm(SIBLINGS[0]).double()
    theirs = torch.nn.LSTM(16, 12, batch_first=True).double()
    theirs.load_state_dict(
        {
            "weight_ih_l0": mixer.from_input.weight,
            "weight_hh_l0": mixer.from_state.weight,
            "bias_ih_l0": mixer.from_input.bias,
            "bias_hh_l0": torch.zeros(48),
        }
    )
    x = torch.randn(2, 5, 16, dtype=torch.float64)
    assert_close(mixer(x), mixer.to_out(theirs(x)[0]))


def test_a_fresh_lstm_begins_by_remembering():
    bias = build(SIBLINGS[0]).state_dict()["blocks.0.mixer.from_input.bias"]
    assert bias.view(4, 12).sum(dim=1).tolist() == [0, 12, 0, 0]


def test_locked_dropout_holds_still_over_time_and_keeps_the_expected_size():
    draw = torch.Generator().manual_seed(0)
    x = locked(torch.ones(400, 3, 50), 0.25, draw)
    assert torch.equal(x, x[:, :1].expand_as(x))
    assert x.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert float(x.mean()) == pytest.approx(1, abs=0.02)


def test_whole_ids_are_dropped_from_an_embedding_and_single_weights_from_a_matrix():
    draw = torch.Generator().manual_seed(0)
    ids = torch.arange(200).repeat(2, 1)
    rows = embedded(ids, torch.ones(200, 4), 0.5, draw)
    assert torch.equal(rows[0], rows[1])
    assert ((rows == 0).all(-1) | (rows == 2).all(-1)).all()
    assert 0.3 < float((rows == 0).float().mean()) < 0.7
    weight = dropped_weight(torch.ones(50, 50), 0.5, draw)
    assert 0.4 < float((weight == 0).float().mean()) < 0.6


def test_equal_generators_drop_alike():
    model, ids = build(RnnSettings(**SIZES)), torch.zeros(2, 4, dtype=torch.long)
    parts = type(model.settings.parts)(dropout=0.5, embedding_dropout=0.5, weight_drop=0.5)
    noisy = build(RnnSettings(**SIZES, parts=parts))
    noisy.embedding.weight.data.normal_()
    first, again, other = (noisy(ids, torch.Generator().manual_seed(n)) for n in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@every_sibling
def test_settings_go_through_a_table_and_a_folder_unchanged(shape):
    assert read_settings(settings_table(shape), "a test") == shape
    assert from_config(to_config(shape, end_id=0)) == shape
    model = build(shape, seed=3)
    for name, weight in from_tensors(shape, to_tensors(model)).items():
        assert torch.equal(weight, model.state_dict()[name]), name


@every_sibling
def test_no_other_program_opens_a_sibling_and_that_is_said(shape):
    assert not is_standard(shape)
    assert to_config(shape, end_id=0)["model_type"] == "naepo"
    assert why_not_standard(shape) == (
        f"its kind is {shape.kind}, where other programs open transformers"
    )


@every_sibling
def test_what_needs_a_transformer_refuses_a_sibling(shape):
    with pytest.raises(UserError, match=f"--tune needs a transformer.*kind {shape.kind}"):
        transformer_of(build(shape), "--tune")


def test_a_kind_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(UserError, match="no kind of model is called rn") as refused:
        settings_of("rn")
    assert "rnn" in str(refused.value)
    with pytest.raises(UserError, match=r"unknown key `n_heads` in a.toml \[model\]"):
        read_settings({"kind": "cnn", "vocab_size": 9, "n_heads": 2}, "a.toml")
    assert isinstance(read_settings({"vocab_size": 9}, "a.toml"), ModelSettings)
    assert list(KINDS) == ["transformer", "rnn", "mingru", "cnn"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"d_hidden": 0}, "d_hidden must be at least 1, got 0"),
        ({"d_hidden": 2**20}, "d_hidden × 4 · d_hidden must be at most"),
        ({"kernel_size": 65}, "kernel_size must be at most 64, got 65"),
        ({"n_dilations": 40, "n_layers": 40}, "n_dilations must be at most 21, got 40"),
    ],
)
def test_a_broken_rule_of_a_sibling_is_told(wrong, told):
    with pytest.raises(UserError, match=told):
        CnnSettings(**{**SIZES, **wrong})


@every_sibling
def test_a_description_counts_what_is_there_and_says_what_writing_keeps(shape):
    model, described = build(shape), describe(shape)
    assert described.parameters == sum(weight.numel() for weight in model.parameters())
    state = model.start()
    model.step(torch.zeros(1, 5, dtype=torch.long), state)
    assert described.memory().cache_per_token == 0
    assert described.memory().state == state.n_bytes()
    drawn = render(described)
    assert f"{state.n_bytes()} B of state, however much is read" in drawn
    if isinstance(shape, CnnSettings):
        assert f"it sees {shape.receptive_field} ids back (inputs 1, 2 apart)" in drawn


@every_sibling
def test_kept_numbers_are_about_those_that_autograd_keeps(shape):
    model, ids = build(shape), torch.zeros(8, shape.context_length, dtype=torch.long)
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def keep(x: torch.Tensor) -> torch.Tensor:
        if x.is_floating_point() and x.untyped_storage().data_ptr() not in own:
            kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        logits = model(ids)
        F.cross_entropy(logits.flatten(0, 1), ids.flatten())
    said = describe(shape).memory(8).activations
    assert sum(kept.values()) == pytest.approx(said, rel=0.3)
