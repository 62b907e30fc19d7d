"""Rays and what they meet, as Warp functions: pinhole rays, a textured backdrop, objects in bounding-volume trees."""

# mypy: disable-error-code="untyped-decorator,valid-type,attr-defined,no-any-return"
# Warp reads these functions as source: its annotations are values that mypy does not know as types.

import warp as wp

__all__ = ["FAR", "GOLDEN", "NOTHING", "Actor", "Coat", "Hit", "View", "meets_actors", "meets_backdrop", "openness"]

NOTHING, BACKDROP = wp.constant(-2), wp.constant(-1)
FAR = wp.constant(1.0e9)
CLEARANCE = wp.constant(1.0e-4)
GOLDEN = wp.constant(0.6180339887)


@wp.struct
class Coat:
    """What a surface looks like: a color (linear RGB) mixed with a texture (−1: none) as ``tint`` says."""

    color: wp.vec3
    texture: wp.int32
    tint: wp.float32


@wp.struct
class View:
    """One scene but for its objects, which are ``count`` actors from ``first``. slope: half the view's width at 1."""

    eye: wp.vec3
    turn: wp.mat33
    slope: wp.float32
    light: wp.vec3
    energy: wp.float32
    radius: wp.float32
    sun: wp.vec3
    strength: wp.float32
    backdrop: wp.vec3
    backdrop_turn: wp.mat33
    backdrop_half: wp.float32
    coat: Coat
    first: wp.int32
    count: wp.int32
    seed: wp.int32


@wp.struct
class Actor:
    """One object: world = turn · (scale ∘ mesh) + position.

    reach: radius of a sphere around its position that holds it. frame: left, low, right and high end of what it can
    cover of the picture, at distance 1 from the eye. own: where the colors of its mesh's vertices begin, −1: it shows
    its coat.
    """

    mesh: wp.uint64
    turn: wp.mat33
    scale: wp.vec3
    position: wp.vec3
    reach: wp.float32
    frame: wp.vec4
    coat: Coat
    own: wp.int32


@wp.struct
class Hit:
    """What a ray met: an actor's index, ``BACKDROP`` or ``NOTHING``.

    local: in the thing's own axes, in scene units. face, u, v: the triangle, and the weights of its first two corners.
    """

    index: wp.int32
    distance: wp.float32
    normal: wp.vec3
    local: wp.vec3
    local_normal: wp.vec3
    face: wp.int32
    u: wp.float32
    v: wp.float32


@wp.func
def inwards(actor: Actor, vector: wp.vec3) -> wp.vec3:
    """A world vector in the axes of an actor's mesh."""
    return wp.cw_div(wp.transpose(actor.turn) * vector, actor.scale)


@wp.func
def meets_backdrop(view: View, way: wp.vec3) -> Hit:
    """A unit ray from the eye against the backdrop alone."""
    hit = Hit()
    hit.index = NOTHING
    hit.distance = FAR
    normal = wp.vec3(view.backdrop_turn[0, 2], view.backdrop_turn[1, 2], view.backdrop_turn[2, 2])
    distance = wp.dot(view.backdrop - view.eye, normal) / wp.dot(way, normal)
    local = wp.transpose(view.backdrop_turn) * (view.eye + distance * way - view.backdrop)
    if distance > 0.0 and wp.max(wp.abs(local[0]), wp.abs(local[1])) < view.backdrop_half:
        hit.index = BACKDROP
        hit.distance = distance
        hit.local = local
        hit.local_normal = wp.vec3(0.0, 0.0, 1.0)
        hit.normal = normal
    return hit


@wp.func
def frames(actor: Actor, x: float, y: float) -> bool:
    """Whether an actor may be seen at (x, y) of the picture at distance 1."""
    return x >= actor.frame[0] and y >= actor.frame[1] and x <= actor.frame[2] and y <= actor.frame[3]


