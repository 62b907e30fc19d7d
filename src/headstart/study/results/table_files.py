"""Tables as files."""

from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import ArrowException

from headstart.errors import StoreError
from headstart.files import write_atomic

__all__ = ["read_table", "rows_of", "write_table"]


def write_table(table: pd.DataFrame, stem: Path, *, csv: bool = True) -> None:
    """Write ``stem.parquet``, to be read again, and ``stem.csv``, for people. Equal tables give equal bytes."""
    write_atomic(stem.with_name(f"{stem.name}.parquet"), table.to_parquet(index=False))
    if csv:
        write_atomic(stem.with_name(f"{stem.name}.csv"), table.to_csv(index=False, lineterminator="\n").encode())


def read_table(stem: Path) -> pd.DataFrame:
    """The table that ``write_table`` wrote. Raises ``StoreError`` where there is none or it is damaged."""
    path = stem.with_name(f"{stem.name}.parquet")
    try:
        return pd.read_parquet(path)
    except (OSError, ArrowException) as error:
        raise StoreError(f"{path} cannot be read ({error}): run the study again, which writes it anew") from error


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
