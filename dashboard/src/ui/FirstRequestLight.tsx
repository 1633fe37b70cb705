import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { firstRequestQuery } from '@/api/queries';
import css from './FirstRequestLight.module.css';

/** Waits for the first request of a project or a key, and leads to it when it is there. */
export function FirstRequestLight({
  org,
  project,
  apiKey,
}: {
  org: string;
  project?: string | undefined;
  apiKey?: string;
}) {
  const first = useQuery({
    ...firstRequestQuery(org, project, apiKey),
    refetchInterval: (query) => (query.state.data ? false : 2000),
  });
  return (
    <div className={css.light} role="status">
      {first.data ? (
        <>
          <CircleCheck size={16} className={css.green} aria-hidden="true" />
          <span>The first request has arrived.</span>
          <Link
            to="/o/$org/activity"
            params={{ org }}
            search={{ project, request: first.data.id }}
            className={css.link}
          >
            Look at it
          </Link>
        </>
      ) : (
        <>
          <span className={css.dot} aria-hidden="true" />
          <span>Waiting for the first request…</span>
        </>
      )}
    </div>
  );
}
