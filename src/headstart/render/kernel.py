# mypy: disable-error-code="untyped-decorator,valid-type,attr-defined,no-any-return"
# Warp reads these functions as source: its annotations are values that mypy does not know as types.
"""The ray caster: one Warp kernel for CPU and CUDA, one thread per pixel of a batch of scenes."""

import warp as wp

__all__ = ["SHADOW_RAYS", "Actor", "View", "trace"]

SHADOW_RAYS = wp.constant(2)
EPSILON = wp.constant(1.0e-4)
FAR = wp.constant(1.0e9)
GOLDEN = wp.constant(0.6180339887)
SPECULAR = wp.constant(0.04)
EXPOSURE = wp.constant(1.0)
SKY = wp.constant(0.25)


@wp.struct
class View:
    """One scene but for its objects. ``texture`` −1: none. Colours are linear RGB."""

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
    colour: wp.vec3
    texture: wp.int32
    tint: wp.float32
    first: wp.int32
    count: wp.int32
    seed: wp.int32


@wp.struct
class Actor:
    """One object: world = turn · (scale ∘ mesh) + position. reach: radius of the sphere that holds it."""

    mesh: wp.uint64
    turn: wp.mat33
    scale: wp.vec3
    position: wp.vec3
    reach: wp.float32
    colour: wp.vec3
    texture: wp.int32
    tint: wp.float32


@wp.struct
class Hit:
    """index: the actor's, −1 for the backdrop, −2 for nothing. local: where, in the hit thing's own scaled axes."""

    index: wp.int32
    distance: wp.float32
    normal: wp.vec3
    local: wp.vec3
    local_normal: wp.vec3


@wp.func
def misses(actor: Actor, start: wp.vec3, way: wp.vec3) -> bool:
    """Whether a ray passes an actor's bounding sphere by."""
    to = actor.position - start
    along = wp.dot(to, way)
    return wp.dot(to, to) - along * along > actor.reach * actor.reach


@wp.func
def inwards(actor: Actor, vector: wp.vec3) -> wp.vec3:
    """A world vector in the axes of an actor's mesh."""
    return wp.cw_div(wp.transpose(actor.turn) * vector, actor.scale)


@wp.func
def blocked(view: View, actors: wp.array(dtype=Actor), start: wp.vec3, way: wp.vec3, distance: float) -> bool:
    """Whether anything lies within ``distance`` along a unit ray."""
    found = bool(False)
    for index in range(view.first, view.first + view.count):
        actor = actors[index]
        if not found and not misses(actor, start, way):
            found = wp.mesh_query_ray_anyhit(
                actor.mesh, inwards(actor, start - actor.position), inwards(actor, way), distance
            )
    return found


@wp.func
def nearest(view: View, actors: wp.array(dtype=Actor), start: wp.vec3, way: wp.vec3) -> Hit:
    """What a unit ray meets first."""
    hit = Hit()
    hit.index = -2
    hit.distance = FAR
    flat = wp.transpose(view.backdrop_turn) * (start - view.backdrop)
    slant = wp.transpose(view.backdrop_turn) * way
    if slant[2] < 0.0 and flat[2] > 0.0:
        distance = -flat[2] / slant[2]
        place = flat + distance * slant
        if wp.max(wp.abs(place[0]), wp.abs(place[1])) < view.backdrop_half:
            hit.index = -1
            hit.distance = distance
            hit.local = place
            hit.local_normal = wp.vec3(0.0, 0.0, 1.0)
            hit.normal = view.backdrop_turn * hit.local_normal
    for index in range(view.first, view.first + view.count):
        actor = actors[index]
        if not misses(actor, start, way):
            inside = inwards(actor, start - actor.position)
            slope = inwards(actor, way)
            query = wp.mesh_query_ray(actor.mesh, inside, slope, hit.distance)
            if query.result:
                hit.index = index
                hit.distance = query.t
                hit.local = wp.cw_mul(inside + query.t * slope, actor.scale)
                outward = wp.normalize(wp.cw_div(query.normal, actor.scale))
                if wp.dot(outward, wp.transpose(actor.turn) * way) > 0.0:
                    outward = -outward
                hit.local_normal = outward
                hit.normal = actor.turn * outward
    return hit


@wp.func
def texel(texels: wp.array3d(dtype=wp.uint8), texture: int, start: int, side: int, u: int, v: int) -> wp.vec3:
    place = start + (v % side) * side + (u % side)
    return wp.vec3(float(texels[texture, place, 0]), float(texels[texture, place, 1]), float(texels[texture, place, 2]))


@wp.func
def fetch(texels: wp.array3d(dtype=wp.uint8), side: int, texture: int, u: float, v: float, size: float) -> wp.vec3:
    """Bilinear sRGB in 0–1 at (u, v) in tiles, from the level whose texels are about ``size`` tiles wide."""
    start = int(0)
    width = side
    while width > 4 and size * float(width) > 1.5:
        start += width * width
        width = width // 2
    x = (u - wp.floor(u)) * float(width) + float(width) - 0.5
    y = (v - wp.floor(v)) * float(width) + float(width) - 0.5
    i = int(x)
    j = int(y)
    s = x - float(i)
    t = y - float(j)
    low = texel(texels, texture, start, width, i, j) * (1.0 - s) + texel(texels, texture, start, width, i + 1, j) * s
    j += 1
    high = texel(texels, texture, start, width, i, j) * (1.0 - s) + texel(texels, texture, start, width, i + 1, j) * s
    return (low * (1.0 - t) + high * t) / 255.0


