"""Read a recommender from one file of numbers: npz, safetensors or Parquet. Nothing is unpickled.

Item vectors: `item_ids` (V,) and `vectors` (V, d); in Parquet the columns `item_id` and `vector`.
An item-item matrix, row k what a liked item k adds to the score of each: `item_ids` (V,) and
`matrix` (V, V), or the `data`, `indices` and `indptr` of a sparse one in CSR; in Parquet one row an
entry, `item_id`, `other_id` and `weight`. In safetensors, which hold no text, ids are whole numbers
or, as a JSON list of texts, in the metadata under `item_ids`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.errors import DataError, border, unreadable
from relrec_core.movies.model.item_item import Matrix
from relrec_core.movies.model.weights import Floats

MAXIMUM_BYTES = 2_000_000_000
"""Of the numbers when unpacked."""
IDS, VECTORS, MATRIX = "item_ids", "vectors", "matrix"
CSR = ("data", "indices", "indptr")
WANTED = "item_ids with vectors, or with matrix, or with data, indices and indptr"
PLAIN = "numbers or texts, as np.array(ids, dtype=str) makes them"
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Found:
    """What a file holds: ids of V items, and their vectors (V, d) or a matrix (V, V)."""

    file: str
    ids: tuple[str, ...]
    vectors: Floats | None = None
    matrix: Matrix | None = None


def read(file: str, data: bytes) -> Found:
    """Read and check the content of a file.

    Args:
        file: its name, whose ending says what it is.
        data: its content.

    Raises:
        DataError: names the file, the key and the row at fault.
    """
    readers: Mapping[str, Callable[[str, bytes], Arrays]] = {
        ".npz": _npz,
        ".safetensors": _safetensors,
        ".parquet": _parquet,
    }
    ending = next((e for e in readers if file.lower().endswith(e)), None)
    if ending is None:
        raise DataError(file, "another ending", "a file that ends in " + ", ".join(readers))
    if len(data) > MAXIMUM_BYTES:
        raise _too_large(file, len(data))
    with border(unreadable(file, f"a whole {ending[1:]} file")):
        return _checked(file, readers[ending](file, data))


def _npz(file: str, data: bytes) -> Arrays:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        total = 0
        for entry in archive.infolist():
            key = entry.filename.removesuffix(".npy")
            with archive.open(entry) as packed:
                version = np.lib.format.read_magic(packed)
                header = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }.get(version)
                if header is None:
                    raise DataError(file, f"an array of format {version}", "format 1 or 2")
                shape, _, dtype = header(packed)
            if dtype.hasobject:
                raise DataError(file, "Python objects", PLAIN, column=key)
            total += int(np.prod(shape, dtype=object)) * dtype.itemsize
            if total > MAXIMUM_BYTES:
                raise _too_large(file, total)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _safetensors(file: str, data: bytes) -> Arrays:
    from safetensors.numpy import load

    arrays: Arrays = load(data)
    length = int.from_bytes(data[:8], "little")
    said = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get(IDS)
    if said is None:
        return arrays
    ids = json.loads(said)
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise DataError(file, "metadata that is no list of texts", "a JSON list", column=IDS)
    return {**arrays, IDS: np.array(ids, dtype=np.str_)}


def _parquet(file: str, data: bytes) -> Arrays:
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = pq.ParquetFile(io.BytesIO(data))
    groups = (held.metadata.row_group(k) for k in range(held.metadata.num_row_groups))
    if (total := sum(group.total_byte_size for group in groups)) > MAXIMUM_BYTES:
        raise _too_large(file, total)
    names = held.schema_arrow.names
    vectors, entries = ("item_id", "vector"), ("item_id", "other_id", "weight")
    wanted = next((w for w in (vectors, entries) if set(w) <= set(names)), None)
    if wanted is None:
        expected = "item_id with vector, or item_id, other_id and weight"
        raise DataError(file, "columns " + ", ".join(names), expected)
    table = held.read(columns=list(wanted))
    for name in wanted:
        if table.column(name).null_count:
            row = table.column(name).to_pylist().index(None)
            raise DataError(file, f"nothing in row {row}", "a value in every row", column=name)
    ids = _texts(table.column("item_id").to_pylist())
    if wanted == entries:
        return _from_entries(table, ids)
    column = table.column("vector").combine_chunks()
    if not (pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)):
        raise DataError(file, str(column.type), "a list of numbers in every row", column="vector")
    lengths = np.asarray(column.value_lengths())
    if len(lengths) and (lengths != lengths[0]).any():
        row = int(np.argmax(lengths != lengths[0]))
        found = f"{lengths[row]} numbers in row {row}"
        raise DataError(file, found, f"{lengths[0]}, as many as in the first", column="vector")
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return {IDS: ids, VECTORS: flat.reshape(len(lengths), -1)}


def _from_entries(table: Any, ids: npt.NDArray[Any]) -> Arrays:
    """One row an entry of the matrix."""
    others = _texts(table.column("other_id").to_pylist())
    names, places = np.unique(np.concatenate([ids, others]), return_inverse=True)
    weights = table.column("weight").to_numpy()
    rows, columns = places[: len(ids)], places[len(ids) :]
    made = sparse.coo_matrix((weights, (rows, columns)), shape=(len(names), len(names))).tocsr()
    return {IDS: names, **{name: getattr(made, name) for name in CSR}}


def _texts(values: list[object]) -> npt.NDArray[Any]:
    return np.array([str(value) for value in values], dtype=np.str_)


def _checked(file: str, arrays: Arrays) -> Found:
    if IDS not in arrays or not (arrays.keys() & {VECTORS, MATRIX} or set(CSR) <= arrays.keys()):
        raise DataError(file, "keys " + ", ".join(sorted(arrays)), WANTED)
    ids = _ids(file, arrays[IDS])
    if VECTORS in arrays:
        vectors = _numbers(file, VECTORS, arrays[VECTORS])
        if vectors.ndim != 2 or len(vectors) != len(ids) or not vectors.shape[1]:
            wanted = f"({len(ids)}, d), a row for every id"
            raise DataError(file, f"shape {vectors.shape}", wanted, column=VECTORS)
        return Found(file, ids, vectors=vectors)
    shape = (len(ids), len(ids))
    if MATRIX in arrays:
        matrix = _numbers(file, MATRIX, arrays[MATRIX])
        if matrix.shape != shape:
            raise DataError(file, f"shape {matrix.shape}", f"shape {shape}", column=MATRIX)
        return Found(file, ids, matrix=matrix)
    numbers = _numbers(file, "data", arrays["data"])
    for key in ("indices", "indptr"):
        if arrays[key].dtype.kind not in "iu" or arrays[key].ndim != 1:
            raise DataError(file, f"{arrays[key].dtype} numbers", "a row of integers", column=key)
    made = sparse.csr_matrix((numbers, arrays["indices"], arrays["indptr"]), shape=shape)
    made.check_format(full_check=True)
    made.sum_duplicates()
    return Found(file, ids, matrix=made)


def _ids(file: str, found: npt.NDArray[Any]) -> tuple[str, ...]:
    if found.ndim != 1 or found.dtype.kind not in "iuU" or not len(found):
        said = f"{found.dtype} of shape {found.shape}"
        raise DataError(file, said, "a row of texts or whole numbers", column=IDS)
    ids = tuple(str(one).strip() for one in found.tolist())
    seen: set[str] = set()
    for row, one in enumerate(ids):
        if not one or one in seen:
            said = f"'{one}' a second time, in row {row}" if one else f"an empty id in row {row}"
            raise DataError(file, said, "each id once", column=IDS)
        seen.add(one)
    return ids


def _numbers(file: str, key: str, found: npt.NDArray[Any]) -> Floats:
    if found.dtype.kind not in "fiu":
        raise DataError(file, f"{found.dtype}", "numbers", column=key)
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(found, dtype=np.float32)
    if not (finite := np.isfinite(numbers)).all():
        place = np.argwhere(~finite)[0]
        row = int(place[0]) if len(place) else 0
        said = f"{found[tuple(place)]} in row {row}"
        raise DataError(file, said, "finite numbers in single precision", column=key)
    return numbers


def _too_large(file: str, size: int) -> DataError:
    return DataError(file, f"{size / 1e6:,.0f} MB", f"at most {MAXIMUM_BYTES // 1_000_000:,} MB")
