import type { Analytics, AnalyticsGroup, Values } from '@/api/analytics';
import {
  change,
  changeText,
  exact,
  figureOf,
  infoOf,
  MEASURES,
  type ShownMeasure,
  shown,
} from '@/lib/analytics';
import { countExact } from '@/lib/format';
import { MANY_COLUMNS, useNarrow } from '@/lib/media';
import { cx } from '@/ui/cx';
import css from './Analytics.module.css';
import { DIMENSION_NAMES, type Dimension, FILTERS, type Filter } from './fit';

const CAN_FILTER: readonly string[] = FILTERS;

/** Every group with all its figures, the greatest first; a name limits the page to it. */
export function Ranked({
  answer,
  measure,
  columns,
  onFilter,
  note,
}: {
  answer: Analytics;
  measure: ShownMeasure;
  columns: ShownMeasure[];
  onFilter: (part: Partial<Record<Filter, string>>) => void;
  note?: string | undefined;
}) {
  const top = Math.max(...answer.groups.map(({ totals }) => figureOf(totals, measure) ?? 0), 0);
  const whole = figureOf(answer.total.totals, measure);
  const narrow = useNarrow(MANY_COLUMNS);
  const parts = { answer, measure, columns, onFilter, top, whole };
  return (
    <section className={css.ranked} aria-label="Ranked">
      <h2 className={css.rankedTitle}>
        Ranked
        <span className={css.quiet}>
          {answer.other
            ? `${answer.groups.length} of ${answer.total.groups} groups`
            : countExact(answer.total.groups, 'group')}
          {answer.compared_with && ' · changes are against the period before'}
          {note && ` · ${note}`}
        </span>
      </h2>
      {narrow ? <Cards {...parts} /> : <Table {...parts} />}
    </section>
  );
}

type Parts = Parameters<typeof Ranked>[0] & { top: number; whole: number | null };

function Name({
  answer,
  group,
  at,
  onFilter,
}: Pick<Parts, 'answer' | 'onFilter'> & { group: AnalyticsGroup; at: number }) {
  const name = answer.group_by[at] ?? '';
  const key = group.key[at] ?? '';
  const label = group.label[at] ?? key;
  // All others together have no key of their own.
  if (!CAN_FILTER.includes(name) || key === '') return label;
  return (
    <button
      type="button"
      className={css.key}
      dir="auto"
      title={`Only ${label}`}
      onClick={() => onFilter({ [name]: key })}
    >
      {label}
    </button>
  );
}

/** Where there is no room for columns: a card a group, each figure with its name. */
function Cards({ answer, measure, columns, onFilter, top, whole }: Parts) {
  const figures = (values: Values, previous: Values | null) => (
    <>
      <Bar part={figureOf(values, measure)} top={top} whole={whole} measure={measure} />
      <dl className={css.figures}>
        {columns.map((column) => (
          <div key={column} className={css.figure}>
            <dt>{MEASURES[column].label}</dt>
            <dd title={exact(column, values[column])}>
              {shown(column, values[column])}
              <Against column={column} values={values} previous={previous} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
  const { other, total } = answer;
  return (
    <ul className={css.cards} aria-label="Ranked, list">
      {answer.groups.map((group) => (
        <li key={group.key.join('/')}>
          <h3 className={css.names}>
            {group.key.map((_, at) => (
              <span key={answer.group_by[at]}>
                {at > 0 && <span aria-hidden="true"> · </span>}
                <Name answer={answer} group={group} at={at} onFilter={onFilter} />
              </span>
            ))}
          </h3>
          {figures(group.totals, group.previous)}
        </li>
      ))}
      {other && (
        <li>
          <h3 className={css.names}>{other.groups} others</h3>
          {figures(other.totals, other.previous)}
        </li>
      )}
      <li>
        <h3 className={css.names}>All together</h3>
        {figures(total.totals, total.previous)}
      </li>
    </ul>
  );
}

function Table({ answer, measure, columns, onFilter, top, whole }: Parts) {
  const row = (values: Values, previous: Values | null) =>
    columns.map((column) => (
      <td key={column} title={exact(column, values[column])}>
        {shown(column, values[column])}
        <Against column={column} values={values} previous={previous} />
      </td>
    ));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className={css.scroll} tabIndex={0} aria-label="Ranked, table">
      <table className={css.table}>
        <thead>
          <tr>
            {answer.group_by.map((name) => (
              <th key={name} scope="col" className={css.start}>
                {DIMENSION_NAMES[name as Dimension]}
              </th>
            ))}
            {answer.group_by.length === 0 && (
              <th scope="col" className={css.start}>
                Group
              </th>
            )}
            <th scope="col" className={css.start}>
              Share
            </th>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={column === measure ? 'descending' : undefined}
              >
                {MEASURES[column].label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.groups.map((group) => (
            <tr key={group.key.join('/')}>
              {group.key.map((_, at) => (
                <th key={answer.group_by[at]} scope="row" className={css.start}>
                  <Name answer={answer} group={group} at={at} onFilter={onFilter} />
                </th>
              ))}
              <td className={css.start}>
                <Bar
                  part={figureOf(group.totals, measure)}
                  top={top}
                  whole={whole}
                  measure={measure}
                />
              </td>
              {row(group.totals, group.previous)}
            </tr>
          ))}
          {answer.other && (
            <tr>
              <th scope="row" className={css.start} colSpan={answer.group_by.length}>
                {answer.other.groups} others
              </th>
              <td className={css.start}>
                <Bar
                  part={figureOf(answer.other.totals, measure)}
                  top={top}
                  whole={whole}
                  measure={measure}
                />
              </td>
              {row(answer.other.totals, answer.other.previous)}
            </tr>
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" className={css.start} colSpan={Math.max(answer.group_by.length, 1)}>
              All together
            </th>
            <td />
            {row(answer.total.totals, answer.total.previous)}
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function Bar({
  part,
  top,
  whole,
  measure,
}: {
  part: number | null;
  top: number;
  whole: number | null;
  measure: ShownMeasure;
}) {
  if (part === null) return null;
  const width = `${top > 0 ? Math.min((part / top) * 100, 100) : 0}%`;
  const share = MEASURES[measure].adds && whole ? `${((part / whole) * 100).toFixed(1)}%` : '';
  return (
    <span className={css.bar}>
      <span className={css.track} aria-hidden="true">
        <span style={{ width }} />
      </span>
      {share}
    </span>
  );
}

function Against({
  column,
  values,
  previous,
}: {
  column: ShownMeasure;
  values: Values;
  previous: Values | null;
}) {
  const by = change(figureOf(values, column), figureOf(previous, column));
  if (by === undefined) return null;
  const { better } = infoOf(column);
  const good = better === 'more' ? by > 0 : by < 0;
  const plain = !better || Math.abs(by) < 0.005;
  return (
    <span className={cx(css.against, !plain && (good ? css.good : css.bad))}>{changeText(by)}</span>
  );
}
