// A table of rows that are links: columns by TanStack Table, rows in the window's scroll made only
// where they are seen. Columns go where there is no room for them; below 768 px, or where even the
// needed ones have none, each row is a card.
import {
  type ColumnDef,
  createSortedRowModel,
  metaHelper,
  type RowData,
  rowSortingFeature,
  type SortingState,
  sortFn_alphanumeric,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useNarrow } from '@/lib/media';
import { cx } from './cx';
import css from './DataTable.module.css';
import { type Fitting, fitColumns } from './fitColumns';
import { Skeleton } from './Skeleton';

type ColumnMeta = Fitting & {
  align?: 'end';
  /** People's words alone: one from right to left is cut at its end, too. */
  words?: boolean;
  skeleton?: number;
};

export const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric },
  columnMeta: metaHelper<ColumnMeta>(),
});

// biome-ignore lint/suspicious/noExplicitAny: a column's value type is its own affair
export type Columns<T extends RowData> = ColumnDef<typeof features, T, any>[];

type Props<T extends RowData> = {
  label: string;
  columns: Columns<T>;
  /** Undefined while loading: skeleton rows are shown. */
  rows: T[] | undefined;
  rowKey: (row: T) => string;
  card: (row: T) => ReactNode;
  cardHeight: number;
  rowHeight?: number;
  /** Client-side sorting: only for lists that are here in full. */
  sorting?: SortingState;
  onSort?: (sorting: SortingState) => void;
  current?: string | undefined;
  /** Rows that came while the page was open: they slide in. */
  fresh?: ReadonlySet<string>;
  /** Called when the last rows come near. */
  onEnd?: (() => void) | undefined;
};

const NO_SORTING: SortingState = [];

/** Of a row, left and right. */
const PADDING = 12;

/** How wide an element is inside its border, from before it is first painted. */
function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(Number.POSITIVE_INFINITY);
  useLayoutEffect(() => {
    if (!element.current) return;
    const measure = () => setWidth(element.current?.clientWidth ?? 0);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

export function DataTable<T extends RowData>(props: Props<T>) {
  const { label, columns, rows, rowKey, cardHeight, rowHeight = 36, onEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const room = useWidth(box) - PADDING;
  const fit = fitColumns(
    columns.map(({ meta }) => meta ?? { width: '' }),
    room,
  );
  const narrow = useNarrow() || !fit;
  const height = narrow ? cardHeight : rowHeight;
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const empty = useRef<T[]>([]);

  const table = useTable({
    features,
    columns,
    data: rows ?? empty.current,
    getRowId: rowKey,
    enableSorting: Boolean(props.onSort),
    enableSortingRemoval: false,
    state: { sorting: props.sorting ?? NO_SORTING },
    onSortingChange: (update) =>
      props.onSort?.(typeof update === 'function' ? update(props.sorting ?? NO_SORTING) : update),
  });
  const shown = table.getRowModel().rows;

  // What is above the table may grow: its place is measured after every layout.
  useLayoutEffect(() => {
    const place = body.current
      ? Math.round(body.current.getBoundingClientRect().top + window.scrollY)
      : 0;
    if (place !== top) setTop(place);
  });

  const virtual = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: top,
    scrollPaddingStart: 120,
    scrollPaddingEnd: 80,
    getItemKey: (i) => shown[i]?.id ?? i,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new height makes all sizes void
  useEffect(() => virtual.measure(), [height]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && shown.length > 0 && last >= shown.length - 20) onEnd();
  }, [onEnd, last, shown.length]);

  const shownColumns = columns.filter((_, at) => !fit || fit[at]);
  const template = shownColumns.map(({ meta }) => meta?.width ?? '1fr').join(' ');
  const isShown = ({ column }: { column: { columnDef: unknown } }) =>
    narrow || shownColumns.some((one) => one.id === (column.columnDef as typeof one).id);

  return (
    <div
      ref={box}
      className={cx(css.table, narrow && css.narrow)}
      role="table"
      aria-label={label}
      aria-rowcount={rows ? shown.length + 1 : -1}
      aria-busy={!rows}
      onKeyDown={walk}
    >
      <div role="rowgroup" className={narrow ? 'visually-hidden' : css.head}>
        <div role="row" className={css.headRow} style={{ gridTemplateColumns: template }}>
          {table
            .getFlatHeaders()
            .filter(isShown)
            .map((header) => {
              const sorted = header.column.getIsSorted();
              return (
                <div
                  key={header.id}
                  role="columnheader"
                  className={cx(
                    css.headCell,
                    header.column.columnDef.meta?.align === 'end' && css.end,
                  )}
                  aria-sort={
                    sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined
                  }
                >
                  {header.column.getCanSort() && !narrow ? (
                    <button
                      type="button"
                      className={css.sort}
                      onClick={header.column.getToggleSortingHandler()}
                    >
                      <table.FlexRender header={header} />
                      {sorted === 'asc' && <ArrowUp size={12} aria-hidden="true" />}
                      {sorted === 'desc' && <ArrowDown size={12} aria-hidden="true" />}
                    </button>
                  ) : (
                    <table.FlexRender header={header} />
                  )}
                </div>
              );
            })}
        </div>
      </div>
      <div
        role="rowgroup"
        ref={body}
        className={css.body}
        style={{ height: rows ? virtual.getTotalSize() : height * 8 }}
      >
        {!rows && (
          <SkeletonRows
            columns={narrow ? [] : shownColumns}
            template={narrow ? '' : template}
            height={height}
          />
        )}
        {items.map((item) => {
          const row = shown[item.index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              aria-current={row.id === props.current ? 'true' : undefined}
              className={cx(
                css.row,
                row.id === props.current && css.current,
                props.fresh?.has(row.id) && css.fresh,
              )}
              style={{
                height,
                gridTemplateColumns: narrow ? undefined : template,
                transform: `translateY(${item.start - top}px)`,
              }}
            >
              {narrow ? (
                <div role="cell" className={css.card}>
                  {props.card(row.original)}
                </div>
              ) : (
                row
                  .getAllCells()
                  .filter(isShown)
                  .map((cell) => (
                    <div
                      key={cell.id}
                      role="cell"
                      dir={cell.column.columnDef.meta?.words ? 'auto' : undefined}
                      className={cx(
                        css.cell,
                        cell.column.columnDef.meta?.align === 'end' && css.end,
                      )}
                    >
                      <table.FlexRender cell={cell} />
                    </div>
                  ))
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The link of a row; it covers the whole of it. */
export const rowLink = css.link as string;
/** For a control in a row that lies above the row's link. */
export const aboveLink = css.above as string;

// Arrow keys walk from row to row.
function walk(event: React.KeyboardEvent<HTMLDivElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(`.${css.link}`)].sort(
    (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
  );
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = links[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

function SkeletonRows<T extends RowData>({
  columns,
  template,
  height,
}: {
  columns: Columns<T>;
  template: string;
  height: number;
}) {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => (
    <div
      key={i}
      role="row"
      className={css.row}
      style={{ height, gridTemplateColumns: template, transform: `translateY(${i * height}px)` }}
    >
      {columns.length === 0 && (
        <div role="cell" className={css.card}>
          <Skeleton width={45 + ((i * 17) % 40)} />
        </div>
      )}
      {columns.map((column, j) => (
        <div
          key={column.id ?? j}
          role="cell"
          className={cx(css.cell, column.meta?.align === 'end' && css.end)}
        >
          <Skeleton width={column.meta?.skeleton ?? 40 + ((i * 7 + j * 13) % 30)} />
        </div>
      ))}
    </div>
  ));
}
