"""The file of a study, read and checked before any work."""
