"""Images in memory: sources, color, splits of labels, augmentation, batches."""
