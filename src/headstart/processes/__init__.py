"""Processes of our own: they end with their parent, and never run the script of whoever uses headstart again."""

from headstart.processes.child import Child, Parent, first_heard
from headstart.processes.memory import keep_freed_memory
from headstart.processes.order import ONE_THREAD, available_cores, in_order
from headstart.processes.travel import portable

__all__ = [
    "ONE_THREAD",
    "Child",
    "Parent",
    "available_cores",
    "first_heard",
    "in_order",
    "keep_freed_memory",
    "portable",
]
