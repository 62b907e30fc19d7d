"""What goes from one process to another: pickled, with a sentence for what only a user's script knows."""

import io
import pickle
import traceback
from typing import Any

from headstart.errors import ConfigError, HeadstartError

__all__ = ["pack", "portable", "unpack"]


class _Pickler(pickle.Pickler):
    """Plain pickling: what torch adds to that of ``multiprocessing`` would need the sender to live on."""

    def reducer_override(self, thing: Any) -> Any:
        if callable(thing) and getattr(thing, "__module__", None) == "__main__":
            name = getattr(thing, "__qualname__", repr(thing))
            raise ConfigError(
                f"{name} is defined in the script that is run (__main__), where other processes cannot find it: "
                "move it to a file of its own and import it from there"
            )
        return NotImplemented


def pack(thing: Any) -> bytes:
    """Raises ``ConfigError`` if something of a class or function of ``__main__`` is in it."""
    data = io.BytesIO()
    _Pickler(data, pickle.HIGHEST_PROTOCOL).dump(thing)
    return data.getvalue()


def unpack(data: bytes) -> Any:
    """What another process of ours packed."""
    return pickle.loads(data)  # noqa: S301 - never a file


def portable(error: Exception) -> Exception:
    """``error`` as another process can raise it, with a note of where it came from unless the user can mend it."""
    if not isinstance(error, HeadstartError):
        error.add_note("in another process:\n" + "".join(traceback.format_exception(error)))
    try:
        unpack(pack(error))
    except Exception:
        return RuntimeError("".join(traceback.format_exception(error)))
    return error
