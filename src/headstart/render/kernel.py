"""The ray caster: one Warp kernel for CPU and CUDA, one thread per pixel of a batch of scenes."""

# mypy: disable-error-code="untyped-decorator,valid-type,attr-defined,misc"
# Warp reads these functions as source: its annotations are values that mypy does not know as types.

import warp as wp

from headstart.render.casting import GOLDEN, NOTHING, Actor, View, meets_actors, meets_backdrop, openness
from headstart.render.shading import blend, encode, paint, radiance

__all__ = ["annotate", "trace"]

GLOSS = wp.constant(0.04)
# Nothing here is infinite or NaN; saying so makes tracing on a CPU a fifth faster. Warp's own headers mention both.
wp.set_module_options(
    {"cpu_compiler_flags": f"{wp.config.cpu_compiler_flags} -ffast-math -Wno-nan-infinity-disabled", "fast_math": True}
)


@wp.kernel(enable_backward=False)
def trace(
    views: wp.array(dtype=View),
    actors: wp.array(dtype=Actor),
    tints: wp.array(dtype=wp.vec3),
    texels: wp.array2d(dtype=wp.vec3ub),
    side: int,
    tiles: wp.vec2,
    resolution: int,
    samples: int,
    frames: wp.array4d(dtype=wp.uint8),
) -> None:
    """Write ``frames [N, 3, H, W]``; a pixel's noise depends on its scene's seed and its position alone.

    tints: linear RGB of the vertices of meshes that show their own. texels: all levels of every texture,
    ``[slots, texels]``. tiles: repeats of a texture per scene unit, on objects and on the backdrop. A pixel's samples
    lie on a lattice (rank 1, golden ratio) shifted at random, and so do the points of the lamp that their shadow rays
    seek. The backdrop, smooth within a pixel, is shaded once at its centre.
    """
    scene, row, column = wp.tid()
    view = views[scene]
    state = wp.rand_init(view.seed, row * resolution + column)
    shift = wp.vec2(wp.randf(state), wp.randf(state))
    turn = wp.vec2(wp.randf(state), wp.randf(state))
    pixel = 2.0 * view.slope / float(resolution)
    left = float(column) * pixel - view.slope
    top = view.slope - float(row) * pixel
    centre = wp.normalize(view.turn * wp.vec3(left + 0.5 * pixel, top - 0.5 * pixel, -1.0))
    back = meets_backdrop(view, centre)
    uncovered = float(0.0)  # noqa: UP018 - Warp needs to be told what changes in a loop
    total = wp.vec3(0.0, 0.0, 0.0)
    for sample in range(samples):
        down = shift[1] + float(sample) * GOLDEN
        x = left + (float(sample) + shift[0]) / float(samples) * pixel
        y = top - (down - wp.floor(down)) * pixel
        way = wp.normalize(view.turn * wp.vec3(x, y, -1.0))
        hit = meets_actors(view, actors, way, x, y, back.distance)
        if hit.index == NOTHING:
            uncovered += 1.0
        else:
            at = view.eye + way * hit.distance
            albedo = wp.vec3(0.0, 0.0, 0.0)
            if actors[hit.index].own >= 0:
                albedo = blend(tints, actors[hit.index], hit)
            else:
                albedo = paint(texels, side, actors[hit.index].coat, hit, tiles[0], pixel * hit.distance)
            clear = openness(view, actors, at, hit.normal, turn, sample, sample + 1, samples)
            total += radiance(view, at, hit.normal, way, albedo, clear, GLOSS)
    if uncovered > 0.0 and back.index != NOTHING:
        at = view.eye + centre * back.distance
        albedo = paint(texels, side, view.coat, back, tiles[1], pixel * back.distance)
        clear = openness(view, actors, at, back.normal, turn, 0, samples, samples)
        total += uncovered * radiance(view, at, back.normal, centre, albedo, clear, 0.0)
    for channel in range(3):
        frames[scene, channel, row, column] = encode(total[channel] / float(samples))


@wp.kernel(enable_backward=False)
def annotate(
    views: wp.array(dtype=View),
    actors: wp.array(dtype=Actor),
    resolution: int,
    instances: wp.array3d(dtype=wp.uint8),
    depths: wp.array3d(dtype=float),
) -> None:
    """Write what the ray through the middle of each pixel meets.

    instances ``[N, H, W]``: k for a scene's k-th object, 0 for the backdrop. depths ``[N, H, W]``: distance along the
    optical axis, at least ``FAR / 2`` where there is nothing.
    """
    scene, row, column = wp.tid()
    view = views[scene]
    pixel = 2.0 * view.slope / float(resolution)
    x = (float(column) + 0.5) * pixel - view.slope
    y = view.slope - (float(row) + 0.5) * pixel
    way = wp.normalize(view.turn * wp.vec3(x, y, -1.0))
    back = meets_backdrop(view, way)
    hit = meets_actors(view, actors, way, x, y, back.distance)
    if hit.index != NOTHING:
        instances[scene, row, column] = wp.uint8(hit.index - view.first + 1)
    ahead = view.turn * wp.vec3(0.0, 0.0, -1.0)
    depths[scene, row, column] = hit.distance * wp.dot(way, ahead)
