"""What a question can be refused with, apart from what every `UserError` says."""

from naepo.config import UserError


class NotFound(UserError):
    """What was asked for does not exist (404)."""


class Gone(UserError):
    """A run that is no longer kept (410): the same prompt can be posted again."""
