"""The ray caster: one Warp kernel for CPU and CUDA, one thread per pixel of a batch of scenes."""

# mypy: disable-error-code="untyped-decorator,valid-type,attr-defined,misc"
# Warp reads these functions as source: its annotations are values that mypy does not know as types.

import warp as wp

from headstart.render.casting import GOLDEN, NOTHING, Actor, View, nearest
from headstart.render.shading import encode, paint, radiance

__all__ = ["trace"]


@wp.kernel(enable_backward=False)
def trace(
    views: wp.array(dtype=View),
    actors: wp.array(dtype=Actor),
    texels: wp.array3d(dtype=wp.uint8),
    side: int,
    tiles: wp.vec2,
    resolution: int,
    samples: int,
    frames: wp.array4d(dtype=wp.uint8),
) -> None:
    """Write ``frames [N, 3, H, W]``; a pixel's noise depends on its scene's seed and its place alone.

    texels: all levels of every texture, ``[textures, texels, 3]``. tiles: repeats of a texture per scene unit, on
    objects and on the backdrop. Samples lie on a lattice (rank 1, golden ratio), shifted at random per pixel.
    """
    scene, row, column = wp.tid()
    view = views[scene]
    state = wp.rand_init(view.seed, row * resolution + column)
    shift = wp.vec2(wp.randf(state), wp.randf(state))
    turn = wp.vec2(wp.randf(state), wp.randf(state))
    pixel = 2.0 * view.slope / float(resolution)
    total = wp.vec3(0.0, 0.0, 0.0)
    for sample in range(samples):
        right = (float(sample) + shift[0]) / float(samples)
        down = shift[1] + float(sample) * GOLDEN
        x = (float(column) + right) * pixel - view.slope
        y = view.slope - (float(row) + down - wp.floor(down)) * pixel
        way = wp.normalize(view.turn * wp.vec3(x, y, -1.0))
        hit = nearest(view, actors, way)
        if hit.index > NOTHING:
            coat = view.coat
            scale = tiles[1]
            if hit.index >= 0:
                coat = actors[hit.index].coat
                scale = tiles[0]
            albedo = paint(texels, side, coat, hit, scale, pixel * hit.distance)
            total += radiance(view, actors, hit, way, albedo, turn, sample, samples)
    for channel in range(3):
        frames[scene, channel, row, column] = encode(total[channel] / float(samples))
