"""From images to a study of them, and to one that fits the time there is."""
