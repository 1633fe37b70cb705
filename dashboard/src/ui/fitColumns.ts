// Which columns of a table there is room for. A column says how narrow it may get by its width, and
// by `drop` that it may go: those of the highest number first.

export type Fitting = { width: string; drop?: number };

/** The least width of a column in px: 84 of `minmax(84px, 120px)` and of `84px`. */
const least = ({ width }: Fitting) => Number(/([\d.]+)px/.exec(width)?.[1] ?? 0);

/** Whether each column is shown in `room` px; undefined if those that must stay need more. */
export function fitColumns(columns: readonly Fitting[], room: number): boolean[] | undefined {
  const shown = columns.map(() => true);
  let need = columns.reduce((sum, column) => sum + least(column), 0);
  const goes = columns
    .map((column, at) => ({ column, at, drop: column.drop ?? 0 }))
    .filter(({ drop }) => drop > 0)
    .sort((a, b) => b.drop - a.drop);
  for (const { column, at } of goes) {
    if (need <= room) break;
    shown[at] = false;
    need -= least(column);
  }
  return need <= room ? shown : undefined;
}
