/** The columns a list shows: those named in `chosen` ("a,b"), or all where it names none. */
export function chosenColumns<Column extends { key: string }>(
  columns: Column[],
  chosen: string,
): Column[] {
  const wanted = chosen.split(',').filter(Boolean)
  const found = columns.filter((column) => wanted.includes(column.key))
  return found.length > 0 ? found : columns
}
