"""The kinds of language models by name: the settings of each, and the network they describe."""

from collections.abc import Mapping
from typing import Any, overload

from naepo.config import Table, UserError, did_you_mean, from_table, to_table
from naepo.model.convolution import Cnn
from naepo.model.initialise import initialise, undrawn
from naepo.model.lstm import Rnn
from naepo.model.mingru import MinGruModel
from naepo.model.settings import LanguageModelSettings, ModelSettings
from naepo.model.sibling import Sibling
from naepo.model.sibling_settings import CnnSettings, MinGruSettings, RnnSettings
from naepo.model.transformer import Transformer

Network = Transformer | Sibling
"""A language model that has weights."""

NETWORKS: Mapping[type[LanguageModelSettings], type[Network]] = {
    ModelSettings: Transformer,
    RnnSettings: Rnn,
    MinGruSettings: MinGruModel,
    CnnSettings: Cnn,
}
KINDS: Mapping[str, type[LanguageModelSettings]] = {each.kind: each for each in NETWORKS}


def settings_of(kind: str) -> type[LanguageModelSettings]:
    """Give the class of settings of a kind.

    Raises: UserError when there is no such kind.
    """
    if kind not in KINDS:
        raise UserError(f"no kind of model is called {kind}", hint=did_you_mean(kind, KINDS))
    return KINDS[kind]


def read_settings(table: Table, source: str, section: str = "model") -> LanguageModelSettings:
    """Read the settings of a model from a table; one that names no `kind` is a transformer's.

    source, section: of the table, for messages.

    Raises: UserError for an unknown kind or key, a missing key, a wrong type, or a broken rule.
    """
    own = {key: value for key, value in table.items() if key != "kind"}
    kind = table.get("kind", ModelSettings.kind)
    try:
        cls = settings_of(str(kind))
    except UserError as error:
        raise UserError(f"{error.message} ({source} [{section}])", hint=error.hint) from None
    return from_table(cls, own, source, section)


def settings_table(settings: LanguageModelSettings) -> dict[str, Any]:
    """Give the table that `read_settings` reads. Of a transformer it names no kind."""
    kind = {} if settings.kind == ModelSettings.kind else {"kind": settings.kind}
    return {**kind, **to_table(settings)}


@overload
def network(settings: ModelSettings) -> Transformer: ...
@overload
def network(settings: LanguageModelSettings) -> Network: ...
def network(settings: LanguageModelSettings) -> Network:
    """Lay out the network that the settings describe; its weights hold nothing yet."""
    with undrawn():
        return NETWORKS[type(settings)](settings)  # pyright: ignore[reportArgumentType]


def transformer_of(model: Network, what: str) -> Transformer:
    """Give a model that must be a transformer.

    what: for which that is needed, for the message.

    Raises: UserError when it is a sibling.
    """
    if not isinstance(model, Transformer):
        raise UserError(
            f"{what} needs a transformer, and this model is of kind {model.settings.kind}"
        )
    return model


@overload
def build(settings: ModelSettings, seed: int = 0) -> Transformer: ...
@overload
def build(settings: LanguageModelSettings, seed: int = 0) -> Network: ...
def build(settings: LanguageModelSettings, seed: int = 0) -> Network:
    """Build the network that the settings describe, with fresh weights drawn from `seed`.

    The global random state is neither used nor changed.
    """
    model = network(settings)
    initialise(model, seed)
    return model
