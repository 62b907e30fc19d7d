"""Contract tests: plain functions that raise ``AssertionError`` where an extension breaks a promise.

Call them from your own test suite for every backbone, method, task and protocol that you register.
"""

from headstart.testing.backbones import check_backbone
from headstart.testing.methods import check_method
from headstart.testing.protocols import check_protocol
from headstart.testing.tasks import check_task
from headstart.testing.toys import toy_batch, toy_images, toy_teacher

__all__ = [
    "check_backbone",
    "check_method",
    "check_protocol",
    "check_task",
    "toy_batch",
    "toy_images",
    "toy_teacher",
]
