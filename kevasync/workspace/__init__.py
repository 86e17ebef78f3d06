"""A workspace: the folder with kevasync.toml, its settings, its sub-folders and its writer's lock."""

from kevasync.workspace.folder import Workspace
from kevasync.workspace.settings import GuardSettings, KevaSettings, SalesforceSettings, Settings

__all__ = ["GuardSettings", "KevaSettings", "SalesforceSettings", "Settings", "Workspace"]
