"""Launchers: how a plan's jobs reach processors."""

from headstart.registry import Registry
from headstart.study.running.launchers.base import Event, Launcher
from headstart.study.running.launchers.local import LocalLauncher

__all__ = ["LAUNCHERS", "Event", "Launcher", "LocalLauncher"]

LAUNCHERS: Registry[type[Launcher], type[Launcher]] = Registry(
    "launchers",
    {
        "local": (f"{__name__}.local:LocalLauncher", LocalLauncher),
        "ray": (f"{__name__}.ray:RayLauncher", Launcher),
    },
)
