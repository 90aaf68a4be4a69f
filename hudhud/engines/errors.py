"""What can go wrong with the engines; each message says what to do."""

from __future__ import annotations

from hudhud.kit.errors import Conflict, HudhudError, Unavailable


class EngineFailed(Unavailable):
    """A database engine did not start; its log says why."""

    code = "engine_failed"


class AlreadyRunning(Conflict):
    """Hudhud already runs on this data folder; stop it first, or choose another folder with --data."""

    code = "already_running"


class PortUnusable(Conflict):
    """Nobody can listen on this address; choose another with --port or --host."""

    code = "port_unusable"


class SchemaChanged(Conflict):
    """A migration that was already applied has changed since; restore the file and put the change into a new one."""

    code = "schema_changed"


class SchemaNewer(Conflict):
    """The database is newer than this program; install the version that migrated it, or a later one."""

    code = "schema_newer"


class MigrationFailed(HudhudError):
    """A migration did not apply; nothing of it was kept."""

    code = "migration_failed"
