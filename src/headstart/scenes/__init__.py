"""What to draw, renderer-free: factors, scenes and the sampler that draws them; shapes and textures to draw from."""
