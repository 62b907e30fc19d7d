"""Images in memory: sources, colour, splits of labels, augmentation, batches."""