@wp.func
def linear(c: wp.vec3) -> wp.vec3:
    """Linear RGB from sRGB, by a cubic that stays within 0.002 of the standard's curve."""
    squared = wp.cw_mul(c, c)
    return wp.cw_mul(squared, c) * 0.305306011 + squared * 0.682171111 + c * 0.012522878


@wp.func
def paint(
    texels: wp.array3d(dtype=wp.uint8),
    side: int,
    texture: int,
    tint: float,
    colour: wp.vec3,
    hit: Hit,
    scale: float,
    size: float,
) -> wp.vec3:
    """Albedo at a hit: a colour mixed with a texture projected along the axis that the surface faces most."""
    if texture < 0 or tint >= 1.0:
        return colour
    n = hit.local_normal
    u = hit.local[0]
    v = hit.local[1]
    if wp.abs(n[0]) >= wp.abs(n[1]) and wp.abs(n[0]) >= wp.abs(n[2]):
        u = hit.local[2]
    elif wp.abs(n[1]) >= wp.abs(n[2]):
        v = hit.local[2]
    pattern = linear(fetch(texels, side, texture, u * scale, v * scale, size * scale))
    return colour * tint + pattern * (1.0 - tint)


@wp.func
def lit(
    view: View,
    actors: wp.array(dtype=Actor),
    hit: Hit,
    at: wp.vec3,
    way: wp.vec3,
    albedo: wp.vec3,
    turn: wp.vec2,
    sample: int,
    samples: int,
) -> wp.vec3:
    """Radiance towards the eye: a disc light with shadow rays spread over it, a sun and a dim sky without shadows."""
    n = hit.normal
    axis = wp.normalize(view.light - at)
    side = wp.normalize(wp.cross(axis, wp.where(wp.abs(axis[0]) < 0.7, wp.vec3(1.0, 0.0, 0.0), wp.vec3(0.0, 1.0, 0.0))))
    up = wp.cross(axis, side)
    power = view.energy / (4.0 * wp.pi * float(SHADOW_RAYS))
    diffuse = float(0.0)
    shine = float(0.0)
    total = float(samples * SHADOW_RAYS)
    for ray in range(SHADOW_RAYS):
        place = float(sample * SHADOW_RAYS + ray)
        reach = view.radius * wp.sqrt((place + turn[0]) / total)
        angle = 2.0 * wp.pi * (turn[1] + place * GOLDEN)
        to = view.light + (side * wp.cos(angle) + up * wp.sin(angle)) * reach - at
        distance = wp.length(to)
        to = to / distance
        facing = wp.dot(n, to)
        if facing > 0.0 and not blocked(view, actors, at + n * EPSILON, to, distance):
            arriving = power * facing / (distance * distance)
            diffuse += arriving
            half = wp.max(wp.dot(n, wp.normalize(to - way)), 0.0)
            gloss = half * half
            gloss = gloss * gloss
            gloss = gloss * gloss
            gloss = gloss * gloss
            shine += arriving * gloss * gloss
    diffuse += view.strength * wp.max(wp.dot(n, view.sun), 0.0)
    diffuse += SKY * (0.6 + 0.4 * n[2]) * wp.pi
    return albedo * (diffuse / wp.pi) + wp.vec3(1.0) * (SPECULAR * shine * 40.0 / (8.0 * wp.pi))


@wp.func
def encode(value: float) -> wp.uint8:
    """sRGB byte of a linear value, with a shoulder that keeps highlights from clipping."""
    x = value * EXPOSURE
    x = x * (1.0 + x / 6.0) / (1.0 + x * 0.6)
    if x <= 0.0031308:
        x = 12.92 * x
    else:
        x = 1.055 * wp.pow(x, 1.0 / 2.4) - 0.055
    return wp.uint8(wp.clamp(x, 0.0, 1.0) * 255.0 + 0.5)


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
    """Write ``frames [N, 3, H, W]``; the noise of a pixel depends on its scene's seed and its place alone."""
    scene, row, column = wp.tid()
    view = views[scene]
    state = wp.rand_init(view.seed, row * resolution + column)
    jitter = wp.vec2(wp.randf(state), wp.randf(state))
    turn = wp.vec2(wp.randf(state), wp.randf(state))
    total = wp.vec3(0.0)
    for sample in range(samples):
        dx = (float(sample) + jitter[0]) / float(samples)
        dy = jitter[1] + float(sample) * GOLDEN
        dy = dy - wp.floor(dy)
        x = (2.0 * (float(column) + dx) / float(resolution) - 1.0) * view.slope
        y = (1.0 - 2.0 * (float(row) + dy) / float(resolution)) * view.slope
        way = wp.normalize(view.turn * wp.vec3(x, y, -1.0))
        hit = nearest(view, actors, view.eye, way)
        if hit.index > -2:
            at = view.eye + way * hit.distance
            size = hit.distance * 2.0 * view.slope / float(resolution)
            if hit.index < 0:
                albedo = paint(texels, side, view.texture, view.tint, view.colour, hit, tiles[1], size)
            else:
                actor = actors[hit.index]
                albedo = paint(texels, side, actor.texture, actor.tint, actor.colour, hit, tiles[0], size)
            total += lit(view, actors, hit, at, way, albedo, turn, sample, samples)
    for channel in range(3):
        frames[scene, channel, row, column] = encode(total[channel] / float(samples))
