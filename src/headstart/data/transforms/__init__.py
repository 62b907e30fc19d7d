"""What happens to images and their targets: color, augmentation."""