@wp.func
def meets_actors(view: View, actors: wp.array(dtype=Actor), way: wp.vec3, x: float, y: float, limit: float) -> Hit:
    """What a unit ray from the eye through (x, y) meets first, nearer than ``limit``, the backdrop aside.

    Normals face the eye, however a mesh is wound.
    """
    hit = Hit()
    hit.index = NOTHING
    hit.distance = limit
    for index in range(view.first, view.first + view.count):
        actor = actors[index]
        if frames(actor, x, y):
            start = inwards(actor, view.eye - actor.position)
            slope = inwards(actor, way)
            query = wp.mesh_query_ray(actor.mesh, start, slope, hit.distance)
            if query.result:
                hit.index = index
                hit.distance = query.t
                hit.face = query.face
                hit.u = query.u
                hit.v = query.v
                hit.local = wp.cw_mul(start + query.t * slope, actor.scale)
                hit.local_normal = wp.normalize(wp.cw_div(query.normal, actor.scale))
                hit.normal = actor.turn * hit.local_normal
                if wp.dot(hit.normal, way) > 0.0:
                    hit.normal = -hit.normal
    return hit


@wp.func
def shades(actor: Actor, view: View, at: wp.vec3) -> bool:
    """Whether an actor's sphere reaches into the cone from a point to the light."""
    axis = view.light - at
    distance = wp.length(axis)
    to = actor.position - at
    along = wp.dot(to, axis) / distance
    aside = wp.dot(to, to) - along * along
    width = actor.reach + view.radius * wp.clamp(along / distance, 0.0, 1.0)
    return along > -actor.reach and along < distance + actor.reach and aside < width * width


@wp.func
def unblocked(
    view: View, actors: wp.array(dtype=Actor), at: wp.vec3, normal: wp.vec3, out: float, around: float
) -> float:
    """1 if nothing stands between a surface and one point of the light, else 0.

    out, around: in 0–1, where on the light's disc, uniform by area. A point below the surface's horizon is exchanged
    for the one opposite, so that every ray can tell something.
    """
    axis = wp.normalize(view.light - at)
    aside = wp.vec3(0.0, axis[2], -axis[1])
    if wp.abs(axis[0]) > 0.7:
        aside = wp.vec3(-axis[2], 0.0, axis[0])
    aside = wp.normalize(aside)
    above = wp.cross(axis, aside)
    angle = 2.0 * wp.pi * around
    offset = (aside * wp.cos(angle) + above * wp.sin(angle)) * (view.radius * wp.sqrt(out))
    start = at + normal * CLEARANCE
    if wp.dot(view.light + offset - start, normal) <= 0.0:
        offset = -offset
    way = view.light + offset - start
    for index in range(view.first, view.first + view.count):
        actor = actors[index]
        if wp.mesh_query_ray_anyhit(actor.mesh, inwards(actor, start - actor.position), inwards(actor, way), 1.0):
            return 0.0
    return 1.0


@wp.func
def openness(
    view: View,
    actors: wp.array(dtype=Actor),
    at: wp.vec3,
    normal: wp.vec3,
    turn: wp.vec2,
    first: int,
    last: int,
    of: int,
) -> float:
    """The part of the lamp that a point sees: rays ``first`` to ``last`` of the ``of`` that its pixel has.

    turn: random numbers in 0–1, the pixel's own. No ray is cast where the whole lamp
    has set, or where nothing can stand in the way.
    """
    if wp.dot(view.light - at, normal) <= -view.radius:
        return 0.0
    near = bool(False)  # noqa: UP018 - Warp needs to be told what changes in a loop
    for index in range(view.first, view.first + view.count):
        near = near or shades(actors[index], view, at)
    if not near:
        return 1.0
    clear = float(0.0)  # noqa: UP018
    for ray in range(first, last):
        out = (float(ray) + turn[0]) / float(of)
        clear += unblocked(view, actors, at, normal, out, turn[1] + float(ray) * GOLDEN)
    return clear / float(last - first)
