"""Datasets for people to look at, and their checks."""
