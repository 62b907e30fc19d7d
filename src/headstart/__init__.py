"""headstart: how many labels is self-supervised pretraining worth on your vision task?"""

__all__ = ["__version__"]

__version__ = "0.1.0"
