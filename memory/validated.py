"""What comes from outside (a model, a form, a file) as checked values; what is wrong becomes one sentence."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from memory.errors import EntryError

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def parsed(model: type[Model], data: object) -> Model:
    """``data`` (an instance, or what JSON gives) as ``model``. Raises EntryError with one sentence."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        problem = first["msg"].removeprefix("Value error, ")
        raise EntryError(
            f"This update cannot be used: {where}: {problem[0].lower()}{problem[1:]}."
        ) from None  # the cause would hold what was written


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not any(c.isalnum() for c in line):
        raise ValueError("there are no words")
    return line


Line = Annotated[str, AfterValidator(_one_line), Field(max_length=200)]
Source = int | str  # id of a turn, or of an entry
Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # Unix time
Weight = Annotated[float, Field(ge=0, le=1)]  # how much something matters
