"""Launchers: how a plan's jobs reach processors."""

from headstart.registry import with_plugins
from headstart.study.running.launchers.base import Event, Launcher
from headstart.study.running.launchers.local import LocalLauncher

__all__ = ["LAUNCHERS", "Event", "Launcher", "LocalLauncher"]

LAUNCHERS: dict[str, type[Launcher]] = with_plugins("launchers", {"local": LocalLauncher})
