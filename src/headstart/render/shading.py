"""How what a ray meets looks, as Warp functions: textures, light, and the way to sRGB bytes."""

# mypy: disable-error-code="untyped-decorator,valid-type,attr-defined,no-any-return"
# Warp reads these functions as source: its annotations are values that mypy does not know as types.

import warp as wp

from headstart.render.casting import Actor, Coat, Hit, View

__all__ = ["blend", "encode", "paint", "radiance"]

SKY = wp.constant(0.14)
EXPOSURE, WHITE = wp.constant(1.9), wp.constant(3.0)


@wp.func
def texel(texels: wp.array2d(dtype=wp.vec3ub), texture: int, index: int) -> wp.vec3:
    color = texels[texture, index]
    return wp.vec3(float(color[0]), float(color[1]), float(color[2]))


@wp.func
def fetch(texels: wp.array2d(dtype=wp.vec3ub), side: int, texture: int, u: float, v: float, size: float) -> wp.vec3:
    """Bilinear sRGB in 0–1 at (u, v) in tiles, from the level whose texels come closest to ``size`` tiles."""
    start = int(0)  # noqa: UP018, RUF046 - Warp needs to be told what changes in a loop
    width = side
    while width > 4 and size * float(width) > 1.4:
        start += width * width
        width = width >> 1
    x = (u - wp.floor(u)) * float(width) + float(width) - 0.5
    y = (v - wp.floor(v)) * float(width) + float(width) - 0.5
    i = int(x)
    j = int(y)
    s = x - float(i)
    t = y - float(j)
    left = i & (width - 1)
    right = (i + 1) & (width - 1)
    upper = start + (j & (width - 1)) * width
    lower = start + ((j + 1) & (width - 1)) * width
    above = texel(texels, texture, upper + left) * (1.0 - s) + texel(texels, texture, upper + right) * s
    below = texel(texels, texture, lower + left) * (1.0 - s) + texel(texels, texture, lower + right) * s
    return (above * (1.0 - t) + below * t) / 255.0


@wp.func
def linear(color: wp.vec3) -> wp.vec3:
    """Linear RGB from sRGB, by a cubic that stays close to the standard's curve and costs little."""
    square = wp.cw_mul(color, color)
    return wp.cw_mul(square, color) * 0.305306011 + square * 0.682171111 + color * 0.012522878


@wp.func
def paint(texels: wp.array2d(dtype=wp.vec3ub), side: int, coat: Coat, hit: Hit, scale: float, size: float) -> wp.vec3:
    """Albedo: the coat's texture is projected along the axis that the surface faces most (cube projection).

    scale: tiles per scene unit. size: of a pixel where the ray hit, in scene units.
    """
    albedo = coat.color
    if coat.texture >= 0 and coat.tint < 1.0:
        x = wp.abs(hit.local_normal[0])
        y = wp.abs(hit.local_normal[1])
        z = wp.abs(hit.local_normal[2])
        u = hit.local[0]
        v = hit.local[1]
        if x >= y and x >= z:
            u = hit.local[2]
        elif y >= z:
            v = hit.local[2]
        pattern = linear(fetch(texels, side, coat.texture, u * scale, v * scale, size * scale))
        albedo = albedo * coat.tint + pattern * (1.0 - coat.tint)
    return albedo


@wp.func
def blend(tints: wp.array(dtype=wp.vec3), actor: Actor, hit: Hit) -> wp.vec3:
    """Albedo of an actor that shows its mesh's own colors: those of the triangle's corners, weighted."""
    corner = hit.face * 3
    first = tints[actor.own + wp.mesh_get_index(actor.mesh, corner)]
    second = tints[actor.own + wp.mesh_get_index(actor.mesh, corner + 1)]
    third = tints[actor.own + wp.mesh_get_index(actor.mesh, corner + 2)]
    return first * hit.u + second * hit.v + third * (1.0 - hit.u - hit.v)


@wp.func
def risen(cosine: float, sine: float) -> float:
    """Mean cosine over a round light of which the horizon may hide a part.

    cosine: of the angle to its centre; sine: of its angular radius. Smooth where the light sets.
    """
    if cosine >= sine:
        return cosine
    rest = wp.max(cosine + sine, 0.0)
    return rest * rest / (4.0 * sine)


@wp.func
def radiance(
    view: View, at: wp.vec3, normal: wp.vec3, way: wp.vec3, albedo: wp.vec3, clear: float, gloss: float
) -> wp.vec3:
    """Light towards the eye: Lambert and a gloss (Blinn–Phong) under lamp, sun and a dim sky.

    clear: the part of the lamp that is seen. gloss: reflectance of a dielectric's surface, 0.04, or none.
    """
    to = view.light - at
    square = wp.dot(to, to)
    to = to / wp.sqrt(square)
    sine = view.radius / wp.sqrt(square + view.radius * view.radius)
    arriving = view.energy / (4.0 * wp.pi * square) * risen(wp.dot(normal, to), sine) * clear
    fill = view.strength * wp.max(wp.dot(normal, view.sun), 0.0) + SKY * wp.pi * (0.65 + 0.35 * normal[2])
    half = wp.max(wp.dot(normal, wp.normalize(to - way)), 0.0)
    half = half * half
    half = half * half
    half = half * half
    shine = gloss * arriving * half * half * 24.0 / (8.0 * wp.pi)
    return albedo * ((arriving + fill) / wp.pi) + wp.vec3(shine, shine, shine)


@wp.func
def encode(value: float) -> wp.uint8:
    """An sRGB byte of linear light; Reinhard's curve (2002, eq. 4) bends up to ``WHITE`` instead of clipping."""
    x = value * EXPOSURE
    x = x * (1.0 + x / (WHITE * WHITE)) / (1.0 + x)
    x = wp.where(x <= 0.0031308, 12.92 * x, 1.055 * wp.pow(x, 1.0 / 2.4) - 0.055)
    return wp.uint8(wp.clamp(x, 0.0, 1.0) * 255.0 + 0.5)
