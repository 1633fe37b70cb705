import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { failuresQuery } from '@/api/analytics';
import { useScope } from '@/frame/scope';
import { when, whenExact } from '@/lib/format';
import type { RangeSearch } from '@/lib/range';
import { Badge } from '@/ui/Badge';
import { Skeleton } from '@/ui/Skeleton';
import css from './Overview.module.css';

/** The latest requests that failed; each opens in the activity page. */
export function Failures({ range }: { range: RangeSearch }) {
  const { org, project } = useScope();
  const failures = useQuery(failuresQuery(org.id, range, project?.id));
  const items = failures.data?.items;
  return (
    <section className={css.card} aria-label="Latest failures" aria-busy={!items}>
      <h2 className={css.cardTitle}>
        Latest failures
        <Link
          className={css.more}
          to="/o/$org/activity"
          params={{ org: org.id }}
          search={{ ...range, status: 'error', project: project?.id }}
        >
          All
        </Link>
      </h2>
      {failures.isError && !items && (
        <p className={css.none} role="alert">
          {failures.error.message}
        </p>
      )}
      {!items && !failures.isError && (
        <div className={css.placeholder}>
          <Skeleton />
          <Skeleton width={90} />
        </div>
      )}
      {items?.length === 0 && <p className={css.none}>None in this range.</p>}
      <ul className={css.failures}>
        {items?.map((item) => (
          <li key={item.id}>
            <Link
              className={css.failure}
              to="/o/$org/activity"
              params={{ org: org.id }}
              search={{ ...range, status: 'error', request: item.id, project: project?.id }}
            >
              <Badge tone={item.status >= 500 ? 'bad' : 'warn'}>{item.status}</Badge>
              <span className={css.what}>
                <span>{item.model ?? 'no model'}</span>
                <span className={css.quiet}>
                  {item.provider && `${item.provider} · `}
                  {(item.error ?? item.outcome).replaceAll('_', ' ')}
                </span>
              </span>
              <time
                className={css.at}
                dateTime={item.created_at}
                title={whenExact(item.created_at)}
              >
                {when(item.created_at)}
              </time>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
