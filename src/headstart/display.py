"""What notebooks and prompts show of an object that ends a cell, or that is printed."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.report.brief import Brief

__all__ = ["Displayed"]


class Displayed(ABC):
    """An answer that shows itself: as HTML in a notebook, as text elsewhere."""

    @abstractmethod
    def brief(self) -> "Brief":
        """It in a few sentences and small tables."""

    def __repr__(self) -> str:
        return self.brief().text()

    def _repr_html_(self) -> str:
        return self.brief().html()
