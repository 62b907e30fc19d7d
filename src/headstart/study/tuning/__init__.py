"""From a study to the settings that serve each of its arms best on validation images."""
