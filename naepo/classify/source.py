"""The run that a classifier is made from: texts to ids, ids to vectors, and what tells it again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from naepo.checkpoint import Checkpoint
from naepo.config import UserError
from naepo.embed.keeping import fingerprint
from naepo.embed.pooling import Vectors, hidden_vectors
from naepo.encode import Encoder
from naepo.encode.encoder import Ids
from naepo.encode.normal_form import normalized
from naepo.model import LanguageModel, Transformer


@dataclass(eq=False)
class Source:
    """A GPT and its encoder.

    fingerprint: of weights and encoder together.
    """

    model: LanguageModel
    encoder: Encoder
    folder: Path
    fingerprint: str = ""
    _known: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, loaded: Checkpoint) -> "Source":
        """Take an open checkpoint. Raises: UserError for a model of music."""
        if loaded.encoder.unit != "character":
            raise UserError(
                f"{loaded.folder} is a model of music, and what is classified here is text",
                hint="naepo embed and naepo search find music that is alike",
            )
        weights = fingerprint(loaded.model.state_dict())
        together = f"{weights[:32]}-{loaded.encoder.fingerprint[:32]}"
        return cls(loaded.model, loaded.encoder, loaded.folder, together)

    @property
    def transformer(self) -> Transformer:
        """The model, where it is one that can be tuned. Raises: UserError for another."""
        if not isinstance(self.model, Transformer):
            raise UserError(
                f"only a transformer can be tuned here, and {self.folder} is none",
                hint="--kind both: a probe reads the states of any model",
            )
        return self.model

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Give the ids of each text in NFC. What the encoder does not know is left out."""
        whole = [normalized(text, "NFC") for text in texts]
        try:
            return self.encoder.encode_batch(whole)
        except UserError:
            return [self._encode_kindly(text) for text in whole]

    def known_places(self, text: str) -> list[int]:
        """Give where the characters of a text in NFC stand that the encoder knows."""
        try:
            self.encoder.encode(text)
            return list(range(len(text)))
        except UserError:
            return [place for place, one in enumerate(text) if self._is_known(one)]

    def holds_unknown(self, text: str) -> bool:
        """Whether something of a text is left out when it is read."""
        text = normalized(text, "NFC")
        is_known = all(map(self._is_known, set(text)))
        return not is_known and len(self.known_places(text)) < len(text)

    def vectors(self, texts: Sequence[str], layer: int, pooling: str) -> Vectors:
        """Give a vector for each text: the hidden states of one layer, pooled."""
        return hidden_vectors(
            self.model, self.encoder, self.encode(texts), layer=layer, pooling=pooling
        )

    def _encode_kindly(self, text: str) -> Ids:
        return self.encoder.encode("".join(text[place] for place in self.known_places(text)))

    def _is_known(self, character: str) -> bool:
        if character not in self._known:
            try:
                self.encoder.encode(character)
                self._known[character] = True
            except UserError:
                self._known[character] = False
        return self._known[character]
