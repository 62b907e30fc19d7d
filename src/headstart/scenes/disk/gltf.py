"""What a glTF file says that its reader has to know: a file that needs more is refused, not read in part."""

import json
import struct

__all__ = ["unknown_needs"]

HARMLESS = (
    "KHR_materials_", "KHR_texture_transform", "KHR_lights_", "KHR_mesh_quantization", "KHR_xmp", "KHR_animation_",
    "EXT_texture_webp", "EXT_lights_", "KHR_node_visibility",
)  # fmt: skip
"""How extensions begin that leave triangles as they are, or that are read."""


def unknown_needs(data: bytes) -> list[str]:
    """Required extensions of a GLB or glTF file that would change its triangles, and that are not read.

    Raises ``ValueError`` for what is no such file.

    >>> unknown_needs(b'{"extensionsRequired": ["KHR_draco_mesh_compression", "KHR_materials_unlit"]}')
    ['KHR_draco_mesh_compression']
    """
    about = json.loads(_json_chunk(data))
    required = about.get("extensionsRequired", []) if isinstance(about, dict) else []
    return [name for name in map(str, required) if not name.startswith(HARMLESS)]


def _json_chunk(data: bytes) -> bytes:
    if not data.startswith(b"glTF"):
        return data
    if len(data) < 20:
        raise ValueError("the file ends within its header")
    (length,) = struct.unpack_from("<I", data, 12)
    return data[20 : 20 + length]
