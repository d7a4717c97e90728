"""What every trace must keep, whatever the shape of the model, the prompt and the changes."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from naepo.look import Change, Trace, layout, trace
from naepo.look.contributions import contributions
from naepo.look.identities import checks
from naepo.look.lens import lens
from naepo.look.linear import addends, opened
from naepo.look.norms import norms
from naepo.look.statistics import histogram, pooled, statistics, strips
from naepo.look.tokens import Cell, groups, label
from naepo.model import LanguageModelSettings, ModelSettings, PartSettings, build
from naepo.model.kinds import settings_of

laws = settings(max_examples=25, deadline=None)


@st.composite
def parts(draw) -> PartSettings:
    return PartSettings(
        norm=draw(st.sampled_from(["rms", "layer"])),
        position=draw(st.sampled_from(["rotary", "learned", "sinusoidal"])),
        mlp=draw(st.sampled_from(["swiglu", "gelu", "relu2"])),
        has_qk_norm=draw(st.booleans()),
        has_bias=draw(st.booleans()),
        tie_weights=draw(st.booleans()),
        window=draw(st.none() | st.integers(1, 5)),
        prior_order=draw(st.none() | st.integers(1, 3)),
    )


@st.composite
def shapes(draw) -> ModelSettings:
    n_kv_heads, shared = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    return ModelSettings(
        vocab_size=draw(st.integers(2, 20)),
        context_length=8,
        d_model=2 * draw(st.integers(1, 6)),
        n_layers=draw(st.integers(1, 3)),
        n_heads=n_kv_heads * shared,
        n_kv_heads=n_kv_heads,
        d_head=2 * draw(st.integers(1, 3)),
        d_ff=draw(st.integers(1, 9)),
        parts=draw(parts()),
    )


@st.composite
def siblings(draw) -> LanguageModelSettings:
    kind = draw(st.sampled_from(["rnn", "mingru", "cnn"]))
    kernel = {} if kind == "rnn" else {"kernel_size": draw(st.integers(1, 3))}
    return settings_of(kind)(
        vocab_size=draw(st.integers(2, 20)),
        context_length=8,
        d_model=draw(st.integers(1, 9)),
        n_layers=draw(st.integers(1, 3)),
        d_hidden=draw(st.integers(1, 9)),
        d_ff=draw(st.integers(1, 9)),
        **kernel,
    )


@dataclass(frozen=True)
class Question:
    """All that decides a trace. What uses random numbers, checks of types too, is left to `trace`:
    hypothesis allows none while it draws."""

    shape: LanguageModelSettings
    seed: int
    ids: list[int]
    changes: list[tuple[int, int | None, float]]
    """Number of an op (modulo how many there are), position, factor."""

    def trace(self) -> Trace:
        """Run a model of this shape, in double precision, whose weights leave nothing at zero."""
        model = build(self.shape, seed=self.seed)
        generator = torch.Generator().manual_seed(self.seed)
        for weight in model.parameters():
            weight.data = weight + 0.3 * torch.randn(weight.shape, generator=generator)
        if model.prior is not None:
            text = torch.randint(self.shape.vocab_size, (50,), generator=generator)
            model.prior.count(text.numpy(), folds=1)
        names = [op.name for op in layout(self.shape) if not op.is_derived]
        changes = [
            Change(op=names[n % len(names)], position=position, factor=factor)
            for n, position, factor in self.changes
        ]
        return trace(model.double(), self.ids, changes)


@st.composite
def asked(draw, most_changes: int = 0) -> Question:
    shape = draw(shapes() | siblings())
    ids = draw(st.lists(st.integers(0, shape.vocab_size - 1), min_size=1, max_size=8))
    change = st.tuples(
        st.integers(0, 99),
        st.none() | st.integers(0, len(ids) - 1),
        st.sampled_from([0.0, 0.5, 1.0, -1.0, 3.0]),
    )
    changes = draw(st.lists(change, max_size=most_changes))
    return Question(shape, draw(st.integers(0, 99)), ids, changes)


@laws
@given(asked())
def test_every_identity_holds(question):
    found = checks(question.trace())
    assert {"stream_sum", "lens_last", "fast_path"} < {check.name for check in found}
    assert all(check.holds for check in found), found


@laws
@given(asked(most_changes=3))
def test_every_identity_but_the_fast_path_holds_with_changes(question):
    found = checks(question.trace())
    assert all(check.holds for check in found), found


@laws
@given(asked(most_changes=3), st.data())
def test_the_parts_of_any_logit_sum_to_it(question, data):
    found = question.trace()
    position = data.draw(st.integers(0, len(found.ids) - 1))
    id = data.draw(st.integers(0, found.settings.vocab_size - 1))
    told = contributions(found, position, id)
    largest = max(abs(part.value) for part in told.parts)
    assert told.error <= 1e-10 * max(1.0, largest)


@laws
@given(asked(most_changes=3), st.data())
def test_the_lens_of_the_last_layer_is_the_logits(question, data):
    found = question.trace()
    position = data.draw(st.integers(0, len(found.ids) - 1))
    n_ids = found.settings.vocab_size
    last = lens(found, position, top=n_ids)[-1]
    told = torch.tensor([each.logit for each in sorted(last.top, key=lambda each: each.id)])
    assert_close(told.double(), found["logits"][position], atol=1e-5, rtol=1e-5)


@laws
@given(asked(), st.data())
def test_every_linear_op_is_its_input_times_its_weights(question, data):
    found = question.trace()
    for op in found.ops:
        if op.kind != "linear":
            continue
        assert opened(found, op.name).error <= 1e-10
        row, col = (data.draw(st.integers(0, n - 1)) for n in found[op.name].shape)
        assert addends(found, op.name, row, col).error <= 1e-10


@laws
@given(asked())
def test_every_norm_is_what_its_numbers_say(question):
    found = question.trace()
    for op in found.ops:
        if op.kind in ("norm", "head_norm"):
            assert all(each.error <= 1e-10 for each in norms(found, op.name, len(found.ids) - 1))


NUMBERS = st.floats(width=32) | st.sampled_from([0.0, -0.0, 1.0, -1.0])


@laws
@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_every_number_is_counted_once(numbers):
    values = torch.tensor(numbers)
    found, told = histogram(values), statistics(values)
    assert sum(found.counts) + found.outliers + found.nan + found.inf == len(numbers)
    assert (told.nan, told.inf) == (int(values.isnan().sum()), int(values.isinf().sum()))
    finite = values[values.isfinite()].double()
    if len(finite):
        assert (told.min, told.max) == (float(finite.min()), float(finite.max()))
        assert told.norm == pytest.approx(float(finite.norm()), rel=1e-5, abs=1e-30)


@laws
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9))
def test_pooling_keeps_the_number_farthest_from_zero(n, m, rows, cols):
    matrix = torch.randn(n, m)
    found = pooled(matrix, rows, cols)
    assert found.shape == (min(n, rows), min(m, cols))
    assert found.abs().max() == matrix.abs().max()
    assert set(found.flatten().tolist()) <= set(matrix.flatten().tolist())


@laws
@given(asked())
def test_a_strip_shows_only_numbers_of_its_op(question):
    found = question.trace()
    shown = strips(found, len(found.ids) - 1, width=4)
    for op, strip in zip(found.ops, shown, strict=True):
        if op.axes[-1] != "seen":
            numbers = set(found[op.name].float().flatten().tolist())
            assert set(strip[~strip.isnan()].tolist()) <= numbers, op.name


CONTENTS = st.lists(
    st.binary(max_size=4) | st.sampled_from(["가", "e\u0301", "👍", " a"]).map(str.encode)
)


@laws
@given(CONTENTS)
def test_groups_hold_every_id_once_and_every_whole_character(contents):
    found = groups([Cell(0, content, label(content)) for content in contents])
    assert [n for group in found for n in range(group.start, group.end)] == list(
        range(len(contents))
    )
    for group in found:
        joined = b"".join(contents[group.start : group.end])
        if group.kind == "text":
            assert group.text == joined.decode("utf-8")
        elif group.kind == "special":
            assert joined == b""
        else:
            with pytest.raises(UnicodeDecodeError):
                joined.decode("utf-8")


@laws
@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_text_cut_anywhere_is_whole_again_in_its_groups(text, data):
    content = text.encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(content)))) | {0, len(content)})
    pieces = [content[a:b] for a, b in pairwise(cuts)]
    found = groups([Cell(0, piece, "") for piece in pieces])
    assert "".join(group.text or "" for group in found) == text
    assert all(group.kind == "text" for group in found)


@laws
@given(st.binary(max_size=12))
def test_a_label_never_holds_a_replacement_character_that_was_not_there(content):
    if "\ufffd".encode() not in content:
        assert "\ufffd" not in label(content)
