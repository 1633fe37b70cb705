import type { CostLine, RequestDetail } from '@/api/client';
import { countExact, moneyExact, perMillion, tokens } from '@/lib/format';
import { Value } from '@/ui/Value';
import css from './Cost.module.css';

/** The tokens as one bar, then the cost line by line with the price that was used. */
export function Cost({ request }: { request: RequestDetail }) {
  return (
    <>
      <TokenBar request={request} />
      {request.cost_lines.length === 0 ? (
        <p className={css.none}>
          {request.input_tokens + request.output_tokens === 0
            ? 'Nothing was billed.'
            : 'No price was known for this model when it was called.'}
        </p>
      ) : (
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Quantity</th>
              <th scope="col">Price</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            {request.cost_lines.map((line) => (
              <tr key={line.kind}>
                <th scope="row">{lineName(line.kind)}</th>
                <td>
                  <Value
                    short={line.quantity.toLocaleString('en-US')}
                    exact={countExact(line.quantity, line.unit)}
                    copy={String(line.quantity)}
                  />
                </td>
                <td>
                  <Price line={line} />
                </td>
                <td>
                  <Value
                    short={moneyExact(line.amount)}
                    exact={`${moneyExact(line.amount)} USD`}
                    copy={line.amount}
                  />
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={3}>
                Total{request.estimated ? ' (estimate)' : ''}
              </th>
              <td>
                <Value
                  short={moneyExact(request.cost)}
                  exact={`${moneyExact(request.cost)} USD`}
                  copy={request.cost}
                />
              </td>
            </tr>
          </tfoot>
        </table>
      )}
    </>
  );
}

function Price({ line }: { line: CostLine }) {
  const times = line.multiplier === '1' ? '' : ` × ${line.multiplier}`;
  const short =
    line.unit === 'token'
      ? `${perMillion(line.price)} / 1M`
      : `${moneyExact(line.price)} / ${line.unit}`;
  return (
    <Value
      short={short + times}
      exact={`${moneyExact(line.price)} per ${line.unit}${times}`}
      copy={line.price}
    />
  );
}

const NAMES: Record<string, string> = {
  input: 'Input',
  cached_input: 'Cached input',
  cache_write_5m: 'Cache write, 5 min',
  cache_write_1h: 'Cache write, 1 h',
  output: 'Output',
  reasoning: 'Reasoning',
  request: 'Request',
};

function lineName(kind: string): string {
  const words = NAMES[kind] ?? kind.replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

function TokenBar({ request }: { request: RequestDetail }) {
  const { input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens } =
    request;
  const parts = [
    { name: 'input', n: input_tokens - cached_tokens - cache_write_tokens, look: css.input },
    { name: 'cached', n: cached_tokens, look: css.cached },
    { name: 'cache write', n: cache_write_tokens, look: css.write },
    { name: 'output', n: output_tokens - reasoning_tokens, look: css.output },
    { name: 'reasoning', n: reasoning_tokens, look: css.reasoning },
  ].filter(({ n }) => n > 0);
  if (parts.length === 0) return null;
  return (
    <>
      <div className={css.bar} aria-hidden="true">
        {parts.map(({ name, n, look }) => (
          <span key={name} className={look} style={{ flexGrow: n }} />
        ))}
      </div>
      <ul className={css.legend}>
        {parts.map(({ name, n, look }) => (
          <li key={name} title={countExact(n, 'token')}>
            <span className={look} aria-hidden="true" />
            {tokens(n)} {name}
          </li>
        ))}
      </ul>
    </>
  );
}
