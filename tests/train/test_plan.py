"""One dial decides a run; what a person said is never changed; the reasons are given."""

import time
from copy import copy
from dataclasses import replace

import pytest
import torch

from naepo.config import UserError
from naepo.encode import DataSettings, prepare
from naepo.model import ModelSettings, describe
from naepo.model.kinds import settings_of
from naepo.train.plan import Budget, make_plan
from naepo.train.regime import against_memory, batches_of, tokens_per_step
from naepo.train.siblings import SIBLINGS
from naepo.train.sizes import MUSIC_CONTEXT, SHAPES, choose_sizes

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    path = folder / "text.txt"
    path.write_text("나는 어제 학교에 갔다. I went to school.\n" * 300, encoding="utf-8")
    return prepare(DataSettings(sources=(str(path),)), cache=folder / "cache")


SMALL = {"model": {"d_model": 64, "n_layers": 1}, "train": {"batch_size": 2}}


def test_a_budget_of_steps_is_kept_to_the_step(corpus):
    plan = make_plan(Budget(steps=7), corpus, SMALL, device=CPU, deadline=None)
    assert plan.train.steps == 7
    assert plan.model.vocab_size == corpus.encoder.vocab_size


def test_a_budget_of_tokens_is_reached_and_not_passed_by_a_step(corpus):
    plan = make_plan(Budget(tokens=5_000), corpus, SMALL, device=CPU, deadline=None)
    each = plan.train.batch_size * plan.train.accumulate * plan.model.context_length
    assert 5_000 <= plan.train.steps * each < 5_000 + each


def test_a_budget_of_minutes_becomes_steps_that_fit_into_it(corpus):
    deadline = time.perf_counter() + 6
    plan = make_plan(Budget(minutes=0.1), corpus, SMALL, device=CPU, deadline=deadline)
    assert plan.train.steps >= 1
    assert any("0.1 minutes" in reason for reason in plan.reasons)


def test_what_was_asked_for_is_never_changed(corpus):
    asked = {
        "model": {"d_model": 32, "n_heads": 4, "parts": {"mlp": "gelu", "dropout": 0.3}},
        "train": {"batch_size": 3, "precision": "fp32", "optimizer": {"lr": 0.007}},
    }
    plan = make_plan(Budget(steps=400), corpus, asked, device=CPU, deadline=None)
    assert (plan.model.d_model, plan.model.n_heads, plan.model.d_head) == (32, 4, 8)
    assert plan.model.n_kv_heads == 4
    assert (plan.model.parts.mlp, plan.model.parts.dropout) == ("gelu", 0.3)
    assert plan.model.d_ff == 128
    assert (plan.train.batch_size, plan.train.precision) == (3, "fp32")
    assert 3 % plan.train.shards == 0
    assert plan.train.optimizer.lr == 0.007


def test_a_broken_wish_is_refused_with_its_rule(corpus):
    with pytest.raises(UserError, match="n_kv_heads must divide n_heads"):
        make_plan(
            Budget(steps=2),
            corpus,
            {"model": {"n_heads": 4, "n_kv_heads": 3}},
            device=CPU,
            deadline=None,
        )


def test_a_prior_does_not_go_with_ids_that_are_taken_apart(corpus):
    asked = {"model": {"parts": {"prior_order": 2}}, "train": {"merge_dropout": 0.1}}
    with pytest.raises(UserError, match="does not go with merge_dropout"):
        make_plan(Budget(steps=2), corpus, asked, device=CPU, deadline=None)


@pytest.mark.parametrize(
    "said", [{}, {"steps": 1, "minutes": 1.0}, {"steps": 0}, {"minutes": -1.0}]
)
def test_a_budget_is_exactly_one_number_above_zero(said):
    with pytest.raises(UserError):
        Budget(**said)


def test_more_operations_buy_a_larger_model_up_to_what_the_text_can_fill(corpus):
    widths = [choose_sizes(10.0**power, corpus, {})["d_model"] for power in range(8, 20)]
    assert widths == sorted(widths)
    assert widths[-1] < SHAPES[-1][0], "a text of a few kilobytes does not fill the largest model"


def test_a_small_model_of_music_sees_some_bars_and_one_of_text_a_line(corpus):
    events = copy(corpus.encoder)
    events.__class__ = type("Events", (type(events),), {"unit": "event"})
    text = replace(corpus, validation=corpus.train)
    assert choose_sizes(1e9, text, {})["context_length"] == SHAPES[0][2]
    assert choose_sizes(1e9, replace(text, encoder=events), {})["context_length"] == MUSIC_CONTEXT


def test_a_context_is_never_longer_than_a_quarter_of_the_shorter_part(corpus):
    sizes = choose_sizes(1e15, corpus, {})
    assert sizes["context_length"] <= len(corpus.validation.ids) // 4


@pytest.mark.parametrize("kind", SIBLINGS)
def test_a_sibling_is_planned_by_the_same_dial(corpus, kind):
    asked = {"model": {"kind": kind, "d_hidden": 24}, "train": {"batch_size": 2}}
    plan = make_plan(Budget(steps=7), corpus, asked, device=CPU, deadline=None)
    assert plan.model.kind == kind
    assert (plan.model.d_hidden, plan.train.steps, plan.train.batch_size) == (24, 7, 2)
    assert any("windows of" in reason for reason in plan.reasons)


@pytest.mark.parametrize("kind", SIBLINGS)
def test_the_ladder_of_a_sibling_rises_by_weights_that_its_blocks_have(kind):
    family = SIBLINGS[kind]
    rungs = [family.weights * d_model**2 * n_layers for d_model, n_layers, _ in family.ladder]
    assert rungs == sorted(rungs)
    d_model, n_layers, _ = family.ladder[4]
    sizes = {"d_model": d_model, "n_layers": n_layers, "vocab_size": 9}
    blocks = describe(settings_of(kind)(**sizes, **family.fill(sizes))).root.parts[1]
    assert blocks.parameters == pytest.approx(rungs[4], rel=0.1)


@pytest.mark.parametrize("n_read", [0.3, 1.9])
def test_nothing_is_dropped_from_a_text_that_is_read_once(n_read):
    assert against_memory(n_read, has_merges=True) == {"model": {}, "train": {}}


def test_the_more_often_a_text_is_read_the_more_is_dropped():
    shares = [
        against_memory(n, has_merges=False)["model"]["parts"]["dropout"] for n in (3.0, 10.0, 50.0)
    ]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    often = against_memory(10.0, has_merges=True)
    assert often["train"]["merge_dropout"] > 0
    assert often["model"]["parts"]["dropout"] == 0


@pytest.mark.parametrize("d_model", [64, 128, 512, 4096])
def test_a_batch_is_cut_into_equal_shards(corpus, d_model):
    sizes = choose_sizes(1e12, corpus, {"d_model": d_model, "context_length": 64})
    batches = batches_of(ModelSettings(**sizes), CPU, seconds=60.0)
    assert batches["batch_size"] % batches["shards"] == 0
    assert batches["batch_size"] * 64 <= tokens_per_step(d_model)
