"""A folder of models as a library of shapes; what was parsed once is kept."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from headstart.cache import cache_folder
from headstart.files import write_atomic
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.disk.digests import digests, fingerprint
from headstart.scenes.disk.models import find_models
from headstart.scenes.disk.reading import READING_VERSION, Up, read_model
from headstart.scenes.disk.tree import Entry
from headstart.scenes.scene import Shape
from headstart.scenes.shapes.mesh import Mesh

__all__ = ["DiskShapes", "find_shapes"]


@dataclass(frozen=True, eq=False)
class DiskShapes:
    """Models by category; a model's number in its category modulo 12 is its bucket.

    root: where they lie. models: the files. others: files that their materials may need. materials: shown in their own
    colors. face_limit, up: see ``read_model``.
    """

    root: Path
    models: Mapping[str, tuple[Entry, ...]]
    others: tuple[Entry, ...]
    materials: bool
    face_limit: int
    up: Up

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(self.models)

    @cached_property
    def _contents(self) -> dict[Entry, str]:
        return digests(self.root, (entry for models in self.models.values() for entry in models))

    @cached_property
    def _look(self) -> str:
        """A hash of all that a model's materials could name."""
        others = digests(self.root, self.others) if self.materials else {}
        return fingerprint({"/".join(entry.parts): digest for entry, digest in others.items()})

    @cached_property
    def fingerprint(self) -> str:
        parts = {"/".join(entry.parts): digest for entry, digest in self._contents.items()}
        return fingerprint(parts | {"how": self._how})

    @property
    def _how(self) -> str:
        return json.dumps([READING_VERSION, self.face_limit, self.up, self.materials and self._look])

    def instances(self, category: str, bucket: int) -> Sequence[int]:
        return range(bucket, len(self.models[category]), BUCKETS)

    def unread(self, shapes: Iterable[Shape]) -> list[Shape]:
        return [shape for shape in shapes if not self._kept(shape).exists()]

    def mesh(self, shape: Shape) -> Mesh:
        """Raises ``DataError``, naming the file, for a model that cannot be used."""
        path = self._kept(shape)
        try:
            tensors = load(path.read_bytes())
        except (OSError, SafetensorError):
            return self._parse(shape, path)
        return Mesh(tensors["vertices"], tensors["triangles"], tensors.get("colors"))

    def _parse(self, shape: Shape, path: Path) -> Mesh:
        entry = self.models[shape.category][shape.instance]
        mesh = read_model(entry, colors=self.materials, up=self.up, face_limit=self.face_limit)
        arrays = {"vertices": mesh.vertices, "triangles": mesh.triangles}
        if mesh.colors is not None:
            arrays["colors"] = mesh.colors
        write_atomic(path, save({name: np.ascontiguousarray(values) for name, values in arrays.items()}))
        return mesh

    def _kept(self, shape: Shape) -> Path:
        entry = self.models[shape.category][shape.instance]
        key = hashlib.sha256(f"{self._contents[entry]} {entry.suffix} {self._how}".encode()).hexdigest()
        return cache_folder("meshes") / key[:2] / f"{key[2:34]}.safetensors"


def find_shapes(root: Path, *, materials: bool, face_limit: int, up: Up) -> DiskShapes:
    """The models below ``root``, see ``find_models``. Raises ``DataError`` if there are none."""
    root = root.expanduser()
    models, others = find_models(root)
    return DiskShapes(root, models, others, materials, face_limit, up)
