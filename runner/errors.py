"""Every error Almoner raises on purpose: what happened, which thing, and what mends it."""

from __future__ import annotations


class AlmonerError(Exception):
    """An error with a message for people, a hint that mends it and an exit code.

    `code` is stable and machine-readable; the API and `--json` render the same fields.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_dict(self) -> dict[str, str | int]:
        """Give the fields that `--json` prints."""
        return {
            "error": self.code,
            "message": self.message,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


class AuditError(AlmonerError):
    """The candidate release failed an audit or a test; nothing was published."""

    code = "audit_failed"
    exit_code = 1


class ConfigError(AlmonerError):
    """An option, `almoner.yml` or a source contract is wrong."""

    code = "config"
    exit_code = 2


class ContractError(ConfigError):
    """A source database does not have what its contract names."""

    code = "contract"


class WriteOffError(ConfigError):
    """A write-off is refused: who asks may not, it is decided, or less is outstanding."""

    code = "write_off_refused"


class TraceError(AlmonerError):
    """A figure is not the sum of what it should be made of."""

    code = "trace"
    exit_code = 1


class DatabaseError(AlmonerError):
    """A database cannot be reached, or a connection was lost."""

    code = "database"
    exit_code = 3


class PublicationError(AlmonerError):
    """Publication was refused: a lock is open, or another builder holds the release."""

    code = "publication_refused"
    exit_code = 4
