"""The store: what jobs leave, by their keys, in a folder or at a URL, shared by studies, processes and machines.

``store.py``: what a job and a launcher see of it. ``backend.py``: what differs between a folder (``folder.py``) and
what lies elsewhere (``remote.py``: ``bucket.py``, ``lease.py``, ``cache.py``). ``marker.py``, ``digests.py``: what says
that a job is done and its files whole. ``upkeep.py``, ``transfer.py``: list, verify, prune, copy.
"""

from headstart.study.running.store.store import Finished, State, Store, open_store

__all__ = ["Finished", "State", "Store", "open_store"]
