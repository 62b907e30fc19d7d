"""How numbers are read off what a study measures: utility, its intervals, and when there are trials enough."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from headstart.schema import Schema

if TYPE_CHECKING:
    from headstart.utility import Looks

__all__ = ["AdaptiveConfig", "UtilityConfig"]


class UtilityConfig(Schema):
    """How utility is read off the curves."""

    interpolation: Literal["log", "reference"] = "log"
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    draws: Annotated[int, Field(ge=100)] = 2000


class AdaptiveConfig(Schema):
    """Trials that are added while a decision hangs (``trials: auto``).

    first: trials at the first look; there are twice as many at each further one. most: at the last. worth: the utility
    below which a gain makes no difference: 0.5 is half as many labels again. A decision hangs at the middle budget
    until the best arm is shown to be worth labels, or to be worth less than that.
    """

    first: Annotated[int, Field(ge=2)] = 3
    most: Annotated[int, Field(ge=2)] = 12
    worth: Annotated[float, Field(gt=0)] = 0.5

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.most < self.first:
            raise ValueError(f"most is {self.most} and first is {self.first}: raise most or lower first")
        return self

    @property
    def looks(self) -> "Looks":
        """When numbers are looked at."""
        from headstart.utility import Looks  # it loads SciPy, which no one needs who checks a study

        return Looks(self.first, self.most)
